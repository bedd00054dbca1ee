"""Pictures of digit strings, drawn from a seed: own strokes in one of six colours on a dark, uneven ground.

Every picture depends on (dials, index) alone, on every machine: see `mtlstudio.data.scenes.dice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.declare import Parameter, complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.scenes.dice import Dice, direction

VERSION = 1
"""Of the drawing. Whoever changes what any dials draw raises it."""
SIDE = 96
"""Width and height of a picture in pixels."""
INKS: tuple[tuple[str, tuple[float, float, float]], ...] = (
    (mark("Red"), (0.95, 0.25, 0.2)), (mark("Yellow"), (0.95, 0.85, 0.2)), (mark("Green"), (0.25, 0.85, 0.3)),
    (mark("Blue"), (0.35, 0.6, 1.0)), (mark("Purple"), (0.8, 0.4, 0.95)), (mark("White"), (0.95, 0.95, 0.95)),
)  # fmt: skip
"""Name and colour of the inks."""

DIALS: tuple[Parameter, ...] = (
    Parameter("count", "int", 1500, mark("Pictures"), mark("How many are drawn."), 1, 10_000, step=100),
    Parameter("min_digits", "int", 1, mark("Fewest digits"), mark("Each string has at least so many."), 1, 8),
    Parameter("max_digits", "int", 5, mark("Most digits"), mark("Each string has at most so many."), 1, 8),
    Parameter("noise", "float", 0.3, mark("Noise"), mark("How grainy the pictures are: 0 clean, 1 very."), 0, 1, step=0.1),
    Parameter("seed", "int", 0, mark("Seed"), mark("Another number, other pictures."), 0, 2**31 - 1),
)  # fmt: skip

_WHAT, _WHERE, _GROUND, _NOISE = range(4)
_SLIM, _GAP, _MARGIN = 0.55, 0.3, 4.0  # width and distance of digits in their heights; pixels left free at the edges

Stroke = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class DigitDials:
    """One setting of all dials; the fields are the parameters of `DIALS`.

    Raises:
        StudioError: a value does not fit, or the fewest digits are more than the most.
    """

    count: int = 1500
    min_digits: int = 1
    max_digits: int = 5
    noise: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        for dial in DIALS:
            object.__setattr__(self, dial.name, dial.check(getattr(self, dial.name)))
        if self.min_digits > self.max_digits:
            raise StudioError(
                mark("the fewest digits ({fewest}) are more than the most ({most})"), where="min_digits",
                fix=mark("Raise the most or lower the fewest."), fewest=self.min_digits, most=self.max_digits,
            )  # fmt: skip

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> DigitDials:
        """The dials as a project names them; the others at their defaults. Raises StudioError as the class."""
        return cls(**complete(DIALS, values))


@dataclass(frozen=True)
class DigitString:
    """What a picture shows. `text`: its digits; `ink`: index into `INKS`."""

    text: str
    ink: int


def string_of(dials: DigitDials, index: int) -> DigitString:
    """What picture `index` shows, without drawing it."""
    dice = Dice(dials.seed, index, _WHAT)
    count = dice.whole(dials.min_digits, dials.max_digits)
    ink = dice.whole(0, len(INKS) - 1)
    return DigitString("".join(str(dice.whole(0, 9)) for _ in range(count)), ink)


def draw(dials: DigitDials, index: int) -> NDArray[np.uint8]:
    """Picture `index`, (96, 96, 3) uint8."""
    said = string_of(dials, index)
    coverage = ink_of(said.text, Dice(dials.seed, index, _WHERE))
    dice = Dice(dials.seed, index, _GROUND)
    colour = np.array([value * dice.between(0.88, 1.05) for value in INKS[said.ink][1]], np.float32)
    picture = _ground(dice)
    picture += (colour - picture) * coverage[..., None]
    if dials.noise:
        picture += Dice(dials.seed, index, _NOISE).bell(picture.shape) * np.float32(0.12 * dials.noise)
    levels: NDArray[np.uint8] = (picture.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    return levels


def ink_of(text: str, dice: Dice) -> NDArray[np.float32]:
    """How far ink covers each pixel, (96, 96) float32 in 0 … 1: digits of jittered size, slant and place that leave a
    gap between each other; long strings have slim digits."""
    height = dice.between(0.32, 0.62) * SIDE
    pitch = min(height * (_SLIM + _GAP), (SIDE - 2 * _MARGIN) / len(text))
    across, gap = pitch * _SLIM / (_SLIM + _GAP), pitch * _GAP / (_SLIM + _GAP)
    left = _MARGIN + dice.share() * max(0.0, SIDE - 2 * _MARGIN - pitch * len(text))
    top = _MARGIN + dice.share() * (SIDE - 2 * _MARGIN - height)
    slant, width = dice.between(-0.12, 0.12), pitch * dice.between(0.055, 0.08)
    coverage = np.zeros((SIDE, SIDE), np.float32)
    for place, digit in enumerate(text):
        down = height * dice.between(0.88, 1.0)
        x = left + pitch * place + 0.5 * gap + dice.between(-0.1, 0.1) * gap
        y = top + dice.between(0.0, 1.0) * (height - down)
        strokes = [
            [(x + across * (px - slant * (py - 0.5)), y + down * py) for px, py in stroke]
            for stroke in glyph(int(digit))
        ]
        np.maximum(coverage, _stroked(strokes, width), out=coverage)
    return coverage


def _stroked(strokes: Sequence[Sequence[tuple[float, float]]], width: float) -> NDArray[np.float32]:
    """Coverage by round pens of this half width along the strokes."""
    starts = np.array([point for stroke in strokes for point in stroke[:-1]], np.float32)
    ends = np.array([point for stroke in strokes for point in stroke[1:]], np.float32)
    reach = width + 1
    low, high = np.minimum(starts, ends).min(0) - reach, np.maximum(starts, ends).max(0) + reach
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    right, bottom = min(SIDE, int(high[0]) + 1), min(SIDE, int(high[1]) + 1)
    x = np.arange(left, right, dtype=np.float32)[None, None, :] + np.float32(0.5)
    y = np.arange(top, bottom, dtype=np.float32)[None, :, None] + np.float32(0.5)
    along = ends - starts
    squared = np.maximum((along**2).sum(1), np.float32(1e-6))
    dx, dy = (x - starts[:, 0, None, None], y - starts[:, 1, None, None])
    share = (dx * along[:, 0, None, None] + dy * along[:, 1, None, None]) / squared[:, None, None]
    share = share.clip(0, 1)
    off_x, off_y = dx - share * along[:, 0, None, None], dy - share * along[:, 1, None, None]
    nearest = np.sqrt((off_x**2 + off_y**2).min(0))
    coverage = np.zeros((SIDE, SIDE), np.float32)
    coverage[top:bottom, left:right] = (np.float32(width) - nearest + np.float32(0.5)).clip(0, 1)
    return coverage


def _ground(dice: Dice) -> NDArray[np.float32]:
    """A dark colour that changes a little from side to side, with soft spots, (96, 96, 3) float32."""
    colour = np.array([dice.between(0.05, 0.28) for _ in range(3)], np.float32)
    x = (np.arange(SIDE, dtype=np.float32) / SIDE)[None, :]
    y = (np.arange(SIDE, dtype=np.float32) / SIDE)[:, None]
    light = 1 + dice.between(-0.5, 0.5) * (x - 0.5) + dice.between(-0.5, 0.5) * (y - 0.5)
    for _ in range(4):
        middle_x, middle_y, size = dice.share(), dice.share(), dice.between(0.05, 0.25)
        away = ((x - middle_x) ** 2 + (y - middle_y) ** 2) / np.float32(size**2)
        light = light + dice.between(-0.35, 0.45) / (1 + away)
    ground: NDArray[np.float32] = (light[..., None] * colour).astype(np.float32)
    return ground


def _arc(x: float, y: float, across: float, down: float, start: float, end: float, steps: int = 10) -> Stroke:
    """Part of an ellipse, from one angle (degrees, 0 right, 90 below) to another."""
    turns = [direction(start + (end - start) * step / steps) for step in range(steps + 1)]
    return tuple((x + across * cosine, y + down * sine) for cosine, sine in turns)


@lru_cache(maxsize=1)
def _glyphs() -> tuple[tuple[Stroke, ...], ...]:
    """The strokes of 0 … 9 in a box of 1 × 1, y pointing down."""
    return (
        (_arc(0.5, 0.5, 0.45, 0.5, 0, 360, 18),),
        (((0.2, 0.25), (0.55, 0.0), (0.55, 1.0)),),
        ((*_arc(0.5, 0.3, 0.42, 0.3, 190, 395), (0.08, 1.0), (0.95, 1.0)),),
        (_arc(0.45, 0.26, 0.4, 0.26, 200, 450), _arc(0.45, 0.75, 0.45, 0.25, -90, 155)),
        (((0.7, 1.0), (0.7, 0.0), (0.05, 0.68), (1.0, 0.68)),),
        (((0.88, 0.0), (0.18, 0.0), (0.13, 0.45), *_arc(0.45, 0.67, 0.45, 0.33, -125, 150)),),
        (((0.8, 0.04), (0.35, 0.25), *_arc(0.5, 0.68, 0.43, 0.32, 190, 550, 16)),),
        (((0.05, 0.0), (0.95, 0.0), (0.4, 1.0)),),
        (_arc(0.5, 0.24, 0.36, 0.24, 90, 450, 14), _arc(0.5, 0.74, 0.45, 0.26, -90, 270, 14)),
        ((*_arc(0.5, 0.31, 0.43, 0.31, 0, 360, 16), (0.88, 0.6), (0.6, 1.0)),),
    )


def glyph(digit: int) -> tuple[Stroke, ...]:
    """The strokes of a digit."""
    return _glyphs()[digit]
