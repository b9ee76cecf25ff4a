"""What each stage's stored result hangs on: no more, and no less."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import data_set, make_ranges
from worksheet import RUBRIC_FILE

from grader.datasets import resolve
from grader.environment import own_environment
from grader.execution.sandbox import Limits, Sandbox, SandboxChoice
from grader.execution.watch import RunLimits
from grader.records import CellError, CellRun, Evidence, Execution, GradedSubmission, Measurements, Replay, Unverified
from grader.records.grading import ExecutionSummary, RubricSummary, SubmissionSummary
from grader.report.shown import shown_digest
from grader.rubric import load_rubric
from grader.stage_code import CodeDigests, code_digests
from grader.stage_keys import StageKeys
from grader.stage_limits import limits_matter
from grader.store import PACKAGE, STAGES, Key, SubmissionFolder
from grader.task import Settings, Task

SHA = "0" * 64
LIMITS = RunLimits(cell_timeout_seconds=60, notebook_timeout_seconds=240, sandbox=Limits())
EVIDENCE = Evidence(
    submission="some",
    file_name="some.ipynb",
    sha256=SHA,
    execution=Execution(seconds=100.0, cpu_seconds=90.0),
    cells=(CellRun(index=0, kind="code", source="", seconds=30.0),),
)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code that may be changed."""
    folder = tmp_path_factory.mktemp("code") / "grader"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="session")
def code(package: Path) -> CodeDigests:
    return code_digests(package)


@pytest.fixture
def keys(tmp_path: Path, code: CodeDigests) -> StageKeys:
    """Of a submission of which every stage is done."""
    path = tmp_path / "some.ipynb"
    path.write_text("{}")
    settings = Settings(
        rubric=load_rubric(RUBRIC_FILE),
        data_sets=resolve("sample"),
        limits=LIMITS,
        sandbox=SandboxChoice(known=Sandbox(tier="1")),
    )
    task = Task(id="some", path=path, folder=SubmissionFolder(tmp_path / "out"))
    made = StageKeys(task, settings, code=code)
    finish(made)
    return made


def finish(
    keys: StageKeys,
    *,
    evidence: Evidence = EVIDENCE,
    measurements: Measurements | None = None,
    replays: tuple[Replay, ...] = (),
) -> None:
    """Writes what every stage leaves, with its key."""
    folder, measurements = keys.task.folder, measurements or Measurements(submission="some")
    folder.write(evidence)
    keys.keep_execution(evidence)
    folder.write(measurements)
    keys.keep_verification(measurements)
    keys.keep_replays(replays)
    folder.write(a_grade())
    keys.keep_evaluation()
    folder.feedback_html.write_text("")
    keys.keep_page(shown_digest(a_grade()))


def a_grade() -> GradedSubmission:
    sums = dict.fromkeys(("earned", "pending", "possible"), 0.0)
    return GradedSubmission(
        submission=SubmissionSummary(id="some", file_name="some.ipynb", sha256=SHA),
        rubric=RubricSummary(assignment="some", title="Some", file_name="some.yaml", sha256=SHA),
        status="graded",
        execution=ExecutionSummary(),
        **{f"{kind}_{name}": value for kind in ("points", "bonus") for name, value in sums.items()},
    )


def under(keys: StageKeys, **changes: object) -> StageKeys:
    """The keys under other settings."""
    return dataclasses.replace(keys, settings=dataclasses.replace(keys.settings, **changes))


def test_what_is_done_is_not_done_again(keys: StageKeys) -> None:
    """Nothing is due where nothing has changed."""
    assert keys.due() == ()


@pytest.mark.parametrize(
    ("module", "first"),
    [
        ("execution/recorder/hooks.py", "execution"),
        ("execution/kernel.py", "execution"),
        ("execution/sandbox/syscalls.py", "execution"),
        ("intake/notebooks.py", "execution"),
        ("intake/files.py", "execution"),
        ("datasets.py", "execution"),
        ("records/evidence.py", "execution"),
        ("verification/scores.py", "verification"),
        ("verification/verify.py", "verification"),
        ("verification/guest/verifier.py", "verification"),
        ("verification/replay.py", "replay"),
        ("verification/guest/replayer.py", "replay"),
        ("integrity/claims.py", "replay"),
        ("checks/performance.py", "evaluation"),
        ("evaluate.py", "evaluation"),
        ("matching/headings.py", "evaluation"),
        ("advice/history.py", "evaluation"),
        ("report/templates/feedback.html.j2", "page"),
        ("report/plots.py", "page"),
        ("report/cohort.py", None),
        ("cli/grade.py", None),
        ("batch/worker.py", None),
        ("pipeline.py", None),
        ("reference/validate.py", None),
    ],
)
def test_a_changed_comment_goes_no_further_back_than_its_stage(
    keys: StageKeys, package: Path, *, module: str, first: str | None
) -> None:
    """In the verifier it verifies again and executes nothing, in a check it evaluates only."""
    file = package / module
    before = file.read_text()
    try:
        file.write_text(before + "# A comment.\n")
        due = dataclasses.replace(keys, code=code_digests(package)).due()
    finally:
        file.write_text(before)
    assert due[:1] == ((first,) if first else ())


