"""Inputs of each kind that a stranger may send, as bytes: made as they should be, and then spoiled."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import struct
import warnings
import zipfile
from functools import cache
from typing import Any

import numpy as np
import yaml
from builders import line, make_axes, scatter
from fuzzing.mutations import ENCODINGS, junk, mutated, spoiled
from hypothesis import strategies as st
from worksheet import RUBRIC_FILE, Worksheet, printed

PICTURE = "iVBORw0KGgo="
PYTHON = {
    "kernelspec": {"name": "python3", "language": "python"},
    "language_info": {"name": "python", "version": "3.11"},
}


@cache
def worksheet() -> Worksheet:
    """Short honest answers with everything that a recorder can tell of them."""
    book = Worksheet()
    for section in ("ex1", "ex4"):
        book.markdown(printed(section))
        book.train(section, epochs=3)
    book.write(["ex5"])
    book.code("x = np.c_[u, v]", printed="accuracy: 0.97\n[[9 1]\n [0 8]]", notes=("served mnist",))
    points = np.linspace(0, 1, 40).reshape(20, 2)
    book.array("x", points)
    book.array("y", np.arange(20) % 2)
    book.predict(book.model_of["ex1"], points, points[:, :1])
    book.figure(make_axes(line([3, 2, 1], store=book.store), title="Loss", x_label="epoch"))
    book.figure(make_axes(scatter(points, store=book.store)), make_axes())
    return book


@cache
def notebook_document() -> dict[str, Any]:
    """The worksheet as it would be handed in, with everything that a cell may hold."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["Epoch 1\r", "accuracy: 0.97\n"]},
        {"output_type": "execute_result", "data": {"text/plain": "[0.1, 0.97]"}, "metadata": {}, "execution_count": 1},
        {"output_type": "display_data", "data": {"image/png": PICTURE, "text/plain": ["<Figure>"]}, "metadata": {}},
        {"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": ["\x1b[31mx\x1b[0m"]},
    ]
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": {}, "source": "Names: Ann Lee (S123456), Bo Ek"},
        {"cell_type": "raw", "metadata": {}, "source": ["x"], "id": "raw-1"},
        {"cell_type": "heading", "level": 2, "source": "Discussion"},
    ]
    for number, cell in enumerate(worksheet().cells):
        node = {"cell_type": cell.kind, "metadata": {"tags": ["a"]}, "source": cell.source, "id": f"c{number}"}
        if cell.kind == "code":
            node |= {"outputs": outputs if number % 3 == 0 else [], "execution_count": number}
        else:
            node["attachments"] = {"a.png": {"image/png": PICTURE}}
        cells.append(node)
    metadata = {**PYTHON, "authors": [{"name": "Ann Lee", "id": 5}], "title": "Week 9"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


@st.composite
def notebooks(draw: st.DrawFn) -> bytes:
    """A notebook of any form: format 4 or 3, fields and types mutated, in any encoding, bytes spoiled."""
    document = draw(mutated(notebook_document()))
    if draw(st.integers(0, 9)) == 0 and isinstance(document, dict):
        document = {"nbformat": 3, "metadata": document.get("metadata"), "worksheets": [document, draw(junk)]}
    text = json.dumps(document, ensure_ascii=draw(st.booleans()))
    encoding = draw(st.sampled_from(("utf-8",) * 9 + ENCODINGS))
    errors = "surrogatepass" if encoding in {"utf-8", "utf-16", "utf-16-le", "utf-32"} else "replace"
    return draw(spoiled(text.encode(encoding, errors=errors)))


Frame = tuple[dict[str, Any], bytes]


@cache
def frames() -> tuple[Frame, ...]:
    """What the recorder would send of the worksheet: arrays, models and events in their order."""
    book = worksheet()
    sent: list[Frame] = [({"kind": "start", "record": {}}, b"")]
    blobs = {ref: _npy(array) for ref, array in book.store.arrays.items()}
    blobs |= {hashlib.sha256(blob).hexdigest(): blob for blob in [_npy(np.zeros((2, 2), np.float32))]}
    sent += [({"kind": "array", "ref": ref}, blob) for ref, blob in blobs.items()]
    for number in range(1, len(book.fits) + 1):
        sent.append(({"kind": "weights", "record": {"digest": f"w{number}", "arrays": [list(blobs)[-1]]}}, b""))
    events = {
        "model": book.models,
        "compile": book.compiles,
        "fit": book.fits,
        "evaluation": book.evaluations,
        "prediction": book.predictions,
        "figure": book.figures,
        "array_named": book.arrays,
    }
    for kind, records in events.items():
        sent += [({"kind": kind, "record": record.model_dump(mode="json")}, b"") for record in records]
    sent += [({"kind": "data_set", "record": {"name": "mnist"}}, b"")]
    sent += [({"kind": "lost", "record": {"cell": 3, "text": "an array of 99 bytes"}}, b"")]
    cell = {"index": 1, "notes": ["served mnist"], "started": 1.0, "ended": 2.0}
    return (*sent, ({"kind": "cell", "record": cell}, b""))


@st.composite
def recordings(draw: st.DrawFn) -> bytes:
    """A recorder's stream: records mutated, frames lost, doubled and out of order, headers forged, bytes spoiled."""
    sent = list(frames())
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(sent) - 1))
        content, blob = sent[at]
        match draw(st.sampled_from(("record", "record", "record", "drop", "again", "blob", "late"))):
            case "record":
                sent[at] = draw(mutated(content)), blob
            case "drop" if len(sent) > 1:
                del sent[at]
            case "again":
                sent.append((draw(mutated(content)), blob))
            case "blob":
                spoilt = draw(spoiled(blob, most=4))
                sent[at] = {"kind": "array", "ref": hashlib.sha256(spoilt).hexdigest()}, spoilt
            case "late":
                sent.append(sent.pop(at))
    return draw(spoiled(b"".join(_framed(content, blob) for content, blob in sent)))


