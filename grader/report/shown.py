"""What a student's page shows of a grade."""

from __future__ import annotations

import hashlib

from grader.records import GradedSubmission, Hint, Verdict


def as_shown(graded: GradedSubmission) -> GradedSubmission:
    """A grade without what is for tutors alone, and without what no page shows."""
    verdicts = tuple(_for_student(verdict) for verdict in graded.verdicts if verdict.visibility == "student")
    rubric = graded.rubric.model_copy(update={"sha256": "", "check_packages": {}})
    late = None if graded.late is None or graded.late.submitted is None else graded.late
    return graded.model_copy(
        update={"verdicts": verdicts, "rubric": rubric, "flags": (), "late": late, "hints": _released(graded)}
    )


def shown_digest(graded: GradedSubmission) -> str:
    """A SHA-256 over what a student's page shows of a grade."""
    return hashlib.sha256(as_shown(graded).model_dump_json().encode("utf-8", errors="replace")).hexdigest()


def _released(graded: GradedSubmission) -> tuple[Hint, ...]:
    """What the rubric lets students be told of proved edits, and nothing else of them."""
    return tuple(
        hint.model_copy(update={"text": "", "edits": (), "criteria": (), "cells": hint.cells if hint.released else ()})
        for hint in graded.hints
        if hint.released
    )


def _for_student(verdict: Verdict) -> Verdict:
    """A verdict without what stands beside an answer for the tutor who marks it, and without a band's own figures."""
    mark = verdict.mark and verdict.mark.model_copy(update={"internal_reason": "", "by": "", "event": ""})
    expected = "" if verdict.basis == "manual" else verdict.expected
    return verdict.model_copy(update={"expected": expected, "judged": None, "mark": mark, "seen": ""})