def test_a_package_that_is_added_to_the_environment_executes_again(keys: StageKeys) -> None:
    """Whichever it is: the notebook may import it."""
    assert under(keys, environment=dataclasses.replace(own_environment(), digest="other")).due() == STAGES


def test_evidence_of_another_tier_executes_again(keys: StageKeys) -> None:
    """So does what was made without a sandbox."""
    assert under(keys, sandbox=SandboxChoice(known=Sandbox(tier="4"))).due() == STAGES


def test_another_notebook_or_seed_executes_again(keys: StageKeys) -> None:
    """Each is what the evidence is of."""
    assert dataclasses.replace(keys, task=dataclasses.replace(keys.task, seed=1)).due() == STAGES
    keys.task.path.write_text("{ }")
    assert keys.due() == STAGES


def test_other_data_executes_again(keys: StageKeys) -> None:
    """By what the files hold, and by how they were chosen."""
    data = keys.settings.data_sets
    other = tuple(dataclasses.replace(file, fingerprint="1" * 64) for file in data.files)
    assert under(keys, data_sets=dataclasses.replace(data, files=other)).due() == STAGES
    assert under(keys, data_sets=dataclasses.replace(data, choice="folder")).due() == STAGES


def short_of_rows() -> Evidence:
    """Of a run on the sample that failed for its fewer rows."""
    cell = CellRun(
        index=0,
        kind="code",
        source="x = mnist.load_data()[0][0].reshape(60000, 784)",
        status="error",
        error=CellError(name="ValueError", value="cannot reshape"),
    )
    return EVIDENCE.model_copy(update={"cells": (cell,), "data_sets": (data_set(),)})


def test_other_code_decides_anew_whether_a_notebook_needs_more_rows(keys: StageKeys) -> None:
    """Not where it did already; where it says no, the notebook does not run again."""
    other = dataclasses.replace(keys, code=dataclasses.replace(keys.code, full_size="0" * 64))
    assert other.due() == ()
    other.keep_full_size()
    assert keys.task.folder.read_key("execution")["full_size_code"] == "0" * 64
    finish(keys, evidence=short_of_rows())
    assert (keys.due(), other.due()) == ((), STAGES)


def test_a_run_at_full_size_holds_under_its_own_limits(keys: StageKeys) -> None:
    """Those of the first run, on the sample, no longer matter."""
    evidence = EVIDENCE.model_copy(update={"data_sets": (data_set(sample=False, stand_in=True),)})
    finish(keys, evidence=evidence)
    keys.keep_execution(evidence, ran_at_full_size=True)
    low = changed(LIMITS, {"cell_timeout_seconds": 1})
    assert not under(keys, limits=low, full_size_limits=LIMITS).execution_is_due()
    assert under(keys, full_size_limits=low).execution_is_due()


def test_another_spread_of_the_reference_evaluates_again(keys: StageKeys) -> None:
    """It decides where bands end, and the rubric's file says nothing of it."""
    rubric = keys.settings.rubric.model_copy(update={"calibrations": {}})
    assert under(keys, rubric=rubric).due() == ("evaluation", "page")


def test_other_curves_of_the_reference_render_again(keys: StageKeys) -> None:
    """Another figure of the spread is none of the page's."""
    rubric = keys.settings.rubric
    spread = rubric.calibrations["sample"]
    for changes, is_other in (({"curves": {"ex4": (make_ranges(),)}}, True), ({"figures": {}}, False)):
        calibrations = {**rubric.calibrations, "sample": spread.model_copy(update=changes)}
        other = under(keys, rubric=rubric.model_copy(update={"calibrations": calibrations}))
        assert other.page_is_due() == is_other


LOWER = {"memory_bytes": 2 * 2**30, "processes": 64, "disk_bytes": 128 * 2**20}


@pytest.mark.parametrize(
    ("changes", "executes"),
    [
        ({"cell_timeout_seconds": 29}, True),
        ({"cell_timeout_seconds": 30}, True),
        ({"cell_timeout_seconds": 31}, False),
        ({"cell_timeout_seconds": 600}, False),
        ({"notebook_timeout_seconds": 99}, True),
        ({"notebook_timeout_seconds": 101}, False),
        *(({name: value}, True) for name, value in LOWER.items()),
        *(({name: value * 64}, False) for name, value in LOWER.items()),
        ({"cpu_seconds": 89}, True),
        ({"cpu_seconds": 91}, False),
    ],
)
def test_a_limit_matters_below_what_the_run_took(keys: StageKeys, changes: dict[str, int], executes: bool) -> None:
    """A higher one does not; of what was never measured, every lower one does."""
    limits = changed(LIMITS, changes)
    assert ("execution" in under(keys, limits=limits).due()) == executes


