from __future__ import annotations

import os

from grader.execution.sandbox.uids import FIRST, LAST, dedicated_uid, tasks_of


def test_two_claims_get_two_users() -> None:
    """So that one submission can neither signal nor read another."""
    with dedicated_uid() as first, dedicated_uid() as second:
        assert first != second
        assert {first, second} <= set(range(FIRST, LAST + 1))


def test_a_user_is_free_again_after_its_use() -> None:
    """The lowest that is free is taken."""
    with dedicated_uid() as first:
        pass
    with dedicated_uid() as again:
        assert again == first


def test_own_tasks_are_counted() -> None:
    """At least this one."""
    assert tasks_of(os.getuid()) >= 1
