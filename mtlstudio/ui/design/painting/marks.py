"""Painting of what belongs to several cards or to none: lanes, outlines of groups, loose ends, places to drop on."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from mtlstudio.ui.design.geometry import Point, Rect
from mtlstudio.ui.design.painting.ink import CENTRE, LEFT, Ink, qrect
from mtlstudio.ui.design.picture import Picture
from mtlstudio.ui.design.scene import PLUS, Scene
from mtlstudio.ui.theme import mix

DOT = 5.0
TINY = 30.0


def paint_joins(painter: QPainter, scene: Scene, ink: Ink) -> None:
    """Lines between the pieces of cards whose rows are not neighbours; below all cards."""
    pen = QPen(ink.colour("shared"), 1.5, Qt.PenStyle.DotLine)
    for layer_id in scene.layout.broken:
        card, pieces = scene.layout.cards[layer_id], scene.pieces(layer_id)
        painter.setPen(pen)
        inset = min(10.0, pieces[0].w / 3)
        for upper, lower in pairwise(pieces):
            for x in (pieces[0].x + inset, pieces[0].right - inset) if card.spot.crosses else (pieces[0].centre.x,):
                painter.drawLine(QPointF(x, upper.bottom), QPointF(x, lower.y))


def paint_mixing(painter: QPainter, scene: Scene, ink: Ink) -> None:
    """On cards between tasks: each task's way spreads over those of the others."""
    for layer_id in scene.layout.crossing:
        lanes = scene.lanes(layer_id)
        if scene.pieces(layer_id)[0].w >= 40 and 2 <= len(lanes) <= 8:
            _paint_mixing(painter, lanes, ink)


def paint_lanes(painter: QPainter, scene: Scene, ink: Ink) -> None:
    """On cards between tasks: where each task's way comes in and leaves."""
    size = DOT * min(1.0, max(0.5, scene.camera.zoom_x))
    for layer_id in scene.layout.crossing:
        if scene.pieces(layer_id)[0].w < 2.2 * DOT:
            continue
        lanes = scene.lanes(layer_id)
        painter.setPen(QPen(ink.colour("card"), 1.5))
        for row, entry, leaving in lanes:
            painter.setBrush(ink.task(scene.layout.tasks[row]))
            painter.drawEllipse(QPointF(*entry), size, size)
            painter.drawEllipse(QPointF(*leaving), size, size)


def _paint_mixing(painter: QPainter, lanes: list[tuple[int, Point, Point]], ink: Ink) -> None:
    """Thin lines from each lane to each, as faint as they must be for the words over them."""
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink.colour("shared", 0.35), 1.0))
    for row, entry, _out in lanes:
        for other, _in, leaving in lanes:
            path = QPainterPath(QPointF(*entry))
            middle = (leaving.x - entry.x) / 2
            path.cubicTo(QPointF(entry.x + middle, entry.y), QPointF(leaving.x - middle, leaving.y), QPointF(*leaving))
            if row != other:
                painter.drawPath(path)
    painter.restore()


