from __future__ import annotations

import asyncio

import pytest
from jupyter_client.session import Session

from grader.execution.messages import MessageChannel, ProtocolError, Traffic, _Wire


def read_all(*requests: str, kind: str = "execute_reply") -> int:
    """Reads one message for each request that it answers; how many there were."""
    session = Session(key=b"key")
    wire = _Wire("DEALER", identity=b"", traffic=Traffic())
    for request in requests:
        wire.messages.append(session.serialize(session.msg(kind, {"status": "ok"}, parent={"msg_id": request})))
    channel = MessageChannel(wire, session=session)
    return len([asyncio.run(channel.get_msg()) for _ in requests])


def test_each_request_has_its_answer() -> None:
    """As many as were asked."""
    assert read_all("one", "two", "three") == 3


def test_a_request_that_is_answered_twice_is_a_fault_of_the_kernels() -> None:
    """Somebody in it answered for it, to hide what its cell did."""
    with pytest.raises(ProtocolError, match="answered twice"):
        read_all("one", "two", "one")


def test_only_answers_are_counted() -> None:
    """A request has many outputs."""
    assert read_all("one", "one", kind="status") == 2
