"""Painting of how the tasks agree: a tint of the card, and the figure with its sign, for those who see no red."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from mtlstudio.ui.design.geometry import Rect
from mtlstudio.ui.design.painting.ink import LEFT, Ink
from mtlstudio.ui.theme import mix

if TYPE_CHECKING:
    from mtlstudio.ui.design.tints import Tint

_LOWEST, _NARROWEST = 44.0, 34.0


def tinted(ground: QColor, tint: Tint | None, ink: Ink) -> QColor:
    """The card's ground with the tint, the stronger the further from 0."""
    if tint is None or not tint.role:
        return ground
    return mix(ground, ink.colour(tint.role), 0.1 + 0.3 * min(1.0, abs(tint.value)))


def paint_figure(painter: QPainter, tint: Tint | None, rect: Rect, ink: Ink) -> None:
    """`▼ −0.21` or `▲ 0.42` in the upper left corner, where there is room."""
    if tint is None or not tint.role or rect.h < _LOWEST or rect.w < _NARROWEST:
        return
    sign = "▼ −" if tint.value < 0 else "▲ "
    words = f"{sign}{abs(tint.value):.2f}"
    area = QRectF(rect.x + 9, rect.y + 4, rect.w - 26, ink.small.height)
    if ink.small.width(words) > area.width():
        words = sign[0]
    ink.small.draw(painter, area, words, ink.colour("text"), LEFT)
