"""Reservations of buyers, and the budget that they come out of."""
