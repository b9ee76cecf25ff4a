"""Otter: ``hw01_2026_01_31T23_59_00_123456.zip``, named by notebook and time; whose it is stands nowhere outside."""

from __future__ import annotations

import re
from datetime import datetime

from grader.intake.listing import Parts

_NAME = re.compile(r".{1,200}_(\d{4})_(\d\d)_(\d\d)T(\d\d)_(\d\d)_(\d\d)(?:_(\d{1,6}))?\.zip", re.DOTALL)


def time_of(path: Parts) -> datetime | None:
    """When the archive around a file was made, where Otter named it."""
    for name in path:
        if match := _NAME.fullmatch(name):
            try:
                return datetime(*(int(part) for part in match.groups()[:6]))  # type: ignore[arg-type]  # noqa: DTZ001
            except ValueError:
                return None
    return None
