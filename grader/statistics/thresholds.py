"""Thresholds: from how many submissions on a figure of a class says something, and what makes two of them alike."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StatisticsThresholds:
    """From how many submissions on a figure of a class says something, and what makes two of them alike.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    fewest_for_reliability: int = 10
    """Of fewer completely decided submissions no reliability is said.

    Unit: submissions.
    Source: judgement: Feldt's interval of an alpha of 0.7 of twenty criteria runs from 0.34 to 0.91 at 10.
    Test: `test_nine_submissions_have_no_reliability`.
    """

    fewest_for_correlation: int = 20
    """Of fewer submissions no correlation of a criterion with the rest is said.

    Unit: submissions.
    Source: Student's t: of 20, chance alone goes beyond 0.44 in one of twenty criteria; of 10, beyond 0.63.
    Test: `test_nineteen_submissions_have_no_correlation`.
    """

    decided_share: float = 0.9
    """A criterion that is decided in a smaller share of the submissions is left out of the reliability.

    Unit: share, in [0, 1].
    Source: judgement: each criterion that is taken in costs the submissions in which it is pending.
    Test: `test_a_criterion_that_is_mostly_pending_is_left_out`.
    """

    fewest_for_kappa: int = 10
    """Of fewer answers marked twice no kappa is said, only how many got the same points.

    Unit: answers.
    Source: judgement: of 10, one answer more or less moves a kappa of 0.6 by about 0.2.
    Test: `test_nine_answers_have_no_kappa`.
    """

    tokens_of_a_piece: int = 12
    """Code is compared by pieces of so many tokens in a row.

    Unit: tokens.
    Source: JPlag's shortest match of Python. A piece that two notebooks share by chance is mostly shorter.
    Test: `test_a_shared_run_of_eleven_tokens_is_not_seen`.
    """

    window_pieces: int = 4
    """Of so many pieces in a row one is kept, so that any shared run of pieces and window together is seen.

    Unit: pieces.
    Source: Schleimer, Wilkerson, Aiken (2003), Winnowing; 4 keeps two fifths of the pieces.
    Test: `test_a_shared_run_of_fifteen_tokens_is_seen`.
    """

    fewest_own_pieces: int = 20
    """Notebooks with less code of their own than that are not compared: there are few ways to write so little.

    Unit: kept pieces beyond the template's and the reference's.
    Source: judgement: about 50 tokens, five to ten lines.
    Test: `test_little_code_is_not_compared`.
    """

    near_identical: float = 0.4
    """Two notebooks that share this much of their own code are near-identical.

    Unit: shared pieces over the pieces of both together (Jaccard), in [0, 1].
    Source: measured: honest sample submissions share at most 0.17, restyled copies of one at least 0.45; see
    `docs/statistics.md`.
    Test: `test_two_fifths_of_the_pieces_are_near_identical` and `test_no_honest_samples_are_near_identical`.
    """

    fewest_figures: int = 8
    """Printed figures of a training make a history that is compared from so many on.

    Unit: figures with four decimals or more.
    Source: four epochs with loss and accuracy; that so many come out twice by chance is out of the question.
    Test: `test_a_history_has_eight_figures`.
    """


THRESHOLDS = StatisticsThresholds()
