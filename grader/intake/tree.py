"""All files of a hand-in, those in archives within it too, and whose each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from grader.errors import SubmissionError
from grader.intake.archives import Entry, Unpacking, open_archive, open_inner
from grader.intake.candidates import is_archive, is_notebook, is_own_file, is_own_output, is_passed_over
from grader.intake.listing import Listing, Owner, Parts
from grader.intake.platforms import find_owners
from grader.limits import MAX_METADATA_BYTES, MAX_NESTED_ARCHIVES

_REPOSITORY = ".git"


@dataclass(frozen=True)
class Placed:
    """A file of a hand-in.

    Attributes:
        owner: Who handed it in, as a platform says; None where none does. Of a file in an archive that was handed in,
            the archive's.
        platform: Which says so.
        is_opened: Whether it is an archive whose files stand in the list as well.
        problem: Why an archive could not be opened.
    """

    entry: Entry
    owner: Owner | None = None
    platform: str = ""
    is_opened: bool = False
    problem: str | None = None


def place(entries: Mapping[Parts, Entry], unpacking: Unpacking, *, level: int = 0) -> dict[Parts, Placed]:
    """Every visible file, by its path; those in an archive lie below the archive's.

    Args:
        entries: The files of a folder or an archive, hidden ones too.
        unpacking: What holds the archives open.
        level: How many archives lie around them.
    """
    visible = _visible(entries)
    owners = find_owners(_listing(visible, entries))
    found: dict[Parts, Placed] = {}
    for path, entry in visible.items():
        owner, platform = owners.get(path, (None, ""))
        one = Placed(entry, owner, platform)
        inner: dict[Parts, Entry] = {}
        if is_archive(path[-1]) and level < MAX_NESTED_ARCHIVES:
            try:
                inner = _open(entry, path[-1], unpacking)
                one = replace(one, is_opened=True)
            except SubmissionError as error:
                one = replace(one, problem=str(error))
        found[path] = one
        for rest, below in place(inner, unpacking, level=level + 1).items() if inner else ():
            found[(*path, *rest)] = _below(below, path=path, rest=rest, around=one)
    return found


def read_small(entry: Entry | None) -> bytes | None:
    """A small file that a platform added; None where it cannot be read."""
    if entry is None or (entry.size or 0) > MAX_METADATA_BYTES:
        return None
    try:
        return entry.read()
    except SubmissionError:
        return None


def _visible(entries: Mapping[Parts, Entry]) -> dict[Parts, Entry]:
    """The files that somebody may have handed in, of each folder the notebooks first."""
    names: dict[Parts, set[str]] = {}
    for path in entries:
        names.setdefault(path[:-1], set()).add(path[-1])
    own = {folder for folder, inside in names.items() if is_own_output(frozenset(inside))}
    kept = {
        path: entry for path, entry in entries.items() if not any(map(is_passed_over, path)) and not _is_own(path, own)
    }
    return dict(sorted(kept.items(), key=lambda item: order(item[0])))


def order(path: Parts) -> tuple[Parts, bool, str]:
    """Folders in their order, in each the notebooks first."""
    return path[:-1], not is_notebook(path[-1]), path[-1]


def _is_own(path: Parts, own: set[Parts]) -> bool:
    """Whether this grader wrote the file; of what else lies in a submission's folder only notebooks are kept."""
    if path[:-1] in own:
        return is_own_file(path[-1]) or not is_notebook(path[-1])
    return any(path[:depth] in own and path[depth] == "evidence" for depth in range(len(path) - 1))


def _listing(visible: Mapping[Parts, Entry], entries: Mapping[Parts, Entry]) -> Listing:
    def size(path: Parts) -> int | None:
        return visible[path].size if path in visible else None

    repositories = {path[: path.index(_REPOSITORY)] for path in entries if _REPOSITORY in path[:-1]}
    return Listing(list(visible), lambda path: read_small(visible.get(path)), frozenset(repositories), size)


def _open(entry: Entry, name: str, unpacking: Unpacking) -> dict[Parts, Entry]:
    if entry.path is not None:
        entry.read()  # refuses links, pipes and files that are too large
        return open_archive(entry.path, unpacking)
    return open_inner(entry.read(), name, unpacking)


def _below(below: Placed, *, path: Parts, rest: Parts, around: Placed) -> Placed:
    """A file of an archive: the owner of the archive owns it, whatever it is called inside."""
    if around.owner is not None:
        owner = replace(around.owner, file_name=rest[-1])
        return replace(below, owner=owner, platform=around.platform)
    if below.owner is not None:
        return replace(below, owner=replace(below.owner, depth=below.owner.depth + len(path)))
    return below
