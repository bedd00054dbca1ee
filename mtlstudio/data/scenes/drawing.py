"""A scene, painted: the picture and the truth about it come from the same outlines.

Pixels are computed with exact arithmetic alone (see `distances`), so a scene is the same, bit by bit, on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mtlstudio.data.scenes.dials import SceneDials, present
from mtlstudio.data.scenes.dice import Dice
from mtlstudio.data.scenes.ground import paint_ground
from mtlstudio.data.scenes.layout import REACH, Item, arrange, outline, window
from mtlstudio.data.scenes.painting import add_grain, add_haze, paint_item, paint_shadow
from mtlstudio.data.scenes.relatedness import Latents, signals
from mtlstudio.data.scenes.streams import Stream
from mtlstudio.data.scenes.targets import COLOURS, SHAPES, TARGET_IDS


@dataclass(frozen=True)
class Scene:
    """One scene and the full truth about it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        targets: target id -> `largest` int; `shapes`, `colours` (6,) float32 of 0 and 1; `count`, `signal_a`,
            `signal_b` (1,) float32; `mask` (H, W) uint8, 0 for the ground, k + 1 for shape k; `depth` (H, W) float32
            in metres, rounded to what float16 can hold.
        missing: ids of the targets whose label the dials leave out, though it stands in `targets`.
        items: the shapes, from the farthest to the nearest.
        owner: (H, W) uint8, 0 for the ground, n + 1 for item n.
    """

    image: np.ndarray
    targets: dict[str, Any]
    missing: frozenset[str]
    items: tuple[Item, ...]
    owner: np.ndarray


def draw(dials: SceneDials, index: int) -> Scene:
    """Scene `index` (from 0). Depends on the dials but for `count`, and on nothing else; any index may be asked for.

    Raises:
        ValueError: the index is negative.
    """
    if index < 0:
        raise ValueError(f"a scene's index is 0 or more, not {index}")
    items = arrange(dials, index)
    picture, depth = paint_ground(dials, index)
    add_haze(picture, depth)
    owner = _paint_items(picture, depth, items, dials, index)
    add_grain(picture, dials.noise, Dice(dials.seed, index, Stream.NOISE))
    levels = np.clip(picture, 0, 1) * 255 + 0.5
    image = np.ascontiguousarray(levels.astype(np.uint8).transpose(1, 2, 0))
    missing = frozenset(target for target in TARGET_IDS if not present(dials, index, target))
    targets = _truth(items, owner, depth) | _signals(dials, index)
    return Scene(image, targets, missing, items, owner)


def _paint_items(
    picture: np.ndarray, depth: np.ndarray, items: tuple[Item, ...], dials: SceneDials, index: int
) -> np.ndarray:
    """Paints the shapes from the farthest to the nearest, picture and depth alike; gives back whose each pixel is."""
    owner = np.zeros(depth.shape, dtype=np.uint8)
    light = Dice(dials.seed, index, Stream.LIGHT).direction(35, 145)
    for number, item in enumerate(items, start=1):
        middle = (min(int(place * dials.size), dials.size - 1) for place in (item.y, item.x))
        paint_shadow(picture, item, float(depth[tuple(middle)]), light)
        part = window(item.x, item.y, REACH * item.radius, dials.size)
        distance = outline(item, part.x, part.y)
        paint_item(picture, item, part, distance, Dice(dials.seed, index, Stream.FILL + number))
        inside = distance < 0
        owner[part.rows, part.columns][inside] = number
        depth[part.rows, part.columns][inside] = item.depth
    return owner


def _truth(items: tuple[Item, ...], owner: np.ndarray, depth: np.ndarray) -> dict[str, Any]:
    areas = np.bincount(owner.ravel(), minlength=len(items) + 1)[1:]
    seen = [item for item, area in zip(items, areas, strict=True) if area > 0]
    classes = np.array([0, *(item.shape + 1 for item in items)], dtype=np.uint8)
    return {
        "largest": items[int(np.argmax(areas))].shape,
        "shapes": _which({item.shape for item in seen}, len(SHAPES)),
        "colours": _which({item.colour for item in seen}, len(COLOURS)),
        "count": np.array([len(seen)], dtype=np.float32),
        "mask": classes[owner],
        "depth": depth.astype(np.float16).astype(np.float32),
    }


def _which(those: set[int], classes: int) -> np.ndarray:
    return np.array([k in those for k in range(classes)], dtype=np.float32)


def _signals(dials: SceneDials, index: int) -> dict[str, Any]:
    signal_a, signal_b = signals(dials, Latents.of(dials, index))
    return {"signal_a": np.array([signal_a], dtype=np.float32), "signal_b": np.array([signal_b], dtype=np.float32)}
