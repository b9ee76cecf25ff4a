"""What spoils an input: values where others belong, parts lost, doubled or moved, and bytes changed."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

DEEP: list[Any] = []
for _ in range(300):
    DEEP = [DEEP]

JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.1, 1e308, -1e-300),
    *(float("nan"), float("inf"), float("-inf"), "", " ", "\n", "\0", "\ud800", "\x1b[31m", "\u202egpj", "1e999"),
    *("nan", "a" * 3000, "=1+1", "../../x", "<script>alert(1)</script>", "'\"><img src=x onerror=a()>", "{{ 7*7 }}"),
    *(
        "{% for x in y %}",
        "[[1, 2]",
        "](javascript:a)",
        "**" * 500,
        "(" * 2000,
        "0" * 64,
        "```",
        "# " * 300,
        "%matplotlib",
    ),
    *(
        [],
        {},
        [[]],
        [{}],
        {"": ""},
        {"a": {"a": {"a": 1}}},
        [0] * 2000,
        ["x"] * 300,
        DEEP,
        {"0": None},
        [1e308, "a", None],
    ),
]
"""Values that somebody forgot."""

JUNK_BYTES = [
    *(b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r", b"\n", b"\t", b"}", b"]"),
    *(
        b'"',
        b"\\",
        b"\\ud800",
        b"\\u0000",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"a":' * 20_000,
    ),
    *(
        b"GRF1",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"%PDF",
        b"<html>",
        b"<<<<<<< HEAD\n",
        b"\x1f\x8b",
        b"\xff" * 8,
        b"\0" * 64,
    ),
]
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp1252", "utf-7")

junk = st.one_of(
    st.sampled_from(JUNK).map(copy.deepcopy),
    st.text(max_size=30),
    st.floats(),
    st.integers(-(2**70), 2**70),
)


@st.composite
def mutated(draw: st.DrawFn, document: Any, *, most: int = 4) -> Any:
    """A copy of a document of dicts and lists, with up to so many parts of it changed."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, most))):
        _change(draw, changed)
    return changed


@st.composite
def spoiled(draw: st.DrawFn, raw: bytes, *, most: int = 3) -> bytes:
    """Bytes of which up to so many stretches were cut out, doubled or replaced; usually none."""
    stream = bytearray(raw)
    for _ in range(max(0, draw(st.integers(-3 * most, most)))):
        start = draw(st.integers(0, len(stream)))
        end = min(len(stream), start + draw(st.sampled_from((0, 1, 4, 40, 400, len(stream)))))
        put = draw(
            st.one_of(st.sampled_from(JUNK_BYTES), st.binary(max_size=20), st.just(bytes(stream[start:end]) * 2))
        )
        stream[start:end] = put
    return bytes(stream)


def _change(draw: st.DrawFn, document: Any) -> None:
    found = _spot(draw, document)
    if found is None:
        return
    holder, key = found
    match draw(st.sampled_from(("junk", "junk", "drop", "again", "wrap", "moved"))):
        case "junk":
            holder[key] = draw(junk)
        case "drop":
            del holder[key]
        case "again" if isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        case "again":
            holder[str(draw(junk))[:100]] = copy.deepcopy(holder[key])
        case "wrap":
            holder[key] = draw(st.sampled_from(([holder[key]], {"a": holder[key]}, [holder[key]] * 2)))
        case "moved":
            other = _spot(draw, document)
            if other is not None:
                holder[key] = copy.deepcopy(other[0][other[1]])


def _spot(draw: st.DrawFn, document: Any) -> tuple[Any, Any] | None:
    """A place in a document, at any depth: what holds it, and its key there."""
    found = None
    while isinstance(document, dict | list) and document and (found is None or draw(st.integers(0, 5))):
        keys = list(document) if isinstance(document, dict) else range(len(document))
        key = keys[draw(st.integers(0, len(keys) - 1))]
        found = document, key
        document = document[key]
    return found
