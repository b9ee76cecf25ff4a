"""The addresses of the review: what is shown, and what a form does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from grader.errors import GraderError, UsageError
from grader.limits import MAX_FORM_BYTES, MAX_FORM_FIELDS
from grader.review.cohort import Cohort, Question
from grader.review.desk import ConflictError, Desk, Pen, Shown
from grader.review.guard import Guard, Session
from grader.review.material import picture
from grader.review.objections import find
from grader.review.views import STATIC, Views, static
from grader.review.worklist import FILTERS, Entry, Worklist, next_open, worklist

Form = list[tuple[str, str]]


def make_app(cohort: Cohort, desk: Desk, *, tutors: Mapping[str, str]) -> ASGIApp:
    """The application, for `uvicorn` or a test's client.

    Args:
        cohort: What was graded.
        desk: The tutor's file.
        tutors: Secret to the name of the tutor whose address holds it.
    """
    pages = _Pages(cohort, desk)
    routes = [
        Route("/", pages.start),
        Route("/find", pages.find),
        Route("/undo", pages.undo, methods=["POST"]),
        Route("/static/{name}", pages.static),
        Route("/s", pages.submissions),
        Route("/s/{key}", pages.submission),
        Route("/s/{key}/figures/{number:int}.png", pages.figure),
        Route("/s/{key}/notebook", pages.whole_notebook),
        Route("/s/{key}/feedback.html", pages.students_page),
        Route("/s/{key}/executed.ipynb", pages.notebook),
        Route("/c/{criterion}", pages.answers),
        Route("/c/{criterion}/decide", pages.decide, methods=["POST"]),
        Route("/c/{criterion}/item", pages.change_item, methods=["POST"]),
        Route("/c/{criterion}/s/{key}", pages.answer),
        Route("/c/{criterion}/alike/{key}", pages.alike),
    ]
    handlers = {HTTPException: _plain, GraderError: _our_error}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), tutors=tutors)


async def _plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it was registered for
    return PlainTextResponse(error.detail, status_code=error.status_code)


async def _our_error(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n\nNothing was written.", status_code=400)


@dataclass(frozen=True)
class _Pages:
    cohort: Cohort
    desk: Desk

    async def start(self, request: Request) -> Response:
        self.cohort.refresh()
        return HTMLResponse(self._views(request).start())

    async def find(self, request: Request) -> Response:
        """An objection's answer, a submission or a criterion, by their ids in any text."""
        self.cohort.refresh()
        found = find(self.cohort, request.query_params.get("q", ""))
        if found.submission is not None and found.criterion is not None:
            key = self.cohort.key(found.submission)
            return _to(f"/c/{quote(found.criterion)}/s/{quote(key)}", show="all", at="objection")
        if found.submission is not None:
            return _to(f"/s/{quote(self.cohort.key(found.submission))}")
        if found.criterion is not None:
            return _to(f"/c/{quote(found.criterion)}")
        text = "Nothing here has an id that stands in this text. An objection names a submission and a criterion."
        return HTMLResponse(self._views(request).start(message=text), status_code=404)

    async def submissions(self, request: Request) -> Response:
        self.cohort.refresh()
        return HTMLResponse(self._views(request).submissions())

    async def submission(self, request: Request) -> Response:
        return HTMLResponse(self._views(request).submission(self._submission(request)))

    async def whole_notebook(self, request: Request) -> Response:
        self._refuse_where_blind()
        return HTMLResponse(self._views(request).notebook(self._submission(request)))

    async def answers(self, request: Request) -> Response:
        self.cohort.refresh()
        return HTMLResponse(self._views(request).answers(self._work(request)))

    async def answer(self, request: Request) -> Response:
        self.cohort.refresh()
        name, work = self._submission(request), self._work(request)
        step = work.step(name)
        if not step:
            raise HTTPException(404, "This submission has no such criterion.")
        together = request.query_params.get("all") == "1" and len(step) > 1
        shown = step if together else step[:1]
        session = _session(request)
        if any(entry.is_open for entry in shown):
            self.desk.claim(session.tutor, work.question.id, [entry.answer.submission for entry in shown])
        self._note_shown(request, work, shown)
        along = request.query_params.get("along") == "submission"
        return HTMLResponse(self._views(request).answer(work, step, together=together, along=along))

    async def alike(self, request: Request) -> Response:
        """All who failed as one did, to say one thing to them."""
        self.cohort.refresh()
        work = self._work(request)
        entries = work.alike(self._submission(request))
        if not entries:
            raise HTTPException(404, "Nothing was said of this one that could be said of others.")
        self._note_shown(request, work, entries)
        return HTMLResponse(self._views(request).alike(work, entries))

    async def decide(self, request: Request) -> Response:
        """What a tutor does to the answers that a page showed."""
        self.cohort.refresh()
        form = await _form(request)
        said = dict(form)
        work = self._work(request, show=said.get("show", "todo"))
        pen = self._pen(request, work.question, [value for name, value in form if name == "shown"])
        if pen is None:
            return HTMLResponse(self._stale(request, work, form), status_code=409)
        try:
            moves_on = self._do(pen, said, work.question)
        except ConflictError as conflict:
            work = self._work(request, show=work.show)
            changed = [entry for entry in work.entries if entry.answer.submission in conflict.submissions]
            page = self._views(request).conflict(work, changed, form=self._again(form, work, pen))
            return HTMLResponse(page, status_code=409)
        first = pen.shown[0].submission
        if said.get("from") == "alike":
            return _to(f"/c/{quote(work.question.id)}/alike/{quote(self.cohort.key(first))}", show=work.show)
        if said.get("along") == "submission":
            return self._next_here(work, first, moves_on=moves_on)
        return self._next(request, work, first) if moves_on else self._back(work, first, together=len(pen.shown) > 1)

    async def change_item(self, request: Request) -> Response:
        """Words an item anew, for all who have it."""
        said = dict(await _form(request))
        question = self._question(request)
        self.desk.name_item(
            _session(request).tutor,
            question.id,
            text=_needed(said, "item_text"),
            points=_item_points(said, question),
            item=said.get("item") or None,
        )
        along = {"along": "submission"} if said.get("along") == "submission" else {}
        return _to(f"/c/{quote(question.id)}/s/{quote(said.get('at', ''))}", show=said.get("show", "todo"), **along)

    async def undo(self, request: Request) -> Response:
        """Takes the tutor's last action back, and shows what it was about."""
        taken = self.desk.undo(_session(request).tutor)
        about = next((event for event in taken if event.submission in self.cohort.graded), None)
        if about is None:
            return _to("/")
        key = self.cohort.key(about.submission or "")
        return _to(f"/c/{quote(about.criterion or '')}/s/{quote(key)}" if about.criterion else f"/s/{quote(key)}")

    async def figure(self, request: Request) -> Response:
        folder = self.cohort.output.submission(self._submission(request))
        png = picture(folder, request.path_params["number"])
        if png is None:
            raise HTTPException(404, "There is no such figure.")
        return Response(png, media_type="image/png")

    async def students_page(self, request: Request) -> Response:
        """The student's page, in which nothing runs."""
        return self._file(request, "feedback.html", media_type="text/html")

    async def notebook(self, request: Request) -> Response:
        """The notebook as it ran, as a file to be saved."""
        return self._file(request, "executed.ipynb", media_type="application/octet-stream")

    async def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC:
            raise HTTPException(404, "There is no such file.")
        return Response(static(name), media_type=STATIC[name])

    def _do(self, pen: Pen, said: Mapping[str, str], question: Question) -> bool:
        """One action of a form; whether it is done with these answers."""
        text, does = said.get("text", "").strip(), said.get("do", "points")
        internal = said.get("internal") == "1"
        if does.startswith("points="):
            self.desk.mark(pen, _points(does.removeprefix("points="), question), text=text, internal=internal)
        elif does == "points":
            self.desk.mark(pen, _points(_needed(said, "points"), question), text=text, internal=internal)
        elif does == "keep":
            self._keep(pen, text=text, internal=internal)
        elif does == "look":
            self.desk.look_again(pen, text=text)
        elif does.startswith("item="):
            self.desk.toggle(pen, does.removeprefix("item="))
            return len(pen.shown) > 1
        elif does == "new_item":
            words, points = _needed(said, "item_text"), _item_points(said, question)
            self.desk.toggle(pen, self.desk.name_item(pen.by, pen.criterion, text=words, points=points))
            return False
        elif does == "comment":
            words = _needed(said, "text") if len(pen.shown) > 1 else text
            self.desk.comment(pen, words, internal=internal)
            return False
        else:
            raise UsageError(f"{does!r}: a form asks for what is not known here.", fix="Load the page again.")
        return True

    def _note_shown(self, request: Request, work: Worklist, entries: Sequence[Entry]) -> None:
        """Only what was shown to a tutor as it is now can be decided by them."""
        question = work.question.id
        seen = {(entry.answer.submission, question, entry.answer.verdict.seen) for entry in entries}
        _session(request).shown |= seen

    def _keep(self, pen: Pen, *, text: str, internal: bool) -> None:
        """Gives what the grader had given, by a person now."""
        verdicts = [self.cohort.verdict(one.submission, pen.criterion) for one in pen.shown]
        given = {verdict.earned for verdict in verdicts if verdict is not None and verdict.outcome != "needs_review"}
        if len(given) != 1 or len(verdicts) != len(pen.shown):
            raise UsageError(
                "There is nothing to keep: the grader has not decided this.", fix="Go back, and give points."
            )
        self.desk.mark(pen, given.pop(), text=text, internal=internal)

    def _pen(self, request: Request, question: Question, tokens: Sequence[str]) -> Pen | None:
        """Who decides on what; None where something was not shown to them as it is now."""
        session, shown = _session(request), []
        for token in tokens:
            key, state, seen = ("" if part == "-" else part for part in [*token.split(" "), "-", "-"][:3])
            name = self.cohort.submission(key)
            verdict = None if name is None else self.cohort.verdict(name, question.id)
            if name is None or verdict is None or verdict.seen != seen:
                return None
            if (name, question.id, verdict.seen) not in session.shown:
                return None
            shown.append(Shown(name, state, verdict.seen))
        return Pen(session.tutor, question.id, tuple(shown)) if shown else None

    def _again(self, form: Form, work: Worklist, pen: Pen) -> Form:
        """The same form, on top of what was decided in the meantime."""
        entries = [entry for one in pen.shown if (entry := work.entry(one.submission)) is not None]
        tokens = [("shown", one.token) for one in Views(self.cohort, self.desk, pen.by, "").shown(entries)]
        return [pair for pair in form if pair[0] != "shown"] + tokens

    def _stale(self, request: Request, work: Worklist, form: Form) -> str:
        keys = [value.split(" ")[0] for name, value in form if name == "shown"]
        names = [name for key in keys if (name := self.cohort.submission(key)) is not None]
        entries = [entry for name in names if (entry := work.entry(name)) is not None]
        return self._views(request).page("stale.html.j2", work=work, question=work.question, entries=entries)

    def _next(self, request: Request, work: Worklist, submission: str) -> Response:
        work = self._work(request, show=work.show)
        entry = work.next(submission)
        where = f"/c/{quote(work.question.id)}"
        return _to(f"{where}/s/{quote(entry.answer.key)}" if entry is not None else where, show=work.show)

    def _next_here(self, work: Worklist, submission: str, *, moves_on: bool) -> Response:
        """What waits next of the same submission; the submission where nothing does."""
        key, decisions = quote(self.cohort.key(submission)), self.desk.decisions()
        here = work.question.id
        criterion = next_open(self.cohort, decisions, submission, after=here) if moves_on else here
        if criterion is None:
            return _to(f"/s/{key}")
        return _to(f"/c/{quote(criterion)}/s/{key}", show=work.show, along="submission")

    def _back(self, work: Worklist, submission: str, *, together: bool) -> Response:
        path = f"/c/{quote(work.question.id)}/s/{quote(self.cohort.key(submission))}"
        return _to(path, show=work.show, **({"all": "1"} if together else {}))

    def _refuse_where_blind(self) -> None:
        if self.cohort.blind:
            raise HTTPException(404, "Names are hidden, and this holds some.")

    def _file(self, request: Request, name: str, *, media_type: str) -> Response:
        folder = self.cohort.output.submission(self._submission(request)).folder
        self._refuse_where_blind()
        try:
            content = (folder / name).read_bytes()
        except OSError:
            raise HTTPException(404, f"This submission has no {name}.") from None
        headers = {"X-Shown-As": "file"}
        if media_type != "text/html":
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return Response(content, media_type=media_type, headers=headers)

    def _work(self, request: Request, *, show: str | None = None) -> Worklist:
        show = show or request.query_params.get("show", "todo")
        if show not in FILTERS:
            raise HTTPException(404, f"There is no filter {show!r}. There are {', '.join(FILTERS)}.")
        question, session = self._question(request), _session(request)
        return worklist(self.cohort, question, self.desk.decisions(), tutor=session.tutor, show=show)

    def _question(self, request: Request) -> Question:
        found = self.cohort.questions().get(request.path_params["criterion"])
        if found is None:
            raise HTTPException(404, "The rubric has no such criterion.")
        return found

    def _submission(self, request: Request) -> str:
        if not self.cohort.graded:
            self.cohort.refresh()
        name = self.cohort.submission(request.path_params["key"])
        if name is None:
            raise HTTPException(404, "There is no such submission, or not in this share.")
        return name

    def _views(self, request: Request) -> Views:
        return Views(self.cohort, self.desk, _session(request).tutor, request.state.nonce)


