"""Takes submissions out of zip archives, and trusts nothing in them: an archive is somebody else's file.

No name in an archive ever becomes a path: each file gets a new name, and its own is noted in its `Origin`. What is
refused stays in the list with the reason.
"""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.intake.candidates import NOTEBOOK, Origin, is_passed_over, stem
from grader.intake.listing import Listing, Parts
from grader.intake.naming import slug
from grader.intake.selection import select
from grader.limits import (
    HARMLESS_FILE_BYTES,
    MAX_ARCHIVE_LIST_BYTES,
    MAX_ARCHIVE_MEMBERS,
    MAX_COMPRESSION_RATIO,
    MAX_FILE_BYTES,
    MAX_MEMBER_NAME_CHARACTERS,
    MAX_METADATA_BYTES,
    MAX_UNPACKED_BYTES,
)
from grader.printed_text import well_formed
from grader.store import write_atomically

_CHUNK_BYTES = 2**20
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_READABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)
_AGAIN = "Download the archive again, or hand in the notebook itself."


@dataclass(frozen=True)
class Member:
    """A file of an archive that is a submission, taken out or refused.

    Attributes:
        path: Where it lies, or would lie if it were not refused.
        stem: What its id is made of.
    """

    path: Path
    stem: str
    origin: Origin


def unpack(path: Path, *, into: Path) -> list[Member]:
    """Takes the submissions out of an archive.

    Args:
        path: The archive.
        into: The folder below which its files are put, each under a new name that is the same in every run.

    Returns:
        Every notebook, and what was handed in instead of one; an archive that cannot be read at all, or holds none,
        is one entry itself, so that it is missing from no list.

    Raises:
        StoreError: The folder cannot be written.
    """
    name = f"{slug(path.stem)}-{_short_hash(str(path.absolute()))}"
    try:
        with _Bounded(path.open("rb", buffering=0)) as file, zipfile.ZipFile(file) as archive:
            found = list(_Unpacking(archive, folder=into / name).members())
    except SubmissionError as error:
        return [_refused_archive(path, str(error))]
    except _BROKEN as error:
        why = f"The archive cannot be read ({_reason(error)}). Download it again."
        return [_refused_archive(path, why)]
    nothing = f"No notebook is in the archive. It should hold files that end in {NOTEBOOK}, at any depth."
    return found or [_refused_archive(path, nothing)]


