"""What the names in a zip archive say, where it does not say in which encoding they are.

The zip format knows two: UTF-8, with a flag, and that of the first PCs. Windows writes that of the user's own language
without a word, and other programs write UTF-8 without the flag.
"""

from __future__ import annotations

import itertools
import unicodedata
import zipfile
from collections.abc import Sequence

_UTF8_FLAG = 0x800
_ENCODINGS = ("utf-8", "cp850", "cp437", "cp1252", "gb18030", "cp932", "cp1251", "cp866")
"""Those in use, the likelier first: where two give equally plausible names, the first counts."""


def member_names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The members' names; all those of one archive that lack the flag are in one encoding."""
    raw = {index: info.orig_filename.encode("cp437", errors="replace") for index, info in _unflagged(infos)}
    encoding = best_encoding(list(raw.values()))
    return [
        raw[index].decode(encoding, errors="replace") if index in raw else info.orig_filename
        for index, info in enumerate(infos)
    ]


def best_encoding(names: Sequence[bytes]) -> str:
    """The encoding in which these names look most like names."""
    if _oddness(names, "utf-8") < float("inf"):
        return "utf-8"  # hardly any text of another encoding is UTF-8 by chance
    return min(_ENCODINGS[1:], key=lambda encoding: _oddness(names, encoding))


def _unflagged(infos: Sequence[zipfile.ZipInfo]) -> list[tuple[int, zipfile.ZipInfo]]:
    return [
        (index, info)
        for index, info in enumerate(infos)
        if not info.flag_bits & _UTF8_FLAG and not info.orig_filename.isascii()
    ]


def _oddness(names: Sequence[bytes], encoding: str) -> float:
    """How unlike names the decoded names are: signs, capitals within words, letters of several alphabets."""
    odd = 0.0
    for name in names:
        try:
            text = name.decode(encoding)
        except UnicodeDecodeError:
            return float("inf")
        odd += sum(not character.isascii() and unicodedata.category(character)[0] not in "LM" for character in text)
        odd += sum(
            before.islower() and after.isupper() and not (before.isascii() and after.isascii())
            for before, after in itertools.pairwise(text)
        )
        alphabets = {unicodedata.name(c, "?").split()[0] for c in text if c.isalpha()}
        odd += 0.5 * max(0, len(alphabets - {"CJK", "HIRAGANA", "KATAKANA"}) - 1)
    return odd
