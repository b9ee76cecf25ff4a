"""What a draft is made of: planned sections, what a rule sees of the run, and the criteria that it proposes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grader.architecture.forms import ModelForm
from grader.judging.registry import find_check
from grader.judging.views import SectionView
from grader.matching.candidates import Candidate
from grader.records import CheckResult
from grader.rubric import Section
from grader.rubric.models import form_parameters


@dataclass(frozen=True)
class Planned:
    """A section of the draft.

    Attributes:
        task: What the worksheet asks under its heading; empty where nothing does.
        cells: Below its heading; empty for a section without one.
        model: The model that it owns.
        alike: How many more models of the same layers were trained in it.
        form: What that model looks like, as the rubric says it.
        notes: For the tutor, one comment each.
    """

    id: str
    title: str
    task: str = ""
    cells: tuple[int, ...] = ()
    is_headed: bool = True
    whole_notebook: bool = False
    bonus: bool = False
    model: Candidate | None = None
    alike: int = 0
    form: Mapping[str, Any] | None = None
    model_of: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def section(self) -> Section:
        """As a rubric holds it, without criteria."""
        return Section(
            id=self.id,
            title=self.title,
            whole_notebook=self.whole_notebook,
            bonus=self.bonus,
            model=None if self.form is None else ModelForm.model_validate(self.form),
            model_of=self.model_of,
        )


@dataclass(frozen=True)
class Proposal:
    """A criterion that the run suggests.

    Attributes:
        check: Name of a registered check.
        name: The last part of its id; of several proposals of one name the first that the reference passes is taken.
        figure: Of the calibration, where the criterion hangs on one: ``test_accuracy``.
        is_guess: True where the evidence alone does not tell whether the section asks for it: it is proposed only
            where the reference passes it by what happened in the section's own cells, and else not mentioned.
        notes: For the tutor, one comment each.
    """

    check: str
    title: str
    points: float
    params: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    figure: str | None = None
    is_guess: bool = False
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The last part of the criterion's id."""
        return self.name or self.check


@dataclass(frozen=True)
class View:
    """What a rule sees: the run of the reference, from one planned section.

    Attributes:
        section: As the section's checks will see it.
        planned: The section.
        sections: All of the draft, in order.
    """

    section: SectionView
    planned: Planned
    sections: Sequence[Planned]

    @property
    def owners(self) -> tuple[Planned, ...]:
        """The sections with a trained model of their own."""
        return tuple(
            one for one in self.sections if one.model is not None and self.section.matching[one.id].model is not None
        )

    @property
    def speaks_of_model(self) -> bool:
        """Whether there is a trained model here, of the section's own or of an earlier one."""
        return self.section.match.model is not None and bool(self.section.fits)

    def of(self, section: Planned) -> View:
        """The same run from another section."""
        return replace(self, section=self.section.of(section.id), planned=section)

    def result(self, proposal: Proposal) -> CheckResult:
        """What the proposed check says of the reference."""
        spec = find_check(proposal.check)
        model = dict.fromkeys(form_parameters(spec.params), self.planned.form)
        return spec.run(self.section, spec.params.model_validate({**model, **proposal.params}))

    def shows(self, proposal: Proposal) -> bool:
        """Whether the reference passes a proposal by what happened in the section's own cells."""
        found = self.result(proposal)
        return is_earned(found) and set(found.cells) <= set(self.section.match.cells)


Rule = Callable[[View], Iterable[Proposal]]
"""What a run suggests of one check in one section."""


def is_earned(found: CheckResult) -> bool:
    """Whether a result is what a reference must reach: passed, or left to a person by the rubric itself."""
    return found.outcome == "passed" or (found.outcome == "needs_review" and found.cause == "by_hand")
