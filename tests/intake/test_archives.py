"""An archive gives its notebooks or says why not; nothing of it lands anywhere but below the given folder."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.intake import HandedIn, archives, collect_submissions, read_submission

Collect = Callable[[Path], list[HandedIn]]


@pytest.fixture
def collect(tmp_path: Path) -> Collect:
    """Collects what an archive holds; its files are put below ``tmp_path/out``."""
    return lambda path: collect_submissions([path], unpack_to=tmp_path / "out")


@pytest.fixture
def packed(tmp_path: Path) -> Callable[..., Path]:
    """Makes an archive of these members."""

    def pack(*members: str | zipfile.ZipInfo, content: bytes = b"{}", name: str = "week.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in members:
                archive.writestr(member, content)
        return path

    return pack


def member(name: str, *, mode: int = 0, flags: int = 0, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """A member with attributes that no usual archive has."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.flag_bits = flags
    info.compress_type = method
    return info


def names(found: list[HandedIn]) -> list[str]:
    """The files' own names without their endings, as in their ids."""
    return [re.fullmatch(r"(.+)-[0-9a-f]{8}", one.id)[1] for one in found]


def problem(one: HandedIn) -> str:
    assert one.origin is not None
    return one.origin.problem or ""


def only_problem(found: list[HandedIn]) -> str:
    (one,) = found
    assert not one.path.is_file() or one.path.suffix == ".zip"
    return problem(one)


def test_notebooks_at_any_depth_are_taken_out(packed, collect, tmp_path):
    """Each under its own name's id, with its bytes and its own name kept; hidden files stay inside."""
    found = collect(packed("a.ipynb", "x/y/Übung 1.ipynb", "data.csv", ".hidden.ipynb", content=b"text"))
    assert names(found) == ["a", "ubung-1"]
    assert [one.origin.file_name for one in found] == ["a.ipynb", "Übung 1.ipynb"]
    assert [one.path.read_bytes() for one in found] == [b"text", b"text"]
    assert all(one.path.is_relative_to(tmp_path / "out") for one in found)


def test_what_systems_add_is_passed_over(packed, collect):
    """Resource forks, checkpoints and hidden files are nobody's submissions."""
    found = collect(packed("a.ipynb", "__MACOSX/a.ipynb", ".ipynb_checkpoints/a-checkpoint.ipynb", "x/._a.ipynb"))
    assert names(found) == ["a"]


def test_equal_names_are_told_apart_by_their_folders(packed, collect):
    """The folder says whose it is."""
    found = collect(packed("ann/hw.ipynb", "bo/hw.ipynb"))
    assert len({one.id for one in found}) == 2


def test_the_same_archive_gives_the_same_again(packed, collect):
    """A second run finds every id and path where the first left it."""
    archive = packed("ann/hw.ipynb", "bo/hw.ipynb", "c.pdf")
    assert collect(archive) == collect(archive)


def test_a_hidden_folder_of_the_output_holds_them(packed, collect, tmp_path):
    """Whoever grades a folder with an old output in it grades nobody twice."""
    archive = packed("a.ipynb", name="x.zip")
    collect_submissions([archive], unpack_to=tmp_path / ".unpacked")
    assert [one.file_name for one in collect_submissions([tmp_path], unpack_to=tmp_path)] == ["a.ipynb"]


def test_an_archive_in_an_archive_or_folder_is_opened(packed, collect, tmp_path):
    """It is a student's, with the notebook in it; one in one in one in one stays closed."""
    inner = packed("b.ipynb", "points.csv", name="inner.zip").read_bytes()
    (one,) = collect(packed("ann.zip", content=inner))
    assert (one.file_name, [beside.name for beside in one.attachments]) == ("b.ipynb", ["points.csv"])
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "bo.zip").write_bytes(inner)
    assert names(collect(tmp_path / "folder")) == ["b"]
    for _ in range(3):
        inner = packed("ann.zip", content=inner).read_bytes()
    (one,) = collect(packed("ann.zip", content=inner))
    assert one.file_name == "ann.zip"


