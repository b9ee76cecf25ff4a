"""Training curves as SVG, drawn by matplotlib without pyplot. They use no text of a student.

matplotlib is imported when something is drawn: pages whose pictures are stored need none of it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grader.report.svg import small

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEFT, _RIGHT, _BOTTOM, _TOP = 0.62, 0.12, 0.48, 0.12
"""Room around a panel for its labels, in inches: measuring their text takes as long as drawing all of it."""

_LEGEND = 0.55
"""Room above a panel for three lines of a legend, in inches."""

_CLASSES = (
    "#cfe0f5",
    "#e58a3c",
    "#8cc9a1",
    "#8a6fc4",
    "#f2d16b",
    "#7a7f8a",
    "#f0a9b5",
    "#3f8f8a",
    "#b9a58c",
    "#4c78a8",
)
"""Colours of classes: each differs from the next in lightness too."""

TRAINING, VALIDATION, QUIET, MARK = "#2563b0", "#b4530f", "#565c68", "#b3261e"


def curves(
    name: str,
    history: Mapping[str, Sequence[float]],
    *,
    mark: tuple[int, bool] | None,
    behind: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
) -> bytes:
    """Draws the training's and the validation's values of one figure by epoch, over what the reference's lie between.

    Args:
        name: ``loss``, or the accuracy's name.
        history: Metric name to values, shape ``(epochs,)``.
        mark: The epoch (from 1) to mark, and whether validation loss rises from there; None where there is none.
        behind: The lowest and the highest values of the reference's runs by epoch, likewise named.

    Returns:
        An SVG document.
    """
    lines = ((name, TRAINING, "-", "training"), (f"val_{name}", VALIDATION, "--", "validation"))

    def draw(figure: Figure) -> None:
        axes = _panel(figure, top=_LEGEND)
        for key, color, style, text in lines:
            values = history.get(key)
            if values:
                axes.plot(range(1, len(values) + 1), values, color=color, linestyle=style, label=text, linewidth=1.8)
        if mark is not None:
            epoch, is_trend = mark
            text = f"rises after {epoch}" if is_trend else f"lowest at {epoch}"
            axes.axvline(epoch, color=MARK, linestyle=":", linewidth=1.4, label=text)
        for key, color, _, text in lines:
            low, high = (behind or {}).get(key, ((), ()))
            if low:
                label = f"{text}, reference's runs"
                axes.fill_between(range(1, len(low) + 1), low, high, color=color, alpha=0.16, linewidth=0, label=label)
        axes.set_xlabel("Epoch")
        axes.set_ylabel("Loss" if name == "loss" else "Accuracy")
        axes.locator_params(axis="x", integer=True)
        _quiet(axes)
        _add_legend(axes, columns=2 if behind else 3)

    return _svg(draw, width=4.6, height=3.2)


def _add_legend(axes: Axes, *, columns: int) -> None:
    """Above the panel: there it hides no curve."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            fontsize=9,
            frameon=False,
            labelcolor=QUIET,
            ncols=columns,
            labelspacing=0.25,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderaxespad=0.2,
        )


def region(classes: npt.NDArray[np.int64], sides: Mapping[str, tuple[float, float]]) -> bytes:
    """Draws which class a model answers where.

    Args:
        classes: Shape ``(rows, columns)``, from below.
        sides: ``x`` and ``y`` to the ends of the rectangle.

    Returns:
        An SVG document.
    """

    def draw(figure: Figure) -> None:
        from matplotlib.colors import ListedColormap  # noqa: PLC0415 - see the module
        from matplotlib.patches import Patch  # noqa: PLC0415

        axes = _panel(figure)
        numbers = sorted({*classes.ravel().tolist()})
        shades = {number: _CLASSES[place % len(_CLASSES)] for place, number in enumerate(numbers)}
        places = np.searchsorted(numbers, classes)
        (left, right), (low, high) = sides["x"], sides["y"]
        axes.imshow(
            places,
            cmap=ListedColormap([shades[number] for number in numbers]),
            vmin=-0.5,
            vmax=len(numbers) - 0.5,
            extent=(left, right, low, high),
            origin="lower",
            aspect="auto",
            interpolation="none",
        )
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        _quiet(axes)
        axes.grid(visible=False)
        patches = [Patch(facecolor=shades[number], edgecolor=QUIET, label=f"class {number}") for number in numbers[:12]]
        axes.legend(handles=patches, fontsize=9, labelcolor=QUIET, facecolor="white", edgecolor="none", framealpha=0.8)

    return _svg(draw, width=4.6, height=3.4)


def _panel(figure: Figure, *, top: float = _TOP) -> Axes:
    width, height = figure.get_size_inches()
    inner = (width - _LEFT - _RIGHT, height - _BOTTOM - top)
    return figure.add_axes((_LEFT / width, _BOTTOM / height, inner[0] / width, inner[1] / height))


def _quiet(axes: Axes) -> None:
    # Pictures lie on white paper, also where the page is dark.
    for name, spine in axes.spines.items():
        spine.set_visible(name in {"left", "bottom"})
        spine.set_color(QUIET)
    axes.tick_params(colors=QUIET, labelsize=9)
    axes.xaxis.label.set_color(QUIET)
    axes.yaxis.label.set_color(QUIET)
    axes.grid(visible=True, axis="y", alpha=0.25, linewidth=0.6)


def _svg(draw: Callable[[Figure], None], *, width: float, height: float) -> bytes:
    from matplotlib import rc_context  # noqa: PLC0415 - see the module
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "grader",
            "font.family": "sans-serif",
            # Only one: matplotlib would name ten families at each text.
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": 10,
        }
    ):
        figure = Figure(figsize=(width, height))
        figure.patch.set_alpha(0)
        draw(figure)
        for axes in figure.axes:
            axes.patch.set_alpha(0)
        buffer = io.BytesIO()
        FigureCanvasSVG(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return small(buffer.getvalue().decode()).encode()
