"""How sure marks are, item analysis, and which submissions are alike: pure functions of grades, events and code."""
