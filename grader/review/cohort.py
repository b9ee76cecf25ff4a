"""What was graded, criterion by criterion: the answers of all submissions as they were judged without people."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import UsageError
from grader.marks import unmarked
from grader.marks.recording import submission_ids
from grader.records import NOBODY, CellRun, GradedSubmission, People, Verdict
from grader.store import OutputFolder

FileState = tuple[int, int, int]


@dataclass(frozen=True)
class Share:
    """A part of the submissions, such as the first of three; the same on every machine.

    Attributes:
        number: Which, from 1.
        of: How many there are.
    """

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Share:
        """Reads ``1/3``.

        Raises:
            UsageError: It is no such share.
        """
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise UsageError(
                f"--share {text}: this is no share.",
                expected="Which and of how many, such as 1/3.",
                fix="Write it so.",
            )
        return cls(int(number), int(of))

    def holds(self, submission: str) -> bool:
        """Whether a submission belongs to it."""
        drawn = int(hashlib.sha256(submission.encode()).hexdigest()[:8], 16)
        return drawn % self.of == self.number - 1


@dataclass(frozen=True)
class Question:
    """A criterion of the rubric.

    Attributes:
        section: The section's title.
        by_hand: Whether answers in words are read here.
    """

    id: str
    title: str
    section: str
    points: float
    bonus: bool
    by_hand: bool


@dataclass(frozen=True)
class Answer:
    """What one submission has to one criterion.

    Attributes:
        key: What addresses call the submission by.
        verdict: As it was judged without people.
        text: What it is compared by: the student's words, or what the check found.
    """

    submission: str
    key: str
    verdict: Verdict
    text: str


@dataclass
class Cohort:
    """The graded submissions of an output folder, or a share of them.

    Attributes:
        blind: Whether names are hidden: addresses hold no ids then.
    """

    output: OutputFolder
    share: Share = Share()
    blind: bool = False
    graded: dict[str, GradedSubmission] = field(default_factory=dict)
    people: People = NOBODY
    _states: dict[str, FileState] = field(default_factory=dict)
    _texts: dict[str, tuple[object, dict[str, str]]] = field(default_factory=dict)
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _by_key: dict[str, str] = field(default_factory=dict)
    _questions: dict[str, Question] = field(default_factory=dict)

    def refresh(self) -> None:
        """Reads what was graded since it was last read."""
        self.people = self.output.read_people()
        before = dict(self._states)
        ids = [name for name in submission_ids(self.output) if self.share.holds(name)]
        for name in ids:
            folder = self.output.submission(name)
            state = _state(folder.grade_json)
            if state is None or self._states.get(name) == state:
                continue
            graded = folder.read_grade()
            if graded is not None:
                verdicts = tuple(unmarked(verdict) for verdict in graded.verdicts)
                self.graded[name] = graded.model_copy(update={"verdicts": verdicts})
                self._states[name] = state
        for gone in set(self.graded) - set(ids):
            del self.graded[gone], self._states[gone]
        if self._states != before:
            self._by_key = {self.key(name): name for name in self.graded}
            self._questions = self._read_questions()

    def key(self, submission: str) -> str:
        """What addresses call a submission by: its id, or a word that tells nothing."""
        if not self.blind:
            return submission
        return hmac.new(self._salt, submission.encode(), hashlib.sha256).hexdigest()[:12]

    def submission(self, key: str) -> str | None:
        """The id of the submission that addresses call so; None where there is none."""
        return self._by_key.get(key)

    def questions(self) -> dict[str, Question]:
        """Every criterion by id, in the order of the rubric."""
        return self._questions

    def _read_questions(self) -> dict[str, Question]:
        found: dict[str, Question] = {}
        titles = {name: one.title for graded in self.graded.values() for name, one in graded.matching.items()}
        for graded in self.graded.values():
            for verdict in graded.verdicts:
                known = found.get(verdict.criterion)
                by_hand = verdict.basis == "manual"
                if known is None or (by_hand and not known.by_hand):
                    found[verdict.criterion] = Question(
                        id=verdict.criterion,
                        title=verdict.title or verdict.criterion,
                        section=titles.get(verdict.section) or verdict.section,
                        points=verdict.points,
                        bonus=verdict.bonus,
                        by_hand=by_hand,
                    )
        return found

    def answers(self, question: Question) -> list[Answer]:
        """The answer of each submission, in the order of ids."""
        return list(self._answers(question))

    def verdict(self, submission: str, criterion: str) -> Verdict | None:
        """As it was judged without people."""
        graded = self.graded.get(submission)
        verdicts = () if graded is None else graded.verdicts
        return next((verdict for verdict in verdicts if verdict.criterion == criterion), None)

    def names(self, submission: str) -> str:
        """Whose a submission is; empty where that is hidden or not known."""
        return "" if self.blind else ", ".join(self.people.names(submission))

    def _answers(self, question: Question) -> Iterator[Answer]:
        for name in sorted(self.graded):
            verdict = self.verdict(name, question.id)
            if verdict is None:
                continue
            if verdict.basis == "manual":
                text = self._words(name).get(question.id, "")
            else:
                text = f"{verdict.outcome} {verdict.cause or ''} {verdict.feedback} {verdict.yours}"
            yield Answer(name, self.key(name), verdict, text)

    def _words(self, submission: str) -> dict[str, str]:
        """The student's words to each criterion that a person marks; those that the checks found."""
        folder = self.output.submission(submission)
        state = (_state(folder.evidence_json), self._states[submission])
        known = self._texts.get(submission)
        if known is None or known[0] != state:
            evidence = folder.read_evidence()
            cells = () if evidence is None else evidence.cells
            found = self.graded[submission].verdicts
            texts = {one.criterion: words_of(one, cells) for one in found if one.basis == "manual"}
            known = self._texts[submission] = (state, texts)
        return known[1]


def words_of(verdict: Verdict, cells: tuple[CellRun, ...]) -> str:
    """The cells in which the check found an answer in words; empty where it found none."""
    if verdict.outcome in {"failed", "blocked"}:
        return ""
    by_index = {cell.index: cell for cell in cells}
    return "\n\n".join(by_index[index].source for index in verdict.cells if index in by_index)


def _state(path: Path) -> FileState | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
