"""Parts of a class that are graded apart, and put together."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from rubric_edits import Plain
from stored_class import HANDED_IN, StoredClass, edited, plain_settings
from stored_class import _keep as keep

from grader.batch import Merged, Shard, grade_batch, merge
from grader.cli import main
from grader.errors import UsageError
from grader.intake import Class, collect_submissions
from grader.marks import Event, MarksFile
from grader.rubric import Rubric
from grader.store import OutputFolder

PARTS = 3


class ByFile(StoredClass):
    """A class whose submissions have the ids that their files give them."""

    def path(self, name: str) -> Path:
        return self.output.folder.with_name("in") / f"{name.rpartition('-')[0]}.ipynb"


def grade(output: OutputFolder, given: list[Path], *, shard: Shard | None = None, rubric: Rubric | None = None) -> None:
    """Grades the class, or a part of it, whose notebooks were executed already."""
    folder = output.folder.parent
    settings = plain_settings(rubric or edited(folder / "rubrics"))
    for one in collect_submissions(given, unpack_to=output.unpacked):
        known = HANDED_IN.get(one.path.stem)
        is_new = not output.submission(one.id).evidence_json.is_file()
        if known and is_new and (shard is None or shard.holds(one.id)):
            keep(ByFile(output, settings), one.id, known[0], accuracy=known[1])
    grade_batch(
        given,
        settings,
        output=output,
        jobs=1,
        again=False,
        on_start=lambda plan: None,
        on_progress=lambda _: None,
        about=Class(),
        marks=MarksFile(folder / "class.marks.jsonl"),
        shard=shard,
    )


def files(folder: Path) -> dict[str, bytes]:
    """Every file of an output folder, by its path in it, but for what is only kept to save time."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "likeness.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def half_points(plain: Plain) -> None:
    """An edit that moves grades."""
    plain["sections"][0]["criteria"][0]["points"] /= 2


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class, graded as a whole and in three parts; one file is no notebook, and a tutor has marked."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "in").mkdir()
    for number, name in enumerate((*HANDED_IN, "picture")):
        (folder / "in" / f"{name}.ipynb").write_text("{}" if name == "picture" else f'{{"cells": {number}}}')
    ids = [one.id for one in collect_submissions([folder / "in"], unpack_to=folder / "none")]
    mark = Event(kind="mark", by="kim", submission=ids[0], criterion="ex2.discussion", points=1)
    MarksFile(folder / "class.marks.jsonl").append([mark])
    given = sorted((folder / "in").glob("*"))
    grade(OutputFolder(folder / "whole"), given)
    for number in (1, 2, 3):
        grade(OutputFolder(folder / str(number)), given, shard=Shard(number, PARTS))
    return folder


@pytest.fixture
def given(graded: Path) -> list[Path]:
    """What was handed in."""
    return sorted((graded / "in").glob("*"))


@pytest.fixture
def parts(graded: Path, tmp_path: Path) -> list[OutputFolder]:
    """Copies of the parts, to be changed."""
    for name in "123":
        shutil.copytree(graded / name, tmp_path / name)
    shutil.copy(graded / "class.marks.jsonl", tmp_path)
    return [OutputFolder(tmp_path / name) for name in "123"]


def put_together(folder: Path, parts: list[OutputFolder]) -> Merged:
    return merge(parts, OutputFolder(folder / "merged"), marks=MarksFile(folder / "class.marks.jsonl"))


@pytest.mark.parametrize("text", ["2/8", "1/1", "8/8"])
def test_a_part_is_named_by_its_number_of_how_many(text: str) -> None:
    """And says so again."""
    assert str(Shard.parse(text)) == text


@pytest.mark.parametrize("text", ["0/8", "9/8", "2", "a/b", "-1/8", "1/0", ""])
def test_what_names_no_part_is_refused(text: str) -> None:
    """With what was expected."""
    with pytest.raises(UsageError, match=r"no part of a class\. Which part of how many"):
        Shard.parse(text)


def test_each_submission_is_of_one_part() -> None:
    """And the parts of a large class are about as large as each other."""
    sizes = [sum(Shard(number, 8).holds(f"hw-{name}") for name in range(800)) for number in range(1, 9)]
    assert sum(sizes) == 800
    assert max(sizes) < 140


def test_parts_put_together_are_what_one_run_writes(graded: Path, tmp_path: Path) -> None:
    """Gradebook, summary, page, people, and of every submission all that is stored, byte for byte."""
    merge([OutputFolder(graded / name) for name in "312"], OutputFolder(tmp_path / "merged"))
    merged, whole = files(tmp_path / "merged"), files(graded / "whole")
    assert {"gradebook.csv", "summary.json", "index.html", "people.json"} <= merged.keys()
    assert [name for name in merged.keys() | whole.keys() if merged.get(name) != whole.get(name)] == []


def test_the_merged_folder_is_the_class_s(parts: list[OutputFolder], given: list[Path], tmp_path: Path) -> None:
    """The next run over the whole class finds everything done, and merging again changes nothing."""
    put_together(tmp_path, parts)
    before = files(tmp_path / "merged")
    grade(OutputFolder(tmp_path / "merged"), given)
    assert files(tmp_path / "merged") == before
    put_together(tmp_path, parts)
    assert files(tmp_path / "merged") == before


