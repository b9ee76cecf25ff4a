"""Habits of writing notebooks, the machinery of `benchmarks/styles.py`."""
