"""The curve of the learning-rate finder: losses over a logarithmic axis of rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.training.rate_finder import HIGHEST, LOWEST, RateTried
from mtlstudio.ui.theme import font, scaled, theme
from mtlstudio.ui.train.words import figure
from mtlstudio.ui.widgets.common import repaint_on_theme
from mtlstudio.ui.widgets.number_edit import number_text

_TOP = 2.0
_LETTERS = 10.5
_SMOOTH = 0.8


class RatePlot(QWidget):
    """The mean loss relative to its start, averaged (bold) and as measured (faint), and that of each task in its colour.

    Signals:
        picked(float): a rate was clicked.
    """

    picked = Signal(float)

    def __init__(self, colours: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = dict(colours)
        self._tried: list[RateTried] = []
        self._marks: tuple[tuple[float, str, str], ...] = ()
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Loss over the learning rate"))
        repaint_on_theme(self)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide."""
        return QSize(scaled(560), scaled(280))

    def clear(self) -> None:
        """Forgets the curve."""
        self._tried = []
        self.update()

    def add(self, tried: RateTried) -> None:
        """Goes on with one more rate."""
        self._tried.append(tried)
        self.update()

    def set_marks(self, marks: Sequence[tuple[float, str, str]]) -> None:
        """Shows vertical lines: (rate, words, colour)."""
        self._marks = tuple(marks)
        self.update()

    def curve(self) -> list[tuple[float, float]]:
        """(rate, averaged relative loss) as drawn."""
        return [(one.rate, one.smoothed) for one in self._tried if one.smoothed is not None]

    def rate_at(self, x: float) -> float:
        """The rate under a place of the widget."""
        area = self._area()
        share = min(1.0, max(0.0, (x - area.left()) / area.width()))
        return float(LOWEST * (HIGHEST / LOWEST) ** share)

    def x_of(self, rate: float) -> float:
        """Where a rate stands."""
        area = self._area()
        return area.left() + area.width() * math.log(rate / LOWEST) / math.log(HIGHEST / LOWEST)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Axes, curves, marks."""
        painter, area = QPainter(self), self._area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(_LETTERS))
        self._paint_axes(painter, area)
        painter.save()
        painter.setClipRect(area.adjusted(-1, -1, 1, 1))
        self._paint_curves(painter, area)
        painter.restore()
        self._paint_marks(painter, area)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Reads the rate and the loss nearest to it."""
        rate = self.rate_at(event.position().x())
        near = min(self._tried, key=lambda one: abs(math.log(one.rate / rate)), default=None)
        if near is None:
            return
        words = tr("rate {rate} · {loss} × its start", rate=f"{near.rate:.2g}", loss=figure(near.smoothed))
        QToolTip.showText(event.globalPosition().toPoint(), words, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Picks a rate."""
        if event.button() == Qt.MouseButton.LeftButton and self._area().contains(event.position()):
            self.picked.emit(self.rate_at(event.position().x()))

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(scaled(36), scaled(18), -scaled(12), -scaled(24))

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        tokens, high = theme(), painter.fontMetrics().height()
        aside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value in (0.0, 0.5, 1.0, 1.5, 2.0):
            y = area.bottom() - area.height() * value / _TOP
            painter.setPen(QPen(tokens.colour("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(tokens.colour("dim"))
            painter.drawText(QRectF(0, y - high / 2, area.left() - 6, high), aside, f"{value:.1f}")
        low, top = round(math.log10(LOWEST)), round(math.log10(HIGHEST))
        for power in range(low, top + 1):
            x = self.x_of(10.0**power)
            words = number_text(10.0**power)
            centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(QRectF(x - 40, area.bottom() + 5, 80, high), centre, words)

    def _paint_curves(self, painter: QPainter, area: QRectF) -> None:
        tokens = theme()
        for task, colour in self._colours.items():
            self._line(painter, area, self._of_task(task), QPen(tokens.colour(colour, 0.45), 1))
        raw = [(one.rate, one.loss) for one in self._tried if one.loss is not None]
        self._line(painter, area, raw, QPen(tokens.colour("text", 0.25), 1))
        self._line(painter, area, self.curve(), QPen(tokens.colour("text"), 1.8))

    def _of_task(self, task: str) -> list[tuple[float, float]]:
        """A task's loss relative to its first, averaged like that of all."""
        first, found = 0.0, []
        mean = weight = 0.0
        for one in self._tried:
            loss = one.losses.get(task)
            if loss is None or not math.isfinite(loss):
                continue
            first = first or max(loss, 1e-8)
            mean, weight = _SMOOTH * mean + (1 - _SMOOTH) * loss / first, _SMOOTH * weight + (1 - _SMOOTH)
            found.append((one.rate, mean / weight))
        return found

    def _line(self, painter: QPainter, area: QRectF, points: Sequence[tuple[float, float]], pen: QPen) -> None:
        painter.setPen(pen)
        high = area.height() / _TOP
        painter.drawPolyline(
            QPolygonF([QPointF(self.x_of(rate), area.bottom() - min(loss, 2 * _TOP) * high) for rate, loss in points])
        )

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        letters = painter.fontMetrics()
        taken: list[QRectF] = []
        for rate, words, colour in self._marks:
            x = round(self.x_of(min(HIGHEST, max(LOWEST, rate)))) + 0.5
            painter.setPen(QPen(theme().colour(colour), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            wide = letters.horizontalAdvance(words) + 2
            room = QRectF(min(x + 4, self.width() - wide - 2), area.top() - 16, wide, letters.height())
            while any(room.intersects(other) for other in taken):
                room.translate(0, letters.height())
            taken.append(room)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, words)
