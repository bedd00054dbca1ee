"""The painter's strokes: haze, shadows, textured shapes, grain. Pictures are (3, H, W) float32 in 0 to 1, changed in
place."""

from __future__ import annotations

import numpy as np

from mtlstudio.data.scenes.dice import Dice
from mtlstudio.data.scenes.layout import NEAREST, REACH, Item, Window, outline, window
from mtlstudio.data.scenes.textures import checks, clamped, clouds, dots, stripes

PAINTS: tuple[tuple[float, float, float], ...] = (
    (0.85, 0.20, 0.18), (0.97, 0.78, 0.13), (0.20, 0.63, 0.31), (0.13, 0.41, 0.84), (0.57, 0.25, 0.78),
    (0.96, 0.96, 0.94),
)  # fmt: skip
"""In the order of `targets.COLOURS`."""
_HAZE, _MOST_HAZE, _HALF_HAZE = (0.80, 0.84, 0.89), 0.72, 3.0
_SHADOW, _BORDER, _DARKEST = 0.5, 0.1, 0.26
_GRAININESS = 0.2


def hazed(colour: np.ndarray, channel: int, depth: np.ndarray | float) -> np.ndarray:
    """One channel as it looks from this depth (metres): the farther, the paler."""
    way = depth - NEAREST
    return colour + (_HAZE[channel] - colour) * (_MOST_HAZE * way / (way + _HALF_HAZE))


def add_haze(picture: np.ndarray, depth: np.ndarray) -> None:
    """Haze over the whole picture, by its depth (H, W)."""
    for channel in range(3):
        picture[channel] = hazed(picture[channel], channel, depth)


def paint_shadow(picture: np.ndarray, item: Item, behind: float, light: tuple[float, float]) -> None:
    """An item's shadow on what is behind it: the farther behind, the more shifted, the softer.

    Args:
        picture: what is painted so far.
        item: that throws it.
        behind: depth of what lies behind, metres.
        light: direction in which shadows fall.
    """
    gap = behind - item.depth
    shift, soft = 0.009 + 0.009 * gap, 0.012 + 0.011 * gap
    middle = item.x + shift * light[0], item.y + shift * light[1]
    part = window(*middle, REACH * item.radius + soft, picture.shape[-1])
    dark = clamped(0.5 - outline(item, part.x, part.y) * (0.5 / soft))
    picture[:, part.rows, part.columns] *= 1 - (_SHADOW - 0.03 * gap) * dark * dark * (3 - 2 * dark)


def paint_item(picture: np.ndarray, item: Item, part: Window, distance: np.ndarray, dice: Dice) -> None:
    """A textured shape with a dark border, lit from above, its edge smooth.

    Args:
        picture: what is painted so far.
        item: the shape.
        part: its pixels.
        distance: to its outline at those pixels, (h, w).
        dice: for its cloudy texture.
    """
    size = picture.shape[-1]
    border = clamped((distance + _BORDER * item.radius) * size + 0.5)
    light = 1 - _DARKEST * item.fill_contrast * _fill(item, part, size, dice)
    light *= (1.06 - part.y * (0.14 / item.radius)) * (1 - 0.38 * border)
    covered = clamped(0.5 - distance * size)
    area = picture[:, part.rows, part.columns]
    for channel, paint in enumerate(PAINTS[item.colour]):
        area[channel] += (hazed(paint * light, channel, item.depth) - area[channel]) * covered


def _fill(item: Item, part: Window, size: int, dice: Dice) -> np.ndarray:
    """The item's texture, 0 light to 1 dark, (h, w)."""
    per_unit = 1 / (item.fill_period * item.radius)
    cosine, sine = item.fill_turn
    shift = dice.share()
    across = (cosine * part.x + sine * part.y) * per_unit + shift
    along = (cosine * part.y - sine * part.x) * per_unit
    footprint = (abs(cosine) + abs(sine)) * per_unit / size
    if item.fill == 0:
        height, width = across.shape
        return clouds(dice, 6, max(height, width))[:height, :width]
    if item.fill == 1:
        return stripes(across, footprint)
    return checks(across, along, footprint) if item.fill == 2 else dots(across, along, footprint)


def add_grain(picture: np.ndarray, noise: float, dice: Dice) -> None:
    """Grain of standard deviation 0.2 · noise."""
    if noise > 0:
        picture += dice.bell(picture.shape) * np.float32(_GRAININESS * noise)
