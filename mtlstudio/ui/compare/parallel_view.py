"""Parallel coordinates: an axis per swept field and per result, a line per point; drag along an axis to select."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.compare.parallel_data import Axis, Parallel, brushed
from mtlstudio.ui.theme import depth_table, font, scaled, theme
from mtlstudio.ui.widgets.common import repaint_on_theme

_LEAST_AXIS = 78
_TABLE_LOW, _TABLE_HIGH = 40, 210
"""The part of the colour table that is seen on both grounds."""


class ParallelView(QWidget):
    """Lines are coloured by one axis, from dark violet (low) to green (high).

    Signals:
        brushed(): other lines are selected (`selected`).
    """

    brushed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("parallel-view")
        self.parallel: Parallel | None = None
        self.brush: dict[str, tuple[float, float]] = {}
        self._colour_by = ""
        self._drag = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(scaled(150))
        self.setCursor(Qt.CursorShape.CrossCursor)
        repaint_on_theme(self)

    def show_parallel(self, parallel: Parallel | None) -> None:
        """Shows other lines; brushes on axes that are still there stay."""
        self.parallel = parallel
        known = {axis.id for axis in parallel.axes} if parallel is not None else set()
        self.brush = {axis: ends for axis, ends in self.brush.items() if axis in known}
        self.setMinimumWidth(scaled(_LEAST_AXIS) * len(known) + scaled(20))
        self.setAccessibleName(tr("Parallel coordinates"))
        self.update()

    def colour_by(self, axis_id: str) -> None:
        """Colours the lines by an axis."""
        self._colour_by = axis_id
        self.update()

    def selected(self) -> list[int]:
        """The lines within all brushes."""
        return brushed(self.parallel, self.brush) if self.parallel is not None else []

    def clear_brush(self) -> None:
        """All lines are wanted again."""
        self.brush = {}
        self.brushed.emit()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for a few axes."""
        return QSize(scaled(380), scaled(240))

    def axis_x(self, axis_id: str) -> float:
        """Where an axis stands (for tests and tours)."""
        assert self.parallel is not None
        return self._x([axis.id for axis in self.parallel.axes].index(axis_id))

    def place_y(self, place: float) -> float:
        """Where a place of an axis (0 … 1) lies."""
        area = self._area()
        return area.bottom() - place * area.height()

    # --- the hand ---------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begins a brush on the axis that is near."""
        axis = self._axis_at(event.position().x())
        if axis is not None:
            self._drag = axis.id
            at = self._place(event.position().y())
            self.brush[axis.id] = (at, at)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Pulls the brush."""
        if self._drag:
            self.brush[self._drag] = (self.brush[self._drag][0], self._place(event.position().y()))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ends it; a click without a drag takes the brush of the axis away."""
        if not self._drag:
            return
        start, end = self.brush[self._drag]
        if abs(end - start) * self._area().height() < 4:
            del self.brush[self._drag]
        self._drag = ""
        self.brushed.emit()
        self.update()

    def _axis_at(self, x: float) -> Axis | None:
        axes = self.parallel.axes if self.parallel is not None else ()
        found = [(abs(x - self._x(number)), number) for number in range(len(axes))]
        near = min(found, default=(1e9, 0))
        return axes[near[1]] if near[0] < scaled(26) else None

    def _place(self, y: float) -> float:
        area = self._area()
        return min(1.0, max(0.0, (area.bottom() - y) / area.height()))

    # --- painting ---------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(scaled(36), scaled(30), -scaled(36), -scaled(12))

    def _x(self, number: int) -> float:
        assert self.parallel is not None
        area, count = self._area(), len(self.parallel.axes)
        return area.center().x() if count == 1 else area.left() + number * area.width() / (count - 1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Lines, then axes with ticks and brushes."""
        if self.parallel is None or not self.parallel.axes:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        wanted = set(self.selected())
        for number in sorted(range(len(self.parallel.lines)), key=lambda one: one in wanted):
            self._paint_line(painter, number, number in wanted)
        for number, axis in enumerate(self.parallel.axes):
            self._paint_axis(painter, self._x(number), axis)

    def _paint_line(self, painter: QPainter, number: int, wanted: bool) -> None:
        assert self.parallel is not None
        spots = [
            QPointF(self._x(place), self.place_y(axis.places[number] or 0.0))
            for place, axis in enumerate(self.parallel.axes)
            if axis.places[number] is not None
        ]
        painter.setPen(QPen(self._ink(number) if wanted else theme().colour("line", 0.6), 1))
        painter.drawPolyline(spots)

    def _ink(self, number: int) -> QColor:
        assert self.parallel is not None
        axis = self.parallel.axis(self._colour_by)
        place = axis.places[number] if axis is not None else None
        if place is None:
            return theme().colour("dim")
        table = depth_table()
        return QColor.fromRgb(table[round(_TABLE_LOW + place * (_TABLE_HIGH - _TABLE_LOW))])

    def _paint_axis(self, painter: QPainter, x: float, axis: Axis) -> None:
        tokens, area = theme(), self._area()
        high = painter.fontMetrics().height()
        painter.setPen(QPen(tokens.colour("dim"), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        for place, words in axis.ticks:
            y = self.place_y(place)
            painter.setPen(QPen(tokens.colour("dim"), 1))
            painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))
            painter.setPen(tokens.colour("text"))
            wide = painter.fontMetrics().horizontalAdvance(words)
            ground = QRectF(x + 6, y - high / 2, wide + 4, high)
            painter.fillRect(ground, tokens.colour("panel", 0.75))
            painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, words)
        painter.setPen(tokens.colour("text" if axis.is_result else "accent"))
        room = int(area.width() / max(1, len(self.parallel.axes) - 1 if self.parallel else 1)) - 6
        words = painter.fontMetrics().elidedText(axis.title, Qt.TextElideMode.ElideRight, max(scaled(64), room))
        wide = painter.fontMetrics().horizontalAdvance(words)
        left = min(max(0.0, x - wide / 2), self.width() - wide)
        painter.drawText(QPointF(left, area.top() - scaled(12)), words)
        if axis.id in self.brush:
            low, up = sorted(self.place_y(place) for place in self.brush[axis.id])
            painter.setPen(QPen(tokens.colour("accent"), 1))
            painter.setBrush(tokens.colour("accent", 0.25))
            painter.drawRoundedRect(QRectF(x - 6, low, 12, max(2.0, up - low)), 3, 3)
