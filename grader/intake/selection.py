"""Selects the files that were handed in from an archive or folder, and names each."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from grader.intake.candidates import Origin, instead_of_notebooks, is_notebook, stem
from grader.intake.listing import Listing, Owner, Owners, Parts
from grader.intake.platforms import find_owners
from grader.limits import MAX_MEMBER_NAME_CHARACTERS
from grader.printed_text import well_formed


@dataclass(frozen=True)
class Selected:
    """A file that was handed in.

    Attributes:
        label: Its owner, or the file's own name without its ending.
        stem: What its id is made of: the label, and more where several files have the same.
        is_owned: Whether a platform says who handed it in.
    """

    label: str
    stem: str
    origin: Origin
    is_owned: bool


def select(listing: Listing) -> dict[Parts, Selected]:
    """Every file that was handed in, by its path."""
    candidates = listing.candidates
    owners = find_owners(listing)
    handed_in = _handed_in(candidates, owners)
    chosen = [path for path in candidates if path in handed_in]
    count = Counter(_label(path, owners.get(path)) for path in chosen)
    found = {}
    for path in chosen:
        owner = owners.get(path)
        label = _label(path, owner)
        file_name = unicodedata.normalize("NFC", well_formed(owner.file_name if owner else path[-1]))
        found[path] = Selected(
            label=label,
            stem=label if count[label] == 1 else _longer_label(path, owner),
            origin=Origin(file_name[:MAX_MEMBER_NAME_CHARACTERS], owner.authors if owner else ()),
            is_owned=owner is not None,
        )
    return found


def _handed_in(candidates: Iterable[Parts], owners: Owners) -> frozenset[Parts]:
    """Notebooks, and what was handed in instead of one: by an owner who has none, or in a folder without one."""
    groups: dict[Parts, list[Parts]] = defaultdict(list)
    for path in candidates:
        owner = owners.get(path)
        groups[path[:-1] if owner is None else (*path[: owner.depth], "", owner.label)].append(path)
    chosen: set[Parts] = set()
    for group, members in groups.items():
        notebooks = [path for path in members if is_notebook(path[-1])]
        chosen.update(notebooks)
        if not group:
            names = set(instead_of_notebooks((path[-1] for path in members), (path[-1] for path in notebooks)))
            chosen.update(path for path in members if path[-1] in names)
        elif not notebooks:
            chosen.update(members)
    return frozenset(chosen)


def _label(path: Parts, owner: Owner | None) -> str:
    return owner.label if owner else stem(path[-1])


def _longer_label(path: Parts, owner: Owner | None) -> str:
    """A label for one of several files with the same: of one owner, or of one name in several folders."""
    return " ".join((owner.label, stem(owner.file_name)) if owner else (*path[:-1], stem(path[-1])))
