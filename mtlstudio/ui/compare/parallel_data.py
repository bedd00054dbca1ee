"""The axes and lines of parallel coordinates over the points of a sweep. Pure, no Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.runs.delta import PER_METRIC, PER_TASK
from mtlstudio.studies.methods import field_name
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.compare.lines import DELTA, TASK, TIME, Line, cell

Brush = Mapping[str, tuple[float, float]]
"""Axis id -> the lowest and highest place (0 … 1) that is wanted."""


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        id: `field:<path>`, or a column of the table.
        ticks: (place, words), 0 … 1 from bottom to top.
        places: of each line, 0 … 1; None where it says nothing.
        is_result: it was measured, not set.
    """

    id: str
    title: str
    ticks: tuple[tuple[float, str], ...]
    places: tuple[float | None, ...]
    is_result: bool


@dataclass(frozen=True)
class Parallel:
    """Axes over the lines of the table that belong to one sweep."""

    lines: tuple[Line, ...]
    axes: tuple[Axis, ...]

    def axis(self, axis_id: str) -> Axis | None:
        """The axis of that id."""
        return next((axis for axis in self.axes if axis.id == axis_id), None)


def parallel_of(lines: Sequence[Line], tasks: Sequence[TaskSpec], convention: str) -> Parallel:
    """First what was set, in the order of the sweep; then each task's main metric, Δm and the time.

    Args:
        lines: of one study, each a run or its seeds folded.
        convention: of Δm.
    """
    axes = [_field_axis(field, lines) for field in _fields(lines)]
    for task in tasks:
        try:
            metric = task_type(task.type).main_metric()
        except KeyError:
            continue
        axes.append(_number_axis(f"{TASK}{task.id}", f"{task.name} · {tr(metric.short or metric.name)}", lines, ""))
    names = {PER_TASK: tr("Δm per task, val"), PER_METRIC: tr("Δm per metric, val")}
    axes.append(_number_axis(DELTA, names[convention], lines, convention))
    axes.append(_number_axis(TIME, tr("Time"), lines, ""))
    known = [axis for axis in axes if any(place is not None for place in axis.places)]
    return Parallel(tuple(lines), tuple(known))


def brushed(parallel: Parallel, brush: Brush) -> list[int]:
    """The lines that lie within every brush."""
    found = []
    for number in range(len(parallel.lines)):
        places = {axis.id: axis.places[number] for axis in parallel.axes}
        if all(_within(places.get(axis), ends) for axis, ends in brush.items()):
            found.append(number)
    return found


def _within(place: float | None, ends: tuple[float, float]) -> bool:
    low, high = min(ends), max(ends)
    return place is not None and low - 1e-9 <= place <= high + 1e-9


def _fields(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(field for line in lines for field in line.first.info.study.get("changes", {})))


def _field_axis(field: str, lines: Sequence[Line]) -> Axis:
    """Numbers by their value, words side by side."""
    values = [line.first.info.study.get("changes", {}).get(field) for line in lines]
    title = field_name(lines[0].first.spec, field).replace("_", " ")
    numbers = [_number(value) for value in values]
    if all(number is not None for number in numbers):
        distinct = sorted({number for number in numbers if number is not None})
        low, high = distinct[0], distinct[-1]
        logarithmic = low > 0 and high / low > 30
        places = tuple(_share(number, low, high, logarithmic) for number in numbers)
        ticks = tuple((_share(value, low, high, logarithmic) or 0.0, f"{value:g}") for value in distinct)
        return Axis(f"field:{field}", title, _apart(ticks), places, False)
    words = list(dict.fromkeys(str(value) for value in values if value is not None))
    spots = {word: (number + 0.5) / len(words) for number, word in enumerate(words)}
    return Axis(
        f"field:{field}", title, tuple((spot, word) for word, spot in spots.items()),
        tuple(None if value is None else spots[str(value)] for value in values), False,
    )  # fmt: skip


def _number_axis(column: str, title: str, lines: Iterable[Line], convention: str) -> Axis:
    cells = [cell(line, column, convention or PER_TASK) for line in lines]
    values = [one.value for one in cells]
    known = [(float(one.value), one.text) for one in cells if one.value is not None]
    if not known:
        return Axis(column, title, (), tuple(None for _ in values), True)
    (low, low_text), (high, high_text) = min(known), max(known)
    ticks = ((0.0, low_text), (1.0, high_text)) if high > low else ((0.5, low_text),)
    return Axis(column, title, ticks, tuple(_share(value, low, high, False) for value in values), True)


def _share(value: float | None, low: float, high: float, logarithmic: bool) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    if high <= low:
        return 0.5
    if logarithmic:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def _apart(ticks: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Without those that would stand on one another; the ends stay."""
    found = [ticks[0]]
    for place, words in ticks[1:-1]:
        if place - found[-1][0] >= 0.09 and ticks[-1][0] - place >= 0.09:
            found.append((place, words))
    return (*found, ticks[-1]) if len(ticks) > 1 else tuple(found)


def _number(value: object) -> float | None:
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) else None
