"""Colours of classes, apart from those of tasks."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Sequence

CLASS_COLOURS: tuple[str, ...] = (
    "#838892", "#F44F62", "#5BD805", "#8900BC", "#EFA810", "#F485FE", "#205BF7", "#37830F",
    "#19AFFE", "#9D2964", "#00ECC3", "#9C72FE", "#D1ED6A", "#D029B5", "#B74506", "#E4A2AF",
    "#08629C", "#6F5B21", "#88B463", "#AACDFF", "#805AA5", "#C074AE", "#176C5F", "#1ABCB8",
    "#C77F3E", "#FCD8A2", "#FDCBF8", "#2582DC", "#9C9FD6", "#7142EE", "#B3EFC8", "#975B62", "#24AF32",
)  # fmt: skip
"""The first is a grey; each other lies as far as possible from all before it in OKLab."""

BACKGROUND_NAMES = frozenset(
    ("background", "backgrounds", "_background_", "bg", "void", "unlabelled", "unlabeled", "nothing", "none", "背景")
)
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_GOLDEN = 0.61803398875


def is_colour(text: str) -> bool:
    """Whether it reads `#rrggbb`."""
    return _HEX.fullmatch(text) is not None


def class_colour(index: int) -> str:
    """`#rrggbb` of a class; beyond the list the hue goes on by the golden ratio, so that neighbours differ."""
    if index < len(CLASS_COLOURS):
        return CLASS_COLOURS[index]
    red, green, blue = colorsys.hsv_to_rgb(index * _GOLDEN % 1.0, 0.55 + 0.175 * (index % 3), 0.95 - 0.3 * (index % 2))
    return f"#{round(red * 255):02X}{round(green * 255):02X}{round(blue * 255):02X}"


def background_index(names: Sequence[str]) -> int | None:
    """The class that is not drawn: the one named as a background, the first of two, else None."""
    for index, name in enumerate(names):
        if name.strip().casefold() in BACKGROUND_NAMES:
            return index
    return 0 if len(names) == 2 else None


def class_colours(names: Sequence[str], own: Sequence[str] = (), task_colour: str = "") -> tuple[str, ...]:
    """One `#rrggbb` per class: its own where the task gives one, the task's where only one class is drawn."""
    background = background_index(names)
    drawn = [index for index in range(len(names)) if index != background]
    colours = [class_colour(index) for index in range(len(names))]
    if background is not None and background != 0:
        colours[0], colours[background] = colours[background], colours[0]
    if len(drawn) == 1 and task_colour:
        colours[drawn[0]] = task_colour
    return tuple(own[i] if i < len(own) and is_colour(own[i]) else colour for i, colour in enumerate(colours))
