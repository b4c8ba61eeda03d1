"""What goes on by itself: expired holds, checkpoints, the audit, the table's stream."""
