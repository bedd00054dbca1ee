"""Small coloured marks: a task's or class's colour, the state of a thing."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.widgets.common import repaint_on_theme

Tone = Literal["idle", "busy", "good", "warning", "bad"]
_TOKENS = {"idle": "dim", "busy": "accent", "good": "good", "warning": "warning", "bad": "bad"}


class ColourDot(QWidget):
    """The colour of a task (a rounded square) or of a class (a circle)."""

    def __init__(self, colour: str = "shared", size: int = 10, circle: bool = False, parent: QWidget | None = None):
        super().__init__(parent)
        self._colour, self._size, self._circle = colour, size, circle
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        repaint_on_theme(self)

    def colour(self) -> str:
        """The colour or token shown."""
        return self._colour

    def set_colour(self, colour: str) -> None:
        """Shows another colour or token."""
        self._colour = colour
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Grows with the texts."""
        return QSize(scaled(self._size), scaled(self._size))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the mark in the middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour(self._colour))
        size = scaled(self._size)
        area = QRectF((self.width() - size) / 2, (self.height() - size) / 2, size, size)
        radius = size / 2 if self._circle else size * 0.28
        painter.drawRoundedRect(area, radius, radius)


class StatusDot(QWidget):
    """The state of a run or a device; `busy` breathes."""

    def __init__(self, tone: Tone = "idle", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone: Tone = tone
        self._phase = 0
        self._timer = QTimer(self)
        self._timer.setInterval(120)
        self._timer.timeout.connect(self._breathe)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        repaint_on_theme(self)

    def tone(self) -> Tone:
        """The state shown."""
        return self._tone

    def set_tone(self, tone: Tone) -> None:
        """Shows another state."""
        self._tone = tone
        self._phase = 0
        self._run()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Grows with the texts."""
        return QSize(scaled(12), scaled(12))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the dot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colour = theme().colour(_TOKENS[self._tone])
        colour.setAlphaF(1.0 - 0.55 * abs((self._phase % 16) - 8) / 8 if self._tone == "busy" else 1.0)
        painter.setBrush(colour)
        size = scaled(8)
        painter.drawEllipse(QRectF((self.width() - size) / 2, (self.height() - size) / 2, size, size))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Breathes only while it can be seen."""
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Breathes only while it can be seen."""
        self._timer.stop()

    def _run(self) -> None:
        if self._tone == "busy" and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _breathe(self) -> None:
        self._phase += 1
        self.update()
