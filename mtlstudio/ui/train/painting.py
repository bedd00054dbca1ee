"""How a plot is painted: grid and figures, curves, marks, crosshair, the band of a zoom.

By hand rather than by pyqtgraph: a plot of 100,000 steps costs 0.8 ms so, 4 ms there, and a window that draws seven of
them several times a second beside a training has no time to give away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from shiboken6 import VoidPtr

from mtlstudio.ui.theme import font, scaled, theme
from mtlstudio.ui.train.growing import Numbers
from mtlstudio.ui.train.ticks import Unit, loss_ticks, step_ticks

Line = tuple[Numbers, Numbers]
_LETTERS = 10.5
_FAR = 1e6


@dataclass(frozen=True)
class PlotMark:
    """Something at a place of the x axis: a dashed line with words, or (without words) a tick at the bottom."""

    x: float
    words: str = ""
    colour: str = "warning"
    height: float = 5.0


@dataclass(frozen=True)
class View:
    """The part of the plane that is shown, and where on the widget."""

    area: QRectF
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)

    def across(self, x: float) -> float:
        """Where a value of the x axis stands, in pixels."""
        low, high = self.x
        return self.area.left() + (x - low) / (high - low) * self.area.width()

    def down(self, y: float) -> float:
        """Where a value of the y axis stands, in pixels."""
        low, high = self.y
        return self.area.bottom() - (y - low) / (high - low) * self.area.height()

    def x_at(self, pixel: float) -> float:
        """The value of the x axis at a pixel."""
        low, high = self.x
        return low + (pixel - self.area.left()) / max(1.0, self.area.width()) * (high - low)


def paint_scale(painter: QPainter, view: View, unit: Unit, log: bool) -> None:
    """Horizontal lines, and the figures of both axes."""
    area = view.area
    painter.setFont(font(_LETTERS))
    high = painter.fontMetrics().height()
    line, words = QPen(theme().colour("line", 0.65), 1), theme().colour("dim")
    aside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for value, text in loss_ticks(*view.y, min(8.0, area.height() / scaled(28)), log):
        y = round(view.down(value)) + 0.5
        painter.setPen(line)
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(words)
        painter.drawText(QRectF(0, y - high / 2, area.left() - 6, high), aside, text)
    for value, text in step_ticks(*view.x, min(10.0, area.width() / scaled(52)), unit):
        room = QRectF(view.across(value) - 60, area.bottom() + 4, 120, high)
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)


def paint_line(painter: QPainter, view: View, line: Line, colour: QColor, dashed: bool = False, bold: bool = False) -> None:
    """A curve; not-a-number breaks it.

    Bold ones are painted twice, half a pixel apart: Qt strokes lines wider than a pixel ten times as slowly.
    """
    x, y = line
    if not len(x):
        return
    across = np.clip(view.across(x), -_FAR, _FAR)  # type: ignore[arg-type]
    down = np.clip(view.down(y), -_FAR, _FAR)  # type: ignore[arg-type]
    painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
    ends = [*np.flatnonzero(np.isnan(down)), len(down)]
    start = 0
    for end in ends:
        if end - start == 1:
            painter.drawPoint(QPointF(across[start], down[start]))
        elif end > start:
            for shift in (0.0, 0.7) if bold else (0.0,):
                painter.drawPolyline(_polygon(across[start:end], down[start:end] + shift))
        start = end + 1


def paint_marks(painter: QPainter, view: View, marks: Sequence[PlotMark]) -> None:
    """Dashed lines with words, and ticks; words that would touch others are left out."""
    area = view.area
    painter.setFont(font(_LETTERS))
    letters = painter.fontMetrics()
    taken: list[QRectF] = []
    for mark in marks:
        x = round(view.across(mark.x)) + 0.5
        if not area.left() - 1 <= x <= area.right() + 1:
            continue
        colour = theme().colour(mark.colour)
        if not mark.words:
            painter.setPen(QPen(colour, 1))
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() - scaled(mark.height)))
            continue
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        room = QRectF(x + 4, area.top(), letters.horizontalAdvance(mark.words) + 2, letters.height())
        if room.right() > area.right():
            room.moveRight(x - 4)
        if not any(room.intersects(other) for other in taken):
            taken.append(room)
            painter.setPen(colour)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, mark.words)


def paint_cross(painter: QPainter, view: View, at: float, dots: Sequence[tuple[float, str]]) -> None:
    """The crosshair, with dots at (y, colour)."""
    x = round(view.across(at)) + 0.5
    painter.setPen(QPen(theme().colour("dim", 0.7), 1))
    painter.drawLine(QPointF(x, view.area.top()), QPointF(x, view.area.bottom()))
    painter.setPen(Qt.PenStyle.NoPen)
    for y, colour in dots:
        if math.isfinite(y):
            painter.setBrush(theme().colour(colour))
            painter.drawEllipse(QPointF(x, view.down(y)), scaled(3), scaled(3))


def paint_band(painter: QPainter, view: View, band: tuple[float, float]) -> None:
    """What a drag is about to zoom to."""
    left, right = (view.across(x) for x in band)
    painter.fillRect(
        QRectF(left, view.area.top(), right - left, view.area.height()), theme().colour("accent", 0.18)
    )  # fmt: skip


def _polygon(x: Numbers, y: Numbers) -> QPolygonF:
    """Points from arrays, without a Python object for each."""
    made = QPolygonF()
    made.resize(len(x))
    memory: Any = VoidPtr(made.data(), len(x) * 16, True)  # type: ignore[call-arg,arg-type]
    room = np.frombuffer(memory, np.float64).reshape(-1, 2)
    room[:, 0], room[:, 1] = x, y
    return made
