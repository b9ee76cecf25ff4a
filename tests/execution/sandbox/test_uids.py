from __future__ import annotations

import os
from contextlib import ExitStack

from grader.execution.sandbox.uids import FIRST, LAST, dedicated_uid, tasks_of


def test_two_claims_get_two_users() -> None:
    """So that one submission can neither signal nor read another."""
    with dedicated_uid() as first, dedicated_uid() as second:
        assert first != second
        assert {first, second} <= set(range(FIRST, LAST + 1))


def twenty() -> set[int]:
    """So many users at once: jobs of other test processes have a few meanwhile."""
    with ExitStack() as claims:
        return {claims.enter_context(dedicated_uid()) for _ in range(20)}


def test_users_are_free_again_after_their_use() -> None:
    """The lowest that are free are taken."""
    assert twenty() & twenty()


def test_own_tasks_are_counted() -> None:
    """At least this one."""
    assert tasks_of(os.getuid()) >= 1
