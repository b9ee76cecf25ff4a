"""Matplotlib figures as data: what was drawn, not how it looks."""

from __future__ import annotations

from typing import Literal

from grader.records.base import ArrayRef, Record


class LineRecord(Record):
    """A drawn line.

    Attributes:
        x: Shape ``(points,)``; ``y`` likewise.
        marker_only: True where only markers are drawn.
    """

    label: str = ""
    x: ArrayRef | None = None
    y: ArrayRef | None = None
    points: int = 0
    color: str = ""
    marker_only: bool = False


class ScatterRecord(Record):
    """A scatter.

    Attributes:
        offsets: Shape ``(points, 2)``, data units.
        values: Shape ``(points,)``, where a colour map was used.
        colors: Else RGBA in [0, 1], shape ``(points, 4)`` or ``(1, 4)``.
    """

    label: str = ""
    offsets: ArrayRef | None = None
    values: ArrayRef | None = None
    colors: ArrayRef | None = None
    points: int = 0


class GridRecord(Record):
    """An image, a mesh, a hexbin or a filled or line contour, as the values behind it.

    Attributes:
        kind: ``image`` (imshow, matshow), ``mesh`` (pcolormesh, seaborn's heatmap) or ``contour``.
        values: Shape ``(rows, columns)`` or ``(rows, columns, 3 or 4)`` for an image in colours.
        extent: left, right, bottom, top in data units.
        x: Coordinates of the columns (or of corners), where known; ``y`` likewise of the rows.
        levels: Of a contour.
        filled: Of a contour.
    """

    kind: Literal["image", "mesh", "contour"]
    values: ArrayRef | None = None
    shape: tuple[int, ...] = ()
    extent: tuple[float, float, float, float] | None = None
    x: ArrayRef | None = None
    y: ArrayRef | None = None
    levels: tuple[float, ...] = ()
    filled: bool = False


class TextRecord(Record):
    """A text or annotation inside the axes, at data coordinates."""

    x: float
    y: float
    text: str


class AxesRecord(Record):
    """One pair of axes of a figure. Colour bars are left out.

    Attributes:
        bars: Left, bottom, width and height, shape ``(bars, 4)``.
        unread: Classes of what was drawn and is not kept as data (``TriMesh``), each once.
    """

    title: str = ""
    x_label: str = ""
    y_label: str = ""
    x_limits: tuple[float, float] = (0.0, 1.0)
    y_limits: tuple[float, float] = (0.0, 1.0)
    legend: tuple[str, ...] = ()
    x_tick_labels: tuple[str, ...] = ()
    y_tick_labels: tuple[str, ...] = ()
    lines: tuple[LineRecord, ...] = ()
    scatters: tuple[ScatterRecord, ...] = ()
    grids: tuple[GridRecord, ...] = ()
    bars: ArrayRef | None = None
    bar_count: int = 0
    texts: tuple[TextRecord, ...] = ()
    unread: tuple[str, ...] = ()


class FigureRecord(Record):
    """One figure when it was shown or, where it never was, at the end of its cell.

    Attributes:
        png: The picture, uint8, shape ``(bytes,)``.
    """

    seq: int
    cell: int | None
    title: str = ""
    axes: tuple[AxesRecord, ...] = ()
    png: ArrayRef | None = None
