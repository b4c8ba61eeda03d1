"""`holdfast`, the operator's command: shops, listings, sync, and why. `python -m cli`."""
