"""Points and rectangles without Qt, for everything about the grid that can be said without a window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Point(NamedTuple):
    """A place."""

    x: float
    y: float


class Rect(NamedTuple):
    """An upright rectangle."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def centre(self) -> Point:
        """Its middle."""
        return Point(self.x + self.w / 2, self.y + self.h / 2)

    def contains(self, at: Point, margin: float = 0.0) -> bool:
        """Whether a place lies in it, or at most `margin` beside it."""
        return (
            self.x - margin <= at.x <= self.x + self.w + margin and self.y - margin <= at.y <= self.y + self.h + margin
        )

    def touches(self, other: Rect) -> bool:
        """Whether the two share any area."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def grown(self, by: float) -> Rect:
        """A rectangle that is larger by so much on every side."""
        return Rect(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)


def spanned(first: Point, second: Point) -> Rect:
    """The rectangle between two opposite corners."""
    x, y = min(first.x, second.x), min(first.y, second.y)
    return Rect(x, y, abs(first.x - second.x), abs(first.y - second.y))


def around(rects: Iterable[Rect]) -> Rect | None:
    """The smallest rectangle that has all of them; None where there are none."""
    found = list(rects)
    if not found:
        return None
    left, top = min(rect.x for rect in found), min(rect.y for rect in found)
    right, bottom = max(rect.right for rect in found), max(rect.bottom for rect in found)
    return Rect(left, top, right - left, bottom - top)
