"""Runs the code that it is given, as ``python -c`` does: only a module can be forked."""

import sys

exec(sys.argv[1], {"__name__": "__main__"})  # noqa: S102 - our own tests'
