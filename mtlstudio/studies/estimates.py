"""Estimates with intervals: differences between the shared and the separate networks, and sums of such differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtlstudio.runs.statistics import Floats, Interval, interval, seed_noise, spread

DRAWS = 1000
_NOISE_SEED = 1


@dataclass(frozen=True)
class Figures:
    """One metric of one task, shared and alone.

    Attributes:
        task, metric: ids; `higher`: higher is better.
        shared, alone: seed -> value on all pictures.
        shared_draws, alone_draws: seed -> (D,) values on resampled pictures, the same ones for all seeds and for both.
    """

    task: str
    metric: str
    higher: bool
    shared: Mapping[int, float]
    alone: Mapping[int, float]
    shared_draws: Mapping[int, Floats]
    alone_draws: Mapping[int, Floats]

    @property
    def whole(self) -> bool:
        """There is something to compare."""
        return bool(self.shared) and bool(self.alone)

    @property
    def baseline(self) -> float:
        """The mean over the seeds of the task alone."""
        return float(np.mean(list(self.alone.values())))

    @property
    def sign(self) -> float:
        """1 where higher is better, else −1."""
        return 1.0 if self.higher else -1.0

    @property
    def gain_weight(self) -> float | None:
        """What a difference is multiplied by to be a gain in per cent of the baseline; None where there is no gain."""
        return 100 * self.sign / self.baseline if self.whole and self.baseline > 0 else None


@dataclass(frozen=True)
class Estimate:
    """A difference, or a mean of gains; above 0: sharing is better.

    Attributes:
        value: mean over the seeds.
        sd: standard deviation over the shared network's seeds; None for one.
        n: seeds of the shared network.
        interval: of the paired bootstrap over pictures with the scatter between seeds; None where there is none.
    """

    value: float
    sd: float | None
    n: int
    interval: Interval | None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        low, high = (self.interval.low, self.interval.high) if self.interval else (None, None)
        return {"value": self.value, "sd": self.sd, "n": self.n, "low": low, "high": high}


def combined(parts: Sequence[tuple[Figures, float]]) -> Estimate | None:
    """The weighted sum of the differences shared − alone of several metrics; None where one of them has none."""
    if not parts or not all(figures.whole for figures, _ in parts):
        return None
    shared = _by_seed([(figures.shared, weight) for figures, weight in parts])
    alone = _by_seed([(figures.alone, weight) for figures, weight in parts])
    drawn = sum(weight * (_mean(figures.shared_draws) - _mean(figures.alone_draws)) for figures, weight in parts)
    draws = np.asarray(drawn, np.float64)
    noise = seed_noise(list(shared.values()), list(alone.values()), len(draws), _NOISE_SEED)
    value = sum(
        weight * float(np.mean(list(figures.shared.values())) - figures.baseline) for figures, weight in parts
    )  # fmt: skip
    scatter = spread(list(shared.values()))
    return Estimate(value, scatter.sd if scatter else None, len(shared), interval(draws + noise))


def difference(figures: Figures) -> Estimate | None:
    """Of one metric, in its own unit, above 0 where sharing is better."""
    return combined([(figures, figures.sign)])


def gain(figures: Sequence[Figures]) -> Estimate | None:
    """The mean gain over several metrics in per cent; those without a gain are left out."""
    counted = [(one, one.gain_weight) for one in figures]
    known = [(one, weight) for one, weight in counted if weight is not None]
    return combined([(one, weight / len(known)) for one, weight in known])


def gain_per_task(tasks: Sequence[Sequence[Figures]]) -> Estimate | None:
    """Δm per task: the mean over tasks of the mean gain over each one's metrics."""
    counted = [[(one, one.gain_weight) for one in figures if one.gain_weight is not None] for figures in tasks]
    known = [figures for figures in counted if figures]
    return combined([
        (one, weight / len(figures) / len(known)) for figures in known for one, weight in figures if weight is not None
    ])  # fmt: skip


def _by_seed(parts: Sequence[tuple[Mapping[int, float], float]]) -> dict[int, float]:
    """Seed -> weighted sum, of the seeds that all parts have."""
    seeds = set(parts[0][0]).intersection(*(values for values, _ in parts[1:]))
    return {seed: sum(weight * values[seed] for values, weight in parts) for seed in sorted(seeds)}


def _mean(draws: Mapping[int, Floats]) -> Floats:
    return np.asarray(np.mean(np.stack(list(draws.values())), axis=0), np.float64)
