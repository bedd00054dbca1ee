"""What stands where in a scene: decided before anything is painted, and alike at every picture size.

Lengths are in sides of the picture, y points down. Depths are in metres.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from mtlstudio.data.scenes.dials import SceneDials, class_frequencies
from mtlstudio.data.scenes.dice import Dice
from mtlstudio.data.scenes.distances import OUTLINES
from mtlstudio.data.scenes.streams import Stream
from mtlstudio.data.scenes.targets import COLOURS, SHAPES

REACH = 1.4
"""No outline reaches farther from its middle than so many radii."""
NEAREST, FARTHEST = 1.5, 5.6
"""Depths of the shapes; the ground begins behind them."""
_SMALLEST, _LARGEST = 12 / 128, 35 / 128
_SIZE_TIMES_DEPTH = 0.51
_JUDGED_AT = 64
_LEAST_SEEN, _LEAST_AREA, _LEAST_LEAD = 0.45, 0.006, 1.15
_ATTEMPTS, _PLACES, _APART = 60, 6, 0.7


@dataclass(frozen=True)
class Item:
    """One shape of a scene.

    Attributes:
        shape, colour: indexes into `SHAPES`, `COLOURS`.
        x, y: its middle.
        radius: as the outlines in `distances` take it.
        turn: (cosine, sine) of the angle it is turned by.
        depth: in metres.
        fill: index of the texture.
        fill_turn, fill_period: direction and period (in radii) of the texture.
        fill_contrast: 0 to 1.
    """

    shape: int
    colour: int
    x: float
    y: float
    radius: float
    turn: tuple[float, float]
    depth: float
    fill: int
    fill_turn: tuple[float, float]
    fill_period: float
    fill_contrast: float


@dataclass(frozen=True)
class Window:
    """The pixels around an item and where they lie in its own coordinates.

    Attributes:
        rows, columns: of the picture.
        x, y: offsets from the item's middle, not turned: (1, w) and (h, 1) float32.
    """

    rows: slice
    columns: slice
    x: np.ndarray
    y: np.ndarray


@lru_cache(maxsize=8)
def centres(size: int) -> np.ndarray:
    """Middles of the pixels along one side, (size,) float32."""
    return (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)


def window(x: float, y: float, reach: float, size: int) -> Window:
    """The pixels within `reach` of a point, in a picture of this size; at least one."""
    middles = centres(size)

    def span(middle: float) -> slice:
        low = min(max(math.floor((middle - reach) * size), 0), size - 1)
        return slice(low, max(min(math.ceil((middle + reach) * size), size), low + 1))

    rows, columns = span(y), span(x)
    return Window(rows, columns, (middles[columns] - np.float32(x))[None, :], (middles[rows] - np.float32(y))[:, None])


def outline(item: Item, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Signed distance to an item's outline at offsets from its middle, negative inside."""
    cosine, sine = item.turn
    return OUTLINES[item.shape](cosine * x + sine * y, cosine * y - sine * x, item.radius)


def arrange(dials: SceneDials, index: int) -> tuple[Item, ...]:
    """The shapes of a scene, from the farthest to the nearest; each can be seen, and one covers the most.

    Number, classes and colours are drawn first and stay, so that their frequencies are those of the dials; places and
    sizes are drawn anew, a little smaller each time, until every shape is seen well.
    """
    what = Dice(dials.seed, index, Stream.WHAT)
    number = what.whole(dials.min_shapes, dials.max_shapes)
    shapes = [what.pick(class_frequencies(dials, len(SHAPES))) for _ in range(number)]
    colours = [what.pick(class_frequencies(dials, len(COLOURS))) for _ in range(number)]
    where, looks = Dice(dials.seed, index, Stream.WHERE), Dice(dials.seed, index, Stream.LOOKS)
    dressed = [_dress(looks, shape, colour) for shape, colour in zip(shapes, colours, strict=True)]
    for attempt in range(_ATTEMPTS):
        items = _placed(where, dressed, shrink=0.97**attempt)
        if _seen_well(items):
            break
    return items


def _dress(dice: Dice, shape: int, colour: int) -> Item:
    return Item(
        shape=shape,
        colour=colour,
        x=0.5,
        y=0.5,
        radius=_SMALLEST,
        turn=dice.direction(-15, 15),
        depth=FARTHEST,
        fill=dice.whole(0, 3),
        fill_turn=dice.direction(0, 180),
        fill_period=dice.between(0.38, 0.62),
        fill_contrast=dice.between(0.5, 1.0),
    )


def _placed(dice: Dice, items: Sequence[Item], shrink: float) -> tuple[Item, ...]:
    placed: list[Item] = []
    for item in items:
        radius = max(_SMALLEST, shrink * dice.between(_SMALLEST, _LARGEST))
        depth = _SIZE_TIMES_DEPTH / radius * dice.between(0.9, 1.11)
        for _ in range(_PLACES):
            x, y = (dice.between(0.8 * radius, 1 - 0.8 * radius) for _ in range(2))
            if all((x - o.x) ** 2 + (y - o.y) ** 2 > (_APART * (radius + o.radius)) ** 2 for o in placed):
                break
        depth = min(max(round(depth, 6), NEAREST), FARTHEST)
        placed.append(replace(item, x=x, y=y, radius=round(radius, 9), depth=depth))
    return tuple(sorted(placed, key=lambda item: -item.depth))


def _seen_well(items: Sequence[Item]) -> bool:
    """Whether no shape is too hidden or too small, and the largest leads clearly; judged on a coarse grid."""
    owner = np.zeros((_JUDGED_AT, _JUDGED_AT), dtype=np.int64)
    whole: list[int] = []
    for number, item in enumerate(items, start=1):
        part = window(item.x, item.y, REACH * item.radius, _JUDGED_AT)
        inside = outline(item, part.x, part.y) < 0
        owner[part.rows, part.columns][inside] = number
        whole.append(int(np.count_nonzero(inside)))
    seen = [int(n) for n in np.bincount(owner.ravel(), minlength=len(items) + 1)[1:]]
    least = _LEAST_AREA * _JUDGED_AT**2
    if any(part < max(least, _LEAST_SEEN * full) for part, full in zip(seen, whole, strict=True)):
        return False
    ordered = sorted(seen, reverse=True)
    return len(ordered) < 2 or ordered[0] >= _LEAST_LEAD * ordered[1]
