"""What a rubric says of handing in late."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, WithJsonSchema, model_validator

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_deadline(text: str) -> datetime:
    """A deadline; a date alone is its end, and without a zone it is the local time of the machine that grades.

    Raises:
        ValueError: It is none.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        expected = "A date and time such as 2026-01-31T23:59 or 2026-01-31T23:59+01:00 is needed"
        raise ValueError(f"{text!r} is no time. {expected}") from None
    return found.replace(hour=23, minute=59, second=59) if _DATE.fullmatch(text.strip()) else found


def _deadline(value: object) -> object:
    # A number would be taken for seconds since 1970.
    return value if isinstance(value, datetime) else read_deadline(str(value))


Deadline = Annotated[datetime, BeforeValidator(_deadline), WithJsonSchema({"type": "string"})]

Positive = Annotated[FiniteFloat, Field(gt=0)]
PerCent = Annotated[FiniteFloat, Field(gt=0, le=100)]


class Late(BaseModel):
    """What handing in late costs: per cent of the points possible, or points, for each day (or hour) begun.

    What is begun counts whole. Days are of 24 hours, and count from the end of the grace. Bonus points are neither
    counted nor taken off.

    Attributes:
        deadline: ``--deadline`` goes before it, and a student's extension before both where it is later.
        grace_minutes: So long after the deadline nothing is late.
        per_cent: For each day or hour begun, of the points possible.
        points: Or points, for each.
        every: What is counted.
        at_most_per_cent: Never more than that, of the points possible.
        at_most_points: Or never more points than these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    deadline: Deadline | None = None
    grace_minutes: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    per_cent: PerCent | None = None
    points: Positive | None = None
    every: Literal["day", "hour"] = "day"
    at_most_per_cent: PerCent | None = None
    at_most_points: Positive | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.per_cent is None) == (self.points is None):
            raise ValueError("give per_cent or points, one of them, for each day or hour begun")
        if self.at_most_per_cent is not None and self.at_most_points is not None:
            raise ValueError("give at_most_per_cent or at_most_points, not both")
        return self

    @property
    def grace(self) -> timedelta:
        """So long after the deadline nothing is late."""
        return timedelta(minutes=self.grace_minutes)
