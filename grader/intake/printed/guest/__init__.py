"""Programs that read prints of notebooks in a sandbox, which shows them this folder alone.

So these modules import each other relatively, and need nothing of the grader.
"""
