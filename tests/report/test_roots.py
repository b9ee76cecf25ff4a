"""What one cause cost is one thing, and what follows from it is not told as if it stood alone."""

from __future__ import annotations

from typing import Any

import pytest
from builders import Notebook, make_grade

from grader.attribution import attribute
from grader.records import CellError, Evidence, Execution, ExecutionSummary, SectionMatch, Verdict
from grader.report.roots import Root, first_to_fix, roots_of

REVIEW = {"outcome": "needs_review", "cause": "infrastructure", "pending": 2.0}
FOUND = {"ex4": SectionMatch(section="ex4", title="Exercise 4 (CORE): Deep", cells=(0,), model="m1")}


def lost(criterion: str, **fields: Any) -> Verdict:
    """A failed verdict of two points unless said otherwise."""
    section = criterion.partition(".")[0]
    base = {"section": section, "outcome": "failed", "earned": 0.0, "points": 2.0, "basis": "static"}
    return Verdict.model_validate({"criterion": criterion, "title": criterion, **base, **fields})


def run(first: str, second: str, *, status: str = "error", detail: str = "") -> Evidence:
    """A run whose second cell did not come to its end."""
    notebook = Notebook()
    notebook.code(first)
    raised = CellError(name="NameError", value="name 'x' is not defined") if status == "error" else None
    notebook.code(second, error=raised, status=status)
    evidence = notebook.evidence()
    reason = "cell_timeout" if status == "timeout" else None
    return evidence.model_copy(update={"execution": Execution(reason=reason, cell=1, detail=detail)})


def roots(*verdicts: Verdict, evidence: Evidence | None = None, **fields: Any) -> tuple[Root, ...]:
    attribution = None if evidence is None else attribute(evidence)
    return roots_of(make_grade(*verdicts, **fields), evidence=evidence, attribution=attribution)


def told(found: tuple[Root, ...]) -> list[tuple[str, list[str]]]:
    return [(root.title, [one.criterion for one in root.verdicts]) for root in found]


def test_what_a_time_limit_cost_is_one_cause_with_the_loop_as_its_step() -> None:
    """Said is that the cell did not end, and what to do is about its loop, not about the models that are missing."""
    evidence = run("pass", "while not ready(): pass", status="timeout", detail="Cell 2 ran longer than 60 s.")
    text = "Cell 2 ran into its time limit. What follows from it is not counted against you."
    (root,) = roots(*(lost(name, feedback=text, **REVIEW) for name in ("ex4.a", "ex5.b")), evidence=evidence)
    assert (root.title, root.pending, root.lost) == ("Cell 2 ran longer than 60 s.", 4.0, 0.0)
    assert root.step.startswith("Give the loop in cell 2 a condition")


def test_a_loop_without_a_way_out_is_named() -> None:
    """Also where it cost one criterion alone, whose card the cause then is."""
    evidence = run("pass", "while True: pass", status="timeout", detail="Cell 2 ran longer than 60 s.")
    (root,) = roots(lost("all.runs", feedback="Cell 2 never ends.", cells=(1,)), evidence=evidence)
    assert "`while True`" in root.title
    assert (root.key, root.is_several) == ("all.runs", False)


def test_a_section_about_another_one_s_model_may_be_missing_too() -> None:
    """What it lacks is one cause then; where something of it was tried, each stands for itself."""
    verdicts = [lost(name, feedback=f"No {name}.", next_step=f"Do {name}.") for name in ("ex5.a", "ex5.b")]
    of_ex4 = {"section": "ex5", "title": "Exercise 5 (CORE): Test", "model": "m1", "borrowed_from": "ex4"}
    missing, shared, tried = (SectionMatch.model_validate({**of_ex4, "cells": cells}) for cells in ((), (0,), (0, 1)))
    assert told(roots(*verdicts, matching={**FOUND, "ex5": missing})) == [
        ("Exercise 5: Test is not in your notebook.", ["ex5.a", "ex5.b"])
    ]
    (root,) = roots(*verdicts, matching={**FOUND, "ex5": shared})
    assert root.title == "Nothing of Exercise 5: Test was found in your notebook."
    assert len(roots(*verdicts, matching={**FOUND, "ex5": tried})) == 2


def test_what_follows_from_a_mistake_is_told_with_it() -> None:
    """A cell that fails because of an earlier one is the earlier one's."""
    evidence = run("pass", "x")
    verdicts = (
        lost("all.runs", next_step="Restart the kernel, and fix it.", cells=(1,)),
        lost("ex4.b", outcome="blocked", next_step="Fix cell 2, then run it again."),
        lost("ex5.c", feedback="The accuracy is 0.2."),
    )
    assert told(roots(*verdicts, evidence=evidence)) == [
        ("Cell 2 raised NameError: name 'x' is not defined.", ["all.runs", "ex4.b"]),
        ("ex5.c", ["ex5.c"]),
    ]


def test_a_cell_that_ran_is_no_cause() -> None:
    """A feedback may name it: that is where the figure is."""
    evidence = run("pass", "x")
    (root,) = roots(lost("ex4.b", feedback="The learning rate in cell 1 is 0.5."), evidence=evidence)
    assert root.cell is None