def test_what_was_handed_in_instead_is_in_the_list(packed, collect):
    """A PDF counts where its folder has no notebook."""
    assert names(collect(packed("a.ipynb", "b.pdf", "eve/e.ipynb", "eve/model.py", "dan/report.pdf"))) == [
        "a", "b", "report", "e"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/hw.ipynb", "root of a disk"),
        ("../hw.ipynb", "leads out"),
        ("x/../../hw.ipynb", "leads out"),
        ("..\\hw.ipynb", "leads out"),
        ("C:hw.ipynb", "root of a disk"),
        ("c:/hw.ipynb", "root of a disk"),
        ("x\\hw.ipynb", "backslash"),
        ("x\nhw.ipynb", "invisible"),
        ("x" * 1200 + ".ipynb", "too long"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(packed, collect, *, tmp_path, name, reason):
    """The member stays in the list with the reason, and nothing is written."""
    assert reason in only_problem(collect(packed(name)))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (member("a.ipynb", mode=stat.S_IFLNK | 0o777), "a link"),
        (member("a.ipynb", mode=stat.S_IFIFO | 0o600), "no plain file"),
        (member("a.ipynb", mode=stat.S_IFCHR | 0o600), "no plain file"),
        (member("a.ipynb", method=zipfile.ZIP_LZMA), "method 14"),
        (member("a.ipynb", method=zipfile.ZIP_BZIP2), "method 12"),
    ],
)
def test_what_is_no_plain_file_is_refused(packed, collect, *, info, reason):
    """Links, devices, and what would need another unpacker."""
    assert reason in only_problem(collect(packed(info)))


def test_an_encrypted_member_is_refused(packed, collect):
    """Its flag says so, in the list and before the file itself."""
    path = packed("a.ipynb")
    raw = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", raw, raw.index(signature) + at, 1)
    path.write_bytes(raw)
    assert "encrypted" in only_problem(collect(path))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused_together(packed, collect):
    """Nobody can say which was meant."""
    assert "2 files of this name" in only_problem(collect(packed("a.ipynb", "a.ipynb")))


@pytest.mark.parametrize(("size", "reason"), [(2**21, "200 times"), (65 * 2**20, "more than 64 MB")])
def test_bombs_are_refused_unopened(packed, collect, *, size, reason):
    """By what the archive says of their size; more than that is never unpacked."""
    assert reason in only_problem(collect(packed("a.ipynb", content=b" " * size)))


def test_a_file_is_never_larger_than_its_archive_says(packed, collect):
    """A bomb that lies about its size breaks at its checksum."""
    path = packed("a.ipynb", content=b" " * 2**20)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, raw.index(b"PK\x01\x02") + 24, 10)
    path.write_bytes(raw)
    assert "CRC" in only_problem(collect(path))


def test_files_that_lie_in_each_other_are_refused(packed, collect):
    """One heap of bytes that many members share unpacks once at most."""
    path = packed("a.ipynb", "b.ipynb", content=b"x" * 5000)
    raw = bytearray(path.read_bytes())
    second = raw.rindex(b"PK\x01\x02")
    struct.pack_into("<I", raw, second + 42, 0)
    path.write_bytes(raw)
    assert [bool(problem(one)) for one in collect(path)][1]


def test_the_sum_of_all_files_is_bounded(packed, collect, monkeypatch):
    """What fits is taken out, the rest is refused."""
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 25)
    found = collect(packed("a.ipynb", "b.ipynb", "c.ipynb", content=b"x" * 10))
    assert [bool(problem(one)) for one in found] == [False, False, True]


@pytest.mark.parametrize(("limit", "value"), [("MAX_ARCHIVE_MEMBERS", 2), ("MAX_ARCHIVE_LIST_BYTES", 60)])
def test_an_archive_of_too_many_members_is_refused(packed, collect, *, monkeypatch, limit, value):
    """As a whole, before its list is read into memory."""
    monkeypatch.setattr(archives, limit, value)
    assert "members" in only_problem(collect(packed("a.ipynb", "b.ipynb", "c.ipynb")))


@pytest.mark.parametrize("raw", [b"", b"no archive", b"PK\x05\x06" + b"\xff" * 18, b"PK\x05\x06" + b"\0" * 18])
def test_a_broken_or_empty_archive_is_a_result(collect, tmp_path, raw):
    """The batch goes on, and the archive is in its list."""
    path = tmp_path / "Week 9.zip"
    path.write_bytes(raw)
    (one,) = collect(path)
    assert one.id.startswith("week-9-")
    assert "archive" in problem(one)


def test_what_is_refused_now_is_not_graded_from_before(packed, collect):
    """A file that an archive of the same name gave earlier is gone."""
    (before,) = collect(packed("a.ipynb"))
    (after,) = collect(packed(member("a.ipynb", mode=stat.S_IFLNK)))
    assert before.path == after.path
    assert not after.path.exists()


def test_a_refused_file_has_a_page_that_says_why(packed, collect):
    """Its submission has the reason, the name that it was handed in under, and no cells."""
    (one,) = collect(packed("../../etc/hw.ipynb"))
    submission, notebook = read_submission(one.path, submission_id=one.id, origin=one.origin)
    assert (submission.id, submission.file_name, notebook) == (one.id, "hw.ipynb", None)
    assert submission.problem == problem(one)
