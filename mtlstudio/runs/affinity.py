"""Which tasks should share: the affinity that was measured, and the groups of tasks that follow from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlstudio.runs.events import AffinityMeasured

Floats = NDArray[np.float64]

EXACT = 8
"""Up to so many tasks every partition is looked at (4,140 of eight tasks)."""
SOURCE = "Fifty et al. 2021, arXiv 2109.04617"

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Affinity:
    """The affinity of a run's tasks.

    Attributes:
        tasks: ids, in the order of rows and columns.
        raw: Z, T × T, mean over the measurements: by what share a step for i lowers the loss of j; NaN unmeasured.
        helped: T × T, Z[i][j] / Z[j][j]: which share of what a step of j's own does for j a step for i does; 1 on the
            diagonal, below 0 where it hurts; NaN where j's own steps do not help j.
        count: T × T, how often each pair was measured.
    """

    tasks: tuple[str, ...]
    raw: Floats
    helped: Floats
    count: NDArray[np.int64]

    @property
    def mutual(self) -> Floats:
        """T × T, symmetric: the mean of `helped` in both directions."""
        return np.asarray((self.helped + self.helped.T) / 2)


@dataclass(frozen=True)
class Grouping:
    """Tasks in groups that are each to share a network, or a branch.

    Attributes:
        groups: ids of the tasks, in the order of the rows.
        score: Σ over tasks of the mean `helped` onto the task by the others of its group; 0 for a task alone.
        hurt: tasks for which that mean is below 0.
    """

    groups: Groups
    score: float
    hurt: tuple[str, ...]


def affinity(measured: Sequence[AffinityMeasured], tasks: Sequence[str]) -> Affinity | None:
    """The mean over measurements; None where there are none."""
    size = len(tasks)
    total, count = np.zeros((size, size)), np.zeros((size, size), np.int64)
    for event in measured:
        for i, first in enumerate(event.tasks):
            for j, second in enumerate(event.tasks):
                value = _value(event, i, j)
                if first in tasks and second in tasks and value is not None:
                    place = tasks.index(first), tasks.index(second)
                    total[place] += value
                    count[place] += 1
    if not count.any():
        return None
    raw = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    own = np.diag(raw)
    helped = raw / np.where(own > 0, own, np.nan)[None, :]
    return Affinity(tuple(tasks), raw, helped, count)


def groupings(found: Affinity, most: int = 4) -> list[Grouping]:
    """The best grouping into one group, into two, … (at most `most`).

    Each task's mean affinity from the others of its group is added up, as in the paper; of at most eight tasks every
    partition is looked at, of more the best pair of groups is joined again and again. Deviation: a task alone counts
    0, for `helped` is 0 where another task does nothing for it.

    Source: Fifty et al. 2021, arXiv 2109.04617.
    """
    size = len(found.tasks)
    helped = np.nan_to_num(found.helped, nan=0.0)
    best: dict[int, tuple[float, list[list[int]]]] = {}
    for parts in _partitions(size, most) if size <= EXACT else _joined(helped):
        if len(parts) <= most:
            score = _score(helped, parts)
            if len(parts) not in best or score > best[len(parts)][0]:
                best[len(parts)] = (score, parts)
    return [_grouping(found.tasks, helped, parts) for _count, (_score, parts) in sorted(best.items())]


def proposed(found: Affinity, most: int = 4) -> Grouping:
    """The fewest groups in which no task is hurt by the company it keeps; where there are none, those that hurt the
    fewest."""
    all_of_them = groupings(found, most)
    return min(all_of_them, key=lambda item: (len(item.hurt), len(item.groups)))


def _value(event: AffinityMeasured, i: int, j: int) -> float | None:
    try:
        value = event.affinity[i][j]
    except (IndexError, TypeError):
        return None
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _onto(helped: Floats, part: Sequence[int]) -> list[float]:
    """The mean affinity onto each task of a group from the others of it."""
    if len(part) == 1:
        return [0.0]
    inside = helped[np.ix_(part, part)]
    return [float((inside[:, place].sum() - inside[place, place]) / (len(part) - 1)) for place in range(len(part))]


def _score(helped: Floats, parts: Sequence[Sequence[int]]) -> float:
    return math.fsum(value for part in parts for value in _onto(helped, part))


def _grouping(tasks: Sequence[str], helped: Floats, parts: Sequence[Sequence[int]]) -> Grouping:
    ordered = sorted(sorted(part) for part in parts)
    hurt = [
        tasks[place]
        for part in ordered
        for place, value in zip(part, _onto(helped, part), strict=True)
        if value < 0
    ]  # fmt: skip
    groups = tuple(tuple(tasks[place] for place in part) for part in ordered)
    return Grouping(groups, _score(helped, ordered), tuple(hurt))


def _partitions(size: int, most: int) -> Iterator[list[list[int]]]:
    """Every way to put things 0 … size - 1 into at most `most` groups."""

    def placed(number: int, parts: list[list[int]]) -> Iterator[list[list[int]]]:
        if number == size:
            yield [list(part) for part in parts]
            return
        for part in parts:
            part.append(number)
            yield from placed(number + 1, parts)
            part.pop()
        if len(parts) < most:
            parts.append([number])
            yield from placed(number + 1, parts)
            parts.pop()

    yield from placed(0, [])


def _joined(helped: Floats) -> Iterator[list[list[int]]]:
    """From every task alone on, the two groups joined that make the best score, down to a single group."""
    parts = [[place] for place in range(len(helped))]
    yield parts
    while len(parts) > 1:
        known = [_onto(helped, part) for part in parts]
        gains = {
            (a, b): math.fsum(_onto(helped, parts[a] + parts[b])) - math.fsum(known[a]) - math.fsum(known[b])
            for a in range(len(parts))
            for b in range(a + 1, len(parts))
        }
        a, b = max(gains, key=lambda pair: gains[pair])
        parts = [*(part for place, part in enumerate(parts) if place not in (a, b)), parts[a] + parts[b]]
        yield parts
