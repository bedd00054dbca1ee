"""Small drawings of the templates: who shares what, at a glance."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtlstudio.ui.theme import TASK_COLOURS, scaled, theme
from mtlstudio.ui.widgets.common import repaint_on_theme

BLUE, ORANGE, GREEN = (QColor(colour) for colour in TASK_COLOURS[:3])
ROWS = ((0.3, BLUE), (0.5, ORANGE), (0.7, GREEN))


class TemplatePicture(QWidget):
    """A drawing of a template, by its id; unknown ones are drawn as a trunk with heads."""

    def __init__(self, template_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._template = template_id
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        repaint_on_theme(self)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide and low."""
        return QSize(scaled(200), scaled(92))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The ground and the drawing."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("field"))
        painter.drawRoundedRect(QRectF(self.rect()), 7, 7)
        side = min(self.width() / 2.1, self.height())
        area = QRectF((self.width() - 2.1 * side) / 2, (self.height() - side) / 2, 2.1 * side, side)
        _DRAWINGS.get(self._template, _shared)(painter, area)


def _at(area: QRectF, x: float, y: float) -> QPointF:
    return QPointF(area.left() + x * area.width(), area.top() + y * area.height())


def _line(painter: QPainter, colour: QColor, *points: QPointF, width: float = 2.4) -> None:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(list(points))


def _bend(painter: QPainter, colour: QColor, start: QPointF, end: QPointF) -> None:
    path = QPainterPath(start)
    middle = (start.x() + end.x()) / 2
    path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
    painter.setPen(QPen(colour, 2.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def _head(painter: QPainter, colour: QColor, at: QPointF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(at.x() - 12, at.y() - 6, 24, 12), 3, 3)


def _shared(painter: QPainter, area: QRectF) -> None:
    trunk = theme().colour("shared")
    split = _at(area, 0.5, 0.5)
    _line(painter, trunk, _at(area, 0.12, 0.5), split)
    for y, colour in ROWS:
        end = _at(area, 0.8, y)
        _bend(painter, trunk, split, end)
        _head(painter, colour, end)


def _separate(painter: QPainter, area: QRectF) -> None:
    for y, colour in ROWS:
        _line(painter, colour, _at(area, 0.12, y), _at(area, 0.8, y))
        _head(painter, colour, _at(area, 0.8, y))


def _unet(painter: QPainter, area: QRectF) -> None:
    trunk = theme().colour("shared")
    for depth in range(3):
        y = 0.24 + 0.19 * depth
        _line(painter, GREEN, _at(area, 0.2 + 0.07 * depth, y), _at(area, 0.8 - 0.07 * depth, y), width=1.4)
    _line(painter, trunk, _at(area, 0.16, 0.16), _at(area, 0.4, 0.78), _at(area, 0.5, 0.78))
    _line(painter, GREEN, _at(area, 0.5, 0.78), _at(area, 0.6, 0.78), _at(area, 0.84, 0.16))
    _bend(painter, trunk, _at(area, 0.5, 0.78), _at(area, 0.84, 0.88))
    _head(painter, BLUE, _at(area, 0.84, 0.88))
    _head(painter, GREEN, _at(area, 0.84, 0.16))


def _tree(painter: QPainter, area: QRectF) -> None:
    trunk = theme().colour("shared")
    first, second = _at(area, 0.32, 0.5), _at(area, 0.56, 0.38)
    _line(painter, trunk, _at(area, 0.12, 0.5), first)
    _bend(painter, trunk, first, second)
    _bend(painter, trunk, first, _at(area, 0.82, 0.74))
    for y, colour in ((0.24, BLUE), (0.5, ORANGE)):
        _bend(painter, trunk, second, _at(area, 0.82, y))
        _head(painter, colour, _at(area, 0.82, y))
    _head(painter, GREEN, _at(area, 0.82, 0.74))


_DRAWINGS: dict[str, Callable[[QPainter, QRectF], None]] = {
    "shared": _shared,
    "separate": _separate,
    "unet": _unet,
    "tree": _tree,
}
