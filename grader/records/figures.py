"""Records of matplotlib figures: the data that was plotted, not how it looks."""

from __future__ import annotations

from typing import Literal

from grader.records.base import ArrayRef, Record


class LineRecord(Record):
    """A plotted line.

    Attributes:
        x: Shape ``(points,)``; ``y`` likewise.
        marker_only: True where only markers are shown.
    """

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
    """

    kind: Literal["image", "mesh", "contour"]
    values: ArrayRef | None = None
    shape: tuple[int, ...] = ()
    extent: tuple[float, float, float, float] | None = None
    x: ArrayRef | None = None
    y: ArrayRef | None = None


class TextRecord(Record):
    """A text or annotation inside the axes, at data coordinates."""

    x: float
    y: float
    text: str


class AxesRecord(Record):
    """One pair of axes of a figure. Colour bars are left out.

    Attributes:
        unread: Classes of what is on the axes and not kept as data (``TriMesh``), each once.
    """

    title: str = ""
    x_label: str = ""
    y_label: str = ""
    legend: tuple[str, ...] = ()
    lines: tuple[LineRecord, ...] = ()
    scatters: tuple[ScatterRecord, ...] = ()
    grids: tuple[GridRecord, ...] = ()
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
