"""What the tutor's pages hold of each submission, as JSON: rows are made of it in the browser, as they are needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from grader.marks.alike import alike, is_told
from grader.records import NOBODY, GradedSubmission, People, Verdict
from grader.report.labels import OUTCOMES, QUEUE, STATUSES
from grader.report.templating import visible

_CODES = {"passed": "p", "partial": "t", "failed": "f", "blocked": "b"}
_CAUSES = {"by_hand": "h", "infrastructure": "i", "unverifiable": "u", "borderline": "l", "flagged": "g"}


@dataclass(frozen=True)
class CohortData:
    """The data of all rows.

    Attributes:
        criteria: Every criterion of any submission, by id.
        messages: The place of each feedback, see `alike`.
        whole: What goes into the page.
    """

    criteria: dict[str, Verdict]
    messages: dict[str, int]
    whole: dict[str, Any]

    def script(self, *, messages: bool = True) -> Markup:
        """The data as the text of a script element, in which nothing ends that element.

        Args:
            messages: Whether the page shows why something is lacking.
        """
        whole = self.whole
        if not messages:
            whole = {**whole, "messages": [], "rows": [{**row, "said": {}} for row in whole["rows"]]}
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
        for character in "<>&\u2028\u2029":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return Markup(text)  # noqa: S704


def cohort_data(graded: Sequence[GradedSubmission], *, people: People = NOBODY) -> CohortData:
    """Gathers what the rows show.

    Args:
        graded: In the order of the table.
        people: Who handed in what.
    """
    criteria = {verdict.criterion: verdict for one in graded for verdict in one.verdicts}
    messages: dict[str, int] = {}
    rows = [_row(one, people, criteria=list(criteria), messages=messages) for one in graded]
    whole = {
        "criteria": [{"id": name, "title": visible(one.title)} for name, one in criteria.items()],
        "outcomes": {name: list(words) for name, words in OUTCOMES.items()},
        "causes": QUEUE,
        "statuses": STATUSES,
        "messages": [visible(text) for text in messages],
        "rows": rows,
    }
    return CohortData(criteria=criteria, messages=messages, whole=whole)


def _row(one: GradedSubmission, people: People, *, criteria: Sequence[str], messages: dict[str, int]) -> dict[str, Any]:
    by_id = {verdict.criterion: verdict for verdict in one.verdicts}
    said = {
        at: messages.setdefault(alike(by_id[name].feedback), len(messages))
        for at, name in enumerate(criteria)
        if name in by_id and is_told(by_id[name])
    }
    return {
        "id": one.submission.id,
        "names": visible(", ".join(people.names(one.submission.id))),
        "file": visible(one.submission.file_name),
        "hand": _hand_in(one, people),
        "status": one.status,
        "reason": one.execution.reason or "",
        "earned": one.points_earned,
        "pending": one.points_pending,
        "bonus": one.bonus_earned,
        "seconds": round(one.execution.seconds),
        "flags": len(one.flags),
        "codes": "".join(_code(by_id.get(name)) for name in criteria),
        "said": said,
    }


def _code(verdict: Verdict | None) -> str:
    if verdict is None:
        return "-"
    return _CODES.get(verdict.outcome) or _CAUSES[verdict.cause or "unverifiable"]


def _hand_in(one: GradedSubmission, people: People) -> str:
    found = people.submissions.get(one.submission.id)
    if found is None:
        return ""
    attempt = [f"attempt {found.attempt}"] if found.attempt and found.attempt > 1 else []
    off = f" (\u2212{one.late.points:g})" if one.late is not None and one.late.points else ""
    late = [f"late{off}"] if found.late else []
    gone = [] if found.is_present else ["gone"]
    return ", ".join([*attempt, *late, *([] if found.counts else ["does not count"]), *gone])