def test_a_part_has_no_pages_of_the_class(parts: list[OutputFolder]) -> None:
    """They would say that the others handed in nothing."""
    assert [name for name in files(parts[0].folder) if name in {"gradebook.csv", "index.html", "summary.json"}] == []


Spoil = Callable[[list[OutputFolder], list[Path]], object]


def say(part: OutputFolder, before: str, after: str) -> None:
    """Changes what a part says of itself."""
    path = part.folder / "shard.json"
    path.write_text(path.read_text().replace(before, after))


def without_a_grade(parts: list[OutputFolder], _: list[Path]) -> None:
    part = next(part for part in parts if part.stored())
    part.submission(part.stored()[0]).grade_json.unlink()


def overlapping(parts: list[OutputFolder], _: list[Path]) -> None:
    first, second = [part for part in parts if part.stored()][:2]
    name = first.stored()[0]
    shutil.copytree(first.submission(name).folder, second.submission(name).folder)


def of_another_rubric(parts: list[OutputFolder], given: list[Path]) -> None:
    grade(parts[1], given, shard=Shard(2, PARTS), rubric=edited(parts[1].folder.parent / "other", half_points))


def of_another_class(parts: list[OutputFolder], given: list[Path]) -> None:
    late = parts[2].folder.with_name("late.ipynb")
    late.write_text("{}")
    grade(parts[2], [*given, late], shard=Shard(3, PARTS))


MISTAKES: dict[str, tuple[Spoil, str]] = {
    "missing": (lambda parts, _: parts.pop(), "3/3: not among the folders"),
    "twice": (lambda parts, _: parts.append(parts[0]), "are the same part"),
    "whole": (lambda parts, given: parts.append(OutputFolder(given[0].parent)), "in: this is no part of a class"),
    "division": (lambda parts, _: say(parts[1], '"of": 3', '"of": 4'), "are parts of different divisions"),
    "data": (lambda parts, _: say(parts[0], '"the data sets": "', '"the data sets": "0'), "differs: the data sets"),
    "unfinished": (lambda parts, _: say(parts[1], "true", "false"), r"2 \(2/3\): its last run did not come to its end"),
    "no grade": (without_a_grade, "has no grade that can be read of"),
    "overlap": (overlapping, "holds submissions of another part"),
    "rubric": (of_another_rubric, "not graded alike. What differs: the rubric. Grade one of them again"),
    "class": (of_another_class, "not given the same submissions.* What differs: .*late-"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_does_not_fit_together_is_refused(mistake: str, parts: list[OutputFolder], given: list[Path]) -> None:
    """Before anything is written, and with the part that does not fit."""
    spoil, said = MISTAKES[mistake]
    folder = parts[0].folder.parent
    spoil(parts, given)
    with pytest.raises(UsageError, match=said):
        put_together(folder, parts)
    assert files(folder / "merged") == {}


def test_a_part_stays_out_of_the_folders_of_others(
    parts: list[OutputFolder], given: list[Path], tmp_path: Path
) -> None:
    """Of another part, of the whole class, and the whole class out of a part's."""
    put_together(tmp_path, parts)
    for name, shard in (("1", Shard(2, PARTS)), ("1", None), ("merged", Shard(1, PARTS))):
        with pytest.raises(UsageError, match="this folder holds"):
            grade(OutputFolder(tmp_path / name), given, shard=shard)
    with pytest.raises(UsageError, match="this is one of the parts"):
        merge(parts, parts[0])


def test_marks_beside_the_parts_come_along(parts: list[OutputFolder], given: list[Path], tmp_path: Path) -> None:
    """Into the class's file; those that the grades do not know yet are told."""
    events = MarksFile(tmp_path / "class.marks.jsonl").read()
    later = Event(kind="mark", by="lee", submission=events[0].submission, criterion="ex2.discussion", points=1)
    MarksFile(tmp_path / "2.marks.jsonl").append([*events, later])
    assert put_together(tmp_path, parts).unapplied == (later,)
    assert MarksFile(tmp_path / "class.marks.jsonl").read() == (*events, later)
    grade(OutputFolder(tmp_path / "merged"), given)
    assert '"lee"' in OutputFolder(tmp_path / "merged").submission(str(later.submission)).grade_json.read_text()


def test_the_command_says_where_the_pages_are(parts: list[OutputFolder], tmp_path: Path) -> None:
    """And of a mistake what and where, with exit code 2."""
    told = CliRunner().invoke(main, ["merge", *(str(part.folder) for part in parts), "-o", str(tmp_path / "out")])
    assert told.exit_code in {0, 3}
    assert "index.html" in told.output
    refused = CliRunner().invoke(main, ["merge", str(parts[0].folder), "-o", str(tmp_path / "out")])
    assert (refused.exit_code, "2/3, 3/3: not among" in refused.output) == (2, True)
