"""What was handed in beside a notebook: taken out of its archive where it lay in one, within limits."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.intake.archives import Entry
from grader.intake.candidates import Attachment
from grader.limits import MAX_ATTACHED_BYTES, MAX_ATTACHMENTS, MAX_MEMBER_NAME_CHARACTERS
from grader.printed_text import well_formed
from grader.store import digest_of, write_atomically

_WORD = r"(?<![\w.])%s(?!\w)"


@dataclass(frozen=True)
class Attached:
    """The files that are laid beside a notebook, and those that are not, each with the reason."""

    files: tuple[Attachment, ...] = ()
    left_out: tuple[str, ...] = ()


def attach(beside: Mapping[str, Entry], *, place: Callable[[str], Path]) -> Attached:
    """Takes files out to be laid beside a notebook, smaller ones first.

    Args:
        beside: The files, by their path from the notebook's folder.
        place: Where a file that lay in an archive is put.
    """
    files: list[Attachment] = []
    left_out: list[str] = []
    room = MAX_ATTACHED_BYTES
    for name, entry in sorted(beside.items(), key=lambda item: (item[1].size or 0, item[0])):
        size = entry.size or 0
        if len(files) >= MAX_ATTACHMENTS:
            left_out.append(f"{_shown(name)}: more than {MAX_ATTACHMENTS} files lie beside the notebook.")
            continue
        if size > room:
            limit = MAX_ATTACHED_BYTES // 2**20
            left_out.append(f"{_shown(name)}: the files beside the notebook have more than {limit} MB together.")
            continue
        try:
            one = _taken(name, entry, place)
        except SubmissionError as error:
            left_out.append(f"{_shown(name)}: {error}")
            continue
        room -= one.size
        files.append(one)
    return Attached(tuple(sorted(files, key=lambda one: one.name)), tuple(left_out))


def named_in(text: str, names: Iterable[str]) -> frozenset[str]:
    """Which files a notebook names: by name, by a folder of theirs, or as a module that it imports.

    Args:
        text: The notebook's file.
        names: Paths of the files from its folder.
    """
    found = set()
    for name in names:
        path = PurePosixPath(name)
        words = [path.name, *(f"{part}/" for part in path.parts[:-1]), *(f'{part}\\"' for part in path.parts[:-1])]
        spelled = {*words, *(json.dumps(word)[1:-1] for word in words if not word.isascii())}
        is_module = path.suffix == ".py" and re.search(rf"(?:import|from)\s+{_WORD % re.escape(path.stem)}", text)
        if is_module or any(word in text for word in spelled):
            found.add(name)
    return frozenset(found)


def _taken(name: str, entry: Entry, place: Callable[[str], Path]) -> Attachment:
    """A file where it lies, or taken out of its archive.

    Raises:
        SubmissionError: It is not safe, or cannot be read.
    """
    _refuse(name)
    if entry.path is not None:
        if entry.path.is_symlink() or not entry.path.is_file():
            raise SubmissionError("It is no plain file.")
        sha256 = digest_of(entry.path)
        if not sha256:
            raise SubmissionError("It cannot be read.")
        return Attachment(name, entry.path.absolute(), sha256, entry.path.stat().st_size)
    raw = entry.read()
    path = place(name)
    sha256 = hashlib.sha256(raw).hexdigest()
    if digest_of(path) != sha256:
        write_atomically(path, raw)
    return Attachment(name, path.absolute(), sha256, len(raw))


def _refuse(name: str) -> None:
    odd = any(character < " " or character == "\x7f" for character in name)
    longest = max(len(part.encode(errors="replace")) for part in name.split("/"))
    if odd or longest > 255 or len(name) > MAX_MEMBER_NAME_CHARACTERS or well_formed(name) != name:
        raise SubmissionError("A file of that name cannot be laid.")


def _shown(name: str) -> str:
    return well_formed(name)[:200]
