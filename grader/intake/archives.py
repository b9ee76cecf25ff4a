"""Reads zip and tar archives, and trusts nothing in them: an archive is somebody else's file.

No name in an archive ever becomes a path: what is taken out gets a new name. What is refused stays in the list with
the reason.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import SubmissionError
from grader.intake.encodings import member_names
from grader.intake.listing import Parts
from grader.limits import (
    HARMLESS_FILE_BYTES,
    MAX_ARCHIVE_LIST_BYTES,
    MAX_ARCHIVE_MEMBERS,
    MAX_COMPRESSION_RATIO,
    MAX_FILE_BYTES,
    MAX_MEMBER_NAME_CHARACTERS,
    MAX_UNPACKED_BYTES,
)
from grader.printed_text import well_formed

_CHUNK_BYTES = 2**20
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_READABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
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
_COMPRESSED = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ": lzma.LZMAFile}
"""What reads a compressed tar archive, by its first bytes."""


class Unpacking:
    """The archives of one hand-in, and those in them: open until it has ended, and what they may still unpack to."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self.bytes = MAX_UNPACKED_BYTES
        self.members = MAX_ARCHIVE_MEMBERS

    def __enter__(self) -> Unpacking:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def keep(self, file: IO[bytes]) -> IO[bytes]:
        """Closes a file at the end."""
        self._open.callback(file.close)
        return file

    def take_bytes(self, size: int) -> None:
        """Takes note of bytes that are about to be unpacked.

        Raises:
            SubmissionError: There is no room for so many.
        """
        self.bytes -= size
        if self.bytes < 0:
            limit = MAX_UNPACKED_BYTES // 2**20
            raise SubmissionError(f"The files of the archive have more than {limit} MB together.", fix="Split it.")

    def take_members(self, count: int) -> None:
        """Takes note of an archive's members.

        Raises:
            SubmissionError: There is no room for so many.
        """
        if count > self.members:
            raise SubmissionError(
                f"The archive has {count} members; at most {MAX_ARCHIVE_MEMBERS} are read.", fix="Split it."
            )
        self.members -= count


@dataclass(frozen=True)
class Entry:
    """A file on disk or in an archive.

    Attributes:
        read: Its content; raises `SubmissionError` where it is not safe, or cannot be read.
        size: In bytes, as its folder or archive says.
        path: Where it lies on disk; None in an archive.
        name: As it stands in its archive.
    """

    read: Callable[[], bytes]
    size: int | None = None
    path: Path | None = None
    name: str = ""


def open_archive(path: Path, unpacking: Unpacking) -> dict[Parts, Entry]:
    """The files of an archive on disk, to be read when they are wanted.

    Raises:
        SubmissionError: It cannot be read, or has too many members.
    """
    try:
        return _entries(unpacking.keep(_Bounded(path.open("rb", buffering=0))), path.name, unpacking)
    except OSError as error:
        raise _unreadable(error) from error


def open_inner(raw: bytes, name: str, unpacking: Unpacking) -> dict[Parts, Entry]:
    """The files of an archive that lay in another one.

    Raises:
        SubmissionError: It cannot be read, or has too many members.
    """
    return _entries(unpacking.keep(_Bounded(io.BytesIO(raw))), name, unpacking)


def short_name(text: str) -> str:
    """A text out of an archive, to be quoted."""
    return repr(well_formed(text)[:200])


