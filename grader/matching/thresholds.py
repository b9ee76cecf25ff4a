"""Thresholds: how alike a heading and a section, or a model and a form, must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MatchingThresholds:
    """How alike a heading and a section, or a model and a form, must be.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    models_against_numbers: int = 2
    """The headings' numbers are not the worksheet's where so many more sections train their own network without
    them.

    Unit: sections.
    Source: judgement.
    """

    clearly_best: float = 1.15
    """A rubric fits best where the next one fits worse by this factor; nearer ones only the user can tell apart.

    Unit: factor, above 1.
    Source: judgement.
    """

    near_share: float = 0.25
    """A model trained elsewhere is lent to a section where at most this share of the layers differs.

    Unit: share of a form's properties, in [0, 1].
    Source: judgement.
    """

    far_share: float = 0.6
    """Where nothing else can be meant, this share of the properties may differ.

    Unit: share of a form's properties, in [0, 1].
    Source: judgement.
    """

    far_least: int = 3
    """Where nothing else can be meant, so many properties may differ, however small the form is.

    Unit: properties.
    Source: judgement.
    """

    trained_as_asked: float = 0.01
    """Of models of one form, that which was trained as the section asks is its own; less than any difference of
    form.

    Unit: likeness, in [0, 1].
    Source: judgement.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {"heading": 1.0, "bold": 0.9, "plain": 0.85, "comment": 0.8}
    )
    """What a likeness counts, by the form of the heading: where several forms name one section, the plainest wins.

    Unit: factor, in [0, 1].
    Source: judgement.
    """

    same_word: float = 0.7
    """Two words whose letters are as like as this are one, misspelt.

    Unit: share of letters, in [0, 1].
    Source: judgement.
    """

    same_letters: float = 0.8
    """Two titles whose letters are as like as this are one, misspelt.

    Unit: share of letters, in [0, 1].
    Source: judgement.
    """

    title_share: float = 0.6
    """What a title counts beside a number (which counts the rest): numbers repeat more often than titles.

    Unit: share of the likeness, in [0, 1].
    Source: judgement.
    """

    neutral_number: float = 0.5
    """What a number counts where one of the two headings has none.

    Unit: likeness, in [0, 1].
    Source: the middle of right and wrong.
    """

    bare_label: float = 0.75
    """A heading that is a number alone (``Exercise 4``): worth less than one with its title, more than a title
    alone.

    Unit: likeness, in [0, 1].
    Source: judgement.
    """

    least_title: float = 0.5
    """A title without a number must be as like as this.

    Unit: likeness of titles, in [0, 1].
    Source: judgement.
    """

    least_title_of_other_number: float = 0.75
    """A title beside another section's number must be as like as this.

    Unit: likeness of titles, in [0, 1].
    Source: judgement.
    """

    least_title_of_comment: float = 0.8
    """A title in a comment, without the section's number, must be as like as this.

    Unit: likeness of titles, in [0, 1].
    Source: judgement.
    """

    other_tag: float = 0.15
    """What a tag of another section (``bonus``) takes away.

    Unit: likeness, in [0, 1].
    Source: judgement.
    """

    out_of_order: float = 0.85
    """A heading that breaks the order must be as like as this.

    Unit: likeness, in [0, 1].
    Source: judgement.
    """

    same_section: float = 0.6
    """A heading as like as this to the section it stands in goes on with it (``Exercise 4, continued``).

    Unit: likeness, in [0, 1].
    Source: judgement.
    """

    model_bonus: float = 0.3
    """What the models trained below a heading add, where they are what the section asks for.

    Unit: likeness, in [0, 1].
    Source: judgement.
    """


THRESHOLDS = MatchingThresholds()
