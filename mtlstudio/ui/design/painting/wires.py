"""Painting of connections: lines along the rows, skips in the gutters, what can be dropped on."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from mtlstudio.ui.design.camera import READABLE
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.layout import GAP
from mtlstudio.ui.design.painting.ink import CENTRE, Ink, qrect
from mtlstudio.ui.design.painting.marks import paint_plus_at
from mtlstudio.ui.design.picture import Picture
from mtlstudio.ui.design.routes import Skip, Wire
from mtlstudio.ui.design.scene import PLUS, Arc, Scene
from mtlstudio.ui.theme import readable_on

ROOM_FOR_PLUS = 34.0
FEW, MANY_SKIPS = 8, 150
FAR = 0.45
MANY_BENT, MOST_BENT = 10, 60  # from so many on they are thin, and straight
CORNER = 5.0


def paint_wires(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """All lines in view, row by row in the task's colour; grey where a line belongs to several rows."""
    if scene.camera.zoom_x * GAP < 2.5:
        return
    straight: dict[int, list[QLineF]] = {}
    bent: dict[int, list[QLineF]] = {}
    number = sum(wire.bent for wire in scene.layout.routes.wires)
    columns, rows = scene.visible_columns(), scene.visible_rows()
    cards = scene.layout.cards
    for wire in scene.layout.routes.wires:
        source, target = cards[wire.source].spot.column, cards[wire.target].spot.column
        if max(source, target) < columns.start or min(source, target) >= columns.stop:
            continue
        for row, x1, y1, x2, y2 in scene.wire_lines(wire):
            if abs(y1 - y2) <= 0.5:
                if scene.frame.ribbon - 4 <= y1 <= scene.frame.height + 4:
                    straight.setdefault(row, []).append(QLineF(x1 - 1, y1, x2 + 1, y2))
            elif row >= 0 and row not in rows:
                continue
            elif number > MOST_BENT and wire.rows:
                bent.setdefault(row, []).append(QLineF(x1, y1, x2, y2))
            else:
                width = 1.1 if number > MANY_BENT else 2.0
                _paint_bend(painter, scene, ink, wire, row, (x1, y1, x2, y2), width)
    width = 2.0 if scene.camera.zoom_x > 0.4 else 1.0
    for found, thick in ((bent, 1.0), (straight, width)):
        for row, lines in found.items():
            painter.setPen(QPen(_row_colour(scene, ink, row), thick))
            painter.drawLines(lines)


def paint_skips(painter: QPainter, scene: Scene, picture: Picture, ink: Ink, above: bool = False) -> None:
    """The skips: dashed arcs from tap to tap, and bent lines where there are no taps.

    Args:
        above: paint them once more, faintly, over the cards under which they run: only a few, and those that are
            selected or under the pointer, so that the eye can follow them.
    """
    count = len(scene.layout.routes.skips)
    few, many = count <= FEW, count > MANY_SKIPS
    far = scene.camera.zoom_x < FAR or scene.tap_size < 4
    lines: dict[int, list[QLineF]] = {}
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for skip in scene.visible_skips():
        lit = _lit(skip, picture)
        if above and not lit and not (few and skip.tapped and scene.layout.cards[skip.source].spot.slots == 1):
            continue
        arc = scene.arc(skip)
        if max(arc.start.x, arc.end.x) < scene.frame.head or min(arc.start.x, arc.end.x) > scene.frame.width:
            continue
        if (far or (many and not skip.tapped)) and not lit:
            lines.setdefault(-1 if skip.shared else skip.row, []).extend(_straight(arc))
            continue
        pen = QPen(_skip_colour(scene, ink, skip), 1.6 if lit else 1.1)
        if skip.tapped:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setOpacity((0.8 if lit else 0.25) if above else 1.0 if lit else 0.75)
        painter.drawPath(_path(arc))
    painter.setOpacity(0.25 if above else 0.6)
    for row, found in lines.items():
        painter.setPen(QPen(_row_colour(scene, ink, row), 1.0))
        painter.drawLines(found)
    painter.setOpacity(1.0)


