"""Keeps everybody out but the tutors: who asks, from where, and what a browser may do with the answer."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
"""By any port: a tunnel may lead to another one. A name that only resolves to this machine is not among them."""

_ENTRANCE = "/enter/"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Browsers hide from us where a form was sent from if this is no-referrer.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_SHOWN_AS_FILE = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""For a page of a submission: nothing in it runs, and it is of no origin."""


@dataclass
class Session:
    """One browser of one tutor.

    Attributes:
        shown: Submission, criterion and digest of every answer that was sent to it in full.
    """

    tutor: str
    shown: set[tuple[str, str, str]] = field(default_factory=set)


class Guard:
    """Lets a request through to an application where it comes from a tutor's browser on this machine.

    A tutor's address holds a secret, which is changed for a cookie at once. The application finds the `Session` and
    the page's nonce in the request's state.

    Args:
        app: What is guarded.
        tutors: Secret to the name of the tutor who has it.
    """

    def __init__(self, app: ASGIApp, *, tutors: Mapping[str, str]) -> None:
        self._app = app
        self._tutors = dict(tutors)
        self._sessions: dict[str, Session] = {}
        self._cookie = f"grader_review_{secrets.token_hex(4)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        nonce = secrets.token_urlsafe(16)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), nonce=nonce)
            await send(message)

        headers = Headers(scope=scope)
        answer = self._refusal(scope, headers) or self._welcome(scope)
        session = self._session(headers)
        if answer is None and session is None:
            answer = _refused("You are not known here: open the address that grader review printed.")
        if answer is not None:
            await answer(scope, receive, send_guarded)
            return
        scope.setdefault("state", {}).update(session=session, nonce=nonce)
        await self._app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _hostname(hosts[0]) not in _HOSTS:
            return _refused("This page is for browsers on this machine: the host's name is another one.")
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return PlainTextResponse("Only GET and POST are known here.", status_code=405)
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and scope["method"] == "POST":
            return _refused("This was sent by another page.")
        if scope["method"] == "POST" and headers.getlist("origin") != [f"http://{hosts[0]}"]:
            return _refused("This was not sent by a page of grader review.")
        return None

    def _welcome(self, scope: Scope) -> Response | None:
        """Changes the secret of an address for a cookie."""
        path: str = scope["path"]
        if not path.startswith(_ENTRANCE) or scope["method"] != "GET":
            return None
        given = path.removeprefix(_ENTRANCE)
        tutor = next((name for secret, name in self._tutors.items() if _same(secret, given)), None)
        if tutor is None:
            return _refused("This address holds no secret that is known here: open the one that grader review printed.")
        token = secrets.token_urlsafe(32)
        self._sessions[token] = Session(tutor)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(self._cookie, token, httponly=True, samesite="strict", path="/")
        return answer

    def _session(self, headers: Headers) -> Session | None:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return None
        given = "" if morsel is None else morsel.value
        return next((session for token, session in self._sessions.items() if _same(token, given)), None)


def _hostname(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        return None if parts.username or parts.path or parts.query or parts.fragment else parts.hostname
    except ValueError:
        return None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode(errors="replace"))


def _refused(why: str) -> Response:
    return PlainTextResponse(why, status_code=403)


def _add_headers(headers: MutableHeaders, *, nonce: str) -> None:
    for name, value in _HEADERS.items():
        headers[name] = value
    if headers.get("X-Shown-As") == "file":
        del headers["X-Shown-As"]
        headers["Content-Security-Policy"] = _SHOWN_AS_FILE
        return
    headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
