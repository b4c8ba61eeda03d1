"""Fake marketplaces on loopback: each speaks its real protocol, keeps shops, and misbehaves on demand."""
