"""What lies under and over the curves of a plot: grid and figures; marks, crosshair, the band of a zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from mtlstudio.ui.theme import font, scaled, theme
from mtlstudio.ui.train.ticks import Unit, loss_ticks, step_ticks

LEFT, TOP, RIGHT, BOTTOM = 38, 6, 10, 20
"""Room around the view, for the figures (at 100 % text size)."""
_LETTERS = 10.5


@dataclass(frozen=True)
class PlotMark:
    """Something at a place of the x axis: a dashed line with words, or (without words) a tick at the bottom."""

    x: float
    words: str = ""
    colour: str = "warning"
    height: float = 5.0


class Scale(pg.GraphicsObject):
    """Horizontal lines and the figures of both axes, under the curves: one item instead of pyqtgraph's four axes, each
    of which is laid out and painted in Python."""

    def __init__(self, plot: pg.PlotItem) -> None:
        super().__init__(plot)
        self._plot, self._view = plot, plot.getViewBox()
        self.unit: Unit = "step"
        self.log = False
        self.setZValue(-1000)
        self._view.sigResized.connect(self._resized)
        self._view.sigRangeChanged.connect(lambda *_ranges: self.update())

    def boundingRect(self) -> QRectF:  # noqa: N802
        """View and figures."""
        return QRectF(self._plot.rect())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints lines and figures."""
        area = self._view.mapRectToParent(QRectF(self._view.rect()))
        (left, right), (low, high) = self._view.viewRange()
        if area.width() < 8 or area.height() < 8 or not right > left or not high > low:
            return
        painter.setFont(font(_LETTERS))
        letters = painter.fontMetrics()
        line, words = QPen(theme().colour("line"), 1), theme().colour("dim")
        aside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value, text in loss_ticks(low, high, area.height() / scaled(28), self.log):
            y = round(area.bottom() - (value - low) / (high - low) * area.height()) + 0.5
            painter.setPen(line)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(words)
            painter.drawText(QRectF(0, y - letters.height() / 2, area.left() - 6, letters.height()), aside, text)
        for value, text in step_ticks(left, right, area.width() / scaled(52), self.unit):
            x = area.left() + (value - left) / (right - left) * area.width()
            room = QRectF(x - 60, area.bottom() + 4, 120, letters.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _resized(self) -> None:
        self.prepareGeometryChange()
        self.update()


class Overlay(pg.GraphicsObject):
    """Marks, crosshair and the band of a zoom: painted over the curves in the view's own pixels."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self._view = view
        self.marks: tuple[PlotMark, ...] = ()
        self.cross: float | None = None
        self.dots: tuple[tuple[float, str], ...] = ()
        self.band: tuple[float, float] | None = None
        self.framed = False
        self.setZValue(50)
        view.sigResized.connect(self._resized)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """The whole view."""
        return QRectF(self._view.rect())

    def place(self, x: float) -> float:
        """Where a value of the x axis stands in the view."""
        (low, high), _ = self._view.viewRange()
        area = self._view.rect()
        return float(area.left() + (x - low) / max(high - low, 1e-300) * area.width())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints what there is."""
        area = self.boundingRect()
        if self.band is not None:
            left, right = (self.place(x) for x in self.band)
            painter.fillRect(QRectF(left, area.top(), right - left, area.height()), theme().colour("accent", 0.18))
        self._paint_marks(painter, area)
        if self.cross is not None:
            self._paint_cross(painter, area, self.cross)
        if self.framed:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(theme().colour("accent", 0.6), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(0, 0, -1, -1))

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(font(_LETTERS))
        letters = painter.fontMetrics()
        taken: list[QRectF] = []
        for mark in self.marks:
            x = round(self.place(mark.x)) + 0.5
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

    def _paint_cross(self, painter: QPainter, area: QRectF, at: float) -> None:
        x = round(self.place(at)) + 0.5
        painter.setPen(QPen(theme().colour("dim", 0.7), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        _, (low, high) = self._view.viewRange()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for y, colour in self.dots:
            if math.isfinite(y):
                down = area.bottom() - (y - low) / max(high - low, 1e-300) * area.height()
                painter.setBrush(theme().colour(colour))
                painter.drawEllipse(QPointF(x, down), scaled(3), scaled(3))

    def _resized(self) -> None:
        self.prepareGeometryChange()
        self.update()
