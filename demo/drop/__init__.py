"""A drop: few bottles, many who want them, and more who want to sell them on. `python -m demo.drop` (`make drop`)."""