def changed(limits: RunLimits, changes: dict[str, int]) -> RunLimits:
    inner = {name: value for name, value in changes.items() if hasattr(limits.sandbox, name)}
    outer = {name: value for name, value in changes.items() if name not in inner}
    return dataclasses.replace(limits, **outer, sandbox=dataclasses.replace(limits.sandbox, **inner))


def test_where_a_limit_was_met_every_other_one_executes_again(keys: StageKeys) -> None:
    """Also a higher one, which is why it is raised."""
    finish(keys, evidence=EVIDENCE.model_copy(update={"execution": Execution(reason="cell_timeout")}))
    assert keys.due() == ()
    assert under(keys, limits=changed(LIMITS, {"cell_timeout_seconds": 90})).due() == STAGES


def test_a_key_of_other_limits_by_name_is_of_another_run() -> None:
    """A limit that a newer version adds was never held before."""
    stored: Key = {"limits": {"memory_bytes": 1}, "used": {}, "reason": None}
    assert limits_matter(stored, {"memory_bytes": 1, "sockets": 5})


@pytest.mark.parametrize("reason", ["internal", "protocol"])
def test_an_execution_that_failed_because_of_us_runs_again(keys: StageKeys, reason: str) -> None:
    """By itself, at the next run."""
    execution = Execution.model_validate({"reason": reason})
    finish(keys, evidence=EVIDENCE.model_copy(update={"execution": execution}))
    assert keys.due() == STAGES


BROKEN = (
    Measurements(submission="some", problem="The verifier could not do its work."),
    Measurements(submission="some", unverified=(Unverified(model="m", cause="infrastructure", why="It was cut off."),)),
)


@pytest.mark.parametrize("measurements", BROKEN)
def test_a_verification_that_failed_because_of_us_runs_again(keys: StageKeys, measurements: Measurements) -> None:
    """And executes nothing."""
    finish(keys, measurements=measurements)
    assert keys.due() == STAGES[1:]


def test_a_replay_that_failed_because_of_us_runs_again(keys: StageKeys) -> None:
    """It, and none of those that came through."""
    broken = Replay(fit="a", outcome="impossible", is_infrastructure=True)
    finish(keys, replays=(broken, Replay(fit="b", outcome="same")))
    assert keys.due() == STAGES[2:]
    assert keys.replayed() == {"b"}


def test_a_new_verification_keeps_what_was_replayed(keys: StageKeys, code: CodeDigests) -> None:
    """A fit's replay hangs on the evidence and on the replay's own code."""
    finish(keys, replays=(Replay(fit="b", outcome="same"),))
    other = dataclasses.replace(keys, code=dataclasses.replace(code, verification="other"))
    assert other.due() == STAGES[1:]
    assert other.replayed() == {"b"}


def test_a_larger_share_asks_for_more_replays(keys: StageKeys) -> None:
    """Those that are there stay."""
    assert under(keys, replay_share=0.5).due() == STAGES[2:]


@pytest.mark.parametrize(
    ("path", "stage"),
    [
        (lambda folder: folder.evidence_json, "execution"),
        (lambda folder: folder.grade_json, "evaluation"),
        (lambda folder: folder.feedback_html, "page"),
    ],
)
def test_what_is_gone_is_made_again(keys: StageKeys, path: Callable[[SubmissionFolder], Path], stage: str) -> None:
    """From its stage on."""
    path(keys.task.folder).unlink()
    assert keys.due()[0] == stage


def test_records_of_an_older_schema_are_never_read(keys: StageKeys) -> None:
    """They are executed and graded afresh, whatever their keys say."""
    folder = keys.task.folder
    for path in (folder.evidence_json, folder.measurements_json, folder.grade_json):
        path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 1}))
    assert (folder.read_evidence(), folder.read_measurements(), folder.read_grade()) == (None, None, None)
    assert keys.due() == STAGES


def test_of_a_file_that_is_no_notebook_no_run_is_kept(keys: StageKeys) -> None:
    """Such as of a worker that died on it, or of the notebook that was there before: its page would tell of it."""
    folder = keys.task.folder
    folder.executed_notebook.write_text("{}")
    finish(dataclasses.replace(keys, task=dataclasses.replace(keys.task, folder=folder.rerun(7))))
    keys.keep_unread()
    left = {path.relative_to(folder.folder).as_posix() for path in folder.files()}
    assert left == {"grade.json", "feedback.html", "evidence/evaluation.key"}
    assert keys.unread_is_stored()


def test_a_file_that_is_no_notebook_is_graded_once(keys: StageKeys) -> None:
    """Until another one comes, or another rubric."""
    keys.keep_unread()
    keys.keep_page(shown_digest(a_grade()))
    assert keys.due() == ()
    keys.task.path.write_text("{ }")
    assert keys.due() == STAGES


def test_a_replay_hangs_on_its_submission_alone(keys: StageKeys) -> None:
    """Where it was never looked for it is due, whatever other submissions need."""
    keys.task.folder.forget(["replay"])
    assert keys.due() == STAGES[2:]
