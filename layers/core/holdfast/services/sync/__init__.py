"""Listings kept in step: what they are to show, when that is pushed, what came of it."""
