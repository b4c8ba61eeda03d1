"""The `holdfast` command: what operators do from a terminal. `python -m cli`."""
