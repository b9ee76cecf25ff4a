"""What of a submission is compared with others: kept beside the evidence, so that a class is compared in a moment."""

from __future__ import annotations

from grader.records.base import Record, Sha256


class Likeness(Record):
    """What of one run may be the same in another submission.

    Attributes:
        key: What it is of: the evidence's file as it was, and the code that read it.
        code: Fingerprints of the code cells, see `grader.statistics.fingerprints`, sorted.
        weights: Digests of weights that the notebook loaded before it trained anything.
        histories: Digests of the numbers of each training that the outputs show as they were handed in.
    """

    key: str = ""
    code: tuple[int, ...] = ()
    weights: tuple[str, ...] = ()
    histories: tuple[Sha256, ...] = ()
