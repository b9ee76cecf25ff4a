"""Times as exports and rosters write them."""

from __future__ import annotations

import warnings
from datetime import datetime

from dateutil import parser  # type: ignore[import-untyped]

_MAX_CHARACTERS = 100


def read_time(text: str) -> datetime | None:
    """The time that a text says, with its zone where it names one; None where it says none, or in another language."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zones that nobody knows are left out
            found = parser.parse(text[:_MAX_CHARACTERS])
    except (ValueError, OverflowError):
        return None
    return found if isinstance(found, datetime) else None


def instant(time: datetime) -> float:
    """A time as seconds since 1970; without a zone it is the local time of this machine."""
    return time.astimezone().timestamp()