YAML_JUNK = (
    *(
        "&a [*a, *a]",
        "*a",
        "<<: *a",
        "!!python/object/apply:os.system [id]",
        "!!binary aGk=",
        "!!set {a}",
        "!x y",
        "- - -",
    ),
    *(
        "? x",
        "|",
        ">",
        "---",
        "...",
        "%YAML 9.9",
        "\t",
        "@",
        "`",
        "{",
        "]",
        "#",
        ": :",
        "0x" + "f" * 5000,
        "9" * 5000,
        "1e999",
    ),
    *(
        ".inf",
        ".nan",
        "-.inf",
        "2026-01-01",
        "1:30:00",
        "0o9",
        "yes",
        "~",
        "''",
        "&a a: &b b",
        "x: " * 40,
        "[" * 500,
        "{a: " * 50,
    ),
)


@st.composite
def rubrics(draw: st.DrawFn) -> bytes:
    """Week 9's rubric with values mutated, or its text with lines lost, doubled and filled with YAML's traps."""
    if draw(st.booleans()):
        document = draw(mutated(rubric_document()))
        if draw(st.booleans()):
            return draw(
                spoiled(json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass"))
            )
        return draw(spoiled(_yaml(document)))
    lines = RUBRIC_FILE.read_text().split("\n")
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("drop", "again", "indent", "value", "line", "tail"))):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "again":
                lines.insert(draw(st.integers(0, len(lines))), lines[at])
            case "indent":
                lines[at] = " " * draw(st.integers(1, 3)) + lines[at]
            case "value":
                lines[at] = lines[at].split(":")[0] + ": " + draw(st.sampled_from(YAML_JUNK))
            case "line":
                lines.insert(at, draw(st.sampled_from(YAML_JUNK)))
            case "tail":
                lines[at] += draw(st.one_of(st.sampled_from(YAML_JUNK), st.text(max_size=10)))
    return draw(spoiled("\n".join(lines).encode("utf-8", "surrogatepass")))


@cache
def rubric_document() -> dict[str, Any]:
    """Week 9's rubric as plain data."""
    document: dict[str, Any] = yaml.safe_load(RUBRIC_FILE.read_text())
    return document


