"""Stock as it stands: levels read, moved and folded."""
