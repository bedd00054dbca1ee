"""Signed distances to the outlines of the shapes: negative inside, in the unit of the coordinates.

Only + − × ÷, square roots and comparisons are used, all exact by IEEE 754, so that every machine draws the same
pixels. Most corners are rounded a little. Source of the star: Quilez, "2D distance functions".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Distance = Callable[[np.ndarray, np.ndarray, float], np.ndarray]

_ROUND = 0.06
_COS36, _SIN36 = 0.809016994, 0.587785252
_SQRT3_2 = 0.866025404


def _length(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(x * x + y * y)


def _box(x: np.ndarray, y: np.ndarray, half_width: float, half_height: float) -> np.ndarray:
    across, along = np.abs(x) - half_width, np.abs(y) - half_height
    outside = _length(np.maximum(across, 0), np.maximum(along, 0))
    return outside + np.minimum(np.maximum(across, along), 0)


def circle(x: np.ndarray, y: np.ndarray, r: float) -> np.ndarray:
    """A disc of radius 0.92 r."""
    return _length(x, y) - 0.92 * r


def square(x: np.ndarray, y: np.ndarray, r: float) -> np.ndarray:
    """A square whose corners lie near the circle of radius 1.1 r."""
    corner = _ROUND * r
    return _box(x, y, 0.8 * r - corner, 0.8 * r - corner) - corner


def triangle(x: np.ndarray, y: np.ndarray, r: float) -> np.ndarray:
    """An equilateral triangle, its tip up (towards negative y); exact inside, too near beyond the corners."""
    y = y - 0.22 * r
    return np.maximum(_SQRT3_2 * np.abs(x) - 0.5 * y, y) - 0.6 * r


def star(x: np.ndarray, y: np.ndarray, r: float) -> np.ndarray:
    """A star of five points, one of them up (towards negative y)."""
    corner, inner = _ROUND * r, 0.5
    tip = 1.12 * r - corner
    x, y = np.abs(x), -y
    for sign in (1.0, -1.0):
        fold = 2 * np.maximum(sign * _COS36 * x - _SIN36 * y, 0)
        x, y = x - fold * (sign * _COS36), y + fold * _SIN36
    x, y = np.abs(x), y - tip
    edge_x, edge_y = inner * _SIN36, inner * _COS36 - 1
    along = (x * edge_x + y * edge_y) / (edge_x**2 + edge_y**2)
    along = np.minimum(np.maximum(along, 0), tip)
    away = _length(x - edge_x * along, y - edge_y * along)
    return np.where(y * edge_x > x * edge_y, away, -away) - corner


def ring(x: np.ndarray, y: np.ndarray, r: float) -> np.ndarray:
    """A ring between the circles of radius 0.46 r and r; the ground shows through."""
    return np.abs(_length(x, y) - 0.73 * r) - 0.27 * r


def cross(x: np.ndarray, y: np.ndarray, r: float) -> np.ndarray:
    """Two bars across each other."""
    corner = _ROUND * r
    long, short = 0.98 * r - corner, 0.34 * r - corner
    return np.minimum(_box(x, y, long, short), _box(x, y, short, long)) - corner


OUTLINES: tuple[Distance, ...] = (circle, square, triangle, star, ring, cross)
"""In the order of `targets.SHAPES`."""
