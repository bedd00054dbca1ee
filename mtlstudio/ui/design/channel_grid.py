"""The strongest channels side by side, and one of them enlarged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import depth_table, scaled, theme
from mtlstudio.ui.widgets.common import paint_focus_ring, repaint_on_theme
from mtlstudio.ui.widgets.image_view import ImageView
from mtlstudio.ui.widgets.qimages import scalar_image

ACROSS, CELL, GAP = 4, 52, 5


class ChannelGrid(QWidget):
    """Up to 16 channels as small pictures; a click or the arrows choose one.

    Signals:
        chosen(int): number of the channel.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("channel-grid")
        self.setAccessibleName(tr("Strongest channels"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._pixmaps: list[QPixmap] = []
        self._numbers: tuple[int, ...] = ()
        self._current = -1
        repaint_on_theme(self)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The channels shown."""
        return self._numbers

    def set_channels(self, channels: NDArray[np.float32], numbers: Sequence[int], low: float, high: float) -> None:
        """Shows (k, H, W) channels in one range of colours."""
        self._numbers = tuple(numbers)
        table = depth_table()
        self._pixmaps = [
            QPixmap.fromImage(scalar_image(channel[::step, ::step], table, low, high))
            for channel in channels
            for step in (max(1, min(channel.shape) // 96),)
        ]
        self.update()

    def set_current(self, number: int) -> None:
        """Frames a channel, without a signal."""
        self._current = number
        self.setAccessibleDescription(tr("Channel {channel}", channel=number))
        self.update()

    def cell(self, index: int) -> QRect:
        """Where the picture at a place is."""
        size, gap = scaled(CELL), GAP
        return QRect(
            2 + index % ACROSS * (size + gap), 2 + index // ACROSS * (size + gap), size, size
        )  # fmt: skip

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all."""
        side = ACROSS * (scaled(CELL) + GAP) - GAP + 4
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The pictures, the chosen one framed."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        tokens = theme()
        for index, pixmap in enumerate(self._pixmaps):
            area = self.cell(index)
            painter.drawPixmap(area, pixmap)
            chosen = self._numbers[index] == self._current
            painter.setPen(QPen(tokens.colour("accent" if chosen else "line"), 2.0 if chosen else 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(area).adjusted(0, 0, -0.5, -0.5))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_focus_ring(painter, self, 4.0)

    def event(self, event: QEvent) -> bool:
        """Tool tips tell the number."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._at(event.pos())
            words = tr("Channel {channel}", channel=self._numbers[index]) if index >= 0 else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Chooses."""
        index = self._at(event.position().toPoint())
        if index >= 0:
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """The arrows choose the neighbour."""
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -ACROSS, Qt.Key.Key_Down: ACROSS,
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._numbers:
            super().keyPressEvent(event)
            return
        now = self._numbers.index(self._current) if self._current in self._numbers else 0
        self._choose(max(0, min(len(self._numbers) - 1, now + step)))

    def _choose(self, index: int) -> None:
        self.set_current(self._numbers[index])
        self.chosen.emit(self._numbers[index])

    def _at(self, point: QPoint) -> int:
        return next((i for i in range(len(self._numbers)) if self.cell(i).contains(point)), -1)


class ChannelView(ImageView):
    """One channel enlarged, with frames around pixels.

    Signals:
        moved(int, int): an arrow asks for the pixel so many rows and columns further.
    """

    moved = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._frame: tuple[int, int, int, int] | None = None
        self._points: tuple[tuple[int, int], ...] = ()

    def show_values(self, values: NDArray[np.float32], low: float, high: float) -> None:
        """Shows (H, W) numbers."""
        self.set_image(scalar_image(values, depth_table(), low, high))

    def set_frame(self, x: int, y: int, width: int, height: int, points: Sequence[tuple[int, int]] = ()) -> None:
        """Frames pixels from (x, y) on; `points`: pixels within that are dotted, where a kernel has gaps."""
        self._frame, self._points = (x, y, width, height), tuple(points)
        self.update()

    def clear_frame(self) -> None:
        """Frames nothing."""
        self._frame, self._points = None, ()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As large as the grid of channels."""
        side = ACROSS * (scaled(CELL) + GAP)
        return QSize(side, side)

    def paint_extra(self, painter: QPainter) -> None:
        """The frame: light in dark, to be seen on every colour."""
        if self._frame is None:
            return
        x, y, width, height = self._frame
        area = QRectF(self.to_widget(x, y), self.to_widget(x + width, y + height))
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, grown, thick in (("#000000", 1.5, 3.5), ("#ffffff", 1.5, 1.5)):
            painter.setPen(QPen(theme().colour(colour), thick))
            painter.drawRect(area.adjusted(-grown, -grown, grown, grown))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("#ffffff"))
        for column, row in self._points:
            painter.drawEllipse(self.to_widget(column + 0.5, row + 0.5), 1.6, 1.6)
        painter.restore()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """The arrows move the pixel."""
        steps = {
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.moved.emit(*step)
