"""What an image view shows: pictures prepared for fast drawing, overlays, the part of the image in sight."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

NEAREST_FROM = 2.0  # pixels are shown as squares from 200 % on
LARGEST = 64.0


@dataclass(frozen=True)
class View:
    """Which part of an image is seen.

    Attributes:
        x, y: the image point (pixels) in the middle of the widget.
        scale: screen pixels per image pixel; 1 is 100 %.
        fitted: the whole image, whatever size the widget takes.
    """

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    fitted: bool = True

    def is_sound(self) -> bool:
        """Whether all numbers are finite and the scale is above 0."""
        return all(map(math.isfinite, (self.x, self.y, self.scale))) and self.scale > 0


def fitted(image: QSizeF, room: QSizeF) -> View:
    """The view that shows all of an image."""
    if image.isEmpty() or room.isEmpty():
        return View(image.width() / 2, image.height() / 2, 1.0, True)
    scale = min(room.width() / image.width(), room.height() / image.height(), LARGEST)
    return View(image.width() / 2, image.height() / 2, scale, True)


def clamped(view: View, image: QSizeF, room: QSizeF) -> View:
    """The nearest view that is sound: the scale within its bounds, the middle on the image."""
    whole = fitted(image, room)
    if view.fitted or not view.is_sound() or image.isEmpty():
        return whole
    scale = min(LARGEST, max(view.scale, min(1.0, whole.scale) * 0.5))
    return View(min(image.width(), max(0.0, view.x)), min(image.height(), max(0.0, view.y)), scale, False)


def zoomed(view: View, factor: float, at: QPointF, room: QSizeF, image: QSizeF) -> View:
    """A closer or wider view in which the image point under `at` (widget pixels) stays where it is."""
    if not math.isfinite(factor) or factor <= 0:
        return view
    target = clamped(View(view.x, view.y, view.scale * factor, False), image, room)
    dx, dy = at.x() - room.width() / 2, at.y() - room.height() / 2
    moved = View(
        view.x + dx / view.scale - dx / target.scale, view.y + dy / view.scale - dy / target.scale, target.scale, False
    )
    return clamped(moved, image, room)


class Picture:
    """An image as a pixmap, with halved copies for small views, so that drawing costs what is seen."""

    def __init__(self, image: QImage) -> None:
        self.size = QSizeF(image.size())
        self.source = image
        self._levels: list[QPixmap] = []

    def draw(self, painter: QPainter, target: QRectF, visible: QRectF) -> None:
        """Draws the part of the picture that lies in `visible`; the whole picture would fill `target`."""
        seen = target.intersected(visible)
        if seen.isEmpty() or self.size.isEmpty():
            return
        scale = target.width() / self.size.width()
        pixmap = self._level(scale * painter.device().devicePixelRatioF())
        across, down = pixmap.width() / target.width(), pixmap.height() / target.height()
        part = QRectF(
            (seen.left() - target.left()) * across, (seen.top() - target.top()) * down,
            seen.width() * across, seen.height() * down,
        )  # fmt: skip
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < NEAREST_FROM)
        painter.drawPixmap(seen, pixmap, part)

    def _level(self, scale: float) -> QPixmap:
        """The smallest copy that is still at least as fine as the screen."""
        if not self._levels:
            self._levels.append(QPixmap.fromImage(self.source))
        wanted = max(0, math.floor(math.log2(1 / scale))) if 0 < scale < 1 else 0
        while len(self._levels) <= wanted and min(self._levels[-1].width(), self._levels[-1].height()) > 64:
            last = self._levels[-1]
            half = last.size() / 2
            self._levels.append(
                last.scaled(half, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
            )
        return self._levels[min(wanted, len(self._levels) - 1)]


@dataclass
class Layer:
    """A picture over the base, stretched to its size; with its drawing for the view in use."""

    picture: Picture
    visible: bool = True
    opacity: float = 1.0
    key: object = None
    drawn: QPixmap = field(default_factory=QPixmap)

    def drawing(self, target: QRectF, room: QSizeF, ratio: float) -> QPixmap:
        """The layer as seen, kept until the view changes: dragging the opacity costs one copy per layer."""
        key = (target.getRect(), room.toTuple(), ratio)
        if key != self.key:
            self.key = key
            self.drawn = QPixmap((room * ratio).toSize())
            self.drawn.setDevicePixelRatio(ratio)
            self.drawn.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self.drawn)
            self.picture.draw(painter, target, QRectF(QPointF(), room))
            painter.end()
        return self.drawn
