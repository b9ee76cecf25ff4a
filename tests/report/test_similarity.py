"""What the tutor's page says of submissions that are alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import make_cell, make_evidence, make_grade
from worksheet import rubric

from grader.records import GradedSubmission, HandIn, People, Student, SubmissionSummary
from grader.report.cohort import render_cohort
from grader.report.similarity import Alike, alike
from grader.report.sources import ClassSources
from grader.report.summary import summary_json
from grader.store import OutputFolder

ROOT = Path(__file__).parents[2]


def code_of(path: str) -> list[str]:
    cells = json.loads((ROOT / path).read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


HONEST = code_of("submissions/week09/full-marks-sequential.ipynb")
OTHER = code_of("submissions/week09/full-marks-functional.ipynb")
REFERENCE = code_of("reference/week09/reference.ipynb")


@pytest.fixture
def output(tmp_path: Path) -> OutputFolder:
    made = OutputFolder(tmp_path)
    made.make()
    return made


def hand_in(output: OutputFolder, name: str, code: list[str]) -> GradedSubmission:
    """A submission of that code, stored as it ran."""
    cells = tuple(make_cell(source, index=index) for index, source in enumerate(code))
    output.submission(name).write(make_evidence(submission=name, cells=cells))
    sha256 = f"{len(list(output.folder.glob('submissions/*'))):064x}"
    return make_grade(submission=SubmissionSummary(id=name, file_name=f"{name}.ipynb", sha256=sha256))


def compared(output: OutputFolder, graded: list[GradedSubmission], **fields: object) -> Alike:
    found = alike(graded, sources=ClassSources(output, rubric()), **fields)
    assert found is not None
    return found


def test_a_renamed_copy_is_on_the_tutors_page_with_names(output: OutputFolder) -> None:
    """And whoever wrote their own is not."""
    copy = [source.replace("model", "net").replace("history", "fitted") for source in HONEST]
    graded = [hand_in(output, "a", HONEST), hand_in(output, "b", OTHER), hand_in(output, "c", copy)]
    people = People(
        students={"k": Student(key="k", name="Ada <b>")},
        submissions={"a": HandIn(file_name="a.ipynb", source="a", students=("k",))},
    )
    (group,) = compared(output, graded, people=people).groups
    assert group.members == (("a", "Ada <b>"), ("c", ""))
    page = render_cohort(graded, people=people, sources=ClassSources(output, rubric()))
    assert "Submissions that are alike" in page
    assert "Ada &lt;b&gt;" in page


def test_copies_of_the_reference_are_no_group(output: OutputFolder) -> None:
    """What the reference holds is nobody's own."""
    graded = [hand_in(output, name, REFERENCE) for name in "abc"]
    assert compared(output, graded).groups == ()


def test_what_more_than_half_share_may_have_been_handed_out(output: OutputFolder) -> None:
    """The tutor is told where to say so."""
    graded = [hand_in(output, name, HONEST) for name in "abc"]
    (group,) = compared(output, graded).groups
    assert len(group.members) == 3
    assert "rubric's template" in group.text


def test_code_is_read_once_and_again_where_it_changed(output: OutputFolder) -> None:
    """What is kept stands beside the evidence."""
    graded = [hand_in(output, "a", HONEST), hand_in(output, "b", HONEST)]
    assert len(compared(output, graded).groups) == 1
    kept = output.submission("b").evidence_folder / "likeness.json"
    before = kept.read_bytes()
    assert len(compared(output, graded).groups) == 1
    assert kept.read_bytes() == before
    hand_in(output, "b", OTHER)
    assert compared(output, graded).groups == ()


def test_what_is_kept_and_broken_is_made_again(output: OutputFolder) -> None:
    """Nothing is lost but a moment; a submission whose evidence is gone is compared by its file alone."""
    graded = [hand_in(output, name, HONEST) for name in "ab"]
    compared(output, graded)
    (output.submission("a").evidence_folder / "likeness.json").write_text("{")
    assert len(compared(output, graded).groups) == 1
    output.submission("a").evidence_json.unlink()
    assert compared(output, graded).groups == ()


def test_the_hint_is_on_the_tutors_page_alone(output: OutputFolder) -> None:
    """Programs are not told, and without a rubric nothing is compared."""
    graded = [hand_in(output, name, HONEST) for name in "ab"]
    sources = ClassSources(output, rubric())
    assert "alike" not in summary_json(graded, sources=sources)
    assert alike(graded, sources=ClassSources(output)) is None
    assert "Submissions that are alike" not in render_cohort(graded)


def test_a_rubric_without_template_and_reference_says_so(output: OutputFolder) -> None:
    """Then what was handed out counts as everybody's own."""
    bare = rubric().model_copy(update={"template": None, "reference": None})
    found = alike([hand_in(output, "a", HONEST)], sources=ClassSources(output, bare))
    assert found is not None
    assert "names no template" in found.note
    assert found.groups == ()
