from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.intake import read_submission
from grader.limits import MAX_CELLS, MAX_FILE_BYTES
from grader.records import Author, Submission

PYTHON = {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "python"}}


def code(source: Any = "x = 1", **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source} | more


def markdown(source: Any = "text", **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source} | more


def document(*cells: Any, **more: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": PYTHON, "cells": list(cells)} | more


@pytest.fixture
def read(tmp_path):
    """Writes a file and reads it as a submission."""

    def _read(content: Any, *, name: str = "Ann Lee.ipynb"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return read_submission(path)

    return _read


def test_a_plain_notebook_is_read(read):
    """Cells, id, name, hash and author of an ordinary notebook are in the record, and nothing is noted."""
    content = document(markdown("# Title"), code("x = 1\ny = 2"))
    submission, notebook = read(content)
    assert (submission.id, submission.file_name) == ("ann-lee", "Ann Lee.ipynb")
    assert submission.sha256 == hashlib.sha256(json.dumps(content).encode()).hexdigest()
    assert [(cell.index, cell.kind, cell.source) for cell in submission.cells] == [
        (0, "markdown", "# Title"), (1, "code", "x = 1\ny = 2")
    ]  # fmt: skip
    assert (submission.problem, submission.notes) == (None, ())
    assert (submission.authors, submission.authors_from) == ((Author(name="Ann Lee"),), "file name")
    nbformat.validate(notebook)


def test_the_caller_names_the_id(tmp_path):
    """An id that is given is used, also for a file that is no notebook."""
    (tmp_path / "a.ipynb").write_text("")
    assert read_submission(tmp_path / "a.ipynb", submission_id="b")[0].id == "b"


def test_authors_of_the_metadata_come_first(read):
    """Metadata are believed before a names cell, and that before the file's name."""
    cell = markdown("Names: Bo Ek")
    submission, _ = read(document(cell, metadata={"authors": [{"name": "Ann Lee (S1234567)"}]}))
    assert (submission.authors_from, submission.authors[0].student_id) == ("metadata", "S1234567")
    submission, _ = read(document(cell, metadata={"authors": []}))
    assert (submission.authors_from, submission.authors[0].name) == ("names cell", "Bo Ek")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a\nb", "a\nb"),
        (["a\n", "b"], "a\nb"),
        (["a", "b"], "a\nb"),
        ("a\r\nb\rc", "a\nb\nc"),
        (["a\n", None, 3, "b"], "a\nb"),
        (None, ""),
        ({}, ""),
        (7, "7"),
        ("\ud800", "?"),
    ],
)
def test_a_source_may_have_any_form(read, source, text):
    """A string, a list, null and rubbish all become text that can be written."""
    submission, notebook = read(document(code("first"), code(source)))
    assert submission.cells[1].source == text
    assert notebook.cells[1].source == text
    assert submission.model_dump_json()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_encoding_is_read(read, encoding):
    """Byte-order marks and wide encodings are no obstacle."""
    raw = json.dumps(document(code("x = '\u00fc\u4f60'")), ensure_ascii=False).encode(encoding)
    submission, _ = read(raw)
    assert submission.cells[0].source == "x = '\u00fc\u4f60'"
    assert bool(submission.notes) == (encoding != "utf-8")


def test_an_editors_encoding_is_read(read):
    """A file that some editor saved in Windows-1252 is read, and noted."""
    submission, _ = read(json.dumps(document(code("x = '\u00fc'")), ensure_ascii=False).encode("cp1252"))
    assert submission.cells[0].source == "x = '\u00fc'"
    assert "Windows-1252" in submission.notes[0]


def test_format_3_is_read(read):
    """Worksheets, headings, inputs and outputs of format 3 become cells of today."""
    outputs = [
        {"output_type": "stream", "stream": "stdout", "text": ["1\n"]},
        {"output_type": "pyout", "prompt_number": 1, "text": ["2"]},
        {"output_type": "pyerr", "ename": "E", "evalue": "", "traceback": []},
    ]
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Title"]},
        {"cell_type": "code", "language": "python", "input": ["x = 1\n", "x"], "outputs": outputs, "collapsed": False},
        {"cell_type": "html", "source": "<b>x</b>"},
    ]
    content = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    submission, notebook = read(content)
    assert [cell.source for cell in submission.cells] == ["## Title", "x = 1\nx", "<b>x</b>"]
    assert submission.cells[1].stored_text == "1\n2\n"
    assert "format 3.0" in submission.notes[0]
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": None},
        {"metadata": []},
        {"metadata": {"kernelspec": None, "language_info": 3}},
        {"nbformat": "4", "nbformat_minor": None},
        {"nbformat": 99},
        {"extra": 1},
    ],
)
def test_what_jupyter_would_refuse_is_read(read, change):
    """Missing or wrong fields around the cells do not matter."""
    submission, notebook = read(document(code()) | change)
    assert submission.problem is None
    nbformat.validate(notebook)


