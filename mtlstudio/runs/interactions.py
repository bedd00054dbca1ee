"""What the tasks of a run do to one another, read from its events: how their gradients of the shared layers agree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mtlstudio.runs.events import AffinityMeasured, Event, GradientsMeasured, RunStarted

Matrix: TypeAlias = NDArray[np.float32]

ALL = ""
"""Stands for all shared layers together."""
FEWEST = 5
"""So many measurements at least, before anything is claimed of a pair."""
LEAST = 0.05
"""A mean cosine above its negative counts as none."""
_LEANING = 0.8
_SURE = 2.0


@dataclass(frozen=True)
class Measurement:
    """The gradients of one step.

    Attributes:
        step, epoch: as in `GradientsMeasured`.
        cosines: layer id -> T × T cosines of the gradients, in the order of all tasks of the run; NaN where a task
            has no gradient there. `ALL`: of all layers that both tasks of a pair reach, taken together.
        norms: task id -> length of the gradient of its unweighted loss, over all shared layers.
        shares: task id -> its part of Σ weight × length over the tasks in that batch; adds up to 1.
    """

    step: int
    epoch: int
    cosines: dict[str, Matrix]
    norms: dict[str, float]
    shares: dict[str, float]


@dataclass(frozen=True)
class Estimate:
    """A mean over measurements: `count` of them, and the standard error (NaN below two).

    Steps that follow one another resemble each other, so that the true error is rather larger.
    """

    mean: float
    error: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float] | NDArray[np.floating]) -> Estimate:
        """Of the numbers among the values."""
        known = np.asarray(values, np.float64)
        known = known[np.isfinite(known)]
        count = len(known)
        if not count:
            return cls(math.nan, math.nan, 0)
        error = float(known.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
        return cls(float(known.mean()), error, count)


@dataclass(frozen=True)
class Conflict:
    """Two tasks whose gradients keep pulling apart in a layer.

    Attributes:
        layer: id.
        first, second: ids of the tasks, in the order of the rows.
        since_step, since_epoch: of the measurement from which on they do (the epoch counted from 1).
        cosine: over the measurements since.
    """

    layer: str
    first: str
    second: str
    since_step: int
    since_epoch: int
    cosine: Estimate


@dataclass
class Interactions:
    """Gathers what a run tells of its tasks, event by event.

    Attributes:
        tasks: ids, in the order of the rows.
        gradients: the measurements so far.
        affinities: of `AffinityMeasured`, as they came.
        layers: ids of the layers measured, in the order of the log.
    """

    tasks: tuple[str, ...]
    gradients: list[Measurement] = field(default_factory=list)
    affinities: list[AffinityMeasured] = field(default_factory=list)
    layers: tuple[str, ...] = ()
    _conflicts: list[Conflict] | None = field(default=None, init=False, repr=False, compare=False)

    def take(self, events: Iterable[Event]) -> bool:
        """Takes in further events; returns whether anything is new. What a run that is resumed has lost is forgotten."""
        new = False
        for event in events:
            if isinstance(event, RunStarted):
                self.gradients = [item for item in self.gradients if item.step <= event.step]
                self.affinities = [item for item in self.affinities if item.step <= event.step]
                self.layers = self.layers if self.gradients else ()
                new = True
            elif isinstance(event, GradientsMeasured):
                found = measurement(event, self.tasks)
                if found is not None:
                    self.gradients.append(found)
                    self.layers = tuple(dict.fromkeys((*self.layers, *event.products)))
                    new = True
            elif isinstance(event, AffinityMeasured):
                self.affinities.append(event)
                new = True
        self._conflicts = None if new else self._conflicts
        return new

    def series(self, layer: str, first: str, second: str) -> tuple[list[int], list[float]]:
        """(steps, cosines) of two tasks in a layer (or `ALL`), where it was measured."""
        one, other = self.tasks.index(first), self.tasks.index(second)
        steps, values = [], []
        for item in self.gradients:
            matrix = item.cosines.get(layer)
            if matrix is not None and math.isfinite(matrix[one, other]):
                steps.append(item.step)
                values.append(float(matrix[one, other]))
        return steps, values

    def cosine(self, layer: str, recent: int | None = None) -> Matrix:
        """T × T mean cosines in a layer (or `ALL`), over the last `recent` measurements (None: all); NaN unmeasured."""
        return mean_of([item.cosines[layer] for item in self._last(recent) if layer in item.cosines], len(self.tasks))

    def estimate(self, layer: str, first: str, second: str, recent: int | None = None) -> Estimate:
        """Mean cosine of two tasks with its error, over the same measurements as `cosine`."""
        place = self.tasks.index(first), self.tasks.index(second)
        return Estimate.of([float(item.cosines[layer][place]) for item in self._last(recent) if layer in item.cosines])

    def shares(self, recent: int | None = None) -> dict[str, float]:
        """Task id -> mean part of the weighted gradient lengths; adds up to 1 where every task was in every batch."""
        found: dict[str, list[float]] = {}
        for item in self._last(recent):
            for task, share in item.shares.items():
                found.setdefault(task, []).append(share)
        return {task: math.fsum(values) / len(values) for task, values in found.items()}

    def norms(self, recent: int | None = None) -> dict[str, float]:
        """Task id -> mean length of the gradient of its unweighted loss."""
        found: dict[str, list[float]] = {}
        for item in self._last(recent):
            for task, norm in item.norms.items():
                found.setdefault(task, []).append(norm)
        return {task: math.fsum(values) / len(values) for task, values in found.items()}

    def conflicts(self) -> list[Conflict]:
        """Pairs that keep pulling apart in one of the layers, the worst first; see `pulls_apart_from`."""
        if self._conflicts is None:
            found = [conflict for layer in self.layers for conflict in self._conflicts_in(layer)]
            self._conflicts = sorted(found, key=lambda item: item.cosine.mean)
        return self._conflicts

    def _conflicts_in(self, layer: str) -> Iterator[Conflict]:
        items = [item for item in self.gradients if layer in item.cosines]
        ones, others = np.triu_indices(len(self.tasks), 1)
        if len(items) < FEWEST or not len(ones):
            return
        values = np.stack([item.cosines[layer][ones, others] for item in items])
        places = pulls_apart_from(values, LEAST, _how_sure(len(self.layers) * len(ones)))
        for pair in np.flatnonzero(places >= 0):
            start = items[places[pair]]
            yield Conflict(
                layer, self.tasks[ones[pair]], self.tasks[others[pair]], start.step, start.epoch + 1,
                Estimate.of(values[places[pair] :, pair]),
            )  # fmt: skip

    def _last(self, recent: int | None) -> list[Measurement]:
        return self.gradients if recent is None else self.gradients[-recent:]


def pulls_apart_from(cosines: NDArray[np.floating], least: float = LEAST, sure: float = _SURE) -> NDArray[np.int64]:
    """From which measurement on tasks keep pulling apart: the first negative one from which on four in five are, there
    are at least five, and the mean lies below -`least` and `sure` standard errors below 0 (more where there are few: as
    Student's t has it). -1: they do not.

    Args:
        cosines: (measurements, …); NaN where a pair was not measured.

    Returns:
        (…) places.
    """
    known = np.isfinite(cosines)
    values = np.where(known, cosines, 0.0).astype(np.float64)

    def from_here(numbers: NDArray[np.floating] | NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.asarray(np.cumsum(numbers[::-1], axis=0, dtype=np.float64)[::-1])

    count = from_here(known)
    total = from_here(values)
    mean = total / np.maximum(count, 1)
    variance = np.maximum(from_here(values**2) - total * mean, 0.0) / np.maximum(count - 1, 1)
    error = np.sqrt(variance / np.maximum(count, 1))
    negative = known & (values < 0)
    lasting = negative & (count >= FEWEST) & (from_here(negative) >= _LEANING * count)
    lasting &= (mean <= -least) & (mean + _student(sure, count - 1) * error < 0)
    return np.where(lasting.any(0), lasting.argmax(0), -1)


def _student(normal: float, freedom: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantile of Student's t that lies where `normal` does in the normal distribution.

    Source: Abramowitz & Stegun 1964, 26.7.5; good to a few per cent from four degrees of freedom on.
    """
    z, f = normal, np.maximum(freedom, 1)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return np.asarray(z + first / f + second / f**2 + third / f**3)


def _how_sure(comparisons: int) -> float:
    """So many standard errors that among as many pairs, none of which pulls apart, one in twenty looks so (Bonferroni);
    at least two."""
    return max(_SURE, NormalDist().inv_cdf(1 - 0.05 / max(1, comparisons)))


def measurement(event: GradientsMeasured, tasks: Sequence[str]) -> Measurement | None:
    """What an event tells; None where it is damaged or tells of no task of the run."""
    places = [tasks.index(task) for task in event.tasks if task in tasks]
    count = len(event.tasks)
    if len(places) < count or not event.products:
        return None
    products: dict[str, NDArray[np.float64]] = {}
    for layer, rows in event.products.items():
        if (
            not isinstance(rows, tuple)
            or [len(row) if isinstance(row, tuple) else -1 for row in rows] != [count] * count
        ):
            return None
        products[layer] = np.array(
            [[math.nan if value is None else value for value in row] for row in rows], np.float64
        )
    cosines = {layer: _placed(_cosines(matrix), places, len(tasks)) for layer, matrix in products.items()}
    cosines[ALL] = _placed(_together(list(products.values())), places, len(tasks))
    squares = np.sum([np.nan_to_num(np.diag(matrix)) for matrix in products.values()], axis=0)
    norms = dict(zip(event.tasks, np.sqrt(np.maximum(squares, 0.0)).tolist(), strict=True))
    return Measurement(event.step, event.epoch, cosines, norms, _shares(norms, event.weights))


def mean_of(matrices: Sequence[Matrix], size: int) -> Matrix:
    """The mean of the numbers at each place; NaN where there is none."""
    if not matrices:
        return np.full((size, size), np.nan, np.float32)
    stacked = np.stack(matrices)
    known = np.isfinite(stacked)
    count = known.sum(0)
    total = np.where(known, stacked, 0.0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _cosines(products: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = np.diag(products)
    lengths = np.sqrt(np.where(squares > 0, squares, np.nan))
    return np.asarray(np.clip(products / np.outer(lengths, lengths), -1.0, 1.0))


def _together(products: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The cosines over all layers that both tasks of a pair reach."""
    dots, ones, others = (np.zeros_like(products[0]) for _ in range(3))
    for matrix in products:
        squares = np.diag(matrix)
        reached = np.isfinite(squares) & (squares > 0)
        both = np.outer(reached, reached) & np.isfinite(matrix)
        dots += np.where(both, matrix, 0.0)
        ones += np.where(both, squares[:, None], 0.0)
        others += np.where(both, squares[None, :], 0.0)
    lengths = np.sqrt(ones * others)
    return np.asarray(np.clip(dots / np.where(lengths > 0, lengths, np.nan), -1.0, 1.0))


def _shares(norms: dict[str, float], weights: dict[str, float | None]) -> dict[str, float]:
    sizes = {task: abs(weights.get(task) or 0.0) * norm for task, norm in norms.items()}
    total = math.fsum(sizes.values())
    return {task: size / total for task, size in sizes.items()} if total > 0 and math.isfinite(total) else {}


def _placed(matrix: NDArray[np.float64], places: Sequence[int], size: int) -> Matrix:
    """A matrix of some tasks as one of all."""
    found = np.full((size, size), np.nan, np.float32)
    found[np.ix_(places, places)] = matrix
    return found
