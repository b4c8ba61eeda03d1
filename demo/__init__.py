"""A real day of orders, replayed on a stack of its own: held, paid, paid late, expired and released."""
