"""Decides whose failure it is: the student's, the environment's, a limit's or ours. Pure functions of evidence."""
