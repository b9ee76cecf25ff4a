"""The tutor's pages: what waits by cause, what cost most, and the data of the rows."""

from __future__ import annotations

import json
import re
from typing import Any

from builders import make_grade
from inert import what_acts

from grader.marks.alike import alike
from grader.records import HandIn, Judged, People, Student, SubmissionSummary, Verdict
from grader.report.cohort import render_cohort
from grader.report.cohort_data import cohort_data
from grader.report.matrix import render_matrix
from grader.report.strips import strip
from grader.statistics.points import points_table
from grader.statistics.reliability import items


def verdict(criterion: str = "ex4.accuracy", **fields: Any) -> Verdict:
    """A failed verdict of two points unless said otherwise."""
    base = {"section": "ex4", "outcome": "failed", "earned": 0.0, "points": 2.0, "basis": "verified"}
    return Verdict.model_validate({"criterion": criterion, **base, **fields})


def grade(name: str, *verdicts: Verdict, **fields: Any):
    summary = SubmissionSummary(id=name, file_name=f"{name}.ipynb", sha256="0" * 64)
    return make_grade(*verdicts, submission=summary, **fields)


def rows(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


def test_those_who_failed_alike_have_one_message() -> None:
    """Numbers are left out, and the link leads to their rows."""
    one = grade("one", verdict(feedback="The accuracy is 0.2280, below 0.8987."))
    two = grade("two", verdict(feedback="The accuracy is 0.1, below 0.9011."))
    page = render_cohort([one, two])
    assert rows(page)["messages"] == ["The accuracy is \u2026, below \u2026."]
    assert 'href="#show=1&amp;criterion=ex4.accuracy&amp;message=0">2\u00d7' in page.replace("&times;", "\u00d7")


def test_a_message_keeps_its_words() -> None:
    """A number's own full stop is not the sentence's."""
    assert alike("Cell 21 raised it. Loss 1.5e-3, then 2.") == "Cell \u2026 raised it. Loss \u2026, then \u2026."


def test_criteria_are_listed_by_what_they_cost() -> None:
    """The one that cost most first, and how many were decided where that is not all."""
    waiting = verdict("b", outcome="needs_review", cause="by_hand", pending=2.0)
    page = render_cohort([grade("one", verdict("a"), waiting), grade("two", verdict("a"), verdict("b"))])
    table = page.split('id="criteria"')[1]
    assert table.index(">a</a>") < table.index(">b</a>")
    assert "1 of 2 decided" in table


def test_what_waits_is_told_by_what_was_said() -> None:
    """One line for all who wait for the same reason, with the points."""
    fields = {"outcome": "needs_review", "cause": "infrastructure", "pending": 2.0}
    graded = [grade(f"s{n}", verdict(feedback=f"Cell {n} needs the package wandb.", **fields)) for n in range(3)]
    page = render_cohort(graded)
    assert "Cell \u2026 needs the package wandb.</a></th><td>3</td><td>6</td>" in page


def test_a_row_holds_one_letter_a_criterion() -> None:
    """In the order of the criteria; a criterion that a submission lacks is a dash."""
    one = grade("one", verdict("a", outcome="passed", earned=2.0), verdict("b", outcome="blocked"))
    two = grade("two", verdict("b", outcome="needs_review", cause="flagged"))
    data = cohort_data([one, two]).whole
    assert [row["codes"] for row in data["rows"]] == ["pb", "-g"]


def test_nothing_of_a_student_ends_the_data() -> None:
    """A name or a file name that holds markup, or what turns text."""
    evil = "</script><script>alert(1)</script>\u202e\u2028"
    one = grade("one", verdict(feedback=evil))
    one = one.model_copy(update={"submission": one.submission.model_copy(update={"file_name": evil})})
    people = People(
        students={"a": Student(key="a", name=evil)},
        submissions={"one": HandIn(file_name=evil, source="", students=("a",))},
    )
    for page in (render_cohort([one], people=people), render_matrix([one], people=people)):
        assert what_acts(page) == []
        assert rows(page)["rows"][0]["names"].startswith("</script>")


def test_an_empty_cohort_has_both_pages() -> None:
    """No submission, no crash."""
    assert rows(render_cohort([]))["rows"] == rows(render_matrix([]))["rows"] == []


def test_a_page_of_many_submissions_stays_small() -> None:
    """Rows are made in the browser, as they are needed: 300 bytes each are their data."""
    few, many = ([grade(f"s{n}", verdict("a"), verdict("b")) for n in range(count)] for count in (50, 250))
    assert (len(render_cohort(many)) - len(render_cohort(few))) / 200 < 300


def test_figures_that_decided_are_shown_in_their_band() -> None:
    """In words too; what is not finite is left out."""
    judged = [Judged(what="The test accuracy", value=value, lower=0.9) for value in (0.95, 0.2, float("nan"))]
    page = render_cohort([grade(f"s{n}", verdict(judged=one)) for n, one in enumerate(judged)])
    assert 'alt="The test accuracy: 1 of 3 within the band (at least 0.9)"' in page
    assert strip([float("nan")], lower=0.9, upper=None, alt="") is None


def discriminations(page: str) -> list[str]:
    """That column of the table of criteria, by criterion."""
    table = page.split('aria-labelledby="criteria"')[1].split("</table>", maxsplit=1)[0]
    found = re.findall(r'>(\w+)</a><br>.*?</th>(.*?)<td class="text">', table, re.DOTALL)
    return [f"{name} {re.findall('<td>(.*?)</td>', cells)[-1]}" for name, cells in sorted(found)]


def test_discrimination_counts_what_is_decided_alone() -> None:
    """Points that wait are none; the figure is that of the statistics, which say nothing of a few submissions."""
    fields = {"outcome": "needs_review", "cause": "by_hand", "earned": 0.0, "pending": 2.0}

    def class_of(count: int) -> list[Any]:
        earned = [(float(n % 3), float((n + n // 3) % 3)) for n in range(count)]
        decided = [(verdict("a", earned=one), verdict("b", earned=other)) for one, other in earned]
        return [
            grade(f"s{n}", *rows, verdict("c", **fields) if n % 2 else verdict("c", earned=2.0))
            for n, rows in enumerate(decided)
        ]

    few, many = class_of(4), class_of(40)
    known = {item.criterion: item.correlation for item in items(points_table(many))}
    assert discriminations(render_cohort(few)) == ["a &ndash;", "b &ndash;", "c &ndash;"]
    assert discriminations(render_cohort(many)) == [
        f"{name} {'&ndash;' if value is None else round(value, 2)}" for name, value in known.items()
    ]
