"""A slider with its number beside it: loss weights, opacities."""

from __future__ import annotations

import math
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import font, scaled, signals, theme
from mtlstudio.ui.widgets.common import repaint_on_theme, set_property

Scale = Literal["linear", "log"]
_FLOOR = 1e-4  # where a logarithmic scale that includes 0 begins, as a share of its maximum


class Scaling:
    """Values to places 0 … 1 on the track and back; a logarithmic scale from 0 has 0 at its very left end."""

    def __init__(self, minimum: float, maximum: float, scale: Scale = "linear") -> None:
        if not minimum < maximum or not math.isfinite(minimum) or not math.isfinite(maximum):
            raise ValueError(f"expected minimum < maximum, found {minimum} and {maximum}")
        if scale == "log" and minimum < 0:
            raise ValueError(f"a logarithmic scale cannot begin at {minimum}")
        self.minimum, self.maximum, self.scale = minimum, maximum, scale
        self._low = minimum if minimum > 0 else maximum * _FLOOR

    def place(self, value: float) -> float:
        """Where a value stands, 0 … 1."""
        value = self.clamped(value)
        if self.scale == "linear":
            return (value - self.minimum) / (self.maximum - self.minimum)
        return max(0.0, math.log(max(value, self._low) / self._low) / math.log(self.maximum / self._low))

    def value(self, place: float) -> float:
        """The value at a place."""
        place = min(1.0, max(0.0, place))
        if self.scale == "linear":
            return self.minimum + place * (self.maximum - self.minimum)
        if place <= 0.0:
            return self.minimum
        return self.clamped(self._low * (self.maximum / self._low) ** place)

    def clamped(self, value: float) -> float:
        """The nearest value inside the bounds; what is no number becomes the minimum."""
        if math.isnan(value):
            return self.minimum
        return min(self.maximum, max(self.minimum, value))


