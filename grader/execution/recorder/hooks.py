"""Wraps methods of Keras so that calls can be observed without the student's program noticing."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import random
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from .channel import Channel

_FOLDER = str(Path(__file__).parent) + os.sep


class MisfitError(TypeError):
    """A call's arguments do not fit its method, which says so itself when it is called: nothing of it is lost."""


class Call:
    """A call of an observed method that is still to be made.

    Args:
        original: The method, as the library defines it.
        item: Its object.
        args: Positional arguments without the object.
        kwargs: Keyword arguments.
    """

    __slots__ = ("args", "item", "kwargs", "original")

    def __init__(self, original: Callable[..., Any], item: Any, *, args: tuple[Any, ...], kwargs: dict[str, Any]):
        self.original, self.item, self.args, self.kwargs = original, item, args, kwargs

    def run(self) -> Any:
        """Makes the call; the program gets whatever it returns or raises."""
        return self.original(self.item, *self.args, **self.kwargs)

    def arguments(self) -> dict[str, Any]:
        """The arguments by name, defaults filled in.

        Raises:
            MisfitError: They do not fit the method, which says so itself when it is called.
        """
        bound = self._bound()
        bound.apply_defaults()
        return dict(bound.arguments)

    def replace(self, name: str, value: Any) -> None:
        """Replaces the value of an argument; None leaves it as it was given."""
        if value is not None:
            bound = self._bound()
            bound.arguments[name] = value
            self.args, self.kwargs = bound.args[1:], bound.kwargs

    def first(self) -> Any:
        """The first argument, however it was given; None where there is none."""
        return self.args[0] if self.args else next(iter(self.kwargs.values()), None)

    def _bound(self) -> inspect.BoundArguments:
        try:
            return inspect.signature(self.original).bind(self.item, *self.args, **self.kwargs)
        except TypeError as error:
            raise MisfitError(*error.args) from None


Handler = Callable[[Call], Any]
"""Runs the call once and returns what it returns."""


def hook(owner: type, name: str, handler: Handler) -> None:
    """Replaces a method by one that passes its call to the handler.

    Keras and TensorFlow cut their own frames from a traceback by a decorator on the method: the replacement is put
    inside that decorator, so that its frames are cut as well (see `hide_frames`).
    """
    given = owner.__dict__[name]
    decorator = _traceback_filter(given)
    original = given.__wrapped__ if decorator else given

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return handler(Call(original, self, args=args, kwargs=kwargs))

    setattr(owner, name, decorator(method) if decorator else method)


def hide_frames(*filters: Any) -> None:
    """Makes traceback filters (modules with ``_EXCLUDED_PATHS``) cut the recorder's frames like the library's own."""
    for module in filters:
        module._EXCLUDED_PATHS = (*module._EXCLUDED_PATHS, _FOLDER)  # noqa: SLF001 - there is no public way
        module._process_traceback_frames = _without_own(module._process_traceback_frames)  # noqa: SLF001 - as above


def _without_own(process: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that keeps the innermost frame where it would keep none; here that is never one of the recorder's."""

    def process_frames(tb: TracebackType | None) -> Any:
        kept = None
        for frame, line in reversed(list(traceback.walk_tb(tb))):
            if not frame.f_code.co_filename.startswith(_FOLDER):
                kept = TracebackType(kept, frame, frame.f_lasti, line)
        return process(tb if kept is None else kept)

    return process_frames


def _traceback_filter(method: Any) -> Callable[[Any], Any] | None:
    defined_in = getattr(method, "__globals__", {})
    if hasattr(method, "__wrapped__") and "_EXCLUDED_PATHS" in defined_in:
        decorator: Callable[[Any], Any] = defined_in["filter_traceback"]
        return decorator
    return None


class _Quietly:
    def __init__(self, channel: Channel, what: str) -> None:
        self._channel, self._what = channel, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if not isinstance(error, Exception):
            return False
        if isinstance(error, MisfitError):
            return True
        text = f"The recorder could not {self._what} ({type(error).__name__}: {str(error)[:200]})."
        self._channel.lost(text)
        return True


def quietly(channel: Channel, what: str) -> _Quietly:
    """A context in which a failure of the recorder is noted, and never reaches the student's program."""
    return _Quietly(channel, what)


@contextlib.contextmanager
def unnoticed() -> Iterator[None]:
    """Runs what may call the student's code once more: prints nothing, warns of nothing, uses up no random number."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - the state of the student's legacy generator is restored
    try:
        with (
            contextlib.redirect_stdout(StringIO()),
            contextlib.redirect_stderr(StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002 - as above


class Nesting(threading.local):
    """Which observed calls this thread is inside of, innermost last."""

    def __init__(self) -> None:
        self.models: list[Any] = []

    def __bool__(self) -> bool:
        return bool(self.models)

    @contextlib.contextmanager
    def inside(self, model: Any) -> Iterator[None]:
        """Notes that a call on the model runs."""
        self.models.append(model)
        try:
            yield
        finally:
            self.models.pop()
