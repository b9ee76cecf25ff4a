"""Rebuilds and measures trained models outside the student's process, and replays their trainings."""
