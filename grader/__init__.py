"""Grades student notebooks that train Keras models.

Execution leaves evidence; grading is a pure function of evidence.
"""

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """``%load_ext grader``: watches the kernel, and adds ``%grade``."""
    from grader.selfcheck.live import load  # noqa: PLC0415 - `import grader` stays quick

    load(shell)
