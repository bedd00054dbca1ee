"""Activations as small pictures for the cards of the grid: bytes that only need a table of colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlstudio.inspection.activations import Activation

LARGEST = 96
_HIGH = 32
FEW = 24
EMPTY, ABOVE, BELOW = 0, 1, 2
"""Pixels of a bar strip: ground, a value above zero, a value below zero."""


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A small picture.

    Attributes:
        kind: `map` (0 … 255 from the card's lowest to its highest value) or `bars` (EMPTY, ABOVE, BELOW).
        pixels: (h, w) uint8, at most 96 on a side.
    """

    kind: str
    pixels: NDArray[np.uint8]


def thumbnail(activation: Activation, high: int = _HIGH) -> Thumbnail:
    """A map or a sequence as a picture, normalised by itself; a vector as a strip of bars.

    Args:
        high: height of a bar strip in pixels.
    """
    picture = activation.picture
    if len(activation.shape) == 1:
        return Thumbnail("bars", _bars(picture[0], high))
    small = np.nan_to_num(_reduced(picture).astype(np.float64))
    low, top = float(small.min()), float(small.max())
    span = top - low if top > low else 1.0
    return Thumbnail("map", np.clip(np.round((small - low) * (255.0 / span)), 0, 255).astype(np.uint8))


def _reduced(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most 96 pixels on a side: the means of blocks."""
    down, across = (max(1, -(-side // LARGEST)) for side in picture.shape)
    if down == across == 1:
        return picture
    height, width = picture.shape[0] // down, picture.shape[1] // across
    blocks = picture[: height * down, : width * across].reshape(height, down, width, across)
    found: NDArray[np.float32] = blocks.mean((1, 3), dtype=np.float32)
    return found


def _bars(values: NDArray[np.float32], high: int) -> NDArray[np.uint8]:
    """A column per value; of more than 96 the largest of each group."""
    group = max(1, -(-len(values) // LARGEST))
    if group > 1:
        padded = np.zeros((-(-len(values) // group), group), np.float32)
        padded.flat[: len(values)] = values
        values = np.take_along_axis(padded, np.abs(padded).argmax(1)[:, None], 1)[:, 0]
    low, top = min(0.0, float(values.min(initial=0.0))), max(0.0, float(values.max(initial=0.0)))
    span = top - low if top > low else 1.0
    ends = np.round((values - low) / span * high)
    zero = round(-low / span * high)
    level = np.arange(high, 0, -1)[:, None]
    pixels = np.full((high, len(values)), EMPTY, np.uint8)
    pixels[(level > zero) & (level <= ends)] = ABOVE
    pixels[(level <= zero) & (level > ends)] = BELOW
    if len(values) > FEW:
        return pixels
    wide = np.repeat(pixels, 4, axis=1)  # with gaps between them, never wider than an eighth
    wide[:, 3::4] = EMPTY
    beside = max(0, 8 - len(values)) * 2
    return np.pad(wide, ((0, 0), (beside, beside)), constant_values=EMPTY)
