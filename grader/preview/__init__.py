"""What an edit of a rubric would do, before it is done: nothing is run, and nothing is written.

`grades` asks the pipeline for the grade that it would write; `comparison` sets it beside the one that is there.
"""

from grader.preview.comparison import compared
from grader.preview.grades import preview

__all__ = ["compared", "preview"]