def _session(request: Request) -> Session:
    session: Session = request.state.session
    return session


async def _form(request: Request) -> Form:
    """The fields of a form in order, those with the same name too."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise HTTPException(413, f"A form has at most {MAX_FORM_BYTES} bytes here.")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise HTTPException(400, "This is no form.") from None


def _to(path: str, **query: str) -> RedirectResponse:
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, status_code=303)


def _needed(said: Mapping[str, str], name: str) -> str:
    text = said.get(name, "").strip()
    if not text:
        raise UsageError(f"The field {name.replace('item_', '')!r} is empty.", fix="Go back, and fill it in.")
    return text


def _number(text: str) -> float:
    try:
        value = float(text.replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(
            f"{text!r}: this is no number.", expected="Points, such as 1.5.", fix="Go back, and correct it."
        )
    return value


def _points(text: str, question: Question) -> float:
    points = _number(text)
    if not 0 <= points <= question.points:
        raise UsageError(
            f"{points:g} points were given.",
            expected=f"From 0 to {question.points:g}, which the rubric has for {question.id}.",
            fix="Go back, and give points within that.",
        )
    return points


def _item_points(said: Mapping[str, str], question: Question) -> float:
    points = _number(said.get("item_points") or "0")
    if abs(points) > question.points:
        raise UsageError(
            f"{points:+g} points for one item.",
            expected=f"At most {question.points:g}, which is what {question.id} has; a deduction is negative.",
            fix="Go back, and correct it.",
        )
    return points
