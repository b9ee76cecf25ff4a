"""Files that exist only as descriptors, for arguments that must not be seen in a command line."""

from __future__ import annotations

import os
from collections.abc import Iterable


class Contents:
    """Files that exist only as descriptors. As a context it closes them."""

    def __init__(self) -> None:
        self.fds: list[int] = []

    def __enter__(self) -> Contents:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self.fds:
            os.close(fd)

    def add(self, content: bytes) -> int:
        """Makes a file and returns its descriptor."""
        fd = os.memfd_create("grader")
        self.fds.append(fd)
        with os.fdopen(os.dup(fd), "wb") as file:
            file.write(content)
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    def options(self, parts: Iterable[str | bytes]) -> int:
        """Makes a file of bubblewrap's arguments; a `bytes` among them becomes a file, and its descriptor's number."""
        words = [str(self.add(part)) if isinstance(part, bytes) else part for part in parts]
        return self.add("\0".join([*words, ""]).encode("utf-8", "surrogateescape"))
