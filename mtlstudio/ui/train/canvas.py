"""The plot itself: curves, marks, crosshair, and what the mouse does on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QWidget

from mtlstudio.ui.theme import scaled, signals, theme
from mtlstudio.ui.train.growing import Numbers
from mtlstudio.ui.train.overlay import BOTTOM, LEFT, RIGHT, TOP, Overlay, PlotMark, Scale
from mtlstudio.ui.train.ticks import Unit

Line = tuple[Numbers, Numbers]
_NOTHING = np.empty(0)
_LEAST_DRAG = 5
_PAN = 0.1
_WIDTH = 1.5


class Canvas(pg.PlotWidget):
    """One plot. It shows what it is given and tells what the mouse asks for; it keeps no data.

    Dragging with the left button zooms, with the middle one (or Shift) pans; Ctrl and the wheel zoom; double click
    shows all. With the keyboard: left and right pan, + and - zoom, Home shows all, L turns the logarithm on and off.

    Signals:
        asked(float, float): another range of x is wanted.
        reset(): all of it is wanted.
        log_switched(): the logarithm of this plot alone.
        pointed(float): the pointer is over that x; not-a-number: it has left.
    """

    asked = Signal(float, float)
    reset = Signal()
    log_switched = Signal()
    pointed = Signal(float)

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour, self._panning = colour, False
        self._drag_from: QPointF | None = None
        self._drag_range = (0.0, 1.0)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        for axis in ("left", "bottom"):
            item.hideAxis(axis)
        self._view = item.getViewBox()
        self._view.setMouseEnabled(False, False)
        self._view.disableAutoRange()
        self._view.setDefaultPadding(0.0)
        self._raw, self._shown, self._validated = (pg.PlotCurveItem(antialias=True) for _ in range(3))
        for curve in (self._raw, self._shown, self._validated):
            item.addItem(curve)
        self._scale, self._overlay = Scale(item), Overlay(self._view)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._dress()
        signals.theme_changed.connect(self._dress)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Small: it takes the room there is."""
        return QSize(scaled(220), scaled(110))

    # --- what it shows ----------------------------------------------------------------------------------------

    def set_axes(self, unit: Unit, log: bool) -> None:
        """What the x axis counts, and whether the curves given from now on are decimal logarithms."""
        if (unit, log) != (self._scale.unit, self._scale.log):
            self._scale.unit, self._scale.log = unit, log
            self._scale.update()

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

    @property
    def is_log(self) -> bool:
        """Whether its y axis is logarithmic."""
        return self._scale.log

    @property
    def marks(self) -> tuple[PlotMark, ...]:
        """What `set_marks` was given."""
        return tuple(self._overlay.marks)

    def view(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ranges of x and y that are shown."""
        x, y = self._view.viewRange()
        return (x[0], x[1]), (y[0], y[1])

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
        start, end = self.x_at(self._drag_from), self.x_at(event.position())
        self._overlay.band = (min(start, end), max(start, end))
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
        """Esc gives a zoom up that has begun; the others see above."""
        key, (low, high) = Qt.Key(event.key()), self._view.viewRange()[0]
        wide = high - low
        moves = {
            Qt.Key.Key_Left: (-_PAN, -_PAN), Qt.Key.Key_Right: (_PAN, _PAN), Qt.Key.Key_Plus: (_PAN, -_PAN),
            Qt.Key.Key_Equal: (_PAN, -_PAN), Qt.Key.Key_Minus: (-_PAN, _PAN),
        }  # fmt: skip
        if key == Qt.Key.Key_Escape and self._drag_from is not None:
            self._stop_drag()
        elif key in moves:
            left, right = moves[key]
            self.asked.emit(low + left * wide, high + right * wide)
        elif key == Qt.Key.Key_Home:
            self.reset.emit()
        elif key == Qt.Key.Key_L and not event.modifiers():
            self.log_switched.emit()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Shows where the keyboard is."""
        super().focusInEvent(event)
        self._mark_focus()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Shows where the keyboard is."""
        super().focusOutEvent(event)
        self._mark_focus()

    def _mark_focus(self) -> None:
        self._overlay.framed = self.hasFocus()
        self._overlay.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """The crosshair goes with the pointer."""
        self.pointed.emit(math.nan)

    def _stop_drag(self) -> None:
        self._drag_from, self._overlay.band = None, None
        self._overlay.update()

    # --- the look ---------------------------------------------------------------------------------------------

    def _dress(self) -> None:
        colour: QColor = theme().colour(self._colour)
        self._shown.setPen(pg.mkPen(colour, width=_WIDTH))
        self._validated.setPen(pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine))
        self._raw.setPen(pg.mkPen(theme().colour(self._colour, 0.3), width=1))
        self.setBackground(theme().colour("panel"))
        self.getPlotItem().layout.setContentsMargins(scaled(LEFT), scaled(TOP), scaled(RIGHT), scaled(BOTTOM))
        self._scale.update()
        self._overlay.update()