class _Bounded(io.BufferedReader):
    """A file that is read in pieces of at most `MAX_ARCHIVE_LIST_BYTES`: the list's size is the archive's word."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_ARCHIVE_LIST_BYTES:
            raise SubmissionError(
                f"The archive's list of members has {size} bytes; at most {MAX_ARCHIVE_LIST_BYTES} are read.",
                fix="Split it.",
            )
        return super().read(size)


class _Unpacking:
    """One archive on its way out.

    Raises:
        SubmissionError: It has too many members.
    """

    def __init__(self, archive: zipfile.ZipFile, *, folder: Path) -> None:
        self.archive = archive
        self.folder = folder
        self.unpacked_bytes = 0
        self.infos: dict[str, list[zipfile.ZipInfo]] = defaultdict(list)
        count = len(archive.infolist())
        if count > MAX_ARCHIVE_MEMBERS:
            raise SubmissionError(
                f"The archive has {count} members; at most {MAX_ARCHIVE_MEMBERS} are read.", fix="Split it."
            )
        for info in archive.infolist():
            # The name before a NUL is zipfile's; the one that stands in the archive is judged.
            if not info.orig_filename.endswith("/"):
                self.infos[unicodedata.normalize("NFC", info.orig_filename)].append(info)

    def members(self) -> Iterator[Member]:
        """Takes out what was handed in, in the order of the names."""
        for name, member in self._chosen():
            try:
                raw = self._content(name)
            except SubmissionError as error:
                # What an earlier archive of this name held must not be graded in its place.
                member.path.unlink(missing_ok=True)
                yield replace(member, origin=replace(member.origin, problem=str(error)))
                continue
            write_atomically(member.path, raw)
            yield member

    def _chosen(self) -> Iterator[tuple[str, Member]]:
        """The name of each submission in the archive, and where it is to be put."""
        split = {name: _parts(name) for name in sorted(self.infos)}
        visible = {name: parts for name, parts in split.items() if parts and not any(map(is_passed_over, parts))}
        chosen = select(Listing(paths=list(visible.values()), read=self._companion))
        for name, parts in visible.items():
            if (one := chosen.get(parts)) is not None:
                path = self.folder / f"{slug(one.label)}-{_short_hash(name)}{NOTEBOOK}"
                yield name, Member(path=path, stem=one.stem, origin=one.origin)

    def _content(self, name: str) -> bytes:
        """A member's bytes.

        Raises:
            SubmissionError: It is not safe, or cannot be read.
        """
        infos = self.infos[name]
        if len(infos) > 1:
            raise SubmissionError(f"The archive holds {len(infos)} files of this name ({_quoted(name)}).", fix=_AGAIN)
        (info,) = infos
        _refuse_name(name)
        _refuse_kind(info)
        self.unpacked_bytes += info.file_size
        if self.unpacked_bytes > MAX_UNPACKED_BYTES:
            limit = MAX_UNPACKED_BYTES // 2**20
            raise SubmissionError(f"The files of the archive have more than {limit} MB together.", fix="Split it.")
        try:
            return b"".join(_chunks(self.archive, info))
        except _BROKEN as error:
            raise SubmissionError(f"It cannot be read from the archive ({_reason(error)}).", fix=_AGAIN) from error

    def _companion(self, path: Parts) -> bytes | None:
        """A small file that the platform added; None where it cannot be read."""
        names = [name for name in self.infos if _parts(name) == path]
        if len(names) != 1 or self.infos[names[0]][0].file_size > MAX_METADATA_BYTES:
            return None
        try:
            return self._content(names[0])
        except SubmissionError:
            return None


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    # No more than the size that was looked at is ever unpacked; the checksum is compared at the end.
    with archive.open(info) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _parts(name: str) -> Parts:
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."})


def _refuse_name(name: str) -> None:
    path = PurePosixPath(name)
    wrong = None
    if len(name) > MAX_MEMBER_NAME_CHARACTERS:
        wrong = "is too long"
    elif path.is_absolute() or (len(name) > 1 and name[1] == ":" and name[0].isalpha()):
        wrong = "begins at the root of a disk"
    elif ".." in path.parts or ".." in name.split("\\"):
        wrong = "leads out of the archive's folder"
    elif "\\" in name:
        wrong = "holds a backslash"
    elif any(character < " " or character == "\x7f" for character in name):
        wrong = "holds invisible characters"
    if wrong is not None:
        raise SubmissionError(f"Its name in the archive, {_quoted(name)}, {wrong}.", fix=_AGAIN)


def _refuse_kind(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        named = "a link" if kind == stat.S_IFLNK else "no plain file"
        raise SubmissionError(f"It is {named} in the archive.", fix=_AGAIN)
    if info.flag_bits & _ENCRYPTED:
        raise SubmissionError("It is encrypted.", fix="Hand it in without a password.")
    if info.compress_type not in _READABLE:
        raise SubmissionError(
            f"It is compressed in a way that is not read (method {info.compress_type}).",
            fix="Make the archive with the usual compression.",
        )
    if info.file_size > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 2**20
        raise SubmissionError(
            f"The file has more than {limit} MB.", fix="Clear the notebook's outputs and hand it in again."
        )
    if info.file_size > HARMLESS_FILE_BYTES and info.file_size > MAX_COMPRESSION_RATIO * info.compress_size:
        raise SubmissionError(
            f"It unpacks to more than {MAX_COMPRESSION_RATIO} times its size in the archive, as no notebook does.",
            fix=_AGAIN,
        )


def _refused_archive(path: Path, why: str) -> Member:
    return Member(path, stem(path.name), Origin(well_formed(path.name), problem=why))


def _quoted(name: str) -> str:
    return repr(well_formed(name)[:200])


def _reason(error: BaseException) -> str:
    return well_formed(str(error))[:200] or type(error).__name__


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:8]
