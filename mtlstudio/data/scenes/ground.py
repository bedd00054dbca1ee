"""The ground: a tilted, striped plane with light from one side, and what lies about on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtlstudio.data.scenes.dials import SceneDials
from mtlstudio.data.scenes.dice import Dice, direction
from mtlstudio.data.scenes.layout import centres, window
from mtlstudio.data.scenes.relatedness import LIMIT, Latents
from mtlstudio.data.scenes.streams import Stream
from mtlstudio.data.scenes.textures import clamped, clouds, stripes

_COOL, _WARM = (0.38, 0.50, 0.63), (0.68, 0.55, 0.36)
_STEEPNESS = (4.0, 86.0)
_STRETCHED = 2.2
_MOST_THINGS = 60


@dataclass(frozen=True)
class Plane:
    """The ground plane, seen from above at a slant: 1/z is linear in x and y.

    Attributes:
        near, far: 1/z at the lower and at the upper edge of the picture, in 1/m.
        roll: change of 1/z from left to right.
    """

    near: float
    far: float
    roll: float

    @classmethod
    def of(cls, dice: Dice) -> Plane:
        """A random one, everywhere farther than the shapes: from about 6 m to about 10 m."""
        return cls(1 / dice.between(6.0, 6.8), 1 / dice.between(8.6, 10.5), dice.between(-0.008, 0.008))

    def inverse_depth(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """1/z at points of the picture, 1/m."""
        return self.far + (self.near - self.far) * y + self.roll * (x - np.float32(0.5))


def paint_ground(dials: SceneDials, index: int) -> tuple[np.ndarray, np.ndarray]:
    """The bare ground of a scene and what lies on it.

    Returns:
        Its colours (3, H, W) float32 in 0 to 1, without haze, and its depth (H, W) float32 in metres.
    """
    dice = Dice(dials.seed, index, Stream.GROUND)
    plane = Plane.of(dice)
    middles = centres(dials.size)
    x, y = middles[None, :], middles[:, None]
    depth = 1 / plane.inverse_depth(x, y)
    latents = Latents.of(dials, index)
    light = _stripe_light(dice, latents, plane, x, depth)
    light += 0.16 * clouds(dice, 5, dials.size) + 0.10 * clouds(dice, 19, dials.size) - 0.13
    slope_x, slope_y = dice.direction()
    light += dice.between(0.0, 0.12) * (slope_x * (x - 0.5) + slope_y * (y - 0.5))
    picture = np.stack([light * channel for channel in _base_colour(dice, latents)])
    _scatter(picture, plane, dials, index)
    return picture, depth


def _base_colour(dice: Dice, latents: Latents) -> tuple[float, ...]:
    warmth = (latents.v / LIMIT + 1) / 2
    lightness = dice.between(0.92, 1.15)
    return tuple(lightness * (cool + (warm - cool) * warmth) for cool, warm in zip(_COOL, _WARM, strict=True))


def _stripe_light(dice: Dice, latents: Latents, plane: Plane, x: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Lightness of the stripes around 1; the latent u says how steep they are, a coin to which side they lean."""
    low, high = _STEEPNESS
    steepness = low + (high - low) * (latents.u / LIMIT + 1) / 2
    cosine, sine = direction(steepness)
    sine = sine if dice.share() < 0.5 else -sine
    frequency, shift, contrast = dice.between(0.85, 1.1), dice.share(), dice.between(0.26, 0.42)
    to_side, to_back = cosine * frequency, sine * frequency * _STRETCHED
    phase = to_side * (x - np.float32(0.5)) * depth + to_back * depth + shift
    per_pixel = 1 / depth.shape[0]
    back = depth * depth * (plane.near - plane.far)
    footprint = (abs(to_side) * depth + abs(to_back) * back) * per_pixel
    return 1 + contrast * (stripes(phase, footprint) - np.float32(0.5))


def _scatter(picture: np.ndarray, plane: Plane, dials: SceneDials, index: int) -> None:
    """Pebbles and twigs, in lighter and darker tones of the ground, smaller where it is farther."""
    dice = Dice(dials.seed, index, Stream.CLUTTER)
    for _ in range(round(dials.clutter * _MOST_THINGS)):
        x, y = dice.share(), dice.share()
        scale = 7 * (plane.far + (plane.near - plane.far) * y)
        is_twig = dice.share() < 0.5
        length = scale * (dice.between(0.02, 0.05) if is_twig else dice.between(0.0, 0.012))
        width = scale * (dice.between(0.004, 0.008) if is_twig else dice.between(0.01, 0.022))
        tone = dice.between(0.55, 0.8) if dice.share() < 0.6 else dice.between(1.2, 1.4)
        _paint_thing(picture, (x, y), length, width, dice.direction(0, 180), tone)


def _paint_thing(
    picture: np.ndarray,
    middle: tuple[float, float],
    length: float,
    width: float,
    turn: tuple[float, float],
    tone: float,
) -> None:
    """One rounded bar (a disc if it has no length) with a little shade on its lower side."""
    size = picture.shape[-1]
    part = window(*middle, length + width + 0.02, size)
    cosine, sine = turn
    along = cosine * part.x + sine * part.y
    on_axis = clamped(along, -length, length)
    off_x, off_y = part.x - cosine * on_axis, part.y - sine * on_axis
    away = np.sqrt(off_x * off_x + off_y * off_y)
    inside = clamped((width - away) * size + 0.5)
    below = off_y - 0.5 * width
    shade = 0.3 * clamped((width - np.sqrt(off_x * off_x + below * below)) * (0.6 / width) + 0.3)
    lit = tone - clamped(off_y * (0.2 / width), -0.2, 0.2)
    area = picture[:, part.rows, part.columns]
    area *= (1 - shade) * (1 - inside) + lit * inside