def test_a_section_that_is_not_there_is_one_cause() -> None:
    """With both things to do: the model, and the words."""
    steps = {"ex6.a": "Build it.", "ex6.b": "Build it.", "ex6.c": "Answer it."}
    missing = {"ex6": SectionMatch(section="ex6", title="Exercise 6 (CORE): Depth")}
    (root,) = roots(*(lost(name, next_step=step) for name, step in steps.items()), matching=missing)
    assert (root.title, root.step) == ("Exercise 6: Depth is not in your notebook.", "Build it. Answer it.")


def test_of_missing_sections_together_every_step_is_told() -> None:
    """One may ask for words, and another for a picture."""
    steps = {"ex6.a": "Build it.", "ex6.b": "Answer it.", "ex7.a": "Build it.", "ex7.b": "Draw its confusion matrix."}
    missing = {name: SectionMatch(section=name, title=name) for name in ("ex6", "ex7")}
    found = roots(*(lost(name, next_step=step) for name, step in steps.items()), matching=missing)
    (fix,) = first_to_fix(found)
    assert (len(fix.roots), fix.step) == (2, "Build it. Answer it. Draw its confusion matrix.")


def test_what_speaks_of_a_missing_model_follows_from_its_section() -> None:
    """A section that was to judge another's model lacks nothing of its own."""
    matching = {
        "ex4": SectionMatch(section="ex4", title="Exercise 4"),
        "ex5": SectionMatch(section="ex5", title="Exercise 5", cells=(3,), borrowed_from="ex4"),
    }
    verdicts = (lost("ex4.a"), lost("ex5.b", outcome="blocked"), lost("ex5.c", outcome="passed", earned=2.0))
    assert told(roots(*verdicts, matching=matching)) == [("Exercise 4 is not in your notebook.", ["ex4.a", "ex5.b"])]


@pytest.mark.parametrize("said", ["Nothing here. No model was fitted.", 'This needs "ex4.a", which was not met.'])
def test_a_blocked_criterion_follows_from_what_it_names(said: str) -> None:
    """By the reason that it repeats, or by the title of what it needs."""
    failed = lost("ex4.a", feedback="No model was fitted.")
    (root,) = roots(failed, lost("ex4.b", outcome="blocked", feedback=said), matching=FOUND)
    assert [one.criterion for one in root.verdicts] == ["ex4.a", "ex4.b"]


def test_a_blocked_criterion_of_another_reason_stands_alone() -> None:
    """It is not put to the first that failed."""
    failed = lost("ex4.a", feedback="The accuracy is 0.2.")
    found = roots(failed, lost("ex4.b", outcome="blocked", feedback="No figure was drawn."), matching=FOUND)
    assert len(found) == 2


def test_every_loss_is_told_once() -> None:
    """The sums of the causes are those of the verdicts; what a tutor reads, and what passed, is none."""
    verdicts = (
        lost("ex4.a", outcome="partial", earned=0.5),
        lost("ex4.b", **REVIEW),
        lost("ex6.c", bonus=True),
        lost("ex4.d", outcome="needs_review", cause="by_hand", pending=2.0),
        lost("ex4.e", outcome="passed", earned=2.0),
    )
    found = roots(*verdicts, matching=FOUND)
    assert sum(root.lost + root.bonus_lost for root in found) == 3.5
    assert sum(root.pending for root in found) == 2.0
    assert sorted(one.criterion for root in found for one in root.verdicts) == ["ex4.a", "ex4.b", "ex6.c"]


def test_what_costs_most_comes_first_and_the_bonus_last() -> None:
    """A bonus of many points is no loss."""
    found = roots(lost("ex1.a", points=1.0), lost("ex2.b", points=3.0), lost("ex3.c", points=9.0, bonus=True))
    assert [root.key for root in found] == ["ex2.b", "ex1.a", "ex3.c"]


def test_nothing_is_to_be_fixed_where_there_is_no_step() -> None:
    """What is missing on our machine is not a student's to fix."""
    found = roots(lost("ex4.a", feedback="Cannot be verified.", **{**REVIEW, "cause": "unverifiable"}), matching=FOUND)
    assert (len(found), first_to_fix(found)) == (1, [])


def test_missing_sections_that_begin_with_one_step_are_one_thing_to_do() -> None:
    """What one of them asks for besides is said with it; a section that begins otherwise stands alone."""
    steps = dict.fromkeys(("ex6.a", "ex6.b", "ex7.a"), "Build it.") | {"ex7.b": "Answer it."}
    steps |= dict.fromkeys(("ex8.a", "ex8.b"), "Load it.")
    found = first_to_fix(roots(*(lost(name, next_step=step) for name, step in steps.items()), matching={}))
    told = [([root.about for root in fix.roots], fix.step) for fix in found]
    assert told == [(["ex6", "ex7"], "Build it. Answer it."), (["ex8"], "Load it.")]


def test_a_file_that_could_not_be_run_is_the_only_cause() -> None:
    """Whatever its criteria say."""
    verdicts = (lost("ex4.a", next_step="Hand in the notebook."), lost("ex5.b", next_step="Hand in the notebook."))
    summary = ExecutionSummary(reason="unreadable", detail="It ends in the middle.")
    (root,) = roots(*verdicts, status="not_run", execution=summary)
    assert (len(root.verdicts), root.step) == (2, "Hand in the notebook.")
