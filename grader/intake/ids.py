"""The id that a submission is kept under: it never changes because another file arrives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.intake.candidates import NOTEBOOK, stem
from grader.intake.listing import Owner, Parts
from grader.intake.naming import slug
from grader.printed_text import well_formed
from grader.records import HandIn

IN_ARCHIVE = "!"
"""Between an archive's path and that of a file in it, in a `HandIn.source`."""


@dataclass(frozen=True)
class Wanted:
    """What an id is made of.

    Attributes:
        inside: The file's path in its owner's hand-in; without an owner, in the whole hand-in.
        source: See `source`.
    """

    file_name: str
    inside: Parts
    owner: Owner | None
    source: str


def source(file: Path, inside: Parts = ()) -> str:
    """Where a file came from: its own path, or the archive's and that in it."""
    return well_formed(str(file.absolute()) + (f"{IN_ARCHIVE}{'/'.join(inside)}" if inside else ""))


def submission_id(file_name: str, inside: Parts, owner: Owner | None) -> str:
    """The slug of the file's stem, and eight hexadecimal digits of the student's key, else of the path.

    What tells two files of one student apart goes into the digits: the attempt, the folder within the hand-in, and an
    ending that no notebook has.
    """
    told = inside if owner is None else (owner.key, *_apart(file_name, inside, owner))
    return f"{slug(stem(file_name))}-{_digits(told)}"


def submission_ids(files: Iterable[Wanted], known: Mapping[str, HandIn]) -> list[str]:
    """An id for each file, in their order.

    Files without an owner whose paths are the same in two places (``a/hw.ipynb`` and ``b/hw.ipynb``, each named by the
    user) are told apart by as many folders more as it takes. Whoever had an id keeps it.

    Args:
        files: Those that are handed in now.
        known: Whose the ids of earlier runs are.
    """
    files = list(files)
    by_source = {one.source: name for name, one in known.items() if not one.owner}
    taken = {by_source[file.source]: file for file in files if file.owner is None and file.source in by_source}
    ids: list[str] = []
    for file in files:
        kept = by_source.get(file.source) if file.owner is None else None
        name = kept if kept and taken.get(kept) is file else _free(file, taken, known)
        taken[name] = file
        ids.append(name)
    return ids


def _free(file: Wanted, taken: Mapping[str, Wanted], known: Mapping[str, HandIn]) -> str:
    base = submission_id(file.file_name, file.inside, file.owner)
    around = Path(file.source.partition(IN_ARCHIVE)[0]).parent.parts
    names = [base]
    if file.owner is None:
        names += [
            f"{slug(stem(file.file_name))}-{_digits((*around[-count:], *file.inside))}"
            for count in range(1, len(around) + 1)
        ]
    for name in names:
        if name not in taken and (file.owner is not None or not _is_another(name, file, known)):
            return name
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _is_another(name: str, file: Wanted, known: Mapping[str, HandIn]) -> bool:
    """Whether an id is that of another file, which still lies where it lay."""
    before = known.get(name)
    if before is None or before.source == file.source:
        return False
    return Path(before.source.partition(IN_ARCHIVE)[0]).exists()


def _apart(file_name: str, inside: Parts, owner: Owner) -> Parts:
    ending = file_name[len(stem(file_name)) :]
    odd = () if ending.lower() == NOTEBOOK else (ending,)
    attempt = (owner.attempt,) if owner.attempt else ()
    return (*attempt, *inside[:-1], *odd)


def _digits(told: Parts) -> str:
    return hashlib.sha256("/".join(told).encode("utf-8", errors="surrogatepass")).hexdigest()[:8]
