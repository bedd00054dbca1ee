"""Statistics over runs and pictures: mean ± SD, ranks, Spearman's correlation, the paired bootstrap. Pure; no torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

LEVEL = 0.95
"""How sure an interval is."""


@dataclass(frozen=True)
class Spread:
    """Several values in short.

    Attributes:
        mean: of the known ones.
        sd: their standard deviation with n − 1 below; None for fewer than two.
        n: how many are known.
    """

    mean: float
    sd: float | None
    n: int

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"mean": self.mean, "sd": self.sd, "n": self.n}


@dataclass(frozen=True)
class Interval:
    """Where a quantity lies with the certainty `level`."""

    low: float
    high: float
    level: float = LEVEL

    @property
    def above(self) -> bool:
        """All of it is above 0."""
        return self.low > 0

    @property
    def below(self) -> bool:
        """All of it is below 0."""
        return self.high < 0

    def as_json(self) -> dict[str, float]:
        """For `--json`."""
        return {"low": self.low, "high": self.high, "level": self.level}


def spread(values: Sequence[float | None]) -> Spread | None:
    """Mean and standard deviation of the values that are known and finite; None where none is."""
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    if not known:
        return None
    mean = math.fsum(known) / len(known)
    if len(known) < 2:
        return Spread(mean, None, 1)
    return Spread(mean, math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (len(known) - 1)), len(known))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, 1 for the smallest; equal ones share the mean of their ranks."""
    ordered = sorted(range(len(values)), key=lambda index: values[index])
    found = [0.0] * len(values)
    start = 0
    while start < len(ordered):
        end = start
        while end + 1 < len(ordered) and values[ordered[end + 1]] == values[ordered[start]]:
            end += 1
        for place in range(start, end + 1):
            found[ordered[place]] = (start + end) / 2 + 1
        start = end + 1
    return found


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation, −1 to 1; ties share their ranks. NaN where one side has a single value only.

    Raises:
        ValueError: the sequences differ in length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values against {len(second)}")
    if len(first) < 2:
        return math.nan
    a, b = np.asarray(ranks(first)), np.asarray(ranks(second))
    a, b = a - a.mean(), b - b.mean()
    below = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / below if below else math.nan


def resamples(count: int, draws: int, seed: int) -> Iterator[Counts]:
    """How often each of `count` pictures is taken, (count,) int64, in each of the draws of a bootstrap.

    The same arguments give the same draws: two runs that are resampled with them stay paired, picture by picture.
    """
    dice = np.random.default_rng(seed)
    for _ in range(draws):
        yield np.bincount(dice.integers(0, count, count), minlength=count).astype(np.int64)


def interval(draws: Floats, level: float = LEVEL) -> Interval | None:
    """The percentile interval of a bootstrap's draws; None where fewer than half of them are known."""
    known = draws[np.isfinite(draws)]
    if len(known) < 2 or 2 * len(known) < len(draws):
        return None
    low, high = np.quantile(known, ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(low), float(high), level)


def seed_noise(first: Sequence[float], second: Sequence[float], draws: int, seed: int) -> Floats:
    """What the chance of the training adds to the difference of two means over seeds, (draws,); mean 0.

    Resampling pictures says nothing of another training. The scatter between seeds does: the two groups' pooled
    standard deviation, of the difference of their means, times Student's t with n₁ + n₂ − 2 degrees of freedom. All
    zeros where there are too few seeds to know.
    """
    groups = [np.asarray([value for value in group if math.isfinite(value)], np.float64) for group in (first, second)]
    freedom = sum(len(group) - 1 for group in groups)
    if any(len(group) == 0 for group in groups) or freedom < 1:
        return np.zeros(draws)
    pooled = sum(float(((group - group.mean()) ** 2).sum()) for group in groups) / freedom
    scale = math.sqrt(pooled * sum(1 / len(group) for group in groups))
    dice = np.random.default_rng(seed)
    return np.asarray(scale * dice.standard_t(freedom, draws), np.float64)
