from __future__ import annotations

from mutated import derived

from grader.records import Verdict
from grader.reference.mutation import MutationResult, mutation_markdown, mutation_table, mutation_text
from grader.reference.mutation.scoring import Alarm, CriterionScore, MutantResult, _alarms, is_caught, shared_runs


def verdict(outcome="passed", *, criterion="ex1.trained", cause=None):
    return Verdict(
        criterion=criterion,
        section="ex1",
        outcome=outcome,
        cause=cause,
        earned=1.0 if outcome == "passed" else 0.0,
        points=1,
        basis="static",
    )


def result(fate, group="fault", alarms=()):
    return MutantResult(
        id="f-some",
        kind="wrong_batch_size",
        group=group,
        run="f-some",
        fate=fate,
        targets=("ex1.trained",),
        caught_by=("ex1.trained",) if fate == "caught" else (),
        alarms=alarms,
        said="Trained as asked.",
        diff="-batch_size=128\n+batch_size=256",
    )


def outcome(*mutants):
    criterion = CriterionScore(criterion="ex1.trained", check="trained", targeted=1, killed=1)
    return MutationResult(assignment="some", data="sample", mutants=mutants, criteria=(criterion,), runs=1)


def test_a_fault_is_caught_by_what_costs_points_or_flags_it():
    """What a person must find is not caught."""
    caught = [verdict("failed"), verdict("partial"), verdict("blocked"), verdict("needs_review", cause="flagged")]
    assert all(map(is_caught, caught))
    assert not is_caught(verdict("needs_review", cause="unverifiable"))
    assert not is_caught(verdict())


def test_what_was_not_expected_to_change_is_an_alarm():
    """A criterion by hand stays one, and a figure that chance moved is told apart."""
    before = {"a": verdict(criterion="a"), "b": verdict("needs_review", criterion="b", cause="by_hand")}
    after = {"a": verdict("failed", criterion="a"), "b": verdict("needs_review", criterion="b", cause="by_hand")}
    assert [alarm.criterion for alarm in _alarms(before, after, expected=set())] == ["a"]
    assert _alarms(before, after, expected={"a"}) == ()
    near = {**after, "a": verdict("needs_review", criterion="a", cause="borderline")}
    assert [alarm.borderline for alarm in _alarms(before, near, expected=set())] == [True]


def test_mutants_share_a_run_only_where_none_is_taken_for_another():
    """No target of one is touched by another, and no cell is changed twice."""
    groups = shared_runs(derived().mutants)
    assert len(groups) < len(derived().mutants) / 2
    for group in groups:
        for one in group:
            for other in group:
                if one is not other:
                    assert one.group == other.group
                    assert not one.draft.touched & other.draft.touched
                    assert not set(one.targets) & {*other.targets, *other.related}


def test_what_is_borderline_by_chance_is_no_false_alarm():
    """It is shown, and no more."""
    near = Alarm(criterion="ex1.accuracy", outcome="needs_review (borderline)", borderline=True)
    wrong = Alarm(criterion="a", outcome="failed")
    assert result("kept", "equivalent", (near, wrong)).false_alarms == (wrong,)


def test_the_page_shows_a_survivor_with_its_diff():
    """And the score of each criterion; what was caught needs no diff."""
    page = mutation_markdown(outcome(result("survived"), result("kept", "equivalent")))
    assert "0 of 1 faults" in page
    assert "| ex1.trained | trained | 1 | 1 |" in page
    assert page.count("+batch_size=256") == 1
    assert "Trained as asked." in page


def test_totals_stand_side_by_side_and_criteria_each_with_its_score():
    """What a README and a terminal show of a run."""
    mixed = outcome(result("caught"), result("survived"), result("kept", "equivalent"))
    assert mutation_table([mixed]).splitlines()[2].count("| 1 of 2 (1 kinds) | 0 | 1 of 1 (1 kinds) |") == 1
    assert "ex1.trained                  1 of 1 faults aimed at it" in mutation_text(mixed)
