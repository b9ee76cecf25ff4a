"""Grades student notebooks that train Keras models.

Execution leaves evidence; grading is a pure function of evidence.
"""

__version__ = "0.1.0"