HONEST_NAMES = (
    "hw.ipynb",
    "ann/hw.ipynb",
    "Bo Ek_12_assignsubmission_file_/hw.ipynb",
    "leeann_LATE_12_345_hw.ipynb",
    "HW_alee_attempt_2026-01-31-23-59-00_hw.ipynb",
    "x/submission_metadata.yml",
    "x/submission_1/hw.ipynb",
    "a.pdf",
    "b.zip",
    "folder/",
)
HOSTILE_NAMES = (
    *("../hw.ipynb", "/etc/hw.ipynb", "C:\\hw.ipynb", "..\\hw.ipynb", "a//./hw.ipynb", "hw.ipynb/", ".ipynb"),
    *("__MACOSX/hw.ipynb", ".ipynb_checkpoints/hw.ipynb", "a\0.ipynb", "\u202egnp.ipynb", "a" * 5000 + ".ipynb"),
    *("\u00e4.ipynb", "a\u0308.ipynb", "=1+1.ipynb", "<b>.ipynb", "a\n.ipynb", "._hw.ipynb", "x/" * 300 + "hw.ipynb"),
    *("con.ipynb", "", ".", "/"),
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_MODES = (0, 0, 0, stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR, 0xF000)
_NUMBERS = (0, 1, 2, 8, 9, 20, 99, 0x7FFF, 0xFFFF, 2**31 - 1, 2**32 - 1, 100_000, 2**24)
_HEADERS = {b"PK\x03\x04": 30, b"PK\x01\x02": 46, b"PK\x05\x06": 22, b"PK\x06\x06": 56, b"PK\x06\x07": 20}


_DAMAGES = ((), ("names",), ("methods",), ("modes",), ("headers",), ("names", "methods", "modes", "headers"))
"""What is wrong with an archive; most often one thing, for behind the first fault that is met no other is."""


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A zip of hostile names, kinds and sizes, with fields of its headers forged and bytes spoiled."""
    damages = draw(st.sampled_from(_DAMAGES))
    names = st.sampled_from(HONEST_NAMES)
    if "names" in damages:
        names = st.one_of(names, st.sampled_from(HOSTILE_NAMES), st.text(st.characters(codec="utf-8"), max_size=12))
    buffer = io.BytesIO()
    contents = (
        b"{}",
        b"",
        b" " * 3_000_000,
        json.dumps(notebook_document()).encode(),
        b"submission_1:\n  :submitters: []",
    )
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        archive.comment = draw(st.sampled_from((b"", b"", b"PK\x05\x06" + b"\0" * 18)))
        for _ in range(draw(st.sampled_from((3, 1, 2, 4, 5, 0)))):
            info = zipfile.ZipInfo(draw(names))
            info.external_attr = (draw(st.sampled_from(_MODES)) if "modes" in damages else 0) << 16
            info.compress_type = draw(st.sampled_from(_METHODS)) if "methods" in damages else zipfile.ZIP_DEFLATED
            archive.writestr(info, draw(st.one_of(st.sampled_from(contents), st.binary(max_size=60))))
    raw = bytearray(buffer.getvalue())
    for _ in range(draw(st.integers(1, 3)) if "headers" in damages else 0):
        _forge(draw, raw)
    return draw(spoiled(bytes(raw)))


def _forge(draw: st.DrawFn, raw: bytearray) -> None:
    """Overwrites a field of a header somewhere in an archive."""
    signature = draw(st.sampled_from(sorted(_HEADERS)))
    places = [at for at in range(len(raw)) if raw.startswith(signature, at)] if signature in raw else []
    if not places:
        return
    at = places[draw(st.integers(0, len(places) - 1))] + draw(st.integers(2, _HEADERS[signature] // 2 - 2)) * 2
    number = draw(st.sampled_from(_NUMBERS))
    value = struct.pack("<I", number) if draw(st.booleans()) else struct.pack("<H", number % 2**16)
    raw[at : at + len(value)] = value[: max(0, len(raw) - at)]


def _framed(content: Any, blob: bytes) -> bytes:
    text = json.dumps(content).encode()
    return struct.pack(">4sIQ", b"GRF1", len(text), len(blob)) + text + blob


def _npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _yaml(document: Any) -> bytes:
    for dumper in (getattr(yaml, "CSafeDumper", yaml.SafeDumper), yaml.SafeDumper):
        try:
            text = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True)
        except UnicodeEncodeError:
            # libyaml writes no lone surrogates.
            continue
        return str(text).encode("utf-8", "surrogatepass")
    raise AssertionError("no dumper writes it")


KINDS = {"notebooks": notebooks(), "recordings": recordings(), "rubrics": rubrics(), "archives": archives()}
"""What a stranger may send, by kind."""
