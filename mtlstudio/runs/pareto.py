"""The Pareto front of two figures: what no other point beats in both. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]


def front(points: Sequence[Point], higher: tuple[bool, bool]) -> list[int]:
    """The places of the points that no other one dominates, ordered by the first figure.

    A point dominates another that it is at least as good as in both figures, and better than in one. Equal points do
    not dominate one another. Points with a figure that is not finite count for nothing.

    Args:
        points: two figures each.
        higher: of each figure, whether higher is better.
    """
    signs = tuple(1.0 if up else -1.0 for up in higher)
    turned = [(signs[0] * x, signs[1] * y) for x, y in points]
    known = [place for place, pair in enumerate(turned) if all(math.isfinite(value) for value in pair)]
    known.sort(key=lambda place: turned[place], reverse=True)  # best first figure first, then best second
    found: list[int] = []
    best = -math.inf
    at = -math.inf
    for place in known:
        x, y = turned[place]
        if y > best or (y == best and x == at):
            found.append(place)
            best, at = y, x
    return sorted(found, key=lambda place: (points[place], place))
