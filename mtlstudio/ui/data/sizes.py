"""Sizes of pictures in columns: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_COLUMNS = 11
_RARE = 0.01


@dataclass(frozen=True)
class Columns:
    """A histogram. `bounds`: first and last length of each column, in pixels; `counts`: pictures in it."""

    bounds: tuple[tuple[int, int], ...]
    counts: tuple[int, ...]


def columns(sizes: Sequence[tuple[int, int]], most: int = MOST_COLUMNS) -> Columns:
    """The longer sides of pictures in columns of equal width, the last of which takes the few that are far larger."""
    longer = np.array([max(size) for size in sizes], np.int64)
    low, high = int(longer.min()), int(longer.max())
    usual = int(np.quantile(longer, 1 - _RARE, method="lower"))
    step = max(1, -(-(usual - low + 1) // most))
    count = min(most, (high - low) // step + 1)
    places = np.minimum((longer - low) // step, count - 1)
    counts = np.bincount(places, minlength=count)
    bounds = [(low + i * step, low + (i + 1) * step - 1) for i in range(count)]
    bounds[-1] = (bounds[-1][0], max(high, bounds[-1][0]))
    return Columns(tuple(bounds), tuple(counts.tolist()))
