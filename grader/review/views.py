"""What the pages show, put together for the templates."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from grader.marks import Decisions, Event
from grader.marks.alike import alike
from grader.marks.listing import what_of
from grader.records import Flag, Verdict
from grader.report.templating import environment
from grader.review.cohort import Cohort, Question
from grader.review.desk import Desk, items_of, last_action, opinions, state_of
from grader.review.material import Material, material, whole_notebook
from grader.review.objections import affected, consequences
from grader.review.pace import seconds_an_action, time_left
from grader.review.worklist import FILTERS, Entry, Step, Worklist, all_decided, next_open, overview
from grader.verdicts import with_verdicts

STATIC = {"review.css": "text/css", "review.js": "text/javascript", "icon.svg": "image/svg+xml"}

_MOST_BY_DIGIT = 9
_ITEM_KEYS = "abcdeijlmqsvwx"
"""Letters that give an item; the others of the alphabet are taken."""

_PIECES = re.compile(r"\S+|\s+")


@dataclass(frozen=True)
class Choice:
    """Points that one key gives."""

    points: float
    key: str


@dataclass(frozen=True)
class ItemShown:
    """An item of the criterion: whether these answers have it, and how many of the cohort do."""

    id: str
    text: str
    points: float
    key: str
    is_on: bool
    count: int


@dataclass(frozen=True)
class AnswerShown:
    """One answer on a page.

    Attributes:
        token: What a form says of it: key, deciding event and digest.
        is_same: Whether its text is the first answer's, word for word.
        pieces: Its text, with what differs from the first answer of the page: ``same``, ``added``, ``left_out``.
    """

    entry: Entry
    base: Verdict
    names: str
    token: str
    is_same: bool = False
    pieces: tuple[tuple[str, str], ...] = ()
    history: tuple[Event, ...] = ()
    opinions: Mapping[str, float | None] = field(default_factory=dict)


@cache
def templates() -> jinja2.Environment:
    """The reports' environment over the templates of this package."""
    made = environment().overlay(loader=jinja2.PackageLoader("grader.review"))
    made.globals.update(filters=FILTERS, what_of=what_of)
    return made


@cache
def static(name: str) -> bytes:
    """A file of this package that a page loads."""
    return (Path(__file__).parent / "static" / name).read_bytes()


