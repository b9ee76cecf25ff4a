"""Training curves and histograms as SVG, drawn by matplotlib without pyplot. They use no text of a student.

matplotlib is imported when something is drawn: pages whose pictures are stored need none of it.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.metrics import is_accuracy
from grader.store import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VERSION = "2"
"""Part of every stored picture's name: raise it when a picture changes."""

_LEFT, _RIGHT, _BOTTOM, _TOP = 0.62, 0.12, 0.48, 0.12
"""Room around a panel for its labels, in inches: measuring their text takes as long as drawing all of it."""

TRAINING, VALIDATION, QUIET, MARK = "#3b7dd8", "#e07b39", "#8a8f98", "#c2474b"


def fit_curves(history: Mapping[str, Sequence[float]], *, onset_epoch: int | None) -> bytes:
    """Draws loss, and accuracy where there is one, by epoch.

    Args:
        history: Metric name to values, shape ``(epochs,)``.
        onset_epoch: The epoch (from 1) after which validation loss only rose, marked; None where it never did.

    Returns:
        An SVG document.
    """
    accuracy = next((name for name in history if is_accuracy(name) and not name.startswith("val_")), None)
    panels = [("loss", "Loss")] + ([(accuracy, "Accuracy")] if accuracy else [])

    def draw(figure: Figure) -> None:
        for number, (name, label) in enumerate(panels):
            axes = _panel(figure, number, of=len(panels))
            for key, color, text in ((name, TRAINING, "training"), (f"val_{name}", VALIDATION, "validation")):
                values = history.get(key)
                if values:
                    axes.plot(range(1, len(values) + 1), values, color=color, label=text, marker="o", markersize=2.5)
            if onset_epoch is not None and name == "loss":
                axes.axvline(onset_epoch, color=MARK, linestyle=":", linewidth=1.2, label=f"lowest at {onset_epoch}")
            axes.set_xlabel("Epoch")
            axes.set_ylabel(label)
            axes.locator_params(axis="x", integer=True)
            _quiet(axes)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(fontsize=8, frameon=False, labelcolor=QUIET)

    return _svg(draw, width=3.4 * len(panels), height=2.5)


def histogram(values: Sequence[float], *, possible: float) -> bytes:
    """Draws how many submissions earned how much.

    Args:
        values: Points earned, one a submission.
        possible: The most that can be earned.

    Returns:
        An SVG document.
    """

    def draw(figure: Figure) -> None:
        axes = _panel(figure, 0, of=1)
        bins = max(1, min(25, round(possible)))
        axes.hist(values, bins=bins, range=(0, max(possible, 1e-9)), color=TRAINING, rwidth=0.9)
        axes.set_xlabel("Points earned")
        axes.set_ylabel("Submissions")
        axes.locator_params(axis="y", integer=True)
        _quiet(axes)

    return _svg(draw, width=6.0, height=2.2)


def stored(folder: Path, *, key: object, draw: Callable[[], bytes]) -> bytes:
    """A picture from the store, drawn where it is not there yet.

    Args:
        folder: Where pictures are kept.
        key: What the picture is made of; anything that JSON can hold.
        draw: Makes it.
    """
    name = hashlib.sha256(json.dumps([VERSION, key]).encode()).hexdigest()[:32]
    path = folder / f"{name}.svg"
    try:
        return path.read_bytes()
    except OSError:
        made = draw()
        write_atomically(path, made)
        return made


def _panel(figure: Figure, number: int, *, of: int) -> Axes:
    """One of several panels side by side, counted from 0."""
    width, height = figure.get_size_inches()
    left = number * width / of + _LEFT
    inner = (width / of - _LEFT - _RIGHT, height - _BOTTOM - _TOP)
    return figure.add_axes((left / width, _BOTTOM / height, inner[0] / width, inner[1] / height))


def _quiet(axes: Axes) -> None:
    # One grey that reads on light and dark paper alike.
    for name, spine in axes.spines.items():
        spine.set_visible(name in {"left", "bottom"})
        spine.set_color(QUIET)
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.xaxis.label.set_color(QUIET)
    axes.yaxis.label.set_color(QUIET)
    axes.grid(visible=True, alpha=0.25, linewidth=0.6)


def _svg(draw: Callable[[Figure], None], *, width: float, height: float) -> bytes:
    from matplotlib import rc_context  # noqa: PLC0415 - see the module
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "grader", "font.family": "sans-serif", "font.size": 9}):
        figure = Figure(figsize=(width, height))
        figure.patch.set_alpha(0)
        draw(figure)
        for axes in figure.axes:
            axes.patch.set_alpha(0)
        buffer = io.BytesIO()
        FigureCanvasSVG(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return buffer.getvalue()
