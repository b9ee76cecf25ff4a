"""The answers to one criterion in the order in which they are marked: what is left, what is next, who has it open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from grader.marks import Decisions, apply_marks
from grader.marks.alike import all_failed_alike
from grader.records import Verdict
from grader.review.cohort import Answer, Cohort, Question
from grader.review.desk import deciders, holders
from grader.review.order import groups


@dataclass(frozen=True)
class Entry:
    """An answer with what was decided of it.

    Attributes:
        number: Its place in the order, from 1.
        group: Near-identical answers have the same one.
        verdict: With what people decided.
        deciders: Who did.
        holder: Somebody else who has it open; empty where nobody has.
    """

    answer: Answer
    number: int
    group: int
    verdict: Verdict
    deciders: tuple[str, ...] = ()
    holder: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person has to look."""
        return self.verdict.outcome == "needs_review"

    @property
    def is_twice(self) -> bool:
        """Whether two people decided."""
        return len(self.deciders) > 1


Step = tuple[Entry, ...]
"""Answers that one action may mark; one alone where none is like it."""

FILTERS: Mapping[str, tuple[str, Callable[[Entry], bool]]] = {
    "todo": ("to mark", lambda entry: entry.is_open),
    "lost": ("points lost", lambda entry: entry.verdict.outcome in {"partial", "failed", "blocked"}),
    "passed": ("passed", lambda entry: entry.verdict.outcome == "passed"),
    "decided": ("decided by a person", lambda entry: bool(entry.deciders)),
    "twice": ("decided by two", lambda entry: entry.is_twice),
    "all": ("all", lambda _: True),
}
"""Which answers are gone through: the word for it, and whether an answer is one."""


@dataclass(frozen=True)
class Worklist:
    """The answers to one criterion, as one tutor goes through them.

    Attributes:
        entries: All of them, in order.
        steps: Those of the filter, in order, near-identical ones together.
    """

    question: Question
    entries: tuple[Entry, ...]
    steps: tuple[Step, ...]
    show: str

    @property
    def marked(self) -> int:
        """Answers that a person need not look at any more, of those that they had to or did."""
        return sum(1 for entry in self.entries if entry.deciders and not entry.is_open)

    @property
    def to_mark(self) -> int:
        """Answers that a person has to look at, or has decided."""
        return sum(1 for entry in self.entries if entry.deciders or entry.is_open)

    def entry(self, submission: str) -> Entry | None:
        """The entry of one submission."""
        return next((entry for entry in self.entries if entry.answer.submission == submission), None)

    def step(self, submission: str) -> Step:
        """The answers that go with one, itself first; itself alone where the filter leaves it out."""
        for step in self.steps:
            here = [entry for entry in step if entry.answer.submission == submission]
            if here:
                return (*here, *(entry for entry in step if entry.answer.submission != submission))
        entry = self.entry(submission)
        return () if entry is None else (entry,)

    def alike(self, submission: str) -> Step:
        """The answers of which the same was said, numbers aside, this one among them; none where nothing was said."""
        return self._told.get(submission, ())

    @cached_property
    def _told(self) -> Mapping[str, Step]:
        by_name = {entry.answer.submission: entry for entry in self.entries}
        verdicts = {name: entry.answer.verdict for name, entry in by_name.items()}
        return {name: tuple(by_name[one] for one in group) for group in all_failed_alike(verdicts) for name in group}

    def next(self, submission: str | None) -> Entry | None:
        """What comes after an answer (first of all where None), from the start again at the end.

        What somebody else has open comes last.
        """
        free = [step for step in self.steps if not step[0].holder] or list(self.steps)
        return self._beside(submission, free)

    def previous(self, submission: str) -> Entry | None:
        """What comes before an answer, from the end again at the start."""
        return self._beside(submission, list(reversed(self.steps)), backwards=True)

    def _beside(self, submission: str | None, steps: list[Step], *, backwards: bool = False) -> Entry | None:
        others = [step for step in steps if all(entry.answer.submission != submission for entry in step)]
        here = self.entry(submission) if submission is not None else None
        if here is not None:
            sign = -1 if backwards else 1
            behind = [step for step in others if sign * step[0].number > sign * here.number]
            others = behind or others
        return others[0][0] if others else None


