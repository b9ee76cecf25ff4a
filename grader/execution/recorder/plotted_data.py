"""Reads the data that a matplotlib figure plots: lines, scatters, grids and texts of its axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.collections import (
    Collection,
    LineCollection,
    PathCollection,
    PolyCollection,
    PolyQuadMesh,
    QuadMesh,
    RegularPolyCollection,
)
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Annotation, Text

from . import wire

Array = npt.NDArray[Any]
Send = Callable[[Array], str | None]

MAX_AXES = 100
MAX_ARTISTS = 200
MAX_TEXTS = 1000
MAX_TEXT_LENGTH = 500
MAX_VALUES = 4_000_000

ContourData = tuple[Array | None, Array | None, Array]

_contours: WeakKeyDictionary[ContourSet, ContourData] = WeakKeyDictionary()


def remember_contour(contours: object, arguments: tuple[object, ...]) -> None:
    """Keeps the values of a contour plot: matplotlib itself keeps its polygons alone."""
    if not isinstance(contours, ContourSet) or not arguments:
        return
    try:
        given = [np.array(argument, dtype=np.float64) for argument in arguments[:3]]
    except (TypeError, ValueError):
        return
    if len(given) == 3 and given[2].ndim and sum(array.size for array in given) <= MAX_VALUES:
        _contours[contours] = (given[0], given[1], given[2])
    elif len(given) < 3 and given[0].size <= MAX_VALUES:
        _contours[contours] = (None, None, given[0])


def figure_axes(figure: Figure, send: Send) -> list[wire.Axes]:
    """The record of every pair of axes of a figure, colour bars left out.

    Args:
        figure: After it was drawn once, so that its positions are final.
        send: Stores an array and returns its name.
    """
    every = [axes for axes in figure.axes if not _is_colour_bar(axes)]
    every += [child for axes in every for child in axes.child_axes if isinstance(child, Axes) and child.has_data()]
    shared = [_text(text) for legend in figure.legends for text in legend.get_texts()]
    return [_axes(axes, send, shared=shared) for axes in every[:MAX_AXES]]


def _is_colour_bar(axes: Axes) -> bool:
    return hasattr(axes, "_colorbar") or axes.get_label() == "<colorbar>"


def _axes(axes: Axes, send: Send, *, shared: list[str]) -> wire.Axes:
    legend = axes.get_legend()
    record: wire.Axes = {
        "title": _first(axes.get_title(loc) for loc in ("center", "left", "right")),
        "x_label": axes.get_xlabel()[:MAX_TEXT_LENGTH],
        "y_label": axes.get_ylabel()[:MAX_TEXT_LENGTH],
        "legend": [_text(text) for text in legend.get_texts()] if legend is not None else shared,
        "lines": [],
        "scatters": [],
        "grids": [],
        "texts": [],
        "unread": [],
    }
    if axes.name == "3d":
        record["unread"] = _classes([*axes.collections, *axes.lines, *axes.patches, *axes.images])
        return record
    record["lines"] = [_line(line, send) for line in axes.lines[:MAX_ARTISTS]]
    record["scatters"] = [_scatter(item, send) for item in _of_type(axes.collections, PathCollection)]
    record["grids"] = [*(_image(image, send) for image in _of_type(axes.images, AxesImage)), *_grids(axes, send)]
    record["texts"] = [_placed(text, axes) for text in axes.texts[:MAX_TEXTS] if text.get_text()]
    record["unread"] = _classes(_left_out(axes))
    return record


def _left_out(axes: Axes) -> Iterable[Any]:
    """What is on the axes and not kept as data; straight lines along the axes show no data."""
    for item in axes.collections:
        kept = isinstance(item, PathCollection | QuadMesh | PolyQuadMesh | ContourSet)
        if not kept and not _is_hexbin(item) and not _is_ruled(item):
            yield item
    yield from (image for image in axes.images if not isinstance(image, AxesImage))
    yield from axes.tables


def _is_ruled(item: Collection) -> bool:
    segments = item.get_segments() if isinstance(item, LineCollection) else []
    return bool(segments) and all(len(line) == 2 and bool((line[0] == line[1]).any()) for line in segments)


def _classes(artists: Iterable[Any]) -> list[str]:
    return sorted({type(artist).__name__ for artist in artists})


def _of_type(artists: Iterable[Any], kind: type[Any]) -> list[Any]:
    return [artist for artist in artists if isinstance(artist, kind)][:MAX_ARTISTS]


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")[:MAX_TEXT_LENGTH]


def _text(text: Text) -> str:
    return text.get_text()[:MAX_TEXT_LENGTH]


def _numbers(values: object) -> Array:
    array: Any = np.ma.asarray(values)
    if array.dtype.kind not in "biuf":
        array = array.astype(np.float64)
    if np.ma.is_masked(array):
        array = array.astype(np.float64).filled(np.nan)
    return np.asarray(array)


def _kept(values: object, send: Send) -> str | None:
    array = _numbers(values)
    return send(array) if array.size <= MAX_VALUES else None


def _line(line: Any, send: Send) -> wire.Line:
    x, y = line.get_xdata(orig=False), line.get_ydata(orig=False)
    return {
        "x": _kept(x, send),
        "y": _kept(y, send),
        "points": len(x),
        "color": _colour(line.get_color()),
        "marker_only": line.get_linestyle() in {"None", " ", ""} and line.get_marker() not in {"None", None, " ", ""},
    }


def _colour(colour: Any) -> str:
    try:
        return colors.to_hex(colour)
    except ValueError:
        return ""


def _scatter(item: PathCollection, send: Send) -> wire.Scatter:
    offsets, values = _numbers(item.get_offsets()), item.get_array()
    rgba = item.get_facecolor()
    return {
        "offsets": _kept(offsets, send),
        "values": None if values is None else _kept(values, send),
        "colors": _kept(rgba if len(rgba) else item.get_edgecolor(), send) if values is None else None,
        "points": len(offsets),
    }


def _image(image: AxesImage, send: Send) -> wire.Grid:
    values = image.get_array()
    shape = () if values is None else values.shape
    return {
        "kind": "image",
        "values": None if values is None else _kept(values, send),
        "shape": list(shape),
        "extent": [float(value) for value in image.get_extent()],
        "x": None,
        "y": None,
    }


def _grids(axes: Axes, send: Send) -> Iterable[wire.Grid]:
    for item in axes.collections[:MAX_ARTISTS]:
        if isinstance(item, QuadMesh | PolyQuadMesh):
            yield _mesh(item, send)
        elif isinstance(item, ContourSet):
            yield _contour(item, send)
        elif _is_hexbin(item):
            yield _hexbin(item, send)


def _mesh(mesh: QuadMesh | PolyQuadMesh, send: Send) -> wire.Grid:
    corners: Array = np.asarray(mesh.get_coordinates())
    values = _numbers(mesh.get_array())
    if values.ndim == 1:
        rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
        values = values.reshape(rows, columns) if values.size == rows * columns else values.reshape(corners.shape[:2])
    return _grid("mesh", values, (corners[..., 0], corners[..., 1]), send=send)


def _contour(contours: ContourSet, send: Send) -> wire.Grid:
    if contours not in _contours:
        return {"kind": "contour", "values": None, "shape": [], "extent": None, "x": None, "y": None}
    x, y, values = _contours[contours]
    if x is None or y is None:
        rows, columns = values.shape[:2] if values.ndim > 1 else (len(values), 1)
        x, y = np.arange(float(columns)), np.arange(float(rows))
    if values.ndim == 1:
        values = values.reshape(-1, 1)
    return _grid("contour", values, (x, y), send=send)


def _is_hexbin(item: Collection) -> bool:
    values = item.get_array() if isinstance(item, PolyCollection | RegularPolyCollection) else None
    return values is not None and len(_numbers(item.get_offsets())) == len(values) > 1


def _hexbin(item: Collection, send: Send) -> wire.Grid:
    offsets = _numbers(item.get_offsets())
    values = _numbers(item.get_array()).reshape(-1, 1)
    return _grid("mesh", values, (offsets[:, 0], offsets[:, 1]), send=send)


def _grid(
    kind: Literal["mesh", "contour"], values: Array, coordinates: tuple[Array, Array], *, send: Send
) -> wire.Grid:
    x, y = coordinates
    if x.ndim == 2 and y.ndim == 2 and (x == x[:1]).all() and (y == y[:, :1]).all():
        x, y = x[0], y[:, 0]
    box = (x.min(), x.max(), y.min(), y.max()) if x.size and y.size else None
    return {
        "kind": kind,
        "values": _kept(values, send),
        "shape": list(values.shape),
        "extent": None if box is None else [float(value) for value in box],
        "x": _kept(x, send),
        "y": _kept(y, send),
    }


def _placed(text: Text, axes: Any) -> wire.Text:
    if isinstance(text, Annotation):
        known = {"data": axes.transData, "axes fraction": axes.transAxes}
        place, transform = text.xy, known.get(str(text.xycoords), axes.transData)
    else:
        place, transform = text.get_position(), text.get_transform()
    x, y = axes.convert_xunits(place[0]), axes.convert_yunits(place[1])
    if transform != axes.transData:
        x, y = axes.transData.inverted().transform(transform.transform((x, y)))
    return {"x": float(x), "y": float(y), "text": _text(text)}