@pytest.mark.parametrize("ids", [["a", "a"], ["a", None], ["a b", "b"], [3, "cell-0"], ["x" * 65, ""], [[], {}]])
def test_cell_ids_are_mended(read, ids):
    """Double, missing and malformed ids are replaced, the same way each time, and noted."""
    content = document(*(code(id=name) for name in ids), nbformat_minor=5)
    submission, notebook = read(content)
    made = [cell.id for cell in notebook.cells]
    assert len(set(made)) == 2
    assert made == [cell.id for cell in read(content)[1].cells]
    assert any("id" in note for note in submission.notes)
    nbformat.validate(notebook)


def test_ids_that_an_old_format_lacks_are_no_matter(read):
    """Before 4.5 cells had no ids, which is not worth a note."""
    assert read(document(code(), code()))[0].notes == ()


@pytest.mark.parametrize("cell", [None, 3, "text", [], {}, {"cell_type": 3}, {"cell_type": ["code"], "source": "x"}])
def test_odd_cells_keep_their_place(read, cell):
    """A cell that is none is counted, so that the numbers of the others stay."""
    submission, notebook = read(document(code("a"), cell, code("b")))
    assert [submission.cells[0].source, submission.cells[2].source] == ["a", "b"]
    assert submission.cells[1].kind == "raw"
    nbformat.validate(notebook)


