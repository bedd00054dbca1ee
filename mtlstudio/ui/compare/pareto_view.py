"""Two metrics of all checkpoints as dots, with the front."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.compare.gain_chart import round_step
from mtlstudio.ui.compare.pareto_points import Cloud, ParetoPoint
from mtlstudio.ui.theme import font, scaled, signals, theme
from mtlstudio.ui.widgets.common import paint_focus_ring, repaint_on_theme

_DOT, _FRONT_DOT, _NEAR = 3.0, 5.5, 12.0


class ParetoView(QWidget):
    """Dots: every epoch of every run; filled where its checkpoint is on the disk, hollow where it is not. The front is
    green and joined. Arrows walk along the front.

    Signals:
        hovered(object): the point under the pointer (a ParetoPoint), or None.
        chosen(object): a point was clicked, or reached with the arrows.
        used(object): a double click or Enter: use it.
    """

    hovered = Signal(object)
    chosen = Signal(object)
    used = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pareto-view")
        self.cloud: Cloud | None = None
        self._spots: list[QPointF] = []
        self._under: int | None = None
        self._chosen: int | None = None
        self._ground: QPixmap | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(scaled(220), scaled(150))
        repaint_on_theme(self)
        signals.theme_changed.connect(self._forget)

    def show_cloud(self, cloud: Cloud | None) -> None:
        """Shows other points; the chosen one stays chosen where it is still there."""
        before = self.chosen_point()
        self.cloud = cloud
        points = cloud.points if cloud is not None else ()
        same = [i for i, p in enumerate(points) if before and (p.run.id, p.step) == (before.run.id, before.step)]
        self._chosen, self._under = (same[0] if same else None), None
        count = len(cloud.front) if cloud is not None else 0
        self.setAccessibleName(tr("Pareto view"))
        self.setAccessibleDescription(tr("{n} points, {front} of them on the front", n=len(points), front=count))
        self._forget()
        self.chosen.emit(self.chosen_point())

    def chosen_point(self) -> ParetoPoint | None:
        """The point that was clicked."""
        return self.cloud.points[self._chosen] if self.cloud is not None and self._chosen is not None else None

    def spot(self, index: int) -> QPointF:
        """Where a point is drawn (for tests and tours)."""
        self._lay_out()
        return self._spots[index]

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for a picture."""
        return QSize(scaled(380), scaled(260))

    # --- the hand ---------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tells which point is near."""
        self._look_at(self._nearest(event.position()))

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        """None is near any more."""
        self._look_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Chooses the point that is near."""
        self.setFocus()
        self._choose(self._nearest(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Uses it."""
        self._use()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Left and right walk along the front; Enter uses the point."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self.cloud is not None and self.cloud.front:
            front = self.cloud.front
            place = front.index(self._chosen) + step if self._chosen in front else 0
            self._choose(front[max(0, min(len(front) - 1, place))])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._use()
        else:
            super().keyPressEvent(event)

    def _nearest(self, at: QPointF) -> int | None:
        """The nearest point within reach; points of the front win over others."""
        if self.cloud is None:
            return None
        self._lay_out()
        front = set(self.cloud.front)
        found = [
            (math.hypot(at.x() - spot.x(), at.y() - spot.y()) - (4 if place in front else 0), place)
            for place, spot in enumerate(self._spots)
        ]
        near = min(found, default=(math.inf, 0))
        return near[1] if near[0] <= scaled(_NEAR) else None

    def _look_at(self, place: int | None) -> None:
        if place != self._under:
            self._under = place
            self.hovered.emit(self.cloud.points[place] if self.cloud is not None and place is not None else None)
            self.update()

    def _choose(self, place: int | None) -> None:
        self._chosen = place
        self.chosen.emit(self.chosen_point())
        self.update()

    def _use(self) -> None:
        point = self.chosen_point()
        if point is not None:
            self.used.emit(point)

    # --- painting ---------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Lays the points out anew."""
        self._forget()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The cloud from its picture, then what changes with the pointer."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.cloud is not None and self.cloud.points:
            self._lay_out()
            if self._ground is None:
                self._ground = self._painted()
            painter.drawPixmap(0, 0, self._ground)
            for place, ink in ((self._chosen, "accent"), (self._under, "text")):
                if place is not None:
                    painter.setPen(QPen(theme().colour(ink), 1))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawEllipse(self._spots[place], scaled(9), scaled(9))
            if self._under is not None:
                self._paint_flag(painter, self._under)
        paint_focus_ring(painter, self)

    def _forget(self) -> None:
        self._ground, self._spots = None, []
        self.update()

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(scaled(52), scaled(10), -scaled(14), -scaled(40))

    def _lay_out(self) -> None:
        if self._spots or self.cloud is None:
            return
        area = self._area()
        self._across = _range([point.x for point in self.cloud.points])
        self._up = _range([point.y for point in self.cloud.points])
        self._spots = [QPointF(self._x(area, point.x), self._y(area, point.y)) for point in self.cloud.points]

    def _x(self, area: QRectF, value: float) -> float:
        low, high = self._across
        return area.left() + (value - low) / (high - low) * area.width()

    def _y(self, area: QRectF, value: float) -> float:
        low, high = self._up
        return area.bottom() - (value - low) / (high - low) * area.height()

    def _painted(self) -> QPixmap:
        assert self.cloud is not None
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        self._paint_axes(painter, self._area())
        self._paint_points(painter)
        painter.end()
        return picture

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        assert self.cloud is not None
        tokens, high = theme(), painter.fontMetrics().height()
        for value in _ticks(*self._across):
            x = self._x(area, value)
            painter.setPen(QPen(tokens.colour("line", 0.7), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(tokens.colour("dim"))
            painter.drawText(QRectF(x - 40, area.bottom() + 3, 80, high), Qt.AlignmentFlag.AlignCenter, f"{value:.4g}")
        for value in _ticks(*self._up):
            y = self._y(area, value)
            painter.setPen(QPen(tokens.colour("line", 0.7), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(tokens.colour("dim"))
            place = QRectF(0, y - high / 2, area.left() - 6, high)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.4g}")
        painter.setPen(QPen(tokens.colour("dim"), 1))
        painter.drawLine(area.topLeft(), area.bottomLeft())
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        arrows = ["→" if self.cloud.x.higher else "←", "↑" if self.cloud.y.higher else "↓"]
        words = tr("better: {arrows}", arrows=" ".join(arrows))
        place = QRectF(area.left(), area.bottom() + high + 5, area.width(), high)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight, words)

    def _paint_points(self, painter: QPainter) -> None:
        assert self.cloud is not None
        tokens, front = theme(), list(self.cloud.front)
        for good in (False, True):
            ink = tokens.colour("good") if good else tokens.colour("accent", 0.55)
            places = front if good else [p for p in range(len(self._spots)) if p not in set(front)]
            if good and len(places) > 1:
                painter.setPen(QPen(ink, 1))
                painter.drawPolyline([self._spots[place] for place in places])
            self._dots(painter, places, ink, scaled(_FRONT_DOT if good else _DOT))

    def _dots(self, painter: QPainter, places: Sequence[int], ink: QColor, radius: float) -> None:
        assert self.cloud is not None
        painter.setPen(QPen(ink, 1))
        for usable in (False, True):
            painter.setBrush(ink if usable else theme().colour("panel"))
            for place in places:
                if self.cloud.points[place].usable == usable:
                    painter.drawEllipse(self._spots[place], radius, radius)

    def _paint_flag(self, painter: QPainter, place: int) -> None:
        """Run and epoch beside the point under the pointer."""
        assert self.cloud is not None
        point, spot, tokens = self.cloud.points[place], self._spots[place], theme()
        painter.setFont(font(11))
        words = f"{point.words} · {point.x:.3f}, {point.y:.3f}"
        metrics = painter.fontMetrics()
        wide, high = metrics.horizontalAdvance(words) + 16, metrics.height() + 8
        left = min(max(2.0, spot.x() - wide / 2), self.width() - wide - 2)
        top = spot.y() - high - scaled(12)
        flag = QRectF(left, top if top > 2 else spot.y() + scaled(12), wide, high)
        painter.setPen(QPen(tokens.colour("good" if place in self.cloud.front else "line"), 1))
        painter.setBrush(tokens.colour("card"))
        painter.drawRoundedRect(flag, 6, 6)
        painter.setPen(tokens.colour("text"))
        painter.drawText(flag, Qt.AlignmentFlag.AlignCenter, words)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest with a margin; never empty."""
    low, high = min(values), max(values)
    margin = (high - low) * 0.08 or max(abs(high) * 0.08, 1e-3)
    return low - margin, high + margin


def _ticks(low: float, high: float) -> list[float]:
    step = round_step((high - low) / 4)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
