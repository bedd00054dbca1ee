"""The plot itself: curves, marks, crosshair, and what the mouse does on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from mtlstudio.ui.theme import font, scaled, signals, style_plot, theme
from mtlstudio.ui.train.growing import Numbers
from mtlstudio.ui.train.words import clock

Unit = Literal["step", "epoch", "time"]
Line = tuple[Numbers, Numbers]
_NOTHING = np.empty(0)
_LEAST_DRAG = 5


@dataclass(frozen=True)
class PlotMark:
    """Something at a place of the x axis: a dashed line with words, or (without words) a tick at the bottom."""

    x: float
    words: str = ""
    colour: str = "warning"
    height: float = 5.0


class _Overlay(pg.GraphicsObject):
    """Marks, crosshair and the band of a zoom: painted over the curves in the view's own pixels."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self._view = view
        self.marks: tuple[PlotMark, ...] = ()
        self.cross: float | None = None
        self.dots: tuple[tuple[float, str], ...] = ()
        self.band: tuple[float, float] | None = None
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
        painter.setClipRect(area)
        if self.band is not None:
            left, right = (self.place(x) for x in self.band)
            painter.fillRect(QRectF(left, area.top(), right - left, area.height()), theme().colour("accent", 0.18))
        self._paint_marks(painter, area)
        if self.cross is not None:
            self._paint_cross(painter, area, self.cross)

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(font(10.5))
        metrics = painter.fontMetrics()
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
            room = QRectF(x + 4, area.top(), metrics.horizontalAdvance(mark.words) + 2, metrics.height())
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


