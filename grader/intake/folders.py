"""Finds submissions on disk: files, folders of them, archives and exports."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from grader.errors import SubmissionError, UsageError
from grader.intake.archives import Entry, Unpacking, open_archive
from grader.intake.attachments import attach, named_in
from grader.intake.candidates import NOTEBOOK, HandedIn, Origin, is_archive, is_notebook, is_passed_over, stem
from grader.intake.files import decode, read_bytes
from grader.intake.ids import IN_ARCHIVE, Wanted, source, submission_ids
from grader.intake.listing import Parts
from grader.intake.naming import slug
from grader.intake.selection import Selected, select
from grader.intake.tree import Placed, place
from grader.limits import MAX_FILES_BESIDE
from grader.printed_text import well_formed
from grader.records import HandIn, People
from grader.store import write_atomically

_MAGIC = set("*?[")
_REPOSITORY = ".git"


def collect_submissions(paths: Iterable[Path], *, unpack_to: Path, known: People | None = None) -> list[HandedIn]:
    """Finds what was handed in: files, folders of them to any depth, archives, and patterns with ``*``.

    In a folder or an archive, and in archives in it, every notebook counts, and what was handed in instead of one (a
    PDF), so that nobody is missing from the list. Hidden files, checkpoints and this grader's own output are passed
    over; what lies beside a notebook is attached to it. Of a learning platform's export, whether unpacked or not, the
    owners are known.

    Args:
        paths: As the user gave them.
        unpack_to: Where the files of archives are put.
        known: What earlier runs found: ids stay.

    Returns:
        Each file once, in the order given, folders sorted; ids are unique.

    Raises:
        UsageError: A path is missing, or nothing to grade is there.
        StoreError: The folder for the files of archives cannot be written.
    """
    found: dict[str, HandedIn] = {}
    for path in paths:
        for one in _at(path.expanduser(), unpack_to=unpack_to):
            found.setdefault(one.source, one)
    files = list(found.values())
    wanted = [Wanted(one.file_name, one.inside, one.owner, one.source) for one in files]
    ids = submission_ids(wanted, {} if known is None else known.submissions)
    return [replace(one, id=name) for name, one in zip(ids, files, strict=True)]


def _at(path: Path, *, unpack_to: Path) -> list[HandedIn]:
    if path.is_file():
        # A link that the user names is meant; one that lies in a folder was put there by somebody else.
        file = path.resolve() if path.is_symlink() else path
        return _in_archive(file, unpack_to=unpack_to) if is_archive(file.name) else [_named(file, unpack_to=unpack_to)]
    if path.is_dir():
        inside = _in_folder(path, unpack_to=unpack_to)
        if not inside:
            raise UsageError(
                f"{path}: no notebook is in this folder.",
                expected="Files that end in .ipynb, at any depth.",
                fix="Check the path.",
            )
        return inside
    matches = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) if _MAGIC & set(str(path)) else []
    if not matches and not path.is_symlink() and not path.exists():
        raise UsageError(
            f"{path}: there is no such file or folder.",
            expected="Notebooks, folders of them, or archives.",
            fix="Check the path.",
        )
    inside = [one for match in matches for one in _at(Path(match), unpack_to=unpack_to)]
    return inside or [HandedIn("", path, (path.name,), source(path))]


def _in_folder(root: Path, *, unpack_to: Path) -> list[HandedIn]:
    """What was handed in, in a folder to any depth."""
    entries = {path.relative_to(root).parts: _entry(path) for path in _walk(root)}
    with Unpacking() as unpacking:
        chosen, under = _select(root, entries, unpacking)
        return _all_handed_in(chosen, root=root, under=under, unpack_to=unpack_to)


def _select(root: Path, entries: Mapping[Parts, Entry], unpacking: Unpacking) -> tuple[list[Selected], Parts]:
    """What was handed in, and the folders that had to be put around it: its own name may say whose a folder is."""
    chosen = select(place(entries, unpacking))
    if not any(one.owner is not None for one in chosen):
        name = root.resolve().name
        around = select(place({(name, *parts): entry for parts, entry in entries.items()}, unpacking))
        if any(one.owner is not None for one in around):
            return around, (name,)
    return chosen, ()


def _named(file: Path, *, unpack_to: Path) -> HandedIn:
    """A file that the user names; the names beside it may say whose it is, and what it reads may lie there."""
    plain = HandedIn("", file, (file.name,), source(file))
    parent = file.absolute().parent
    entries = {path.relative_to(parent).parts: _entry(path) for path in _near(parent)}
    entries[file.name,] = _entry(file)
    near = {path: one for path, one in entries.items() if not _is_far(path, one)}
    with Unpacking() as unpacking:
        chosen, under = _select(parent, near, unpacking)
        one = next((one for one in chosen if one.path == (*under, file.name)), None)
        if one is None:
            return plain
        if one.owner is None:
            one = replace(one, near={**one.near, **one.beside}, beside={})
        found = _handed_in(one, root=parent, under=under, unpack_to=unpack_to)
    return replace(found, path=file, origin=found.origin if one.owner is not None else None)


def _is_far(path: Parts, entry: Entry) -> bool:
    """Whether a file beside the one that the user names is no part of it: an archive of its own."""
    return is_archive(path[-1]) and entry.path is not None


def _in_archive(path: Path, *, unpack_to: Path) -> list[HandedIn]:
    """What was handed in, in an archive; one that cannot be read, or holds none, is one entry itself."""
    nothing = f"No notebook is in the archive. It should hold files that end in {NOTEBOOK}, at any depth."
    try:
        with Unpacking() as unpacking:
            chosen = select(place(open_archive(path, unpacking), unpacking))
            made = _all_handed_in(chosen, root=path, under=(), unpack_to=unpack_to)
    except SubmissionError as error:
        return [_refused(path, str(error))]
    return made or [_refused(path, nothing)]


def _refused(path: Path, why: str) -> HandedIn:
    return HandedIn("", path, (path.name,), source(path), Origin(well_formed(path.name), problem=why))


def _all_handed_in(chosen: Sequence[Selected], *, root: Path, under: Parts, unpack_to: Path) -> list[HandedIn]:
    """The selected files, but for modules that a notebook beside them imports: these belong to it."""
    made = [(one, _handed_in(one, root=root, under=under, unpack_to=unpack_to)) for one in chosen]
    attached = {
        (*one.path[:-1], *attachment.name.split("/"))
        for one, handed_in in made
        if one.near
        for attachment in handed_in.attachments
    }
    return [handed_in for one, handed_in in made if one.path not in attached]


def _handed_in(one: Selected, *, root: Path, under: Parts, unpack_to: Path) -> HandedIn:
    """A selected file, taken out of its archive with what lies beside it."""
    inside = one.path[len(under) :]
    origin: Origin | None = one.origin
    folder, place_at = _unpacked(root, unpack_to), _place(one.origin.file_name, inside)
    path = one.placed.entry.path
    if path is None:
        path = folder / f"{place_at}{NOTEBOOK}"
        if one.origin.problem is None:
            origin = _taken_out(one, path)
    elif one.owner is None and one.origin.problem is None:
        origin = None
    beside = {name: placed.entry for name, placed in {**one.beside, **_mentioned(one, path)}.items()}
    attached = attach(beside, place=partial(_beside, folder / place_at))
    return HandedIn(
        "",
        path,
        one.inside if one.owner is not None else inside,
        source(root, inside) if one.placed.entry.path is None else source(path),
        origin,
        one.owner,
        one.placed.platform,
        attached.files,
        attached.left_out,
    )


def places_of(hand_in: HandIn, *, unpack_to: Path) -> Iterator[Path]:
    """Where files of a submission may have been put that lay in archives: its notebook, the folder of the others."""
    outer, _, told = hand_in.source.partition(IN_ARCHIVE)
    file = Path(outer)
    # What was given may have been the file, the archive, or a folder around it.
    for root in (file, *file.parents):
        inside = (*file.relative_to(root).parts, *((told,) if told else ()))
        place = _unpacked(root, unpack_to) / _place(hand_in.file_name, inside)
        yield from (place, place.with_name(place.name + NOTEBOOK))


def _unpacked(root: Path, unpack_to: Path) -> Path:
    """Where the files of an archive are put, or of archives in a folder."""
    return unpack_to / f"{slug(stem(root.name))}-{_short_hash(str(root.absolute()))}"


def _place(file_name: str, inside: Iterable[str]) -> str:
    return f"{slug(stem(file_name))}-{_short_hash('/'.join(inside))}"


def _taken_out(one: Selected, path: Path) -> Origin:
    try:
        write_atomically(path, one.placed.entry.read())
    except SubmissionError as error:
        # What an earlier archive of this name held must not be graded in its place.
        path.unlink(missing_ok=True)
        return replace(one.origin, problem=str(error))
    return one.origin


def _mentioned(one: Selected, path: Path) -> dict[str, Placed]:
    if not one.near or not path.is_file():
        return {}
    try:
        text = decode(read_bytes(path))[0]
    except SubmissionError:
        return {}
    return {name: one.near[name] for name in named_in(text, one.near)}


def _beside(folder: Path, name: str) -> Path:
    return folder / _short_hash(name)


def _entry(path: Path) -> Entry:
    try:
        size = path.lstat().st_size
    except OSError:
        size = None
    return Entry(partial(read_bytes, path), size=size, path=path)


def _walk(root: Path) -> Iterator[Path]:
    """Every file but those that nobody hands in, and the folders that are named like notebooks.

    A folder that is named like a notebook is a result too; what it holds is not. Of a repository's own folder one file
    says that it is there.
    """
    for folder, folders, names in os.walk(root):
        if _REPOSITORY in folders:
            yield Path(folder) / _REPOSITORY / "HEAD"
        folders[:] = sorted(name for name in folders if not is_passed_over(name))
        named_so = [name for name in folders if is_notebook(name)]
        folders[:] = [name for name in folders if name not in named_so]
        yield from (Path(folder) / name for name in (*named_so, *names) if not is_passed_over(name))


def _near(parent: Path) -> Iterator[Path]:
    """The files around one that the user names, no more than are read in an instant."""
    for number, path in enumerate(_walk(parent)):
        if number >= MAX_FILES_BESIDE:
            return
        yield path


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:8]
