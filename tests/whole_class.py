"""A class of 60 that hands in through every platform: each export as its files, and whose each notebook is."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEADLINE = "2026-01-31T23:59:00"

Content = str | bytes
Files = Mapping[str, Content]


@dataclass(frozen=True)
class Row:
    """What must come of one file.

    Attributes:
        who: Keys of the students, in any order; the group's where its members are not known.
        counts: Whether it is the one that counts of its student's.
        beside: What lies beside it.
    """

    who: tuple[str, ...]
    file_name: str = "hw.ipynb"
    group: str = ""
    attempt: int | None = 1
    late: bool | None = None
    counts: bool = True
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Export:
    """One platform's files, name to content, and what must come of them."""

    files: Files
    rows: tuple[Row, ...] = field(default_factory=tuple)


def name(number: int) -> str:
    """An invented student's name."""
    return f"Student A{number:02}"


def notebook(text: str = "1 + 1", **metadata: object) -> str:
    """The smallest notebook."""
    cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def zipped(files: Files) -> bytes:
    """An archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def tarred(files: Files) -> bytes:
    """A compressed tar archive of these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            info = tarfile.TarInfo(path)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return buffer.getvalue()


def moodle() -> Export:
    """4.1 and later, older, an online text, a zip, odd names of notebooks, several files, no notebook."""
    folder = "{}_{}_assignsubmission_file"
    files = {
        f"{folder.format(name(1), 101)}/hw.ipynb": notebook(),
        f"{folder.format(name(1), 101)}/data/points.csv": "x,y\n",
        f"{name(1)}_101_assignsubmission_onlinetext/onlinetext.html": "<p>Hello</p>",
        f"{folder.format(name(2), 102)}_/hw.ipynb": notebook(),
        f"{folder.format(name(3), 103)}/work.zip": zipped({"w/hw.ipynb": notebook(), "w/points.csv": "x\n"}),
        f"{folder.format(name(4), 104)}/hw.json": notebook(),
        f"{folder.format(name(5), 105)}/hw.ipynb.txt": notebook(),
        f"{folder.format(name(6), 106)}/hw": notebook(),
        f"{folder.format(name(7), 107)}/a.ipynb": notebook(),
        f"{folder.format(name(7), 107)}/b.ipynb": notebook(),
        f"{name(8)}_108_assignsubmission_onlinetext/onlinetext.html": "<p>Hello</p>",
        f"{folder.format(name(9), 109)}/picture.png": b"\x89PNG\r\n\x1a\n0",
        f"{folder.format(name(10), 110)}/work.tar.gz": tarred({"hw.ipynb": notebook()}),
    }
    rows = (
        Row(("moodle:101",), beside=("data/points.csv",)),
        Row(("moodle:102",)),
        Row(("moodle:103",), beside=("points.csv",)),
        Row(("moodle:104",), "hw.json"),
        Row(("moodle:105",), "hw.ipynb.txt"),
        Row(("moodle:106",), "hw"),
        Row(("moodle:107",), "a.ipynb", counts=False, beside=("b.ipynb",)),
        Row(("moodle:107",), "b.ipynb", beside=("a.ipynb",)),
        Row(("moodle:108",), "onlinetext.html"),
        Row(("moodle:109",), "picture.png"),
        Row(("moodle:110",)),
    )
    return Export(files, rows)


def moodle_flat() -> Export:
    """The files without folders."""
    files = {
        f"{name(11)}_111_assignsubmission_file_my hw_1.ipynb": notebook(),
        f"{name(11)}_111_assignsubmission_file_points.csv": "x\n",
        f"{name(12)}_112_assignsubmission_file_hw.ipynb": notebook(),
    }
    return Export(files, (Row(("moodle:111",), "my hw_1.ipynb", beside=("points.csv",)), Row(("moodle:112",))))


def moodle_groups() -> Export:
    """Each member has a copy; those without a group are in the default group; one of a hyphened name."""
    copy = notebook("'lab a'")
    files = {
        f"Lab A-{name(13)}_113_assignsubmission_file_/hw.ipynb": copy,
        f"Lab A-{name(14)}_114_assignsubmission_file_/hw.ipynb": copy,
        "Lab A-Student A-15_115_assignsubmission_file_/hw.ipynb": copy,
        f"Default group-{name(16)}_116_assignsubmission_file_/hw.ipynb": notebook("'default'"),
    }
    rows = (
        Row(("moodle:113", "moodle:114", "moodle:115"), group="Lab A"),
        Row(("moodle:116",), group="Default group"),
    )
    return Export(files, rows)


def moodle_group_names() -> Export:
    """Groups alone: a number, the default group."""
    files = {
        "Group_7_assignsubmission_file_/hw.ipynb": notebook(),
        "Default group_assignsubmission_file/hw.ipynb": notebook(),
    }
    rows = (
        Row(("moodle group:Group 7",), group="Group 7"),
        Row(("moodle group:Default group",), group="Default group"),
    )
    return Export(files, rows)