def paint_frames(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """Outlines of the groups of layers that are not folded, with their names; these also when seen from far away."""
    for frame in scene.layout.frames:
        x, y = scene.x(frame.left), scene.y(frame.top)
        right, bottom = scene.x(frame.right), scene.y(frame.bottom)
        if right < scene.frame.head or x > scene.frame.width:
            continue
        near = picture.hover.group == frame.group
        painter.setPen(QPen(ink.colour("accent" if near else "dim", 0.9 if near else 0.6), 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(x, y, right - x, bottom - y), 10, 10)
        width = picture.buttons.labels.get(frame.group)
        if width is not None:
            _paint_label(painter, scene.group_label(frame, width), frame.group, picture, ink)
    for area, group in folded_labels(scene, ink, picture):
        _paint_label(painter, area, group, picture, ink)


def folded_labels(scene: Scene, ink: Ink, picture: Picture) -> list[tuple[Rect, str]]:
    """Where the names of folded groups stand, and whose, while their cards are too small to say them."""
    found: list[tuple[Rect, str]] = []
    for card, group in scene.layout.groups.items():
        rect = scene.pieces(card)[0]
        if rect.w >= TINY or rect.right < scene.frame.head or rect.x > scene.frame.width:
            continue
        wide = ink.note.width(picture.group_names.get(group, "")) + 14
        x = min(
            max(rect.centre.x - wide / 2, scene.frame.head + 2), max(scene.frame.head + 2, scene.frame.width - wide - 2)
        )
        area = Rect(x, max(rect.y - 6, scene.frame.ribbon + 1), wide, 16.0)
        while any(area.touches(other) for other, _group in found):
            area = Rect(area.x, area.y + 18, area.w, area.h)
        found.append((area, group))
    return found


def _paint_label(painter: QPainter, at: Rect, group: str, picture: Picture, ink: Ink) -> None:
    near = picture.hover.group == group
    painter.setPen(QPen(ink.colour("accent" if near else "line"), 1.0))
    painter.setBrush(ink.colour("raised"))
    painter.drawRoundedRect(qrect(at), 5, 5)
    ink.note.draw(painter, qrect(at), picture.group_names.get(group, ""), ink.colour("text"), CENTRE)


def paint_ends(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """The "+" where a way ends in nothing."""
    if scene.camera.zoom_x < 0.3:
        return
    for layer_id, at in scene.ends():
        card = scene.card(layer_id)
        lit = picture.hover.kind == "end" and picture.hover.layer == layer_id
        painter.setPen(QPen(ink.colour("accent" if lit else "dim"), 1.5, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(card.right, at.y), QPointF(at.x - PLUS / 2, at.y))
        paint_plus_at(painter, at, ink, lit, lit)


def paint_plus_at(painter: QPainter, at: Point, ink: Ink, lit: bool, wanted: bool) -> None:
    """A round "+"; `wanted`: something would be put there."""
    size = PLUS + (6 if lit and wanted else 0)
    area = QRectF(at.x - size / 2, at.y - size / 2, size, size)
    painter.setPen(QPen(ink.colour("accent" if lit or wanted else "line"), 1.0))
    painter.setBrush(ink.colour("accent_fill") if lit else ink.colour("background"))
    painter.drawEllipse(area)
    painter.setPen(QPen(ink.colour("on_accent") if lit else ink.colour("accent" if wanted else "dim"), 1.3))
    arm = size * 0.22
    painter.drawLine(QPointF(at.x - arm, at.y), QPointF(at.x + arm, at.y))
    painter.drawLine(QPointF(at.x, at.y - arm), QPointF(at.x, at.y + arm))


def paint_landing(painter: QPainter, picture: Picture, ink: Ink) -> None:
    """Where what is dragged would come to stand."""
    painter.setPen(QPen(ink.colour("accent"), 1.5, Qt.PenStyle.DashLine))
    painter.setBrush(ink.colour("accent", 0.18))
    for area in picture.landing:
        painter.drawRoundedRect(qrect(area), 8, 8)


def paint_targets(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """While a connection is pulled: what it fits has a frame, all else steps back."""
    if picture.joinable is None:
        return
    veil = ink.colour("background", 0.55)
    for card, pieces in scene.visible_cards():
        layer_id = card.spot.layer.id
        if layer_id in picture.joinable:
            near = layer_id == picture.joining
            painter.setPen(QPen(ink.colour("accent"), 2.5 if near else 1.2))
            painter.setBrush(ink.colour("accent", 0.16 if near else 0.05))
        elif layer_id == picture.wire_from:
            continue
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(veil)
        for piece in pieces:
            painter.drawRoundedRect(qrect(piece), 8, 8)


def paint_note(painter: QPainter, frame: Rect, picture: Picture, ink: Ink) -> None:
    """A sentence beside the pointer: why something cannot go there, or where it would go."""
    if picture.note is None:
        return
    at, text, refused = picture.note
    room = min(360.0, frame.w - 16)
    lines = _wrapped(ink, text, room - 20)
    wide = max(ink.note.width(line) for line in lines) + 20
    high = len(lines) * ink.note.height + 12
    x = min(max(frame.x + 4, at.x + 14), frame.right - wide - 4)
    y = at.y + 22 if at.y + 26 + high < frame.bottom else at.y - high - 12
    tone = ink.colour("warning" if refused else "accent")
    painter.setPen(QPen(tone, 1.2))
    painter.setBrush(mix(ink.tokens.panel, tone, 0.09))
    painter.drawRoundedRect(QRectF(x, y, wide, high), 7, 7)
    for index, line in enumerate(lines):
        area = QRectF(x + 10, y + 6 + index * ink.note.height, wide - 16, ink.note.height)
        ink.note.draw(painter, area, line, ink.colour("text"), LEFT)


def _wrapped(ink: Ink, text: str, width: float) -> list[str]:
    """Lines of at most that width; broken between words, and between letters where there are no words."""
    lines: list[str] = []
    for word in text.replace("\n", " ").split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and ink.note.width(joined) <= width:
            lines[-1] = joined
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and ink.note.width(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines[:5]