def worklist(cohort: Cohort, question: Question, decisions: Decisions, *, tutor: str, show: str = "todo") -> Worklist:
    """The answers to a criterion.

    Args:
        cohort: Of which.
        question: The criterion.
        decisions: What people decided.
        tutor: Who goes through them.
        show: Which, see `FILTERS`.
    """
    answers = {answer.submission: answer for answer in cohort.answers(question)}
    held = holders(decisions, now=datetime.now(UTC))
    found: list[Entry] = []
    steps: list[Step] = []
    for number, group in enumerate(groups({name: answer.text for name, answer in answers.items()})):
        step = []
        for name in group:
            holder = held.get((name, question.id), "")
            entry = Entry(
                answer=answers[name],
                number=len(found) + 1,
                group=number,
                verdict=decided(answers[name].verdict, decisions, cohort=cohort, submission=name),
                deciders=deciders(decisions, name, question.id),
                holder="" if holder == tutor else holder,
            )
            found.append(entry)
            if FILTERS[show][1](entry):
                step.append(entry)
        if step:
            steps.append(tuple(step))
    return Worklist(question, tuple(found), tuple(steps), show)


def decided(verdict: Verdict, decisions: Decisions, *, cohort: Cohort, submission: str) -> Verdict:
    """A verdict with what people decided of it."""
    marks = decisions.of(submission)
    if not marks:
        return verdict
    return apply_marks(cohort.graded[submission].model_copy(update={"verdicts": (verdict,)}), marks)[0]


def all_decided(cohort: Cohort, decisions: Decisions, submission: str) -> tuple[Verdict, ...]:
    """Every verdict of a submission with what people decided."""
    graded, marks = cohort.graded[submission], decisions.of(submission)
    return apply_marks(graded, marks) if marks else graded.verdicts


def next_open(cohort: Cohort, decisions: Decisions, submission: str, *, after: str = "") -> str | None:
    """The criterion of a submission that waits for a person, the first after another one; None where none does.

    Args:
        cohort: Of which.
        decisions: What people decided.
        submission: Whose criteria are gone through, in the order of the rubric, from the start again at the end.
        after: A criterion, itself left out.
    """
    names = [one.criterion for one in cohort.graded[submission].verdicts]
    begin = names.index(after) + 1 if after in names else 0
    waits = {one.criterion for one in all_decided(cohort, decisions, submission) if one.outcome == "needs_review"}
    return next((name for name in names[begin:] + names[:begin] if name in waits and name != after), None)


@dataclass(frozen=True)
class Row:
    """A criterion in the list of all: how many of its answers wait, by cause, and how the others came out."""

    question: Question
    waiting: Mapping[str, int]
    outcomes: Mapping[str, int]
    by_people: int

    @property
    def to_mark(self) -> int:
        return sum(self.waiting.values())


def overview(cohort: Cohort, decisions: Decisions) -> list[Row]:
    """Every criterion in the order of the rubric."""
    waiting: dict[str, Counter[str]] = {}
    outcomes: dict[str, Counter[str]] = {}
    people: Counter[str] = Counter()
    for submission in cohort.graded:
        for verdict in all_decided(cohort, decisions, submission):
            outcomes.setdefault(verdict.criterion, Counter())[verdict.outcome] += 1
            if verdict.outcome == "needs_review":
                waiting.setdefault(verdict.criterion, Counter())[verdict.cause or "by_hand"] += 1
            people[verdict.criterion] += verdict.mark is not None
    return [
        Row(question, waiting.get(name, {}), outcomes.get(name, {}), people[name])
        for name, question in cohort.questions().items()
    ]