def moodle_blind() -> Export:
    """In the site's language."""
    files = {f"Teilnehmer_in_{number}_assignsubmission_file/hw.ipynb": notebook() for number in (17, 18)}
    return Export(files, (Row(("moodle:17",)), Row(("moodle:18",))))


def canvas() -> Export:
    """Late, again, a text, a zip, data, underscores."""
    files = {
        "studenta19_19_900_hw.ipynb": notebook(),
        "studenta19_19_901_points.csv": "x\n",
        "studenta20_LATE_20_902_hw-1.ipynb": notebook(),
        "studenta21_21_903_my_home_work.ipynb": notebook(),
        "studenta22_22_text.html": "typed",
        "studenta23_23_905_hw.zip": zipped({"hw.ipynb": notebook(), "points.csv": "x\n"}),
        "studenta24_LATE_24_906_hw.pdf": b"%PDF-1.5",
    }
    rows = (
        Row(("canvas:19",), late=False, beside=("points.csv",)),
        Row(("canvas:20",), "hw-1.ipynb", attempt=2, late=True),
        Row(("canvas:21",), "my_home_work.ipynb", late=False),
        Row(("canvas:22",), "text.html", late=False),
        Row(("canvas:23",), late=False, beside=("points.csv",)),
        Row(("canvas:24",), "hw.pdf", late=True),
    )
    return Export(files, rows)


def canvas_anonymous() -> Export:
    """Letters and digits in place of a user."""
    files = {"anon_5hT2x_900_hw.ipynb": notebook(), "anon_LATE_Qw8zz_901_hw.ipynb": notebook()}
    return Export(files, (Row(("canvas:5hT2x",), late=False), Row(("canvas:Qw8zz",), late=True)))


def blackboard() -> Export:
    """Several attempts, a user name with underscores, one without a file, a group, a late one."""
    files: dict[str, Content] = {}

    def attempt(user: str, who: str, time: str, *names: str) -> None:
        start = f"Homework 1_{user}_attempt_{time}"
        lines = [f"\tOriginal filename: {one}\n\tFilename: {start}_{one}\n" for one in names]
        files[f"{start}.txt"] = f"Name: {who} ({user})\nAssignment: Homework 1\n\nFiles:\n" + "".join(lines)
        files.update({f"{start}_{one.replace(' ', '_')}": notebook() if "ipynb" in one else "x" for one in names})

    attempt("sta25", name(25), "2026-01-29-10-00-00", "hw.ipynb")
    attempt("sta25", name(25), "2026-01-31-10-00-00", "hw.ipynb")
    attempt("sta25", name(25), "2026-02-01-10-00-00", "hw.ipynb")
    attempt("st_a_26", name(26), "2026-01-31-23-58-00", "my hw.ipynb", "points.csv")
    attempt("sta27", name(27), "2026-02-02-09-00-00", "hw.ipynb")
    attempt("sta28", name(28), "2026-01-31-23-58-00")
    files["Group Attempt Homework 1_Group 3_attempt_2026-01-31-12-00-00_hw.ipynb"] = notebook()
    rows = (
        Row(("sta25",), attempt=1, late=False, counts=False),
        Row(("sta25",), attempt=2, late=False),
        Row(("sta25",), attempt=3, late=True, counts=False),
        Row(("st_a_26",), "my hw.ipynb", late=False, beside=("points.csv",)),
        Row(("sta27",), late=True),
        Row(("sta28",), "Homework 1_sta28_attempt_2026-01-31-23-58-00.txt", late=False),
        Row(("blackboard group:Group 3",), group="Group 3", late=False),
    )
    return Export(files, rows)


def gradescope() -> Export:
    """A group, an id that is null, a late one."""
    people = [[(29, "s29"), (30, None)], [(31, "null")]]
    lines = ["---"]
    for number, members in enumerate(people, start=1):
        lines.append(f"submission_{number}:\n  :submitters:")
        for student, sid in members:
            lines.append(f"  - :name: {name(student)}\n    :sid: {sid or ''}\n    :email: a{student}@example.org")
        lines.append(f"  :created_at: 2026-0{number}-01 10:00:00.000000000 Z")
    top = "assignment_5_export"
    files = {
        f"{top}/submission_metadata.yml": "\n".join(lines),
        f"{top}/submission_1/hw.ipynb": notebook(),
        f"{top}/submission_1/points.csv": "x\n",
        f"{top}/submission_2/hw.ipynb": notebook(),
    }
    rows = (
        Row(("a29@example.org", "a30@example.org"), late=False, beside=("points.csv",)),
        Row(("a31@example.org",), late=True),
    )
    return Export(files, rows)


