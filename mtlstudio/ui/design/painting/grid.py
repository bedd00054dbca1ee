"""Painting of the whole grid, in the order of its layers."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath

from mtlstudio.ui.design.geometry import Rect
from mtlstudio.ui.design.painting import cards, marks, ribbon, rows, wires
from mtlstudio.ui.design.painting.ink import Ink, qrect
from mtlstudio.ui.design.picture import Picture
from mtlstudio.ui.design.scene import Scene


def paint_grid(painter: QPainter, scene: Scene, picture: Picture) -> None:
    """Everything, from the ground to the handles."""
    ink = Ink(picture.spec.tasks, scene.camera.zoom_x)
    frame = scene.frame
    painter.fillRect(0, 0, int(frame.width) + 1, int(frame.height) + 1, ink.colour("background"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.save()
    painter.setClipRect(qrect(frame.main))
    rows.paint_bands(painter, scene, picture, ink)
    wires.paint_skips(painter, scene, picture, ink)
    wires.paint_wires(painter, scene, picture, ink)
    wires.paint_stacks(painter, scene, ink)
    marks.paint_joins(painter, scene, ink)
    written = cards.paint_cards(painter, scene, picture, ink)
    if scene.layout.routes.skips or scene.layout.crossing:
        painter.save()
        painter.setClipPath(_without(qrect(frame.main), written))
        marks.paint_mixing(painter, scene, ink)
        wires.paint_skips(painter, scene, picture, ink, above=True)
        painter.restore()
    marks.paint_lanes(painter, scene, ink)
    wires.paint_taps(painter, scene, picture, ink)
    wires.paint_plus(painter, scene, picture, ink)
    marks.paint_ends(painter, scene, picture, ink)
    marks.paint_frames(painter, scene, picture, ink)
    marks.paint_targets(painter, scene, picture, ink)
    painter.restore()
    rows.paint_headers(painter, scene, picture, ink)
    ribbon.paint_ribbon(painter, scene, picture, ink)
    ribbon.paint_split_line(painter, scene, ink)
    painter.save()
    painter.setClipRect(qrect(frame.main))
    ribbon.paint_handles(painter, scene, picture, ink)
    wires.paint_new_wire(painter, picture, ink)
    marks.paint_landing(painter, picture, ink)
    painter.restore()
    ribbon.paint_overlays(painter, picture, ink)
    marks.paint_note(painter, Rect(0.0, 0.0, frame.width, frame.height), picture, ink)


def _without(area: QRectF, holes: list[QRectF]) -> QPainterPath:
    """An area with holes in it."""
    path = QPainterPath()
    path.addRect(area)
    for hole in holes:
        path.addRect(hole)
    return path
