"""Colours of data: tasks, classes, depth, attributions, signed values. Not the window's own colours."""

from __future__ import annotations

import math
from functools import cache

from PySide6.QtGui import QColor

from mtlstudio.tasks.palette import CLASS_COLOURS, class_colour
from mtlstudio.ui.theme.tokens import Tokens, mix

__all__ = [
    "CLASS_COLOURS",
    "TASK_COLOURS",
    "class_colour",
    "class_table",
    "depth_table",
    "diverging_colour",
    "heat_table",
    "task_colour",
]

TASK_COLOURS: tuple[str, ...] = (
    "#4C9BE8", "#F2A541", "#2FB98A", "#C77DBB", "#E3735E", "#9C8CF2", "#B8B04A", "#5BC0C9",
)  # fmt: skip


def task_colour(index: int) -> str:
    """Colour of the task at a place in the project's order; after eight the hues return, lighter or darker."""
    base = TASK_COLOURS[index % len(TASK_COLOURS)]
    turn = index // len(TASK_COLOURS)
    if turn == 0:
        return base
    return mix(base, "#ffffff" if turn % 2 else "#000000", 0.22 + 0.1 * ((turn - 1) // 2 % 3)).name()


def class_table(count: int, alpha: int = 255, transparent: tuple[int, ...] = ()) -> list[int]:
    """Colour table (`0xAARRGGBB`) of an index map.

    Args:
        count: number of classes.
        alpha: opacity of all of them, 0 … 255.
        transparent: classes that are not drawn (background, say).
    """
    head = alpha << 24
    return [0 if index in transparent else head | int(class_colour(index)[1:], 16) for index in range(max(0, count))]


@cache
def depth_table() -> tuple[int, ...]:
    """256 colours (`0xffRRGGBB`) from near (dark violet) over blue and green to far (pale yellow).

    Lightness rises evenly in OKLab, so that equal steps look equal, also to the colour-blind and in grey print.
    """
    return _swept(((0.24, 0.105, 305), (0.42, 0.125, 272), (0.58, 0.11, 225), (0.74, 0.135, 162), (0.95, 0.165, 104)))


@cache
def heat_table() -> tuple[int, ...]:
    """256 colours (`0xffRRGGBB`) from black over red to pale yellow, for attributions; lightness rises evenly."""
    return _swept(((0.12, 0.02, 300), (0.36, 0.16, 350), (0.58, 0.2, 26), (0.78, 0.16, 70), (0.97, 0.08, 105)))


def diverging_colour(value: float, tokens: Tokens) -> QColor:
    """Ground of a cell that shows a signed value: bad towards −1, good towards +1, the card's own near 0."""
    if not math.isfinite(value):
        return tokens.colour("card")
    strength = min(1.0, abs(value)) ** 0.6
    return mix(tokens.card, tokens.good if value >= 0 else tokens.bad, 0.12 + 0.58 * strength)


def _swept(points: tuple[tuple[float, float, float], ...]) -> tuple[int, ...]:
    """Interpolates (lightness, chroma, hue in degrees) points to 256 colours; lightness runs straight."""
    low, high = points[0][0], points[-1][0]
    table: list[int] = []
    for step in range(256):
        lightness = low + (high - low) * step / 255
        place = next(i for i in range(1, len(points)) if lightness <= points[i][0] + 1e-9)
        (l0, c0, h0), (l1, c1, h1) = points[place - 1], points[place]
        share = (lightness - l0) / (l1 - l0)
        turn = (h1 - h0 + 180) % 360 - 180
        table.append(_oklch(lightness, c0 + (c1 - c0) * share, h0 + turn * share))
    return tuple(table)


def _oklch(lightness: float, chroma: float, hue: float) -> int:
    """`0xffRRGGBB` of an OKLCh colour, clipped to sRGB. Source: Ottosson 2020, the OKLab matrices."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    l3 = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m3 = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s3 = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3,
        -1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3,
        -0.0041960863 * l3 - 0.7034186147 * m3 + 1.7076147010 * s3,
    )
    red, green, blue = (round(255 * _companded(min(1.0, max(0.0, part)))) for part in linear)
    return 0xFF000000 | red << 16 | green << 8 | blue


def _companded(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
