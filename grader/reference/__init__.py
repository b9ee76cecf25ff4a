"""The reference solution: what it measures, and what it proves of a rubric."""
