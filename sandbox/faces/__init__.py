"""One face a marketplace: its protocol, and nothing else. What all share is in `face.py` and `sandbox/desk.py`."""
