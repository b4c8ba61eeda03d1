"""The marketplaces: one module each behind one protocol. Importing this package imports none of them."""
