"""What each stage's stored result depends on, and which stages of a submission have to be done (again).

A key holds all that its stage depends on, and no more; it is written last, and not at all where the stage failed
because of us, so that it runs again by itself.

execution       notebook, attached files, data sets, seed, answers to `input`, sandbox tier, environment, recorder and
                intake; limits as far as they could have mattered; where the notebook ran again on data of the
                original's size, that data and the limits of that run; where it did not, what decides that
verification    evidence, data sets, environment, the verifier and its guest
replay          a fit at a time: evidence, data sets, environment, the replay and its guest; which fits were asked for
evaluation      rubric with the reference's spread, evidence, measurements, reruns, tutors' marks, what handing in late
                costs, trials where hints are given, checks and what they are made of
page            what it shows of the grade, evidence, measurements, the names that it shows, the reference's curves
                that students may see, the modules and templates of the page
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from grader.attribution import needs_full_size
from grader.intake.files import notebook_digest
from grader.judging.registry import checks_digest
from grader.records import SCHEMA_VERSION, Evidence, ExecutionReason, Measurements, Replay
from grader.stage_code import CodeDigests, own_code
from grader.stage_limits import limits_matter, plain_limits
from grader.stand_ins import full_size_names
from grader.store import STAGES, Key, Stage, arrays_of, digest_of
from grader.task import Settings, Task

INFRASTRUCTURE: frozenset[ExecutionReason] = frozenset({"internal", "protocol"})
"""Ends of an execution that are our failure, and leave no key."""


@dataclass(frozen=True)
class StageKeys:
    """The keys of one submission's stages under given settings.

    Attributes:
        code: Of what the keys hold; the code that runs.
    """

    task: Task
    settings: Settings
    code: CodeDigests = dataclasses.field(default_factory=own_code)

    def due(self, *, is_executed: bool = False) -> tuple[Stage, ...]:
        """The stages that have to be done, in their order; what follows a stage that is due is due as well.

        Args:
            is_executed: Whether it is known already that the execution is not due: each of its arrays is looked at.
        """
        if self.unread_is_stored():
            return ("page",) if self.page_is_due() else ()
        is_due = {
            "execution": lambda: not is_executed and self.execution_is_due(),
            "verification": self.verification_is_due,
            "replay": self.replay_is_due,
            "evaluation": self.evaluation_is_due,
            "page": self.page_is_due,
        }
        first = next((number for number, stage in enumerate(STAGES) if is_due[stage]()), len(STAGES))
        return STAGES[first:]

    def execution_is_due(self) -> bool:
        """Whether there is no evidence of this notebook, environment, code and so on."""
        return bool(self.execution_changes())

    def execution_changes(self) -> tuple[str, ...]:
        """What the stored evidence is no longer of, as parts of its key; ``evidence`` where it has none that holds."""
        stored = self.task.folder.read_key("execution")
        arrays = self.task.folder.arrays
        if stored is None or stored.get("evidence") != self._evidence or not arrays.have_sizes(arrays_of(stored)):
            return ("evidence",)
        wanted = self._execution
        changed = tuple(name for name in wanted if name != "limits" and stored.get(name) != wanted[name])
        if changed:
            return changed
        if stored.get("full_size") is None:
            if limits_matter(stored, wanted["limits"]):
                return ("limits",)
            return ("full_size",) if self.full_size_is_due() else ()
        full_size = self._full_size
        if any(stored["full_size"].get(name) != full_size[name] for name in full_size if name != "limits"):
            return ("full_size",)
        matters = limits_matter({**stored, "limits": stored["full_size"]["limits"]}, full_size["limits"])
        return ("limits",) if matters else ()

    def full_size_is_due(self) -> bool:
        """Whether the stored evidence is of a sample, where the notebook needs data of the original's size.

        That is decided when a notebook was executed, and again once other code decides it.
        """
        stored = self.task.folder.read_key("execution") or {}
        if stored.get("full_size_code") == self.code.full_size:
            return False
        evidence = self.task.folder.read_evidence()
        return evidence is None or needs_full_size(evidence)

    def keep_execution(self, evidence: Evidence, *, ran_at_full_size: bool = False) -> None:
        """Writes the key of evidence that is on disk, and takes back those of what followed from the one before.

        Args:
            evidence: Of the run.
            ran_at_full_size: Whether that is the second run, on data of the original's size.
        """
        folder, run = self.task.folder, evidence.execution
        folder.forget()
        if run.reason not in INFRASTRUCTURE:
            used = {
                "cell_timeout_seconds": max((cell.seconds for cell in evidence.cells), default=0.0),
                "notebook_timeout_seconds": run.seconds,
                "cpu_seconds": run.cpu_seconds,
            }
            done: Key = {"evidence": self._evidence, "reason": run.reason, "used": used}
            done["full_size"] = self._full_size if ran_at_full_size else None
            done["full_size_code"] = self.code.full_size
            done["rubric_files"] = sorted(self.settings.files)
            done["arrays"] = folder.arrays.sizes(folder.refs_of_evidence())
            folder.write_key("execution", {**self._execution, **done})

    @property
    def run_digest(self) -> str:
        """The same for two submissions of which a run leaves the same but for times: they differ in whose they are."""
        return hashlib.sha256(json.dumps(self._execution, sort_keys=True).encode()).hexdigest()

    def forget_broken(self) -> bool:
        """Takes back the keys of what is stored and broken, so that it is made again; says whether anything was."""
        folder = self.task.folder
        if folder.read_evidence() is None or folder.arrays.broken(arrays_of(folder.read_key("execution"))):
            folder.forget()
        elif folder.read_measurements() is None:
            folder.forget(("verification", "replay", "evaluation", "page"))
        elif folder.arrays.broken(arrays_of(folder.read_key("verification"))):
            folder.forget(("verification", "evaluation", "page"))
        else:
            broken = [rerun for rerun in self.stored_reruns() if rerun.forget_broken()]
            return bool(broken)
        return True

    @property
    def _execution(self) -> Key:
        settings = self.settings
        given = self._given if self.task.is_given else self._given_before
        return {
            **self._common,
            "notebook": given["notebook"],
            "files": {**given["attached"], **{name: digest_of(path) for name, path in settings.files.items()}},
            "data_choice": settings.data_sets.choice,
            "seed": self.task.seed,
            "inputs": list(settings.rubric.typed_inputs),
            "limits": plain_limits(settings.limits),
            "tier": given["tier"],
            "environment": self.settings.environment.digest,
            "code": self.code.execution,
        }

    @property
    def _given(self) -> Key:
        """What was handed in, and where it runs."""
        attached = {one.name: one.sha256 for one in self.task.attachments}
        return {
            "notebook": notebook_digest(self.task.path),
            "attached": attached,
            "tier": self.settings.sandbox.tier,
        }

    @property
    def _given_before(self) -> Key:
        """The same as it was when the stored evidence was left: nothing of it is run now."""
        stored = self.task.folder.read_key("execution") or {}
        laid = stored.get("rubric_files", ())
        attached = {name: sha256 for name, sha256 in stored.get("files", {}).items() if name not in laid}
        return {"notebook": stored.get("notebook"), "attached": attached, "tier": stored.get("tier")}

    def keep_full_size(self) -> None:
        """Notes in the key of an execution that the code that runs has decided on its evidence as well."""
        folder = self.task.folder
        stored = folder.read_key("execution")
        if stored is not None and stored.get("full_size") is None and stored["full_size_code"] != self.code.full_size:
            folder.write_key("execution", {**stored, "full_size_code": self.code.full_size})

    @property
    def _full_size(self) -> Key:
        """What a run on data of the original's size depends on besides."""
        limits = self.settings.full_size_limits or self.settings.limits
        return {
            "data_sets": full_size_names(self.settings.data_sets),
            "limits": plain_limits(limits),
            "code": self.code.full_size,
        }

    def verification_is_due(self) -> bool:
        """Whether there are no measurements of this evidence by this code."""
        folder = self.task.folder
        stored = folder.read_key("verification") or {}
        arrays = stored.pop("arrays", {})
        is_here = folder.measurements_json.is_file() and folder.arrays.have_sizes(arrays)
        return stored != self._verification or not is_here

    def keep_verification(self, measurements: Measurements) -> None:
        """Writes the key of measurements that are on disk; none where something of ours kept a model unmeasured."""
        self.task.folder.forget(("verification", "evaluation", "page"))
        failed = any(one.cause == "infrastructure" for one in measurements.unverified)
        if measurements.problem is None and not failed:
            folder = self.task.folder
            arrays = folder.arrays.sizes(folder.refs_of_measurements())
            folder.write_key("verification", {**self._verification, "arrays": arrays})

    @property
    def _verification(self) -> Key:
        return {
            **self._common,
            "evidence": self._evidence,
            "environment": self.settings.environment.digest,
            "code": self.code.verification,
        }

    def replay_is_due(self) -> bool:
        """Whether it is not known yet which fits are to be repeated, or one of them was not."""
        folder, stored = self.task.folder, self.task.folder.read_key("replay")
        if stored is None or not folder.key_file("verification").is_file():
            return True
        return stored.get("asked") != self._asked or self.replayed() is None

    def replayed(self) -> frozenset[str] | None:
        """The fits that were repeated by this code from this evidence, None where none ever were looked for."""
        stored = self.task.folder.read_key("replay") or {}
        if any(stored.get(name) != wanted for name, wanted in self._replay.items()):
            return None
        return frozenset(stored.get("fits", ()))

    def keep_replays(self, replays: Collection[Replay]) -> None:
        """Writes which fits were repeated; one at which our replay itself failed is asked for again."""
        done = sorted({one.fit for one in replays if not one.is_infrastructure})
        key = {**self._replay, "fits": done}
        if len(done) == len(replays):
            key["asked"] = self._asked
        self.task.folder.write_key("replay", key)

    @property
    def _replay(self) -> Key:
        return {
            **self._common,
            "evidence": self._evidence,
            "environment": self.settings.environment.digest,
            "code": self.code.replay,
        }

    @property
    def _asked(self) -> Key:
        """What decides which fits are to be repeated."""
        share: object = self.settings.replay_share
        if not self.task.is_given:
            share = (self.task.folder.read_key("replay") or {}).get("asked", {}).get("share")
        return {
            "verification": digest_of(self.task.folder.key_file("verification")),
            "findings": self.code.findings,
            "share": share,
        }

    def evaluation_is_due(self) -> bool:
        """Whether there is no grade of this evidence by this rubric and these checks."""
        stored = self.task.folder.read_key("evaluation")
        return stored is None or stored != {**self._evaluation, "grade": self._grade} or not self._grade

    def keep_evaluation(self) -> None:
        """Writes the key of the grade that is on disk."""
        self.task.folder.write_key("evaluation", {**self._evaluation, "grade": self._grade})

    def unread_is_stored(self) -> bool:
        """Whether the grade of a file that is no notebook is there."""
        stored = self.task.folder.read_key("evaluation")
        if stored is None or "unread" not in stored or not self._grade:
            return False
        return stored == {**self._unread, "grade": self._grade}

    def keep_unread(self) -> None:
        """Writes the key of the grade of a file that is no notebook, of which no run is kept: none can be its own."""
        self.task.folder.remove_run()
        self.task.folder.write_key("evaluation", {**self._unread, "grade": self._grade})

    def page_is_due(self) -> bool:
        """Whether it is not known that there is a page of this grade and evidence."""
        folder = self.task.folder
        stored = folder.read_key("page") or {}
        is_of_grade = {**self._page, "grade": self._grade, "shown": stored.get("shown")} == stored
        return not is_of_grade or not folder.feedback_html.is_file()

    def page_shows(self, shown: str) -> bool:
        """Whether the page on disk is what would be made of a grade of this `shown_digest`."""
        folder = self.task.folder
        stored = folder.read_key("page") or {}
        wanted = {**self._page, "shown": shown}
        return folder.feedback_html.is_file() and {**stored, **wanted} == stored

    def keep_page(self, shown: str) -> None:
        """Writes the key of the page that is on disk, of the grade that is on disk and has this `shown_digest`."""
        self.task.folder.write_key("page", {**self._page, "grade": self._grade, "shown": shown})

    @property
    def judged(self) -> Key:
        """What every part of a grade depends on."""
        return {
            "schema_version": SCHEMA_VERSION,
            "evidence": self._evidence,
            "measurements": self._measurements,
            "code": self.code.evaluation,
        }

    @property
    def _evaluation(self) -> Key:
        return {
            **self._judging,
            "evidence": self._evidence,
            "measurements": self._measurements,
            "reruns": {str(one.task.seed): one.stored_digests() for one in self.stored_reruns()},
            **({"trials": digest_of(self.task.folder.trials_json)} if self.settings.gives_hints else {}),
            **self._people,
        }

    @property
    def _people(self) -> Key:
        """What people decided, and what follows from when it was handed in; whose it is decides nothing."""
        late = self.task.late
        return {
            "marks": self.task.marks.model_dump(mode="json"),
            "late": None if late is None else late.model_dump(mode="json"),
        }

    @property
    def _unread(self) -> Key:
        origin = self.task.origin
        return {
            **self._judging,
            "unread": notebook_digest(self.task.path),
            "problem": None if origin is None else origin.problem,
            "intake": self.code.execution,
            **self._people,
        }

    @property
    def _judging(self) -> Key:
        return {
            "schema_version": SCHEMA_VERSION,
            "rubric": self.settings.rubric_digest,
            "code": self.code.evaluation,
            "course_checks": checks_digest(self.settings.rubric.course_checks),
        }

    @property
    def _page(self) -> Key:
        return {
            "schema_version": SCHEMA_VERSION,
            "evidence": self._evidence,
            "measurements": self._measurements,
            "people": [*self.task.people, self.task.handed_in],
            "curves": self.settings.curves_digest,
            "code": self.code.page,
        }

    def stored_reruns(self) -> list[StageKeys]:
        """The same submission under other seeds, as far as what is stored of it still holds."""
        reruns = [self.rerun(seed) for seed in self.task.folder.seeds_of_reruns()]
        return [rerun for rerun in reruns if not rerun.rerun_is_due()]

    def rerun(self, seed: int) -> StageKeys:
        """The keys of the same submission under another seed."""
        return dataclasses.replace(self, task=self.task.rerun(seed))

    def rerun_is_due(self) -> bool:
        """Whether a run under another seed, of which only figures are needed, has to be made."""
        return self.execution_is_due() or self.verification_is_due()

    def stored_digests(self) -> list[str]:
        """Digests of the evidence and the measurements."""
        return [self._evidence, self._measurements]

    @property
    def _common(self) -> Key:
        return {
            "schema_version": SCHEMA_VERSION,
            "data_sets": {file.name: file.fingerprint for file in self.settings.data_sets.files},
        }

    @property
    def _evidence(self) -> str:
        return digest_of(self.task.folder.evidence_json)

    @property
    def _measurements(self) -> str:
        return digest_of(self.task.folder.measurements_json)

    @property
    def _grade(self) -> str:
        return digest_of(self.task.folder.grade_json)
