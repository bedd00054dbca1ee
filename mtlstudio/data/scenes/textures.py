"""Patterns: stripes, checks, dots and clouds, without harsh edges and without moiré. Values lie in 0 to 1, float32."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mtlstudio.data.scenes.dice import Dice

_SOFT = 0.22


def clamped(values: np.ndarray, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """As `np.clip`, which takes three times as long for the small pieces that are painted here."""
    return np.minimum(np.maximum(values, low), high)


def stripes(phase: np.ndarray, footprint: np.ndarray | float) -> np.ndarray:
    """Stripes of equal width, one light and one dark per unit of `phase`.

    Args:
        phase: any shape, float32.
        footprint: by how much the phase grows from pixel to pixel; towards half a period the stripes blur to grey.
    """
    triangle = np.abs(2 * (phase - np.floor(phase)) - 1)
    growth = np.atleast_1d(np.asarray(footprint, dtype=np.float32))
    hard = clamped((triangle - 0.5) / np.maximum(2 * growth, np.float32(_SOFT)) + 0.5)
    kept = clamped((0.6 - growth) * 4)
    return (hard - 0.5) * kept + 0.5


def checks(across: np.ndarray, along: np.ndarray, footprint: float) -> np.ndarray:
    """A chequered pattern, light and dark squares half a unit wide."""
    one, other = 2 * stripes(across, footprint) - 1, 2 * stripes(along, footprint) - 1
    return 0.5 * one * other + 0.5


def dots(across: np.ndarray, along: np.ndarray, footprint: float) -> np.ndarray:
    """Light dots, one per unit in both directions."""
    x, y = across - np.floor(across) - 0.5, along - np.floor(along) - 0.5
    away = np.sqrt(x * x + y * y)
    return clamped((0.32 - away) / max(footprint, 0.08) + 0.5)


@lru_cache(maxsize=256)
def _between(cells: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every pixel of a side: the grid line before it, the one after it, and how far it is between them."""
    place = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(cells / size)
    before = np.minimum(place.astype(np.int64), cells - 1)
    way = place - before.astype(np.float32)
    return before, before + 1, way * way * (3 - 2 * way)


def clouds(dice: Dice, cells: int, size: int) -> np.ndarray:
    """Smooth random lightness with so many ups and downs along a side, (size, size) float32."""
    grid = dice.grid(cells + 1, cells + 1)
    before, after, way = _between(cells, size)
    rows = grid[before] + (grid[after] - grid[before]) * way[:, None]
    return rows[:, before] + (rows[:, after] - rows[:, before]) * way