class Track(QWidget):
    """The slider's track and handle.

    Signals:
        moved(float): the user has put the handle at a place 0 … 1.
        released(): the user is done. reset(): double click.
    """

    moved = Signal(float)
    released = Signal()
    reset = Signal()

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour, self._place, self._dragging = colour, 0.0, False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        repaint_on_theme(self)

    def set_place(self, place: float) -> None:
        """Moves the handle without a signal."""
        if place != self._place:
            self._place = place
            self.update()

    def set_colour(self, colour: str) -> None:
        """Changes the colour of the filled part."""
        self._colour = colour
        self.update()

    def is_dragging(self) -> bool:
        """Whether the user holds the handle now."""
        return self._dragging

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide enough to aim at."""
        return QSize(scaled(110), scaled(20))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """May be short in a narrow panel."""
        return QSize(scaled(40), scaled(20))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints track, filled part and handle."""
        tokens, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius, middle, high = self._radius(), self.height() / 2, float(scaled(4))
        left, right = radius, self.width() - radius
        x = left + self._place * (right - left)
        painter.setBrush(tokens.colour("track"))
        painter.drawRoundedRect(QRectF(0, middle - high / 2, self.width(), high), high / 2, high / 2)
        colour = tokens.colour(self._colour if self.isEnabled() else "shared")
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(0, middle - high / 2, x, high), high / 2, high / 2)
        if self.hasFocus() or self.underMouse() or self._dragging:
            halo = tokens.colour("accent" if self.hasFocus() else "dim", 0.35)
            painter.setBrush(halo)
            painter.drawEllipse(QPointF(x, middle), radius + 1, radius + 1)
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(x, middle), radius - 2, radius - 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Takes the handle to the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging = True
            self._move(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drags the handle."""
        if self._dragging:
            self._move(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ends the drag."""
        if self._dragging and event.button() == Qt.MouseButton.LeftButton:
            self._dragging = False
            self.update()
            self.released.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Asks for the default."""
        self._dragging = False
        self.reset.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows, page keys, Home and End move the handle; with Shift a tenth as far."""
        key, step = event.key(), 0.002 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.02
        steps = {
            Qt.Key.Key_Left: -step, Qt.Key.Key_Down: -step, Qt.Key.Key_Right: step, Qt.Key.Key_Up: step,
            Qt.Key.Key_PageDown: -5 * step, Qt.Key.Key_PageUp: 5 * step, Qt.Key.Key_Home: -2.0, Qt.Key.Key_End: 2.0,
        }  # fmt: skip
        if key not in steps:
            super().keyPressEvent(event)
            return
        self._step(steps[Qt.Key(key)])

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Turns the wheel only where the slider has the focus: a panel must scroll under the pointer."""
        if not self.hasFocus():
            event.ignore()
            return
        self._step(0.02 * event.angleDelta().y() / 120)
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Shows the ring."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Hides the ring."""
        self.update()

    def _radius(self) -> float:
        return scaled(14) / 2

    def _move(self, x: float) -> None:
        room = max(1.0, self.width() - 2 * self._radius())
        self._set(min(1.0, max(0.0, (x - self._radius()) / room)))

    def _step(self, by: float) -> None:
        before = self._place
        self._set(min(1.0, max(0.0, self._place + by)))
        if self._place != before:
            self.released.emit()

    def _set(self, place: float) -> None:
        if place != self._place:
            self._place = place
            self.moved.emit(place)
        self.update()


class ValueSlider(QWidget):
    """A slider with a number that can be typed; double click gives the default back.

    Signals:
        changed(float): at every move, for live use.
        released(float): the user is done (mouse up, key, Enter): make one undo step of it.
    """

    changed = Signal(float)
    released = Signal(float)

    def __init__(
        self, minimum: float = 0.0, maximum: float = 1.0, value: float | None = None, *,
        default: float | None = None, scale: Scale = "linear", colour: str = "accent", digits: int = 3,
        name: str = "", parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        """Makes a slider.

        Args:
            minimum, maximum: the bounds, inclusive. A logarithmic scale from 0 has 0 at its left end.
            value: what it starts with; nothing: the default.
            default: what a double click gives; nothing: the starting value, else the minimum.
            scale: `linear` or `log`.
            colour: token or colour of the filled part, such as a task's.
            digits: significant figures shown.
            name: for screen readers, translated.
            parent: its owner.
        """
        super().__init__(parent)
        start = value if value is not None else default if default is not None else minimum
        self._scaling = Scaling(minimum, maximum, scale)
        self._default = default if default is not None else start
        self._digits, self._value = digits, self._scaling.clamped(start)
        self._track, self._edit = Track(colour, self), QLineEdit(self)
        self._edit.setProperty("flat", True)
        self._edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        inside.addWidget(self._track, 1)
        inside.addWidget(self._edit)
        self.setFocusProxy(self._track)
        self._connect()
        self._fit()
        self.set_name(name)
        self._show()

    def value(self) -> float:
        """The value now."""
        return self._value

    def set_value(self, value: float) -> None:
        """Changes the value without a signal; values outside the bounds go to the nearest."""
        self._value = self._scaling.clamped(value)
        self._show()

    def set_range(self, minimum: float, maximum: float, scale: Scale | None = None) -> None:
        """Changes the bounds."""
        self._scaling = Scaling(minimum, maximum, scale or self._scaling.scale)
        self.set_value(self._value)

    def set_default(self, default: float) -> None:
        """Changes what a double click gives."""
        self._default = default

    def set_colour(self, colour: str) -> None:
        """Changes the colour of the filled part."""
        self._track.set_colour(colour)

    def set_name(self, name: str) -> None:
        """Changes the name that screen readers say."""
        self._track.setAccessibleName(name)
        self._edit.setAccessibleName(name)
        self.setAccessibleName(name)

    def is_dragging(self) -> bool:
        """Whether the user holds the handle: do not push values into it then."""
        return self._track.is_dragging()

    def _connect(self) -> None:
        self._track.moved.connect(lambda place: self._take(self._rounded(self._scaling.value(place))))
        self._track.released.connect(lambda: self.released.emit(self._value))
        self._track.reset.connect(self._reset)
        self._edit.editingFinished.connect(self._typed)
        self._edit.textEdited.connect(lambda: set_property(self._edit, "wrong", False))
        signals.theme_changed.connect(self._fit)

    def _rounded(self, value: float) -> float:
        return float(f"{value:.{self._digits}g}")

    def _take(self, value: float) -> None:
        value = self._scaling.clamped(value)
        if value != self._value:
            self._value = value
            self._show()
            self.changed.emit(value)

    def _reset(self) -> None:
        self._take(self._default)
        self._show()
        self.released.emit(self._value)

    def _typed(self) -> None:
        text = self._edit.text().strip().replace(",", ".")
        if text == self._words():
            return
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or not self._scaling.minimum <= value <= self._scaling.maximum:
            self._refuse()
            return
        self._take(value)
        self._show()
        self.released.emit(self._value)

    def _refuse(self) -> None:
        set_property(self._edit, "wrong", True)
        low, high = f"{self._scaling.minimum:g}", f"{self._scaling.maximum:g}"
        self._edit.setToolTip(tr("A number from {low} to {high}", low=low, high=high))

    def _words(self) -> str:
        if self._scaling.maximum <= 10 and round(self._value, 2) == self._value:
            return f"{self._value:.2f}"
        return f"{self._value:.{self._digits}g}"

    def _show(self) -> None:
        self._track.set_place(self._scaling.place(self._value))
        self._edit.setText(self._words())
        self._edit.setToolTip("")
        set_property(self._edit, "wrong", False)

    def _fit(self) -> None:
        self._edit.setFont(font(13))
        self._edit.setFixedWidth(self._edit.fontMetrics().horizontalAdvance("0" * (self._digits + 3)) + 8)
