"""Boxes, points and outlines over an image, in image pixels; lines keep their width at every zoom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from mtlstudio.ui.theme import font, readable_on, theme

Mapping = Callable[[float, float], QPointF]


@dataclass(frozen=True)
class Box:
    """A box from (x0, y0) to (x1, y1), with words at its upper edge."""

    x0: float
    y0: float
    x1: float
    y1: float
    colour: str
    label: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Point:
    """A point with words beside it."""

    x: float
    y: float
    colour: str
    label: str = ""


@dataclass(frozen=True)
class Outline:
    """A line through points; closed or open."""

    points: tuple[tuple[float, float], ...]
    colour: str
    closed: bool = True
    dashed: bool = False


Shape = Box | Point | Outline


def paint_shapes(painter: QPainter, shapes: tuple[Shape, ...], to_widget: Mapping) -> None:
    """Draws shapes; `to_widget` takes image pixels to the painter's pixels."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font(11.5))
    for shape in shapes:
        if isinstance(shape, Box):
            _paint_box(painter, shape, to_widget)
        elif isinstance(shape, Point):
            _paint_point(painter, shape, to_widget)
        else:
            _paint_outline(painter, shape, to_widget)
    painter.restore()


def _pen(colour: QColor, dashed: bool) -> QPen:
    pen = QPen(colour, 2.0)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        pen.setDashPattern([3, 2.5])
    return pen


def _paint_box(painter: QPainter, box: Box, to_widget: Mapping) -> None:
    colour = theme().colour(box.colour)
    area = QRectF(to_widget(box.x0, box.y0), to_widget(box.x1, box.y1)).normalized()
    painter.setBrush(QBrush())
    painter.setPen(QPen(QColor(0, 0, 0, 110), 3.5))
    painter.drawRoundedRect(area, 2, 2)
    painter.setPen(_pen(colour, box.dashed))
    painter.drawRoundedRect(area, 2, 2)
    if box.label:
        _paint_words(painter, box.label, area.topLeft(), colour)


def _paint_point(painter: QPainter, point: Point, to_widget: Mapping) -> None:
    colour, place = theme().colour(point.colour), to_widget(point.x, point.y)
    painter.setPen(QPen(QColor(0, 0, 0, 150), 1.5))
    painter.setBrush(colour)
    painter.drawEllipse(place, 4.5, 4.5)
    if point.label:
        _paint_words(painter, point.label, place + QPointF(8, 8), colour)


def _paint_outline(painter: QPainter, outline: Outline, to_widget: Mapping) -> None:
    line = QPolygonF([to_widget(x, y) for x, y in outline.points])
    painter.setBrush(QBrush())
    for pen in (QPen(QColor(0, 0, 0, 110), 3.5), _pen(theme().colour(outline.colour), outline.dashed)):
        painter.setPen(pen)
        if outline.closed:
            painter.drawPolygon(line)
        else:
            painter.drawPolyline(line)


def _paint_words(painter: QPainter, words: str, corner: QPointF, colour: QColor) -> None:
    """Words on a plate of the colour, above the corner, or below it where the edge is near."""
    measures = QFontMetricsF(painter.font())
    high = measures.height() + 2
    top = corner.y() - high if corner.y() >= high else corner.y()
    plate = QRectF(max(0.0, corner.x() - 1), top, measures.horizontalAdvance(words) + 10, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(readable_on(colour))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
