"""Reads what a notebook's code builds and trains, without running it.

Statements are followed cell by cell with what is known of each value: constants, arrays by their shape, layers, models.
Loops over known things are unrolled, and functions of the notebook are followed where they are called. What cannot be
followed is unknown, and says why.
"""
