"""A mutation result as a terminal and a Markdown page show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grader.reference.mutation.scoring import MutantResult, MutationResult

_FATES = {
    "caught": "caught",
    "to_person": "left to a person",
    "survived": "SURVIVED",
    "kept": "kept all points",
    "not_kept": "LOST POINTS",
}


def mutation_markdown(result: MutationResult) -> str:
    """The page of a result: the totals, the score of each criterion, each mutant, and each survivor with its diff."""
    lines = [f"# Mutants of the reference of {result.assignment}", "", *_totals(result), ""]
    lines += ["## Criteria", "", *_table(("criterion", "check", "faults aimed at it", "caught"), _criteria(result)), ""]
    lines += ["## Faults", "", *_table(("fault", "place", "aimed at", "outcome"), map(_fault, result.faults)), ""]
    lines += ["## Equivalents", "", *_table(("equivalent", "place", "outcome"), map(_equivalent, result.equivalents))]
    if result.not_applicable:
        lines += ["", f"No place in this assignment: {', '.join(result.not_applicable)}."]
    for problem in result.problems:
        lines += ["", f"A run failed: {problem}"]
    for mutant in result.mutants:
        lines += mutant_in_full(mutant)
    return "\n".join(lines) + "\n"


def mutation_table(results: Iterable[MutationResult]) -> str:
    """The totals of several assignments side by side, as Markdown."""
    head = ("assignment", "criteria", "faults caught", "left to a person", "equivalents kept", "false alarms", "runs")
    return "\n".join(_table(head, map(_assignment, results))) + "\n"


def mutation_text(result: MutationResult) -> str:
    """The totals and the score of each criterion, for a terminal; the survivors are findings of the validation."""
    scores = (f"  {one.criterion:28} {one.killed} of {one.targeted} faults aimed at it" for one in result.criteria)
    return "\n".join([*_totals(result), *scores])


def _totals(result: MutationResult) -> Iterator[str]:
    faults, equivalents = result.faults, result.equivalents
    caught = sum(one.fate == "caught" for one in faults)
    kept = sum(one.fate == "kept" for one in equivalents)
    kinds = len({one.kind for one in faults}), len({one.kind for one in equivalents})
    yield f"{caught} of {len(faults)} faults ({kinds[0]} kinds) were caught by a criterion that names them."
    yield f"{kept} of {len(equivalents)} equivalents ({kinds[1]} kinds) kept every point."
    where = "on any data" if result.data == "any" else f"on the {result.data} data"
    yield f"{_false_alarms(result)} false alarms, in {result.runs} runs {where}."


def _assignment(result: MutationResult) -> tuple[str, ...]:
    faults, equivalents = result.faults, result.equivalents
    caught, left = (sum(one.fate == fate for one in faults) for fate in ("caught", "to_person"))
    kept = sum(one.fate == "kept" for one in equivalents)
    return (
        result.assignment,
        str(len(result.criteria)),
        f"{caught} of {len(faults)} ({len({one.kind for one in faults})} kinds)",
        str(left),
        f"{kept} of {len(equivalents)} ({len({one.kind for one in equivalents})} kinds)",
        str(_false_alarms(result)),
        str(result.runs),
    )


def _false_alarms(result: MutationResult) -> int:
    """Criteria that a run cost points without a fault that explains it, each once a run."""
    return len({(one.run, alarm.criterion) for one in result.mutants for alarm in one.false_alarms})


def _criteria(result: MutationResult) -> Iterator[tuple[str, ...]]:
    for one in result.criteria:
        yield one.criterion, one.check, str(one.targeted), str(one.killed)


def _fault(mutant: MutantResult) -> tuple[str, ...]:
    return mutant.kind.replace("_", " "), mutant.place, ", ".join(mutant.targets), _outcome(mutant)


def _equivalent(mutant: MutantResult) -> tuple[str, ...]:
    return mutant.kind.replace("_", " "), mutant.place, _outcome(mutant)


def _outcome(mutant: MutantResult) -> str:
    words = _FATES[mutant.fate]
    if mutant.caught_by:
        words += f" by {', '.join(mutant.caught_by)}"
    near = [alarm.criterion for alarm in mutant.alarms if alarm.borderline]
    return words + (f" (borderline by chance: {', '.join(near)})" if near else "")


def mutant_in_full(mutant: MutantResult) -> list[str]:
    """A mutant that was not judged as it should be."""
    if mutant.fate in {"caught", "kept"} and not mutant.false_alarms:
        return []
    title = f"{_FATES[mutant.fate]}: {mutant.kind.replace('_', ' ')} ({mutant.place or 'whole notebook'})"
    lines = ["", f"### {title}", ""]
    lines += [f"It was said: {mutant.said}", ""] if mutant.said else []
    for alarm in mutant.false_alarms:
        lines += [f"- false alarm: {alarm.criterion} {alarm.outcome}: {alarm.feedback}"]
    return [*lines, "", "```diff", mutant.diff, "```"]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
