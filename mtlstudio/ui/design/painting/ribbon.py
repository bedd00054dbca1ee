"""Painting of what lies over the grid: split handle and callout, handles, rubber band, the card being moved."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from mtlstudio.base.texts import tr
from mtlstudio.ui.design.geometry import Rect
from mtlstudio.ui.design.painting.ink import CENTRE, LEFT, Ink, qrect
from mtlstudio.ui.design.picture import Picture
from mtlstudio.ui.design.scene import Scene
from mtlstudio.ui.theme import mix


def paint_split_line(painter: QPainter, scene: Scene, ink: Ink) -> None:
    """The dashed line where the trunk ends."""
    handle = scene.split()
    if handle is None or scene.layout.split is None:
        return
    x = scene.x(scene.layout.split)
    if not scene.frame.head <= x <= scene.frame.width:
        return
    pen = QPen(ink.colour("accent"), 2)
    pen.setDashPattern([2.5, 2])
    painter.setPen(pen)
    last = scene.layout.rows[-1]
    painter.drawLine(QPointF(x, handle.bottom), QPointF(x, min(scene.frame.height, scene.y(last.bottom) + 10)))


def paint_ribbon(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """Title, ticks, split handle and its callout, over whatever was moved below them."""
    frame = scene.frame
    painter.fillRect(QRectF(0, 0, frame.width, frame.ribbon), ink.colour("background"))
    _paint_title(painter, scene, ink)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink.colour("accent", 0.75))
    for tick in picture.ticks:
        x = scene.x(tick)
        if x >= frame.head:
            painter.drawEllipse(QPointF(x, frame.ribbon - 9), 2.5, 2.5)
    handle = scene.split()
    if handle is None:
        return
    if picture.callout.title:
        _paint_callout(painter, handle, scene, picture, ink)
    _paint_handle(painter, handle, scene, picture, ink)


def paint_handles(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """Edge handles and the port of the selected card and the one under the pointer."""
    if picture.ghost is not None or picture.fitting:
        return
    shown = [picture.active.layer or picture.hover.layer]
    if len(picture.selection) == 1:
        shown += picture.selection
    many = len(scene.layout.tasks) > 1
    for layer_id in dict.fromkeys(shown):
        if layer_id not in scene.layout.cards or scene.card(layer_id).w < 12:
            continue
        spot = scene.layout.cards[layer_id].spot
        for side in ("lower", "upper"):
            held = picture.active.kind == "edge" and (picture.active.layer, picture.active.side) == (layer_id, side)
            near = picture.hover.kind == "edge" and (picture.hover.layer, picture.hover.side) == (layer_id, side)
            useful = many and (len(spot.rows) > 1 or _has_neighbour(scene, spot.rows, side))
            if held or near or (useful and layer_id in picture.selection):
                painter.setPen(QPen(ink.colour("background"), 1.5))
                painter.setBrush(ink.colour("accent", 1.0 if held or near or side == "lower" else 0.55))
                painter.drawRoundedRect(qrect(scene.edge(layer_id, side)), 3.5, 3.5)
        if picture.hover.layer == layer_id:
            at = scene.out_port(layer_id)
            near = picture.hover.kind == "port"
            painter.setPen(QPen(ink.colour("accent"), 1.5))
            painter.setBrush(ink.colour("accent") if near else ink.colour("card"))
            painter.drawEllipse(QPointF(at.x, at.y), 4.5 if near else 3.5, 4.5 if near else 3.5)


def paint_overlays(painter: QPainter, picture: Picture, ink: Ink) -> None:
    """Rubber band and the card that hangs on the pointer."""
    if picture.band is not None:
        painter.setPen(QPen(ink.colour("accent"), 1))
        painter.setBrush(ink.colour("accent", 0.12))
        painter.drawRect(qrect(picture.band))
    if picture.ghost is not None:
        at, name = picture.ghost
        area = QRectF(at.x + 10, at.y + 8, ink.name.width(name) + 24, ink.name.height + 12)
        painter.setPen(QPen(ink.colour("accent"), 1.2))
        painter.setBrush(ink.colour("card", 0.94))
        painter.drawRoundedRect(area, 7, 7)
        ink.name.draw(painter, area, name, ink.colour("text"), CENTRE)


def callout_area(handle: Rect, scene: Scene, wanted: float, ink: Ink) -> Rect:
    """Where the words beside the split handle stand: on its right, or on its left where there is more room."""
    right, left = scene.frame.width - 8 - handle.right - 14, handle.x - 14 - scene.frame.head - 30
    wide = min(wanted, max(right, left, 40.0))
    high = min(ink.title.height + ink.note.height + 20, scene.frame.ribbon - 10)
    x = handle.right + 14 if right >= wide - 1 or right >= left else handle.x - 14 - wide
    return Rect(x, handle.centre.y - high / 2, wide, high)


def _paint_title(painter: QPainter, scene: Scene, ink: Ink) -> None:
    frame = scene.frame
    x, wide = 16 * frame.scale, frame.head - 16 * frame.scale + 30
    top = max(6.0, (frame.ribbon - ink.title.height - 2 * ink.note.height - 6) / 2)
    ink.title.draw(painter, QRectF(x, top, wide, ink.title.height), tr("Sharing grid"), ink.colour("text"), LEFT)
    if frame.ribbon < 80 * frame.scale:
        return
    painter.setFont(ink.note.font)
    painter.setPen(ink.colour("dim"))
    area = QRectF(x, top + ink.title.height + 3, wide, frame.ribbon - top - ink.title.height - 5)
    painter.drawText(area, int(Qt.TextFlag.TextWordWrap), tr("rows are tasks; a card spans the tasks that share it"))


def _paint_handle(painter: QPainter, handle: Rect, scene: Scene, picture: Picture, ink: Ink) -> None:
    lit = "split" in (picture.hover.kind, picture.active.kind)
    painter.setPen(QPen(ink.colour("text"), 1.5) if lit else Qt.PenStyle.NoPen)
    painter.setBrush(ink.colour("accent_fill" if lit else "accent"))
    painter.drawRoundedRect(qrect(handle), 7, 7)
    painter.setPen(QPen(ink.colour("on_accent"), 1.4))
    for offset in (-4, 0, 4):
        x = handle.centre.x + offset
        painter.drawLine(QPointF(x, handle.y + 10), QPointF(x, handle.bottom - 10))


def _paint_callout(painter: QPainter, handle: Rect, scene: Scene, picture: Picture, ink: Ink) -> None:
    callout = picture.callout
    room = callout_area(handle, scene, 10_000.0, ink).w - 28
    title = next((text for text in callout.titles if ink.title.width(text) <= room), callout.titles[-1])
    line = next((text for text in callout.lines if ink.note.width(text) <= room), callout.lines[-1])
    area = callout_area(handle, scene, max(ink.title.width(title), ink.note.width(line)) + 30, ink)
    tone = ink.colour("warning" if callout.refused else "accent")
    painter.setPen(QPen(tone, 1.2))
    painter.setBrush(mix(ink.tokens.panel, tone, 0.09))
    painter.drawRoundedRect(qrect(area), 8, 8)
    high = ink.title.height + ink.note.height + 4
    top, x, wide = area.y + (area.h - high) / 2, area.x + 14, area.w - 26
    ink.title.draw(painter, QRectF(x, top, wide, ink.title.height), title, ink.colour("text"), LEFT)
    stale = ink.colour("dim", 0.55 if picture.stale else 1.0)
    below = QRectF(x, top + ink.title.height + 4, wide, ink.note.height)
    ink.note.draw(painter, below, line, stale, LEFT)


def _has_neighbour(scene: Scene, rows: tuple[int, ...], side: str) -> bool:
    return rows[-1] + 1 < len(scene.layout.tasks) if side == "lower" else rows[0] > 0