def brightspace() -> Export:
    """Two attempts, another language's date, a group, the platform's own page."""
    files = {
        f"397032-25 - {name(32)} - Jan 24, 2026 926 PM/hw.ipynb": notebook(),
        f"397032-25 - {name(32)} - Jan 25, 2026 1026 PM/hw.ipynb": notebook(),
        f"397033-25 - {name(33)} - 2 February, 2026 126 AM/hw.ipynb": notebook(),
        f"397033-25 - {name(33)} - 2 February, 2026 126 AM/points.csv": "x\n",
        "397034-25 - Group 4 - Jan 24, 2026 926 PM/hw.ipynb": notebook(),
        "index.html": "<html></html>",
    }
    rows = (
        Row(("d2l:397032",), attempt=1, late=False, counts=False),
        Row(("d2l:397032",), attempt=2, late=False),
        Row(("d2l:397033",), late=True, beside=("points.csv",)),
        Row(("d2l group:397034",), group="Group 4", late=False),
    )
    return Export(files, rows)


def nbgrader() -> Export:
    """With the time of each."""
    files = {
        "submitted/sta35/hw1/hw.ipynb": notebook(),
        "submitted/sta35/hw1/timestamp.txt": "2026-01-31 12:00:00 UTC",
        "submitted/sta36/hw1/hw.ipynb": notebook(),
        "submitted/sta36/hw1/data/points.csv": "x\n",
        "submitted/sta36/hw1/timestamp.txt": "2026-02-05 12:00:00.123456 UTC",
    }
    return Export(files, (Row(("sta35",), late=False), Row(("sta36",), late=True, beside=("data/points.csv",))))


def github() -> Export:
    """Repositories beside the classroom's list: logins may hold hyphens, and begin alike."""
    files = {
        "classroom_roster.csv": "identifier,github_username,github_id,name\n"
        f"s37,a-thirty,1,{name(37)}\ns38,a-twenty,2,{name(38)}\n",
        "hw1-a-thirty/hw.ipynb": notebook(),
        "hw1-a-thirty/README.md": "# Homework",
        "hw1-a-thirty/.git/HEAD": "ref",
        "hw1-a-twenty/hw.ipynb": notebook(),
        "hw1-a-twenty/.git/HEAD": "ref",
    }
    return Export(files, (Row(("github:a-thirty",), beside=("README.md",)), Row(("github:a-twenty",))))


def repositories() -> Export:
    """Without a list."""
    files = {
        f"hw1-submissions/hw1-sta{number}/{path}": content
        for number in (39, 40)
        for path, content in (("hw.ipynb", notebook()), (".git/HEAD", "ref"), ("points.csv", "x\n"))
    }
    return Export(files, tuple(Row((f"github:sta{number}",), beside=("points.csv",)) for number in (39, 40)))


def drive() -> Export:
    """A copy for everybody, and a browser's second copy."""
    files = {
        f"{name(41)} - hw.ipynb": notebook(),
        f"{name(42)} - hw.ipynb": notebook(),
        f"Copy of {name(43)} - hw(1).ipynb": notebook(),
    }
    rows = tuple(Row((f"name:student a{number}",), file) for number, file in ((41, "hw.ipynb"), (42, "hw.ipynb")))
    return Export(files, (*rows, Row(("name:student a43",), "hw(1).ipynb")))


def otter() -> Export:
    """Only the notebook says whose it is."""
    own = notebook(authors=[{"name": name(44), "id": "s0000044"}])
    files = {"hw01_2026_01_31T12_00_00_000001.zip": zipped({"hw01.ipynb": own, "points.csv": "x\n"})}
    return Export(files, (Row(("s0000044",), "hw01.ipynb", late=False, beside=("points.csv",)),))


def plain() -> Export:
    """A folder of files: one names its authors, one nobody."""
    files = {
        "first.ipynb": notebook(authors=[{"name": name(45), "id": "s0000045"}, {"name": name(46), "id": "s0000046"}]),
        "second.ipynb": notebook(),
    }
    return Export(files, (Row(("s0000045", "s0000046"), "first.ipynb"), Row((), "second.ipynb", attempt=None)))


def crowd() -> Export:
    """Fourteen more by Moodle, so that the class is one."""
    files = {f"{name(n)}_{100 + n}_assignsubmission_file/hw.ipynb": notebook(str(n)) for n in range(47, 61)}
    return Export(files, tuple(Row((f"moodle:{100 + n}",)) for n in range(47, 61)))


EXPORTS = {
    make.__name__: make()
    for make in (
        *(moodle, moodle_flat, moodle_groups, moodle_group_names, moodle_blind, canvas, canvas_anonymous, blackboard),
        *(gradescope, brightspace, nbgrader, github, repositories, drive, otter, plain, crowd),
    )
}


def write_archive(export: Export, path: Path) -> Path:
    """The export as it is downloaded."""
    path.write_bytes(zipped(export.files))
    return path


def write_tar(export: Export, path: Path) -> Path:
    """The export as a tar archive."""
    path.write_bytes(tarred(export.files))
    return path


def write_folder(export: Export, path: Path) -> Path:
    """The export unpacked."""
    for file, content in export.files.items():
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