class _Bounded(io.BufferedReader):
    """A file that is read in pieces of at most `MAX_ARCHIVE_LIST_BYTES`: the list's size is the archive's word."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_ARCHIVE_LIST_BYTES:
            raise SubmissionError(
                f"The archive's list of members has {size} bytes; at most {MAX_ARCHIVE_LIST_BYTES} are read.",
                fix="Split it.",
            )
        return super().read(size)


def _entries(file: IO[bytes], name: str, unpacking: Unpacking) -> dict[Parts, Entry]:
    try:
        if name.lower().endswith(".zip"):
            return _zip_entries(zipfile.ZipFile(file), unpacking)
        return _tar_entries(tarfile.open(fileobj=_unpacked(file, unpacking), mode="r:"), unpacking)
    except SubmissionError:
        raise
    except _BROKEN as error:
        raise _unreadable(error) from error


def _unreadable(error: BaseException) -> SubmissionError:
    return SubmissionError(f"The archive cannot be read ({_reason(error)}).", fix="Download it again.")


def _zip_entries(archive: zipfile.ZipFile, unpacking: Unpacking) -> dict[Parts, Entry]:
    infos = [info for info in archive.infolist() if not info.orig_filename.endswith("/")]
    unpacking.take_members(len(archive.infolist()))
    named: dict[str, list[zipfile.ZipInfo]] = {}
    for name, info in zip(member_names(infos), infos, strict=True):
        named.setdefault(unicodedata.normalize("NFC", name), []).append(info)

    def reader(name: str, found: list[zipfile.ZipInfo]) -> Callable[[], bytes]:
        return lambda: _zip_content(archive, name, found, unpacking=unpacking)

    return _by_parts(
        {name: Entry(reader(name, found), size=found[0].file_size, name=name) for name, found in named.items()}
    )


def _by_parts(entries: dict[str, Entry]) -> dict[Parts, Entry]:
    """Entries by their path; of several names for one path none is taken out."""
    found: dict[Parts, list[Entry]] = {}
    for name, entry in entries.items():
        if parts := _parts(name):
            found.setdefault(parts, []).append(entry)
    return {parts: same[0] if len(same) == 1 else _refused_twice(same) for parts, same in found.items()}


def _refused_twice(same: list[Entry]) -> Entry:
    def refuse() -> bytes:
        raise _twice(len(same), same[0].name)

    return Entry(refuse, size=same[0].size, name=same[0].name)


def _twice(count: int, name: str) -> SubmissionError:
    return SubmissionError(f"The archive holds {count} files of this name ({short_name(name)}).", fix=_AGAIN)


def _zip_content(archive: zipfile.ZipFile, name: str, infos: list[zipfile.ZipInfo], *, unpacking: Unpacking) -> bytes:
    """A member's bytes.

    Raises:
        SubmissionError: It is not safe, or cannot be read.
    """
    if len(infos) > 1:
        raise _twice(len(infos), name)
    (info,) = infos
    _refuse_name(name)
    _refuse_kind(info)
    _refuse_size(info.file_size)
    if info.file_size > HARMLESS_FILE_BYTES and info.file_size > MAX_COMPRESSION_RATIO * info.compress_size:
        raise SubmissionError(
            f"It unpacks to more than {MAX_COMPRESSION_RATIO} times its size in the archive, as no notebook does.",
            fix=_AGAIN,
        )
    unpacking.take_bytes(info.file_size)
    try:
        # No more than the size that was looked at is ever unpacked; the checksum is compared at the end.
        with archive.open(info) as file:
            return b"".join(iter(lambda: file.read(_CHUNK_BYTES), b""))
    except _BROKEN as error:
        raise SubmissionError(f"It cannot be read from the archive ({_reason(error)}).", fix=_AGAIN) from error


def _unpacked(file: IO[bytes], unpacking: Unpacking) -> IO[bytes]:
    """A tar archive without its compression, no larger than one of texts can be."""
    start = file.read(6)
    packed_bytes = file.seek(0, io.SEEK_END)
    file.seek(0)
    opener = next((opener for magic, opener in _COMPRESSED.items() if start.startswith(magic)), None)
    if opener is None:
        return file
    cap = min(HARMLESS_FILE_BYTES + MAX_COMPRESSION_RATIO * packed_bytes, unpacking.bytes)
    whole = unpacking.keep(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the others
    with opener(filename=file) if opener is not gzip.GzipFile else gzip.GzipFile(fileobj=file) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if whole.tell() + len(chunk) > cap:
                raise SubmissionError(f"It unpacks to more than {cap // 2**20} MB, as no hand-in does.", fix=_AGAIN)
            whole.write(chunk)
    whole.seek(0)
    return whole


def _tar_entries(archive: tarfile.TarFile, unpacking: Unpacking) -> dict[Parts, Entry]:
    infos: list[tarfile.TarInfo] = []
    for info in archive:
        if not info.isdir():
            infos.append(info)
        if len(infos) > unpacking.members:
            break
    unpacking.take_members(len(infos))

    def reader(info: tarfile.TarInfo) -> Callable[[], bytes]:
        return lambda: _tar_content(archive, info, unpacking)

    found: dict[str, Entry] = {}
    for info in infos:
        # A later member of a name replaces an earlier one: that is how tar adds a file again.
        name = unicodedata.normalize("NFC", well_formed(info.name))
        found[name] = Entry(reader(info), size=info.size, name=name)
    return _by_parts(found)


def _tar_content(archive: tarfile.TarFile, info: tarfile.TarInfo, unpacking: Unpacking) -> bytes:
    _refuse_name(info.name)
    if not info.isreg() or info.issparse():
        raise SubmissionError(
            f"It is {'a link' if info.issym() or info.islnk() else 'no plain file'} in the archive.", fix=_AGAIN
        )
    _refuse_size(info.size)
    unpacking.take_bytes(info.size)
    try:
        file = archive.extractfile(info)
        raw = b"" if file is None else file.read(info.size)
    except _BROKEN as error:
        raise SubmissionError(f"It cannot be read from the archive ({_reason(error)}).", fix=_AGAIN) from error
    if len(raw) != info.size:
        raise SubmissionError("It cannot be read from the archive (it breaks off).", fix=_AGAIN)
    return raw


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
        raise SubmissionError(f"Its name in the archive, {short_name(name)}, {wrong}.", fix=_AGAIN)


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


def _refuse_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise SubmissionError(
            f"The file has more than {MAX_FILE_BYTES // 2**20} MB.",
            fix="Clear the notebook's outputs and hand it in again.",
        )


def _reason(error: BaseException) -> str:
    return well_formed(str(error))[:200] or type(error).__name__
