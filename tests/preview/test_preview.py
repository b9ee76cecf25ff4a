"""What a preview says is what grading again then does, and nothing is done before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rubric_edits import EDITS, Plain, criterion
from stored_class import NOON, StoredClass, edited, stored_class

from grader.errors import UsageError
from grader.execution.sandbox import Limits
from grader.marks import Event
from grader.preview import preview
from grader.records import GradedSubmission, Preview, Totals
from grader.rubric import Rubric
from grader.stage_keys import StageKeys
from grader.stored_grade import foreseen


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> StoredClass:
    return stored_class(tmp_path_factory.mktemp("class"))


@pytest.fixture
def stored(graded: StoredClass, tmp_path: Path) -> StoredClass:
    """The class, as it was graded."""
    return graded.copied(tmp_path)


def foretold(stored: StoredClass, rubric: Rubric) -> dict[str, GradedSubmission]:
    known = stored.known(rubric)
    found = {name: foreseen(known.stored_task(name), stored.under(rubric)) for name in known.people.submissions}
    return {name: one for name, one in found.items() if isinstance(one, GradedSubmission)}


def previewed(stored: StoredClass, rubric: Rubric) -> Preview:
    return preview(stored.under(rubric), output=stored.output, marks=stored.marks)


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sums(one: GradedSubmission) -> Totals:
    return Totals(
        earned=one.points_earned,
        pending=one.points_pending,
        possible=one.points_possible,
        bonus_earned=one.bonus_earned,
        bonus_pending=one.bonus_pending,
        bonus_possible=one.bonus_possible,
    )


@pytest.mark.parametrize("name", EDITS)
def test_grading_again_writes_what_was_foretold(stored: StoredClass, name: str) -> None:
    """Every field of every grade, whatever was edited, and nothing before; the moves are the differences."""
    rubric = edited(stored.output.folder.with_name("rubrics"), EDITS[name])
    before, on_disk = stored.grades(), files(stored.output.folder)
    said, found = foretold(stored, rubric), previewed(stored, rubric)
    assert files(stored.output.folder) == on_disk
    after = stored.grade(rubric)
    assert said == after
    assert found.untold == ()
    moved = {move.submission: (move.before, move.after) for move in found.moves}
    wanted = {name: (sums(before[name]), sums(after[name])) for name in after}
    assert moved.items() <= wanted.items()
    assert [old for name, (old, new) in wanted.items() if name not in moved and old.earned != new.earned] == []


def test_an_unedited_rubric_moves_nobody(stored: StoredClass) -> None:
    """And says nothing else."""
    found = previewed(stored, stored.settings.rubric)
    assert (found.same, found.reworded, found.moves, found.criteria, found.notes) == (6, 0, (), (), ())


def test_a_move_says_by_which_criterion_and_why(stored: StoredClass, tmp_path: Path) -> None:
    """The points that a criterion is worth now, and was."""
    found = previewed(stored, edited(tmp_path, EDITS["points"]))
    move = next(move for move in found.moves if move.submission == "all")
    assert move.difference == 3
    assert [change.why for change in move.changes] == ["It is worth 5 points, and was worth 2."]
    (effect,) = found.criteria
    assert (effect.points_before, effect.points_after, effect.more, effect.fewer) == (2, 5, 3, 0)


@pytest.mark.parametrize(("at", "points", "crossed"), [(39, 5, [True]), (40, 5, []), (36, 0, [False]), (34, 0, [])])
def test_a_line_is_crossed(
    stored: StoredClass, tmp_path: Path, *, at: float, points: float, crossed: list[bool]
) -> None:
    """On it is reached, from 36 points by 3 more or 2 fewer; the bonus counts."""

    def change(plain: Plain) -> None:
        criterion(plain, "ex4.accuracy")["points"] = points
        plain["lines"] = {"pass": at}

    found = previewed(stored, edited(tmp_path, change))
    (move,) = [move for move in found.moves if move.submission == "all"]
    assert [one.is_reached for one in move.crossings] == crossed


def test_a_mark_given_since_is_applied_and_told(stored: StoredClass, tmp_path: Path) -> None:
    """As grading applies it."""
    stored.marks.append(
        [Event(by="kim", kind="mark", submission="all", criterion="stop.discussion", points=3.0, time=NOON)]
    )
    found = previewed(stored, stored.settings.rubric)
    (move,) = found.moves
    assert (move.submission, move.difference, found.notes[0].split(":")[0]) == (
        "all",
        3,
        "1 grade was made before a tutor's last mark",
    )
    assert foretold(stored, stored.settings.rubric) == stored.grade(stored.settings.rubric)


def test_times_that_are_not_known_are_told(stored: StoredClass, tmp_path: Path) -> None:
    """Nobody moves for them."""
    people = stored.output.read_people()
    untimed = {name: one.model_copy(update={"submitted": None}) for name, one in people.submissions.items()}
    stored.output.write_people(people.model_copy(update={"submissions": untimed}))
    found = previewed(stored, edited(tmp_path, EDITS["late"]))
    said = "Of 6 submissions it is not known when it was handed in: nothing is taken off for being late."
    assert (found.moves, found.notes) == ((), (said,))


def untold(stored: StoredClass, **changes: object) -> dict[str, str]:
    settings = replace(stored.settings, **changes)
    found = preview(settings, output=stored.output, marks=stored.marks)
    return {one.submission: one.why[0] for one in found.untold}


def test_where_a_run_is_needed_it_says_of_whom_and_why(stored: StoredClass, tmp_path: Path) -> None:
    """Lower limits, other data, other files, other answers."""
    limits = replace(stored.settings.limits, sandbox=Limits(memory_bytes=10**9))
    rubric = stored.settings.rubric
    (tmp_path / "table.csv").write_text("1")
    files = rubric.model_copy(update={"files": (str(tmp_path / "table.csv"),)})
    data = replace(stored.settings.data_sets, choice="folder")
    for changes, said in (
        ({"limits": limits}, "it met a limit"),
        ({"rubric": files}, "the files that the rubric lays"),
        ({"rubric": rubric.model_copy(update={"inputs": ("Ada",)})}, "the rubric answers"),
        ({"data_sets": data}, "the data were chosen otherwise"),
    ):
        found = untold(stored, **changes)
        assert set(found) == {"all", "worse", "no-depth", "no-words", "half"}
        assert all(why.startswith(said) for why in found.values()), said


def test_files_that_a_rubric_lays_no_more_need_a_run(stored: StoredClass, tmp_path: Path) -> None:
    """What was handed in beside a notebook is none of them."""
    task = stored.known(stored.settings.rubric).stored_task("all")
    (tmp_path / "table.csv").write_text("1")
    rubric = stored.settings.rubric.model_copy(update={"files": (str(tmp_path / "table.csv"),)})
    own = replace(task, is_given=True, path=stored.path("all"))
    laid = StageKeys(own, stored.under(rubric))
    laid.keep_execution(task.folder.read_evidence())
    assert not StageKeys(task, stored.under(rubric)).execution_is_due()
    assert StageKeys(task, stored.settings).execution_changes() == ("files",)


def test_what_was_never_graded_is_told(stored: StoredClass) -> None:
    """It is in the class, and nothing can be said of it."""
    stored.output.submission("all").grade_json.unlink()
    assert untold(stored)["all"] == "it was never graded"


def test_evidence_that_is_gone_is_told(stored: StoredClass, tmp_path: Path) -> None:
    """The others are previewed all the same."""
    stored.output.submission("all").evidence_json.unlink()
    found = previewed(stored, edited(tmp_path, EDITS["points"]))
    assert ([one.submission for one in found.untold], found.submissions) == (["all"], 6)


def test_another_assignment_is_refused(stored: StoredClass, tmp_path: Path) -> None:
    """By name."""
    with pytest.raises(UsageError, match="holds no grade of week10, but of week09"):
        previewed(stored, edited(tmp_path, lambda plain: plain.update(assignment="week10")))