def paint_taps(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """The numbered ends of the skips, on the cards."""
    for skip in scene.visible_skips():
        if not skip.tapped:
            continue
        colour = _skip_colour(scene, ink, skip)
        for layer_id, place, entry in (
            (skip.source, skip.source_place, False), (skip.target, skip.target_place, True),
        ):  # fmt: skip
            area = scene.tap(layer_id, skip.row, place, entry)
            if area.right < scene.frame.head or area.x > scene.frame.width or area.bottom < scene.frame.ribbon:
                continue
            painter.setPen(QPen(ink.colour("card"), 1.5) if _lit(skip, picture) else Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(qrect(area))
            if area.h >= 11:
                ink.digits.draw(painter, qrect(area.grown(3)), str(skip.number), readable_on(colour), CENTRE)


def paint_stacks(painter: QPainter, scene: Scene, ink: Ink) -> None:
    """Frames around parallel layers."""
    painter.setPen(QPen(ink.colour("line"), 1.0, Qt.PenStyle.DashLine))
    painter.setBrush(ink.colour("panel", 0.6))
    for left, top, right, bottom in scene.layout.stacks:
        x, y = scene.x(left), scene.y(top)
        if scene.x(right) >= scene.frame.head and x <= scene.frame.width:
            painter.drawRoundedRect(QRectF(x, y, scene.x(right) - x, scene.y(bottom) - y), 9, 9)


def paint_plus(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """The "+" on long connections and on the one under the pointer; all targets while something is dragged."""
    cards, columns = scene.layout.cards, scene.visible_columns()
    fitting = set(picture.fitting)
    dragging = bool(fitting)
    if not dragging and picture.hover.connection is None and scene.camera.zoom_x < READABLE / 2:
        return
    for wire in scene.layout.routes.wires:
        source, target = cards[wire.source], cards[wire.target]
        if target.spot.column < columns.start or source.spot.column >= columns.stop:
            continue
        lit = picture.hover.connection == wire.connection and picture.hover.kind in ("plus", "wire")
        split = scene.layout.split or -1.0
        room = 0.0 if source.right < split < target.x else (target.x - source.right) * scene.camera.zoom_x
        if (dragging and wire.connection in fitting) or lit or (not dragging and room >= ROOM_FOR_PLUS and wire.rows):
            for at in _plus_places(scene, wire):
                wanted = wire.connection == picture.target
                paint_plus_at(painter, at, ink, wanted or lit, dragging)


def paint_new_wire(painter: QPainter, picture: Picture, ink: Ink) -> None:
    """The connection that is being pulled."""
    if picture.wire is None:
        return
    start, end = picture.wire
    path = QPainterPath(QPointF(*start))
    reach = max(30.0, abs(end.x - start.x) / 2)
    path.cubicTo(QPointF(start.x + reach, start.y), QPointF(end.x - reach, end.y), QPointF(*end))
    painter.setPen(QPen(ink.colour("accent"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.setBrush(ink.colour("accent"))
    painter.drawEllipse(QPointF(*end), 4, 4)


def _plus_places(scene: Scene, wire: Wire) -> list[Point]:
    """One "+" per wire: on its first row, so that it says once what it does."""
    at = scene.plus_on(wire)
    return [at] if at.y > scene.frame.ribbon - PLUS else []


def _paint_bend(
    painter: QPainter,
    scene: Scene,
    ink: Ink,
    wire: Wire,
    row: int,
    line: tuple[float, float, float, float],
    width: float,
) -> None:
    x1, y1, x2, y2 = line
    path = QPainterPath(QPointF(x1, y1))
    middle = max(8.0, abs(x2 - x1) / 2)
    path.cubicTo(QPointF(x1 + middle, y1), QPointF(x2 - middle, y2), QPointF(x2, y2))
    pen = QPen(_row_colour(scene, ink, row) if wire.rows else ink.colour("bad"), width)
    if not wire.rows:
        pen.setDashPattern([3, 3])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def _row_colour(scene: Scene, ink: Ink, row: int) -> QColor:
    return ink.task(scene.layout.tasks[row]) if 0 <= row < len(scene.layout.tasks) else ink.colour("shared")


def _skip_colour(scene: Scene, ink: Ink, skip: Skip) -> QColor:
    return ink.colour("shared") if skip.shared else _row_colour(scene, ink, skip.row)


def _lit(skip: Skip, picture: Picture) -> bool:
    """The skips of what is selected or under the pointer stand out."""
    ends = {skip.source, skip.target}
    return not ends.isdisjoint(picture.selection) or picture.hover.layer in ends


def _path(arc: Arc) -> QPainterPath:
    """Down, along, and up again; below a tap each end is as steep as it is far from where the way runs."""
    (x1, y1), (x2, y2), low, down, up = arc
    path = QPainterPath(QPointF(x1, y1))
    wide, sign = abs(x2 - x1), 1 if x2 >= x1 else -1
    first, last = (min(0.35 * wide, max(24.0, 2.2 * abs(low - y))) for y in (y1, y2))
    if down is None:
        path.cubicTo(
            QPointF(x1, y1 + 0.75 * (low - y1)), QPointF(x1 + sign * 0.45 * first, low), QPointF(x1 + sign * first, low)
        )
    else:
        _round_to(path, [(down, y1), (down, low), (down + sign * CORNER, low)])
    if up is None:
        path.lineTo(QPointF(x2 - sign * last, low))
        path.cubicTo(QPointF(x2 - sign * 0.45 * last, low), QPointF(x2, y2 + 0.75 * (low - y2)), QPointF(x2, y2))
    else:
        _round_to(path, [(up, low), (up, y2), (x2, y2)])
    return path


def _straight(arc: Arc) -> list[QLineF]:
    """The same with straight lines, for when it is seen from far away."""
    (x1, y1), (x2, y2), low, down, up = arc
    a, b = x1 if down is None else down, x2 if up is None else up
    return [QLineF(x1, y1, a, y1), QLineF(a, y1, a, low), QLineF(a, low, b, low), QLineF(b, low, b, y2),
            QLineF(b, y2, x2, y2)]  # fmt: skip


def _round_to(path: QPainterPath, places: list[tuple[float, float]]) -> None:
    """Straight on from place to place, with rounded corners."""
    for (x, y), (next_x, next_y) in pairwise(places):
        before = path.currentPosition()
        path.lineTo(_towards(x, y, before.x(), before.y()))
        path.quadTo(QPointF(x, y), _towards(x, y, next_x, next_y))
    path.lineTo(QPointF(*places[-1]))


def _towards(x: float, y: float, to_x: float, to_y: float) -> QPointF:
    """A little way from one place towards another."""
    length = max(1e-6, ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5)
    part = min(CORNER, length / 2) / length
    return QPointF(x + part * (to_x - x), y + part * (to_y - y))
