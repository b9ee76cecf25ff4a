"""What a student's own machine can tell of a notebook: by reading its code, by running it, by a released rubric.

Nothing here needs a sandbox, or what only some systems have: the notebook is the student's own, and so is the machine.
"""
