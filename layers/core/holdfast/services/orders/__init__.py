"""Orders of marketplaces: shops connected, orders taken in, what could not be taken in."""
