"""Shops on all seven sandbox marketplaces: connected to a running stack, shopped in by a seed, judged at the end."""
