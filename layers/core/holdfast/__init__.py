"""Holdfast: one true count of every SKU, and holds on it that nobody can break."""
