"""Predictions drawn over pictures, with numpy and Pillow (the window lets Qt do it)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from mtlstudio.tasks.predictions import ColourMap, IndexMap, Painting, ScalarMap, Shapes

OPACITY = 0.55
_DEFAULT = "#4C9BE8"
_SCALE = np.array(
    [[68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99],
     [170, 220, 50], [253, 231, 37]],
    dtype=np.float32,
)  # fmt: skip
"""Nine colours from dark to light, evenly spaced and readable for the colour-blind."""


def overlay(image: NDArray[np.uint8], painting: Painting) -> NDArray[np.uint8]:
    """The picture (H, W, 3) with a painting of its size over it; uint8."""
    if isinstance(painting, Shapes):
        return _with_boxes(image, painting)
    if isinstance(painting, ColourMap):
        colours, opacity = painting.image.astype(np.float32), np.full(image.shape[:2], OPACITY, np.float32)
    else:
        colours, opacity = _indexed(painting) if isinstance(painting, IndexMap) else _scaled(painting)
    blended = image * (1 - opacity[..., None]) + colours * opacity[..., None]
    return np.rint(blended).astype(np.uint8)


def _indexed(painting: IndexMap) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colour (H, W, 3) and opacity (H, W) of each pixel."""
    size = max(int(painting.indices.max(initial=0)) + 1, len(painting.colours))
    table = np.zeros((size, 4), dtype=np.float32)
    for index, colour in enumerate(painting.colours):
        if colour is not None and index != painting.highlight:
            table[index] = (*ImageColor.getrgb(colour)[:3], OPACITY)
    found = table[painting.indices]
    return found[..., :3], found[..., 3]


def _scaled(painting: ScalarMap) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    known = np.isfinite(painting.values)
    span = max(painting.high - painting.low, 1e-12)
    shares = ((np.where(known, painting.values, painting.low) - painting.low) / span).clip(0, 1)
    places = shares * (len(_SCALE) - 1)
    low = np.minimum(places.astype(np.int64), len(_SCALE) - 2)
    rest = (places - low)[..., None].astype(np.float32)
    colours = _SCALE[low] * (1 - rest) + _SCALE[low + 1] * rest
    return colours, np.where(known, np.float32(OPACITY), np.float32(0.0))


def _with_boxes(image: NDArray[np.uint8], painting: Shapes) -> NDArray[np.uint8]:
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    width = max(1, round(max(image.shape[:2]) / 250))
    for box in painting.boxes:
        colour = box.colour or _DEFAULT
        left, right = sorted((box.left, box.right))
        top, bottom = sorted((box.top, box.bottom))
        draw.rectangle((left, top, right, bottom), outline=colour, width=width)
    return np.asarray(picture)
