"""Pictures of a plane divided into classes: what each place of the picture says, and which model answers like that."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from grader.figures.plotted_data import points_of
from grader.figures.regions import is_curve_like
from grader.figures.thresholds import THRESHOLDS
from grader.judging.subject import Floats, flat_rows, numbers
from grader.judging.views import SectionView
from grader.limits import MAX_PREDICTIONS_JOINED
from grader.records import AxesRecord, GridRecord

Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClassMap:
    """A picture of classes.

    Attributes:
        points: Places in data units, shape ``(points, 2)``.
        classes: Of each place, shape ``(points,)``.
        named: Whether the numbers of the classes say which is which; groups of one colour do not.
        is_table: Whether the places are a table of rows and columns, whose order says more than its coordinates: those
            of an image are the middles of its pixels.
    """

    points: Floats
    classes: Classes
    named: bool
    is_table: bool = False


@dataclass(frozen=True)
class Answers:
    """What a model answered: places ``(points, 2)`` (None where not kept) and the classes that may be read from it.

    Attributes:
        readings: Each of shape ``(points,)``; two where it is open at which output the classes part.
    """

    points: Floats | None
    readings: tuple[Classes, ...]


def classes_of_outputs(outputs: Floats) -> tuple[Classes, ...]:
    """The classes of raw outputs, shape ``(rows, outputs)``: the largest of several, a threshold for one."""
    if outputs.shape[1] > 1:
        return (outputs.argmax(axis=1).astype(np.int64),)
    column = outputs[:, 0]
    half = (column > 0.5).astype(np.int64)
    are_shares = not len(column) or (column.min() >= 0 and column.max() <= 1)
    return (half,) if are_shares else ((column > 0).astype(np.int64), half)


def pictures(section: SectionView, axes: AxesRecord, *, curves: Sequence[str], tolerance: float) -> Iterator[ClassMap]:
    """Every way to read a pair of axes as a picture of classes; what only draws the curves is left out."""
    groups: list[tuple[Floats, str]] = []
    for index, dots in enumerate(axes.scatters):
        points = points_of(numbers(section, dots.offsets))
        if points is None or not len(points) or is_curve_like(points, curves, tolerance=tolerance):
            continue
        values, colours = numbers(section, dots.values), numbers(section, dots.colors)
        if values is not None and values.shape == (len(points),):
            yield ClassMap(points, _classes_of_values(values), named=True)
        elif colours is not None and colours.ndim == 2 and len(colours) == len(points) > 1:
            class_map = _by_colour(points, colours)
            if class_map is not None:
                yield class_map
        else:
            colour = "" if colours is None else str(np.round(colours.ravel()[:3], 3).tolist())
            groups.append((points, colour or f"scatter {index}"))
    groups += _marker_lines(section, axes, curves=curves, tolerance=tolerance)
    if groups:
        names = sorted({name for _, name in groups})
        if len(names) <= THRESHOLDS.most_groups:
            classes = np.concatenate([np.full(len(points), names.index(name)) for points, name in groups])
            yield ClassMap(np.concatenate([points for points, _ in groups]), classes.astype(np.int64), named=False)
    for grid in axes.grids:
        yield from _of_grid(section, grid)


def agreement(class_map: ClassMap, answers: Answers) -> float | None:
    """The share of a picture's places whose class is the model's; None where the two have no places in common.

    Places in the same number and order are compared one by one, others by their coordinates.
    """
    pairs = list(_joined(class_map, answers))
    shares = [_share(class_map.classes[left], reading[right], named=class_map.named)
              for left, right in pairs for reading in answers.readings]  # fmt: skip
    return max(shares, default=None)


def nearest_on_grid(class_map: ClassMap, answers: Answers) -> float | None:
    """The same against a model's answers on a full grid, each place taken to the nearest grid point.

    Returns:
        None where the answers do not lie on a full grid.
    """
    points = answers.points
    if points is None or not len(points):
        return None
    columns, rows = np.unique(points[:, 0]), np.unique(points[:, 1])
    if len(columns) * len(rows) != len(points) or min(len(columns), len(rows)) < 2:
        return None
    table = np.full((len(columns), len(rows)), -1, dtype=np.int64)
    best = None
    inside = _inside(class_map.points, points)
    for reading in answers.readings:
        table[np.searchsorted(columns, points[:, 0]), np.searchsorted(rows, points[:, 1])] = reading
        picked = table[_nearest(columns, class_map.points[inside, 0]), _nearest(rows, class_map.points[inside, 1])]
        share = _share(class_map.classes[inside], picked, named=class_map.named)
        best = share if best is None else max(best, share)
    return best if inside.any() else None


def answers_of(section: SectionView, records: Sequence[tuple[str | None, str | None]]) -> tuple[Answers, ...]:
    """Recorded inputs and outputs, given as the names of their arrays; small ones are put together."""
    found: list[Answers] = []
    few: list[tuple[Floats, Floats]] = []
    for inputs, outputs in records[-MAX_PREDICTIONS_JOINED:]:
        values, points = numbers(section, outputs), points_of(numbers(section, inputs))
        if values is None or not values.size or not np.isfinite(values).all():
            continue
        values = flat_rows(values)
        if points is not None and len(points) < THRESHOLDS.few_points and len(points) == len(values):
            few.append((points, values))
        else:
            found.append(Answers(points, classes_of_outputs(values)))
    if few and len({values.shape[1] for _, values in few}) == 1:
        together = np.concatenate([points for points, _ in few])
        found.append(Answers(together, classes_of_outputs(np.concatenate([values for _, values in few]))))
    return tuple(found)


def _classes_of_values(values: Floats) -> Classes:
    finite = values[np.isfinite(values)]
    whole = len(finite) and np.array_equal(finite, np.round(finite))
    if whole and finite.min() >= 0 and 1 < finite.max() <= THRESHOLDS.most_groups:
        return np.nan_to_num(values, nan=-1.0).astype(np.int64)
    distinct = np.unique(finite[: 2**16])
    # Two codes such as -1 and 1 part in the middle; shares at a half; logits at 0.
    if len(distinct) == 2 and not (0 <= distinct[0] <= distinct[1] <= 1):
        cut = float(distinct.mean())
    else:
        cut = 0.5 if not len(finite) or (finite.min() >= 0 and finite.max() <= 1) else 0.0
    return np.where(np.isfinite(values), values > cut, -1).astype(np.int64)


def _by_colour(points: Floats, colours: Floats) -> ClassMap | None:
    distinct, classes = np.unique(np.round(_bounded(colours[:, :3], 1.0), 3), axis=0, return_inverse=True)
    if len(distinct) > THRESHOLDS.most_groups:
        return None
    return ClassMap(points, np.asarray(classes).ravel().astype(np.int64), named=False)


def _marker_lines(
    section: SectionView, axes: AxesRecord, *, curves: Sequence[str], tolerance: float
) -> list[tuple[Floats, str]]:
    found = []
    for line in axes.lines:
        x, y = numbers(section, line.x), numbers(section, line.y)
        if not line.marker_only or x is None or y is None or x.ndim != 1 or x.shape != y.shape:
            continue
        points = np.column_stack([x, y])
        if not is_curve_like(points, curves, tolerance=tolerance):
            found.append((points, line.color))
    return found


def _of_grid(section: SectionView, grid: GridRecord) -> Iterator[ClassMap]:
    """An image, mesh or contour as points; an image in both of the directions in which its rows may run."""
    values = numbers(section, grid.values)
    if values is None or values.ndim not in {2, 3} or not values.size:
        return
    rows, columns = values.shape[:2]
    points = _grid_points(section, grid, size=(rows, columns))
    if points is None:
        return
    for turned in (values, values[::-1]) if grid.kind == "image" else (values,):
        if values.ndim == 2:
            yield ClassMap(points, _classes_of_values(turned.ravel()), named=True, is_table=True)
        else:
            class_map = _by_colour(points, turned.reshape(rows * columns, -1))
            if class_map is not None:
                yield replace(class_map, is_table=True)


def _grid_points(section: SectionView, grid: GridRecord, *, size: tuple[int, int]) -> Floats | None:
    rows, columns = size
    x, y = numbers(section, grid.x), numbers(section, grid.y)
    if x is not None and y is not None and x.ndim == y.ndim == 2:
        # As of mgrid, whose first axis may run along x.
        placed = [_middles(places, size) for places in (x, y)]
        found = [places.ravel() for places in placed if places is not None]
        return np.column_stack(found) if len(found) == len(placed) else None
    # A hexbin, or a contour of scattered places.
    if x is not None and y is not None and x.ndim == 1 and x.shape == y.shape == (rows * columns,):
        return np.column_stack([x, y])
    across, up = _centres(x, columns), _centres(y, rows)
    if (across is None or up is None) and grid.extent is not None:
        left, right, bottom, top = grid.extent
        across = left + (np.arange(columns) + 0.5) / columns * (right - left)
        up = bottom + (np.arange(rows) + 0.5) / rows * (top - bottom)
    if across is None or up is None:
        return None
    mesh = np.meshgrid(across, up)
    return np.column_stack([mesh[0].ravel(), mesh[1].ravel()])


def _centres(places: Floats | None, count: int) -> Floats | None:
    if places is None or places.ndim != 1:
        return None
    if len(places) == count + 1:
        return (places[:-1] + places[1:]) / 2
    return places if len(places) == count else None


def _middles(corners: Floats, size: tuple[int, int]) -> Floats | None:
    rows, columns = size
    if corners.shape == (rows + 1, columns + 1):
        return (corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]) / 4
    return corners if corners.shape == size else None


def _joined(class_map: ClassMap, answers: Answers) -> Iterator[tuple[Classes, Classes]]:
    """Index pairs of places that are the same, in the picture and in the answers."""
    count = len(class_map.classes)
    points = answers.points
    if points is not None:
        _, left, right = np.intersect1d(_key(class_map.points), _key(points), return_indices=True)
        if len(left) >= THRESHOLDS.fewest_joined * count:
            yield left, right
            return
    # The order must do where the inputs were too many to be kept.
    if (points is None or class_map.is_table) and len(answers.readings[0]) == count:
        every = np.arange(count)
        yield every, every


def _key(points: Floats) -> npt.NDArray[np.complex128]:
    rounded = np.round(_bounded(points, THRESHOLDS.farthest), THRESHOLDS.decimals) + 0.0
    return rounded[:, 0] + 1j * rounded[:, 1]


def _bounded(values: Floats, largest: float) -> Floats:
    return np.clip(np.nan_to_num(values, nan=0.0), -largest, largest)


def _inside(points: Floats, others: Floats) -> npt.NDArray[np.bool_]:
    low, high = others.min(axis=0), others.max(axis=0)
    edge = 0.05 * (high - low)
    return np.asarray(((points >= low - edge) & (points <= high + edge)).all(axis=1))


def _nearest(ticks: Floats, places: Floats) -> Classes:
    right = np.clip(np.searchsorted(ticks, places), 1, len(ticks) - 1)
    closer_left = np.abs(places - ticks[right - 1]) <= np.abs(ticks[right] - places)
    return np.where(closer_left, right - 1, right).astype(np.int64)


def _share(drawn: Classes, answered: Classes, *, named: bool) -> float:
    if not len(drawn):
        return 0.0
    if named:
        return float(np.mean(drawn == answered))
    left, right = np.unique(drawn), np.unique(answered)
    table = np.asarray([[np.sum((drawn == a) & (answered == b)) for b in right] for a in left])
    # Colours do not say which class they stand for, but each stands for one.
    if max(table.shape) <= 4:
        small, large = sorted(table.shape)
        wide = table if table.shape[0] == small else table.T
        picks = itertools.permutations(range(large), small)
        return float(max(sum(wide[i, j] for i, j in enumerate(pick)) for pick in picks) / len(drawn))
    total = 0
    while table.size and table.max() > 0:
        row, column = np.unravel_index(int(table.argmax()), table.shape)
        total += int(table[row, column])
        table = np.delete(np.delete(table, row, axis=0), column, axis=1)
    return total / len(drawn)