class _StepAxis(pg.AxisItem):
    """The x axis: steps, epochs, or minutes and seconds."""

    unit: Unit = "step"

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Words at the ticks."""
        if self.unit == "time":
            return [clock(value) for value in values]
        return [f"{value:g}" if abs(value) < 1e5 else f"{value / 1000:g}k" for value in values]

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        """Whole steps and epochs; seconds and minutes as on a clock."""
        most = max(2.0, size / scaled(70))
        least = (high - low) / most
        if self.unit == "time":
            steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000, 86400, 864000]
            return [(next((step for step in steps if step >= least), 8640000), 0)]
        power = 10 ** math.floor(math.log10(max(least, 0.1)))
        return [(max(1.0, next(n for n in (1, 2, 5, 10) if n * power >= least * 0.999) * power), 0)]


class Canvas(pg.PlotWidget):
    """One plot. It shows what it is given and tells what the mouse asks for; it keeps no data.

    Dragging with the left button zooms, with the middle one (or Shift) pans; Ctrl and the wheel zoom; double click
    shows all.

    Signals:
        asked(float, float): another range of x is wanted.
        reset(): all of it is wanted.
        pointed(float): the pointer is over that x; not-a-number: it has left.
    """

    asked = Signal(float, float)
    reset = Signal()
    pointed = Signal(float)

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        self._axis = _StepAxis("bottom")
        super().__init__(parent, axisItems={"bottom": self._axis})
        self._colour, self._drag_from, self._panning = colour, None, False
        self._drag_range = (0.0, 1.0)
        self._log = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        self._view = item.getViewBox()
        self._view.setMouseEnabled(False, False)
        self._view.disableAutoRange()
        self._view.setDefaultPadding(0.0)
        self._raw, self._shown, self._validated = (pg.PlotCurveItem(antialias=True) for _ in range(3))
        for curve in (self._raw, self._shown, self._validated):
            item.addItem(curve)
        self._overlay = _Overlay(self._view)
        left = self.getAxis("left")
        left.enableAutoSIPrefix(False)
        style_plot(self)
        self._dress()
        signals.theme_changed.connect(self._dress)

    # --- what it shows ----------------------------------------------------------------------------------------

    def set_unit(self, unit: Unit) -> None:
        """What the x axis counts."""
        self._axis.unit = unit
        self._axis.picture = None
        self._axis.update()

    def set_log(self, log: bool) -> None:
        """The curves given from now on are decimal logarithms."""
        if log != self._log:
            self._log = log
            self.getAxis("left").setLogMode(y=log)

    def set_lines(self, raw: Line | None, shown: Line, validated: Line) -> None:
        """Shows curves: as measured (faint; None where they are not averaged), averaged, of the validation."""
        for curve, line in zip((self._raw, self._shown, self._validated), (raw, shown, validated), strict=True):
            x, y = line if line is not None else (_NOTHING, _NOTHING)
            curve.setData(x, y, connect="finite")

    def set_marks(self, marks: Sequence[PlotMark]) -> None:
        """Shows marks."""
        if tuple(marks) != self._overlay.marks:
            self._overlay.marks = tuple(marks)
            self._overlay.update()

    def set_view(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Shows that range."""
        if self._view.viewRange() != [list(x), list(y)]:
            self._view.setRange(xRange=x, yRange=y, padding=0.0, disableAutoRange=True)
            self._overlay.update()

    def set_cross(self, x: float | None, dots: Sequence[tuple[float, str]] = ()) -> None:
        """Shows the crosshair with dots at those (y, colour)."""
        self._overlay.cross, self._overlay.dots = x, tuple(dots)
        self._overlay.update()

    def pixels(self) -> int:
        """Width of the view."""
        return max(16, int(self._view.width()))

    def drawn(self) -> dict[str, Line]:
        """What is on the screen, by curve: raw, shown, validated (for tests)."""
        curves = {"raw": self._raw, "shown": self._shown, "validated": self._validated}
        return {name: curve.getData() for name, curve in curves.items()}

    def x_at(self, position: QPointF) -> float:
        """The value of the x axis under a point of the widget."""
        return float(self._view.mapSceneToView(self.mapToScene(position.toPoint())).x())

    # --- the mouse --------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begins a zoom or a pan."""
        button, shift = event.button(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if button not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            event.ignore()
            return
        self._panning = button == Qt.MouseButton.MiddleButton or shift
        self._drag_from = event.position()
        self._drag_range = tuple(self._view.viewRange()[0])
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Zooms, pans, or only points."""
        if self._drag_from is None:
            self.pointed.emit(self.x_at(event.position()))
            return
        if self._panning:
            low, high = self._drag_range
            by = (event.position().x() - self._drag_from.x()) * (high - low) / self.pixels()
            self.asked.emit(low - by, high - by)
            return
        self._overlay.band = tuple(sorted((self.x_at(self._drag_from), self.x_at(event.position()))))
        self._overlay.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ends the gesture; a click changes nothing."""
        start, band = self._drag_from, self._overlay.band
        self._stop_drag()
        if start is not None and band is not None and abs(event.position().x() - start.x()) >= _LEAST_DRAG:
            self.asked.emit(*band)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Shows all of it."""
        self._stop_drag()
        self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """With Ctrl zooms about the pointer; otherwise the page scrolls."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        low, high = self._view.viewRange()[0]
        at, factor = self.x_at(event.position()), 0.999 ** event.angleDelta().y()
        self.asked.emit(at - (at - low) * factor, at + (high - at) * factor)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Esc gives a zoom up that has begun."""
        if event.key() == Qt.Key.Key_Escape and self._drag_from is not None:
            self._stop_drag()
        else:
            event.ignore()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """The crosshair goes with the pointer."""
        self.pointed.emit(math.nan)

    def _stop_drag(self) -> None:
        self._drag_from, self._overlay.band = None, None
        self._overlay.update()

    # --- the look ---------------------------------------------------------------------------------------------

    def _dress(self) -> None:
        colour: QColor = theme().colour(self._colour)
        self._shown.setPen(pg.mkPen(colour, width=1))
        self._validated.setPen(pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine))
        self._raw.setPen(pg.mkPen(theme().colour(self._colour, 0.38), width=1))
        self.getAxis("left").setWidth(scaled(42))
        self.getAxis("bottom").setHeight(scaled(22))
        self._overlay.update()
