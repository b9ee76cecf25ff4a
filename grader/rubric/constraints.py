"""What criteria constrain: which of them ask for a value of a model, of ``compile`` or of ``fit``.

Read one way they say which criteria a changed value breaks: faults are derived from a reference by them. Read the other
way they say which value fixes a criterion that is lost: hints are derived by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from grader.architecture.forms import Expected, ModelForm, meets
from grader.judging.parameters import parts_of
from grader.judging.registry import find_check
from grader.rubric.models import Criterion

Hits = Callable[[Criterion], bool]
"""Whether a criterion asks for what is meant."""


def asks(check: str, *names: str) -> Hits:
    """Criteria of a check whose rubric asks for something by all of these parameters.

    Raises:
        UsageError: There is no such check.
        ValueError: It has no such parameter.
    """
    unknown = set(names) - set(find_check(check).params.model_fields)
    if unknown:
        raise ValueError(f"check {check!r} has no parameters {sorted(unknown)}")

    def hits(criterion: Criterion) -> bool:
        if criterion.check != check:
            return False
        given = dict(criterion.params)
        return all(given[name] not in {None, ()} and given[name] is not False for name in names)

    return hits


def any_of(*hits: Hits) -> Hits:
    """Criteria that any of them means."""
    return lambda criterion: any(one(criterion) for one in hits)


def of_quality(criterion: Criterion) -> bool:
    """Criteria by which a model must do as well as the reference."""
    return criterion.spec.quality == "judged"


def not_by_hand(criterion: Criterion) -> bool:
    """Criteria that no person decides."""
    return not criterion.spec.by_hand


def form_asks(kind: str, key: str | None = None, *, size: Mapping[str, Any] = MappingProxyType({})) -> Hits:
    """Architectures whose form names a layer of that kind, with that value where one is given.

    Args:
        kind: Class of the layer.
        key: The value that must be asked for.
        size: The layer's own values: one of other units or filters is not the layer that is meant.
    """

    def is_meant(one: Expected) -> bool:
        sizes = {name for name in ("units", "filters") if name in size and name in one.values}
        return one.kind == kind and all(meets(size[name], one.values[name]) for name in sizes)

    def hits(criterion: Criterion) -> bool:
        expected = (one for form in parts_of(criterion.params, ModelForm) for one in form.expected)
        return any(is_meant(one) and (key is None or key in one.values) for one in expected)

    return hits


def form_counts(kind: str, number: int) -> Hits:
    """Architectures whose form names a layer of that kind, and not so many of them."""

    def is_other(form: ModelForm) -> bool:
        expected = [one for one in form.expected if one.kind == kind]
        fewest = sum(not one.optional for one in expected)
        return bool(expected) and kind not in form.allow and not fewest <= number <= len(expected)

    def hits(criterion: Criterion) -> bool:
        return any(is_other(form) for form in parts_of(criterion.params, ModelForm))

    return hits


FORM = asks("architecture")
COMPILED = asks("compiled")
LOSS = asks("compiled", "loss")
OPTIMIZER = asks("compiled", "optimizer")
METRICS = asks("compiled", "metrics")
TRAINED = asks("trained")
EPOCHS = asks("trained", "epochs")
BATCH_SIZE = asks("trained", "batch_size")
VALIDATION = asks("trained", "validation")
CALLBACK = asks("trained", "callback")
WEIGHTED = asks("trained", "weighted")
OWN_LOOP = asks("trained", "own_loop")
DROPOUT_RATE = asks("dropout_rate")
AUGMENTED = asks("augmented")
GAP = asks("gap")
