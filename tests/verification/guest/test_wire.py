"""What the guest answers has the fields that the host reads, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from grader.execution.recorder.wire import Kind
from grader.verification import replay, verifier_job
from grader.verification.guest import wire
from grader.verification.guest_job import GuestAnswer

READ_AS: dict[Kind[Any], type[GuestAnswer]] = {
    wire.STARTED: verifier_job._OfState,
    wire.BUILT: verifier_job._Built,
    wire.OUTPUTS: verifier_job._Outputs,
    wire.STATE_FAILED: verifier_job._StateFailed,
    wire.DONE: verifier_job._OfState,
    wire.REPEATED: replay._Repeated,
    wire.FIT_FAILED: replay._FitFailed,
}


@pytest.mark.parametrize("kind", READ_AS, ids=lambda kind: kind.fields.__name__)
def test_the_fields_of_an_answer_are_those_that_are_read(kind: Kind[Any]) -> None:
    """The TypedDict's keys are the fields of what the host validates it as."""
    assert set(kind.fields.__annotations__) == set(READ_AS[kind].model_fields)


def test_every_kind_has_a_reader() -> None:
    """A kind that nothing reads would be sent in vain."""
    assert {kind for kind in vars(wire).values() if isinstance(kind, Kind)} == set(READ_AS)