def test_stored_outputs_become_text(read):
    """stdout and results are kept as a reader sees them; stderr, pictures and errors are not."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["1/2\x08\x08\x08", "2/2\n"]},
        {"output_type": "stream", "name": "stderr", "text": "warning"},
        {"output_type": "execute_result", "data": {"text/plain": ["\x1b[1m0.97", "\x1b[0m"]}, "execution_count": 1},
        {"output_type": "display_data", "data": {"image/png": "x", "text/plain": "<Figure>"}, "metadata": {}},
        {"output_type": "error", "ename": "E", "evalue": "gone", "traceback": ["gone"]},
        {"output_type": "stream", "text": "end"},
    ]
    submission, notebook = read(document(code(outputs=outputs)))
    assert submission.cells[0].stored_text == "2/2\n0.97\nend"
    assert notebook.cells[0].outputs == []


@pytest.mark.parametrize(
    "outputs",
    [None, 3, "x", {}, [None], [[]], [{}], [{"output_type": []}], [{"output_type": "stream", "text": {"a": 1}}],
     [{"output_type": "execute_result", "data": [1]}], [{"output_type": "pyout", "data": {"text/plain": None}}],
     [{"output_type": "stream", "name": [], "text": ["\ud800", 3, None]}]],
)  # fmt: skip
def test_odd_outputs_are_passed_over(read, outputs):
    """Outputs of no known form never hinder."""
    submission, _ = read(document(code(outputs=outputs)))
    assert submission.cells[0].stored_text in {"", "?"}
    assert submission.model_dump_json()


def test_attachments_of_text_are_kept(read):
    """Pictures that a student pasted into Markdown stay; what is no attachment goes."""
    good = {"a.png": {"image/png": "AAAA"}}
    _, notebook = read(
        document(markdown(attachments=good | {"b": 3, "c": {"image/png": {}}}), markdown(attachments=[]))
    )
    assert notebook.cells[0].attachments == good
    assert "attachments" not in notebook.cells[1]
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    ("metadata", "may"),
    [
        ({"tags": ["raises-exception", "x"]}, True),
        ({"tags": ["x"]}, False),
        ({"tags": "raises-exception"}, False),
        ({}, False),
        (3, False),
    ],
)
def test_a_cell_may_raise_where_it_is_tagged_so(*, read, metadata, may):
    """Whatever shape its metadata have."""
    submission, _ = read(document(code(metadata=metadata)))
    assert submission.cells[0].may_raise is may


def test_tags_do_not_reach_the_runner(read):
    """A tag cannot keep a cell from being run."""
    _, notebook = read(document(code(metadata={"tags": ["skip-execution"]})))
    assert notebook.cells[0].metadata == {}


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"kernelspec": {"name": "conda-tf", "language": "python"}}, "asks for the kernel 'conda-tf'"),
        ({"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R"}}, "written in R"),
        ({"kernelspec": {"name": "ir"}}, "written in R"),
        ({"language_info": {"name": "julia"}}, "written in Julia"),
        ({"kernelspec": {"name": "python2", "language": "python"}}, "made with Python 2"),
        ({"language_info": {"name": "python", "version": "2.7.1"}}, "made with Python 2"),
    ],
)
def test_another_kernel_is_told(read, metadata, said):
    """The kernel of the metadata is never used, and the record says what it was."""
    submission, notebook = read(document(code(), metadata=metadata))
    assert said in submission.notes[0]
    assert notebook.metadata.kernelspec.name == "python3"


def test_python_2_is_told_by_its_cells(read):
    """Cells of Python 2 are named by their numbers."""
    submission, _ = read(document(code("print 'a'"), code("print('a')"), code("print x")))
    assert submission.notes == ("Cells written in Python 2, which Python 3 cannot run: 1, 3.",)


@pytest.mark.parametrize(
    "metadata", [{"kernelspec": {"name": "python3"}}, {}, {"kernelspec": {"display_name": "Python"}}]
)
def test_the_usual_kernel_is_not_worth_a_note(read, metadata):
    """Python 3 and no kernel at all are the same."""
    assert read(document(code(), metadata=metadata))[0].notes == ()


def test_numbers_that_are_none_are_read(read):
    """NaN, infinities and endless integers in the JSON are no obstacle."""
    raw = json.dumps(document(code(), metadata={"a": 1, "b": 2, "c": 3}))
    raw = raw.replace('"a": 1', '"a": NaN').replace('"b": 2', '"b": -Infinity').replace('"c": 3', '"c": ' + "9" * 5000)
    assert read(raw.encode())[0].problem is None


WHOLE = json.dumps(document(code("x = 1")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\0" * 4096, "empty"),
        (b" \n", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "zip archive"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"import keras\nmodel = keras.Sequential()\n", "Python code"),
        (b"Dear tutor, my laptop broke.", "no JSON at all"),
        (WHOLE[: len(WHOLE) // 2].encode(), "breaks off"),
        (WHOLE[:-1].encode(), "breaks off"),
        (WHOLE.replace('"cells"', "cells").encode(), "broken"),
        (b'{"a":\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> x\n}', "merge"),
        (b"[1, 2]", "no notebook"),
        (b'"text"', "no notebook"),
        (b'{"layers": []}', "no cells"),
        (b'{"cells": {}}', "no cells"),
        (b'{"worksheets": [3]}', "empty"),
        (json.dumps(document()).encode(), "empty"),
        (json.dumps(document(code(""), markdown(" \n"))).encode(), "empty"),
        (json.dumps(document(*[code()] * (MAX_CELLS + 1))).encode(), "5001 cells"),
        (b"[" * 200_000 + b"]" * 200_000, "deeper"),
        (b'{"cells": ' + b'{"a":' * 200_000, "deeper"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (bytes(range(256)), "no JSON at all"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_a_result_with_the_reason(read, content, said):
    """Whatever was handed in instead of a notebook is a submission that says what it is and what to do."""
    submission, notebook = read(content)
    assert said.lower() in submission.problem.lower()
    assert re.search(r"hand (it )?in", submission.problem.lower())
    assert (notebook, submission.cells, submission.authors[0].name) == (None, (), "Ann Lee")
    assert Submission.model_validate_json(submission.model_dump_json()) == submission


def test_deep_metadata_are_left_behind(read):
    """What is nested as deep as JSON can be read, but not written again, does not reach the notebook."""
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    submission, notebook = read(document(code(), metadata={"deep": deep}))
    assert submission.problem is None
    assert nbformat.writes(notebook)


def test_what_is_no_file_is_a_result(tmp_path):
    """A folder, a pipe and a link under a notebook's name are told, and never opened."""
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    said = {path.stem: read_submission(path)[0].problem for path in sorted(tmp_path.iterdir())}
    assert [said[name].split(",")[0] for name in ("folder", "pipe", "link")] == [
        "It is a folder", "It is a pipe", "It is a link"
    ]  # fmt: skip


def test_a_huge_file_is_not_read(tmp_path):
    """A file above the cap is told by its size."""
    with (tmp_path / "a.ipynb").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert "more than 64 MB" in read_submission(tmp_path / "a.ipynb")[0].problem


def test_an_unreadable_file_is_a_result(tmp_path):
    """What may not be read, or is gone, is a result."""
    assert "cannot be read" in read_submission(tmp_path / "gone.ipynb")[0].problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_a_result(tmp_path):
    """A file that its permissions hide is a result."""
    path = tmp_path / "a.ipynb"
    path.write_text("{}")
    path.chmod(0)
    assert "cannot be read" in read_submission(path)[0].problem


def test_a_name_that_is_no_text_is_kept(tmp_path):
    """A file's name of bytes that are no UTF-8 can be written to the record."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.ipynb"))
    path.write_bytes(WHOLE.encode())
    submission, _ = read_submission(path)
    assert submission.file_name == "?.ipynb"
    assert submission.model_dump_json()
