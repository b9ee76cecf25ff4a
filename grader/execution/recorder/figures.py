"""Records each matplotlib figure when it is shown or saved, else at the end of its cell."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import io
import json
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .channel import Channel
from .plotted_data import MAX_TEXT_LENGTH, figure_axes, remember_contour
from .wire import FIGURE, Figure, FigureContent, Place

MAX_FIGURES_PER_CELL = 60
MAX_FIGURES = 600
MAX_PICTURE_BYTES = 384 * 2**10
MAX_PICTURES_BYTES = 64 * 2**20
PICTURE_DPI = 72
PICTURE_PIXELS = 1000
MAX_UNSEEN_FIGURES = 20

_CONTOURS = ("contour", "contourf", "tricontour", "tricontourf")
_PNG = b"\x89PNG"


def install(channel: Channel) -> FigureRecorder:
    """Wraps the functions by which IPython shows figures and matplotlib saves them.

    Call it before anything else imports pyplot: IPython keeps its printing function when the backend is chosen.
    """
    recorder = FigureRecorder(channel)
    from IPython.core import pylabtools  # noqa: PLC0415 - only a kernel has it
    from matplotlib import backend_bases, figure  # noqa: PLC0415 - as above
    from matplotlib.axes import Axes  # noqa: PLC0415

    pylabtools.print_figure = _after(pylabtools.print_figure, recorder.printed)
    figure.Figure.savefig = _after(figure.Figure.savefig, recorder.saved)  # type: ignore[method-assign]
    figure.Figure.__init__ = _after(figure.Figure.__init__, recorder.made)  # type: ignore[method-assign]
    manager: Any = backend_bases.FigureManagerBase
    shown = manager.pyplot_show.__func__
    manager.pyplot_show = classmethod(_after(shown, lambda *_: recorder.take_open_figures()))
    for name in _CONTOURS:
        setattr(Axes, name, _after(getattr(Axes, name), _remember))
    return recorder


def _after(original: Callable[..., Any], watch: Callable[..., None]) -> Callable[..., Any]:
    """The function, followed by ``watch(result, arguments, options)``, whose exceptions are ignored."""

    @functools.wraps(original)
    def call(*arguments: Any, **options: Any) -> Any:
        result = original(*arguments, **options)
        # A figure that the recorder cannot read must still be shown.
        with contextlib.suppress(Exception):
            watch(result, arguments, options)
        return result

    return call


def _remember(result: object, arguments: tuple[object, ...], _options: dict[str, object]) -> None:
    remember_contour(result, arguments[1:])


class FigureRecorder:
    """Records each figure, and again where it has changed."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._recorded: WeakKeyDictionary[Any, tuple[str, int | None]] = WeakKeyDictionary()
        self._unseen: list[Any] = []
        self._busy = False
        self._count = 0
        self._count_in_cell = 0
        self._held: tuple[Place, FigureContent, bytes] | None = None
        self._pictures_bytes = 0

    def begin_cell(self) -> None:
        """A cell starts, and its count of figures."""
        self._count_in_cell = 0
        self._held = None
        self._unseen.clear()

    def end_of_cell(self, _namespace: Mapping[str, object]) -> None:
        """Records the figures that are still open, and those that the cell made and never showed."""
        self.take_open_figures(again=False)
        for figure in self._unseen:
            if figure not in self._recorded and figure.axes:
                self._record(figure)
        self._unseen.clear()
        if self._held is not None:
            self.channel.lost(f"figures of one cell between the first {MAX_FIGURES_PER_CELL} and the last")
            place, content, picture = self._held
            self._emit(place, content, picture=picture)
            self._held = None

    def take_open_figures(self, *, again: bool = True) -> None:
        """Records pyplot's open figures.

        Args:
            again: Also those that have not changed since another cell showed them.
        """
        helpers = sys.modules.get("matplotlib._pylab_helpers")
        if helpers is None:
            return
        for manager in helpers.Gcf.get_all_fig_managers():
            if manager.canvas.figure.axes:
                self._record(manager.canvas.figure, again=again)

    def printed(self, data: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """IPython printed a figure to show it."""
        if data is not None:
            self._record(arguments[0] if arguments else options["fig"], picture=_as_png(data))

    def saved(self, _: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """A figure was saved; the frames of an animation are not recorded."""
        caller = sys._getframe(2).f_globals.get("__name__", "")  # noqa: SLF001 - the call stack alone says who saves
        if not str(caller).startswith("matplotlib.animation") and options.get("format") not in {"raw", "rgba"}:
            self._record(arguments[0], picture=_saved_png(arguments[1] if len(arguments) > 1 else options.get("fname")))

    def made(self, _: object, arguments: tuple[Any, ...], __: dict[str, Any]) -> None:
        """A figure was made: kept until the end of the cell, in case it is closed without having been shown."""
        if self.channel.cell is not None and len(self._unseen) < MAX_UNSEEN_FIGURES:
            self._unseen.append(arguments[0])

    def _record(self, figure: Any, *, picture: bytes | None = None, again: bool = True) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._send(figure, picture=picture, again=again)
        except Exception as error:  # noqa: BLE001 - a student's own artist may raise anything
            self.channel.lost(f"a figure that could not be read ({type(error).__name__})")
        finally:
            self._busy = False

    def _send(self, figure: Any, *, picture: bytes | None, again: bool) -> None:
        if self._count >= MAX_FIGURES:
            self.channel.lost(f"more than {MAX_FIGURES} figures")
            return
        title = figure.get_suptitle()[:MAX_TEXT_LENGTH]
        if figure not in self._recorded and picture is None:
            figure.draw_without_rendering()  # positions are only known once the figure was drawn
        content: FigureContent = {"title": title, "axes": figure_axes(figure, self.channel.array)}
        digest = hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()
        before, cell = self._recorded.get(figure, (None, None))
        if before == digest and (cell == self.channel.cell or not again):
            return
        self._recorded[figure] = (digest, self.channel.cell)
        self._count_in_cell += 1
        place: Place = {"seq": self.channel.next_seq(), "cell": self.channel.cell}
        if picture is None or len(picture) > MAX_PICTURE_BYTES:
            picture = _rendered(figure)
        # A loop that plots its progress ends with the figure that counts.
        if self._count_in_cell > MAX_FIGURES_PER_CELL:
            self._held = (place, content, picture)
        else:
            self._emit(place, content, picture=picture)

    def _emit(self, place: Place, content: FigureContent, *, picture: bytes) -> None:
        self._count += 1
        png = None
        if len(picture) > MAX_PICTURE_BYTES or self._pictures_bytes + len(picture) > MAX_PICTURES_BYTES:
            self.channel.lost("a picture of a figure that was too large")
        else:
            self._pictures_bytes += len(picture)
            png = self.channel.array(np.frombuffer(picture, np.uint8))
        self.channel.emit(FIGURE, Figure(**place, **content, png=png))


def _as_png(data: object) -> bytes | None:
    if isinstance(data, str):
        # An SVG is text as well, but its < is no base64.
        data = base64.b64decode(data) if not data.lstrip().startswith("<") else b""
    return data if isinstance(data, bytes) and data.startswith(_PNG) else None


def _saved_png(target: object) -> bytes | None:
    if isinstance(target, io.BytesIO):
        data = target.getvalue()
    elif isinstance(target, str | Path) and str(target).lower().endswith(".png"):
        path = Path(target)
        data = path.read_bytes() if path.stat().st_size <= MAX_PICTURE_BYTES else b""
    else:
        return None
    return data if data.startswith(_PNG) else None


def _rendered(figure: Any) -> bytes:
    size = max(*figure.get_size_inches(), 0.1)
    buffer = io.BytesIO()
    figure.canvas.print_figure(
        buffer, format="png", dpi=min(PICTURE_DPI, PICTURE_PIXELS / size), facecolor=figure.get_facecolor()
    )
    return buffer.getvalue()
