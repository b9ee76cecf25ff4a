"""Causes before consequences: what cost points, each cause once, with every criterion that follows from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.attribution import Attribution
from grader.judging.absence import what_failed
from grader.records import CellRun, Evidence, GradedSubmission, SectionMatch, Verdict
from grader.report.labels import LABELS, STEPS

_CELL = re.compile(r"\bcell (\d+)\b", re.IGNORECASE)
_LOST = frozenset({"partial", "failed", "blocked"})
_STOPPED = frozenset({"error", "timeout", "died"})


@dataclass(frozen=True)
class Root:
    """One cause, and what it cost.

    Attributes:
        key: Its place on the page.
        title: What happened, a sentence.
        step: What to do about it; empty where there is nothing to do.
        verdicts: What follows from it, the dearest first; a cause that cost one criterion is that criterion.
        cell: Index of the cell where it began; None where it is none cell's.
        begun: Whether it is about something that was tried.
        about: What it is about, in a word or two, where the title says what happened; empty where the title is the
            name of the first verdict's criterion.
        steps: The parts of ``step``, where it has several.
    """

    key: str
    title: str
    step: str
    verdicts: tuple[Verdict, ...]
    cell: int | None = None
    begun: bool = True
    about: str = ""
    steps: tuple[str, ...] = ()

    @property
    def lost(self) -> float:
        """Points that are lost, those of bonus criteria left out."""
        return sum(lost_points(one) for one in self.verdicts if not one.bonus)

    @property
    def bonus_lost(self) -> float:
        return sum(lost_points(one) for one in self.verdicts if one.bonus)

    @property
    def pending(self) -> float:
        """Points that wait for a tutor, those of bonus criteria left out."""
        return sum(one.pending for one in self.verdicts if not one.bonus)

    @property
    def bonus_pending(self) -> float:
        return sum(one.pending for one in self.verdicts if one.bonus)

    @property
    def is_several(self) -> bool:
        """Whether several criteria hang on it, so that it has a card of its own."""
        return len(self.verdicts) > 1

    def name(self, verdict: Verdict, names: Mapping[str, str]) -> str:
        """What a criterion is called among those that follow from this cause.

        Args:
            verdict: One of them.
            names: See `names_of`.
        """
        is_clear = sum(one.title == verdict.title for one in self.verdicts) == 1
        return verdict.title if is_clear and verdict.title else names[verdict.criterion]

    @property
    def at_stake(self) -> tuple[float, float]:
        """Points lost or pending, and then those of the bonus."""
        return self.lost + self.pending, self.bonus_lost + self.bonus_pending


def lost_points(verdict: Verdict) -> float:
    """The points that a verdict lacks and that do not wait for a tutor."""
    return 0.0 if verdict.outcome == "needs_review" else max(verdict.points - verdict.earned, 0.0)


def roots_of(
    graded: GradedSubmission, *, evidence: Evidence | None = None, attribution: Attribution | None = None
) -> tuple[Root, ...]:
    """The causes of everything that is lost, or pending for another cause than that a tutor marks it by hand.

    Args:
        graded: As the page shows it.
        evidence: Of the run; None where there was none.
        attribution: Of that run; None where it could not be worked out.

    Returns:
        The dearest first.
    """
    found = [one for one in graded.verdicts if lost_points(one) > 0 or (one.pending and one.cause != "by_hand")]
    if not found:
        return ()
    if graded.status == "not_run":
        return (Root("cause-file", LABELS["not_run"], found[0].next_step, _by_cost(found)),)
    made = _Roots(graded, evidence=evidence, attribution=attribution).roots(found)
    return tuple(sorted(made, key=lambda one: one.at_stake, reverse=True))


@dataclass(frozen=True)
class Fix:
    """What to do about one cause, or about several that begin with the same step."""

    roots: tuple[Root, ...]
    step: str


def first_to_fix(roots: Iterable[Root]) -> list[Fix]:
    """What to do, in the order in which to go at it, about all that a student can do something about.

    First cells that failed, which others hang on, and then what costs most; of the rest what was tried before what was
    never begun; the bonus after all that.
    """
    can = [one for one in roots if one.step]
    dearest = max(can, key=lambda one: one.at_stake, default=None)

    def place(root: Root) -> tuple[object, ...]:
        return (not root.at_stake[0], root.cell is None, root is not dearest, not root.begun, *_negative(root))

    groups: dict[str, list[Root]] = {}
    for root in sorted(can, key=place):
        is_missing = root.about and not root.begun
        groups.setdefault(root.verdicts[0].next_step if is_missing else root.step, []).append(root)
    return [Fix(tuple(found), _steps_of(found)) for found in groups.values()]


def _steps_of(roots: list[Root]) -> str:
    """What to do about all of them: of sections that are missing, one may ask for more than another."""
    first = roots[0].step
    if all(root.step == first for root in roots):
        return first
    return " ".join(dict.fromkeys(step for root in roots for step in root.steps or (root.step,)))


class _Roots:
    """Groups the verdicts of one submission."""

    def __init__(self, graded: GradedSubmission, *, evidence: Evidence | None, attribution: Attribution | None) -> None:
        self._graded = graded
        self._evidence = evidence
        self._attribution = attribution
        self._names = names_of(graded)
        self._cells: dict[int, CellRun] = {cell.index: cell for cell in evidence.cells} if evidence else {}
        first = graded.execution.first_error_cell
        self._failed = {index for index, cell in self._cells.items() if cell.status in _STOPPED}
        self._failed |= set() if first is None else {first}
        self._begun = {one.section for one in graded.verdicts if one.earned or one.outcome == "partial" or one.pending}
        self._begun |= {name for name, match in graded.matching.items() if self._is_begun(match)}

    def roots(self, verdicts: Iterable[Verdict]) -> list[Root]:
        groups: dict[tuple[str, str | int], list[Verdict]] = {}
        for verdict in verdicts:
            groups.setdefault(self._group(verdict), []).append(verdict)
        self._join_blocked(groups)
        return [self._root(kind, name, found) for (kind, name), found in groups.items()]

    def _is_begun(self, match: SectionMatch) -> bool:
        """Whether a section trained a model, or has code of its own where it speaks of another section's model."""
        if match.borrowed_from is None:
            return match.model is not None or bool(match.fits)
        return any(index not in self._cells or self._cells[index].kind == "code" for index in self._own_cells(match))

    def _own_cells(self, match: SectionMatch) -> set[int]:
        """A section's cells but for those of the section whose model it speaks of: without a heading it has these."""
        owner = self._graded.matching.get(match.borrowed_from or "", _NOWHERE)
        return {*match.cells} - {*owner.cells}

    def _group(self, verdict: Verdict) -> tuple[str, str | int]:
        cell = self._failed_cell(verdict)
        if cell is not None:
            return "cell", cell
        owner = self._graded.matching.get(verdict.section, _NOWHERE).borrowed_from
        if verdict.section not in self._begun:
            return "section", verdict.section
        if verdict.outcome == "blocked" and owner is not None and owner not in self._begun:
            return "section", owner
        return "criterion", verdict.criterion

    def _failed_cell(self, verdict: Verdict) -> int | None:
        """The cell that failed first, of those that a verdict speaks of: what it lacks follows from that one."""
        said = f"{verdict.next_step} {verdict.feedback}"
        named = [int(number) - 1 for number in _CELL.findall(said)]
        if verdict.next_step.startswith("Restart the kernel"):
            named += verdict.cells
        causes = self._attribution.causes if self._attribution is not None else {}
        begins = [cause.cell if (cause := causes.get(one)) and cause.cell is not None else one for one in named]
        failed = [one for one in begins if one in self._failed]
        return min(failed, default=None)

    def _join_blocked(self, groups: dict[tuple[str, str | int], list[Verdict]]) -> None:
        """Puts a blocked criterion to what its section failed at, where that is one criterion alone."""
        for key in [key for key in groups if key[0] == "criterion"]:
            (verdict,) = groups[key][:1]
            if verdict.outcome != "blocked":
                continue
            owner = self._graded.matching.get(verdict.section, _NOWHERE).borrowed_from or verdict.section
            roots = [
                other
                for other, found in groups.items()
                if other != key and found[0].section in {owner, verdict.section} and found[0].outcome == "failed"
            ]
            needed = [one for one in roots if f'"{groups[one][0].title}"' in verdict.feedback]
            same = [one for one in roots if _same_reason(groups[one][0], verdict)]
            into = next(iter(needed or same), None)
            if into is not None:
                groups[into].append(groups.pop(key)[0])

    def _root(self, kind: str, name: str | int, verdicts: list[Verdict]) -> Root:
        found = _by_cost(verdicts)
        if isinstance(name, int):
            return self._of_cell(name, found)
        if kind == "section":
            return self._of_section(name, found)
        first = verdicts[0]
        title = self._names[first.criterion]
        if len(found) == 1:
            return Root(first.criterion, title, first.next_step, found)
        others = tuple(one for one in found if one != first)
        return Root(f"cause-{first.criterion}", title, first.next_step, (first, *others))

    def _of_cell(self, index: int, verdicts: tuple[Verdict, ...]) -> Root:
        number = index + 1
        about = LABELS["cell"].format(cell=number)
        key = f"cause-cell-{number}" if len(verdicts) > 1 else verdicts[0].criterion
        cell, step = self._cells.get(index), STEPS["mistake"].format(cell=number)
        if cell is None or cell.status not in _STOPPED or self._attribution is None or self._evidence is None:
            return Root(key, LABELS["cell_failed"].format(cell=number), step, verdicts, cell=index, about=about)
        cause, run = self._attribution.causes.get(index), self._evidence.execution
        if cause is None:
            return Root(key, _sentence(what_failed(cell, self._attribution)), step, verdicts, cell=index, about=about)
        if cell.status == "timeout":
            said = run.detail if run.cell == index else LABELS["did_not_end"].format(cell=number)
            title = cause.sentence(index) if cause.kind == "endless" else said
            step = STEPS["training_cut_off" if cause.kind == "training_cut_off" else "endless"]
        elif cause.is_infrastructure:
            title, step = cause.sentence(index), STEPS.get(cause.kind, "")
        else:
            title = _sentence(what_failed(cell, self._attribution))
            step = cause.detail if cause.kind == "removed_api" else STEPS.get(cause.kind, STEPS["mistake"])
        return Root(key, title, step.replace("{cell}", str(number)), verdicts, cell=index, about=about)

    def _of_section(self, section: str, verdicts: tuple[Verdict, ...]) -> Root:
        match = self._graded.matching.get(section, _NOWHERE)
        name = _short(match.title) or section
        title = LABELS["section_missing"].format(section=name)
        if match.cells and match.heading_cell is None and not self._own_cells(match):
            title = LABELS["section_not_found"].format(section=name)
        elif match.cells or match.heading_cell is not None:
            title = f"{name}: {min((one.feedback for one in verdicts), key=len)}"
        steps = tuple(dict.fromkeys(one.next_step for one in verdicts if one.next_step))[:2]
        if len(verdicts) == 1:
            (one,) = verdicts
            return Root(one.criterion, self._names[one.criterion], one.next_step, verdicts, begun=False)
        key = f"cause-section-{section}"
        return Root(key, title, " ".join(steps), verdicts, begun=False, about=name, steps=steps)


_NOWHERE = SectionMatch(section="")


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:].rstrip('.')}."


def _by_cost(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    return tuple(sorted(verdicts, key=lambda one: (one.bonus, -(lost_points(one) + one.pending))))


def _negative(root: Root) -> tuple[float, ...]:
    return tuple(-points for points in root.at_stake)


def _same_reason(failed: Verdict, blocked: Verdict) -> bool:
    """Whether a criterion is blocked for what another one failed at: its feedback repeats the other's."""
    return bool(failed.feedback) and failed.feedback in blocked.feedback


def names_of(graded: GradedSubmission) -> dict[str, str]:
    """What each criterion is called: its title, with its section's where several criteria have the same."""
    titles = Counter(one.title for one in graded.verdicts)
    names = {}
    for one in graded.verdicts:
        name, match = one.title or one.criterion, graded.matching.get(one.section)
        is_clear = titles[one.title] == 1 or match is None or not match.title
        names[one.criterion] = name if is_clear or match is None else f"{name} ({_short(match.title)})"
    return names


def _short(title: str) -> str:
    """A section's title without what its exercises are tagged with: ``Exercise 4: Going Deep``."""
    return re.sub(r"\s*\([A-Z]+\)", "", title)
