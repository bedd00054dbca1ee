"""A long curve with no more points than pixels: for the screen alone, the stored numbers stay as they are."""

from __future__ import annotations

import numpy as np

from mtlstudio.ui.train.growing import Numbers

_LEAST_GAP = 8


def reduced(x: Numbers, y: Numbers, low: float, high: float, pixels: int) -> tuple[Numbers, Numbers]:
    """The part of a curve that can be seen, with the lowest and highest value of every few neighbours.

    Neighbours are grouped by their place in the whole curve, so that what is drawn does not flicker while it grows.

    Args:
        x: (n,) ascending. y: (n,), not-a-number where there is no value.
        low, high: the visible range of x.
        pixels: of the plot's width.

    Returns:
        x and y of the points to join; a not-a-number breaks the line (see `bridged`).
    """
    first = max(0, int(np.searchsorted(x, low)) - 1)
    last = min(len(x), int(np.searchsorted(x, high, side="right")) + 1)
    count = last - first
    if count <= 3 * max(1, pixels):
        return bridged(x[first:last], y[first:last])
    group = 1 << int(np.ceil(np.log2(count / max(1, pixels))))
    first -= first % group
    starts = np.arange(first, last, group)
    part = y[first:last]
    lows, highs = np.fmin.reduceat(part, starts - first), np.fmax.reduceat(part, starts - first)
    xs, lows = bridged(x[starts], lows)
    _, highs = bridged(x[starts], highs)
    return np.repeat(xs, 2), np.column_stack((lows, highs)).ravel()


def bridged(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """A curve without its missing values: neighbours are joined across short gaps, the line is broken at long ones.

    A task that only every third batch has labels of still gives a line; one that was absent for a while gives two. A
    gap is long where it exceeds four times the usual distance of two values (and eight places).
    """
    there = np.flatnonzero(np.isfinite(y))
    if len(there) == len(y) or len(there) < 2:
        return x[there], y[there]
    gaps = np.diff(there)
    breaks = np.flatnonzero(gaps > max(_LEAST_GAP, 4 * float(np.median(gaps)))) + 1
    return np.insert(x[there], breaks, x[there][breaks - 1]), np.insert(y[there], breaks, np.nan)


def span(parts: list[Numbers]) -> tuple[float, float] | None:
    """Least and greatest finite value of several curves; None where there is none."""
    found = [part[np.isfinite(part)] for part in parts]
    full = [part for part in found if len(part)]
    if not full:
        return None
    return min(float(part.min()) for part in full), max(float(part.max()) for part in full)
