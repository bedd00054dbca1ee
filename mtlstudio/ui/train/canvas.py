"""The plot itself: what it shows, and what the mouse does on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.train.painting import (
    Line,
    PlotMark,
    View,
    paint_band,
    paint_cross,
    paint_line,
    paint_marks,
    paint_scale,
)
from mtlstudio.ui.train.ticks import Unit
from mtlstudio.ui.widgets.common import repaint_on_theme

_NOTHING: Line = (np.empty(0), np.empty(0))
_LEFT, _TOP, _RIGHT, _BOTTOM = 38, 6, 10, 20
_LEAST_DRAG = 5


class Canvas(QWidget):
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
        super().__init__(parent)
        self._colour = colour
        self._unit: Unit = "step"
        self._log = False
        self._raw, self._shown, self._validated = _NOTHING, _NOTHING, _NOTHING
        self.marks: tuple[PlotMark, ...] = ()
        self._x, self._y = (0.0, 1.0), (0.0, 1.0)
        self._cross: float | None = None
        self._dots: tuple[tuple[float, str], ...] = ()
        self._band: tuple[float, float] | None = None
        self._drag_from: QPointF | None = None
        self._drag_range = (0.0, 1.0)
        self._panning = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        repaint_on_theme(self)

    # --- what it shows ----------------------------------------------------------------------------------------

    def set_axes(self, unit: Unit, log: bool) -> None:
        """What the x axis counts, and whether the curves given from now on are decimal logarithms."""
        self._unit, self._log = unit, log
        self.update()

    def set_lines(self, raw: Line | None, shown: Line, validated: Line) -> None:
        """Shows curves: as measured (faint; None where they are not averaged), averaged, of the validation."""
        self._raw, self._shown, self._validated = raw or _NOTHING, shown, validated
        self.update()

    def set_marks(self, marks: Sequence[PlotMark]) -> None:
        """Shows marks."""
        self.marks = tuple(marks)
        self.update()

    def set_view(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Shows that range; each must be finite and have a width."""
        assert all(math.isfinite(value) for value in (*x, *y)) and x[0] < x[1] and y[0] < y[1], (x, y)
        self._x, self._y = x, y
        self.update()

    def set_cross(self, x: float | None, dots: Sequence[tuple[float, str]] = ()) -> None:
        """Shows the crosshair with dots at those (y, colour)."""
        self._cross, self._dots = x, tuple(dots)
        self.update()

    def view(self) -> View:
        """What is shown, and where."""
        room = QRectF(self.rect()).adjusted(scaled(_LEFT), scaled(_TOP), -scaled(_RIGHT), -scaled(_BOTTOM))
        return View(room, self._x, self._y)

    def pixels(self) -> int:
        """Width of the part with the curves."""
        return max(16, int(self.view().area.width()))

    def drawn(self) -> dict[str, Line]:
        """What is on the screen, by curve: raw, shown, validated (for tests)."""
        return {"raw": self._raw, "shown": self._shown, "validated": self._validated}

    def sizeHint(self) -> QSize:  # noqa: N802
        """Small: it takes the room there is."""
        return QSize(scaled(220), scaled(110))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for the figures and a bit of curve."""
        return QSize(scaled(100), scaled(60))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints all of it."""
        view = self.view()
        if view.area.width() < 8 or view.area.height() < 8:
            return
        painter = QPainter(self)
        paint_scale(painter, view, self._unit, self._log)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(view.area.adjusted(-1, -3, 3, 1))
        colour = theme().colour(self._colour)
        if self._band is not None:
            paint_band(painter, view, self._band)
        paint_line(painter, view, self._raw, theme().colour(self._colour, 0.28))
        paint_line(painter, view, self._validated, colour, dashed=True)
        paint_line(painter, view, self._shown, colour, bold=True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        paint_marks(painter, view, self.marks)
        if self._cross is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_cross(painter, view, self._cross, self._dots)

    # --- the mouse --------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begins a zoom or a pan."""
        button, shift = event.button(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if button not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            event.ignore()
            return
        self._panning = button == Qt.MouseButton.MiddleButton or shift
        self._drag_from, self._drag_range = event.position(), self._x

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Zooms, pans, or only points."""
        view = self.view()
        if self._drag_from is None:
            self.pointed.emit(view.x_at(event.position().x()))
        elif self._panning:
            low, high = self._drag_range
            by = (event.position().x() - self._drag_from.x()) * (high - low) / self.pixels()
            self.asked.emit(low - by, high - by)
        else:
            start, end = view.x_at(self._drag_from.x()), view.x_at(event.position().x())
            self._band = (min(start, end), max(start, end))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ends the gesture; a click changes nothing."""
        start, band = self._drag_from, self._band
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
        (low, high), at = self._x, self.view().x_at(event.position().x())
        factor = 0.999 ** event.angleDelta().y()
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
        self._drag_from, self._band = None, None
        self.update()