@dataclass(frozen=True)
class Views:
    """Makes the pages of one tutor."""

    cohort: Cohort
    desk: Desk
    tutor: str
    nonce: str

    def page(self, template: str, **context: Any) -> str:
        """A page of that template."""
        decisions = self.desk.decisions()
        return (
            templates()
            .get_template(template)
            .render(
                tutor=self.tutor,
                nonce=self.nonce,
                blind=self.cohort.blind,
                share=self.cohort.share,
                last=self._last_action(decisions),
                **context,
            )
        )

    def start(self, *, message: str = "") -> str:
        """Every criterion, and how much of it waits."""
        rows = overview(self.cohort, self.desk.decisions())
        count = len(self.cohort.graded)
        return self.page("start.html.j2", rows=rows, count=count, message=message)

    def answers(self, work: Worklist) -> str:
        """The answers to one criterion."""
        return self.page(
            "answers.html.j2", work=work, names=self._names(work.entries), told=told(work), **self._progress(work)
        )

    def submissions(self) -> str:
        """Every submission, and how much of it waits."""
        decisions, rows = self.desk.decisions(), []
        for key, name in self._keys().items():
            verdicts, graded = all_decided(self.cohort, decisions, name), self.cohort.graded[name]
            now = with_verdicts(graded, verdicts)
            rows.append((key, self.cohort.names(name), now, _open(verdicts)))
        return self.page("submissions.html.j2", rows=rows)

    def submission(self, submission: str) -> str:
        """Every verdict of one submission."""
        graded, decisions = self.cohort.graded[submission], self.desk.decisions()
        verdicts, keys = all_decided(self.cohort, decisions, submission), list(self._keys())
        at = keys.index(self.cohort.key(submission))
        return self.page(
            "submission.html.j2",
            graded=graded,
            key=keys[at],
            names=self.cohort.names(submission),
            verdicts=verdicts,
            waiting=_open(verdicts),
            first=next_open(self.cohort, decisions, submission),
            previous=keys[at - 1],
            next=keys[(at + 1) % len(keys)],
        )

    def _keys(self) -> dict[str, str]:
        """Submissions by what addresses call them, in that order, which tells nothing where names are hidden."""
        return dict(sorted((self.cohort.key(name), name) for name in self.cohort.graded))

    def notebook(self, submission: str) -> str:
        """The notebook as it ran, at each cell what was judged there."""
        cells = whole_notebook(self.cohort.output.submission(submission))
        verdicts = all_decided(self.cohort, self.desk.decisions(), submission)
        return self.page(
            "notebook.html.j2",
            key=self.cohort.key(submission),
            names=self.cohort.names(submission),
            cells=cells,
            at_cell={
                one.run.index: [verdict for verdict in verdicts if one.run.index in verdict.cells] for one in cells
            },
        )

    def answer(self, work: Worklist, step: Step, *, together: bool, along: bool = False) -> str:
        """One answer beside its facts; with those that are like it, where they are marked together.

        Args:
            work: What is gone through.
            step: The answer, and those like it.
            together: Whether all of them are shown and marked.
            along: Whether one submission's criteria are gone through, and not one criterion's answers.
        """
        shown = self.shown(step if together else step[:1])
        here, decisions = shown[0], self.desk.decisions()
        name, question = here.entry.answer.submission, work.question
        graded = self.cohort.graded[name]
        return self.page(
            "answer.html.j2",
            work=work,
            question=question,
            shown=shown,
            here=here,
            step=step,
            together=together,
            material=self.material(name, here.base),
            flags=_flags(graded.flags, here.base),
            choices=choices(question.points),
            items=self._items(decisions, question, [one.entry.answer.submission for one in shown]),
            next=work.next(name),
            previous=work.previous(name),
            along=along,
            next_here=next_open(self.cohort, decisions, name, after=question.id) if along else None,
            affected=affected(here.entry, work.entries),
            alike=work.alike(name),
            consequences=consequences(graded, here.base),
            **self._progress(work),
        )

    def alike(self, work: Worklist, entries: Sequence[Entry]) -> str:
        """Those who failed alike, to say one thing to all of them."""
        return self.page("alike.html.j2", work=work, question=work.question, shown=self.shown(entries))

    def conflict(self, work: Worklist, entries: Sequence[Entry], *, form: Sequence[tuple[str, str]]) -> str:
        """Says that somebody decided in the meantime, and offers what the tutor wanted once more."""
        shown = self.shown(entries)
        return self.page("conflict.html.j2", work=work, question=work.question, shown=shown, form=form)

    def material(self, submission: str, verdict: Verdict) -> Material:
        """What stands beside an answer."""
        graded = self.cohort.graded[submission]
        return material(graded, verdict, folder=self.cohort.output.submission(submission))

    def shown(self, entries: Sequence[Entry]) -> list[AnswerShown]:
        """Answers for a page; each but the first with what differs from it."""
        decisions = self.desk.decisions()
        first = entries[0].answer.text
        return [self._shown(entry, decisions, like=first if entry is not entries[0] else None) for entry in entries]

    def _shown(self, entry: Entry, decisions: Decisions, *, like: str | None) -> AnswerShown:
        name, base = entry.answer.submission, entry.answer.verdict
        about = [event for event in decisions.about(name) if event.criterion == base.criterion]
        return AnswerShown(
            entry=entry,
            base=base,
            names=self.cohort.names(name),
            token=f"{entry.answer.key} {state_of(decisions, name, base.criterion) or '-'} {base.seen or '-'}",
            is_same=like == entry.answer.text,
            pieces=(("same", entry.answer.text),) if like is None else differences(like, entry.answer.text),
            history=tuple(event for event in about if event.kind != "claim"),
            opinions=opinions(decisions, name, base),
        )

    def _items(self, decisions: Decisions, question: Question, submissions: Sequence[str]) -> list[ItemShown]:
        if not decisions.items(question.id):
            return []
        having = {name: items_of(decisions, name, question.id) for name in decisions.submissions()}
        return [
            ItemShown(
                id=item.id,
                text=item.text,
                points=item.points,
                key=_ITEM_KEYS[at] if at < len(_ITEM_KEYS) else "",
                is_on=all(item.id in having.get(name, ()) for name in submissions),
                count=sum(item.id in items for items in having.values()),
            )
            for at, item in enumerate(decisions.items(question.id).values())
        ]

    def _progress(self, work: Worklist) -> dict[str, object]:
        actions = sum(1 for step in work.steps if any(entry.is_open for entry in step))
        return {"time_left": time_left(actions, seconds_an_action(self.desk.decisions(), self.tutor))}

    def _names(self, entries: Sequence[Entry]) -> dict[str, str]:
        return {entry.answer.submission: self.cohort.names(entry.answer.submission) for entry in entries}

    def _last_action(self, decisions: Decisions) -> str:
        events = last_action(decisions, self.tutor)
        if not events:
            return ""
        first = next((event for event in events if event.kind != "item"), events[0])
        count = len({event.submission for event in events if event.submission})
        where = f" for {count} answers" if count > 1 else "" if self.cohort.blind else f" for {first.submission}"
        if first.kind in {"apply", "item"}:
            known = decisions.items(first.criterion or "").get(first.item or "")
            said = f"\u201c{known.text}\u201d" if known is not None else "item"
            return said + (where if first.kind == "apply" else "")
        return what_of(first) + where


def _open(verdicts: Sequence[Verdict]) -> int:
    """How many of them wait for a person."""
    return sum(one.outcome == "needs_review" for one in verdicts)


def told(work: Worklist) -> list[tuple[str, int, Entry]]:
    """What was said of several answers, numbers aside, most frequent first: the words, how many, and one of them."""
    found: dict[str, tuple[str, int, Entry]] = {}
    for entry in work.entries:
        here = work.alike(entry.answer.submission)
        if len(here) > 1:
            found.setdefault(here[0].answer.submission, (alike(entry.answer.verdict.feedback), len(here), here[0]))
    return sorted(found.values(), key=lambda one: -one[1])


def choices(points: float) -> list[Choice]:
    """The points that one key gives: whole ones by their digit, half ones with Shift, all of them by ``f``."""
    most = min(int(points), _MOST_BY_DIGIT)
    found = []
    for whole in range(most + 1):
        found.append(Choice(float(whole), str(whole)))
        if whole + 0.5 < points:
            found.append(Choice(whole + 0.5, f"Shift+{whole}"))
    if found[-1].points != points:
        found.append(Choice(points, ""))
    return found


def differences(first: str, other: str) -> tuple[tuple[str, str], ...]:
    """A text in pieces: what it has in common with the first one, what it adds and what it leaves out."""
    one, two = _PIECES.findall(first), _PIECES.findall(other)
    made: list[tuple[str, str]] = []
    for tag, start, end, at, to in difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if tag == "equal":
            made.append(("same", "".join(two[at:to])))
            continue
        if start < end:
            made.append(("left_out", "".join(one[start:end])))
        if at < to:
            made.append(("added", "".join(two[at:to])))
    return tuple(made)


def _flags(flags: Sequence[Flag], verdict: Verdict) -> list[Flag]:
    return [flag for flag in flags if verdict.criterion in flag.criteria]
