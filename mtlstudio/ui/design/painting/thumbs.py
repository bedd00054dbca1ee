"""Painting of a layer's activations on its card."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from mtlstudio.ui.design.painting.ink import Ink
from mtlstudio.ui.design.thumbs import Thumbs
from mtlstudio.ui.widgets.icons import pixmap

LEAST, MOST = 14.0, 220.0
"""Lower pictures are left out; larger ones do not help."""


def thumb_size(thumbs: Thumbs, layer_id: str, picture: QPixmap, wide: float, high: float) -> tuple[float, float]:
    """(width, height) of a layer's picture in the room it has; (0, 0) where that is too small."""
    if high < LEAST or wide < LEAST:
        return 0.0, 0.0
    if thumbs.is_bars(layer_id):
        return wide, min(high, 40.0)
    zoom = min(wide / picture.width(), high / picture.height(), MOST / max(picture.width(), picture.height()))
    width, height = picture.width() * zoom, picture.height() * zoom
    if height < LEAST or width < LEAST:  # a long, thin sequence: stretched, or nothing could be seen
        width, height = max(width, min(wide, 2 * LEAST)), max(height, min(high, 2 * LEAST))
    return width, height


def paint_thumb(painter: QPainter, ink: Ink, thumbs: Thumbs, layer_id: str, picture: QPixmap, area: QRectF) -> None:
    """The picture, pale while it is old; with a sign in its corner where the values give reason."""
    painter.save()
    painter.setOpacity(painter.opacity() * (0.45 if thumbs.stale else 1.0))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawPixmap(area, picture, QRectF(picture.rect()))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink.colour("line"), 1.0))
    painter.drawRect(area)
    role = thumbs.warns(layer_id)
    if role:
        size = 15.0
        badge = QRectF(area.right() - size + 4, area.y() - 5, size, size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.colour("card"))
        painter.drawEllipse(badge)
        sign = pixmap("warning", 11, role, painter.device().devicePixelRatioF())
        painter.drawPixmap(badge.adjusted(2, 1.5, -2, -2.5), sign, QRectF(sign.rect()))
    painter.restore()
