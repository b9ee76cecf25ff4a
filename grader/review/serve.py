"""The server: on this machine's loopback alone, until it is interrupted."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence

import uvicorn

from grader.errors import UsageError
from grader.review.cohort import Cohort
from grader.review.desk import Desk
from grader.review.order import groups
from grader.review.routes import make_app

HOST = "127.0.0.1"


def serve(
    cohort: Cohort, desk: Desk, *, tutors: Sequence[str], port: int, on_ready: Callable[[dict[str, str]], None]
) -> None:
    """Serves the review until it is interrupted.

    Args:
        cohort: What was graded.
        desk: The tutor's file.
        tutors: Their names; each gets an address of their own.
        port: Where; any free one where 0.
        on_ready: Told of each tutor's address when browsers may open it.

    Raises:
        UsageError: Something else listens on that port.
        StoreError: The tutor's file cannot be read.
    """
    desk.decisions()
    cohort.refresh()
    groups({"a": "one", "b": "other", "c": "third"})  # loads what orders answers before anybody waits for it
    known = {secrets.token_urlsafe(32): name for name in tutors}
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError as error:
            raise UsageError(
                f"--port {port}: it cannot be used ({error.strerror or error}).",
                expected="A port on which nothing else listens.",
                fix="Name another one, or leave --port out.",
            ) from error
        # Browsers that come before the server answers wait in line.
        listening.listen()
        at = listening.getsockname()[1]
        config = uvicorn.Config(
            make_app(cohort, desk, tutors=known),
            access_log=False,  # addresses hold secrets
            log_level="warning",
            lifespan="off",
            proxy_headers=False,
            timeout_graceful_shutdown=3,
            server_header=False,
            ws="none",
        )
        on_ready({name: f"http://{HOST}:{at}/enter/{secret}" for secret, name in known.items()})
        uvicorn.Server(config).run(sockets=[listening])
