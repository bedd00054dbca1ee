"""From what a task type paints to pictures: overlays for the viewer, composed thumbnails. No widgets: works in threads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from mtlstudio.tasks.predictions import ColourMap, IndexMap, Painting, ScalarMap, Shapes
from mtlstudio.ui.theme import depth_table
from mtlstudio.ui.widgets.image_shapes import Box, Shape, paint_shapes
from mtlstudio.ui.widgets.qimages import label_image, rgb_image, scalar_image

UNKNOWN = 0xFFF0D030
"""Pixels without truth: drawn in a colour that no class has beside its neighbours."""


def overlay(painting: Painting | None) -> QImage | None:
    """The map as an indexed image with its colour table, a picture as it is; None for shapes and for nothing."""
    if isinstance(painting, IndexMap):
        return label_image(painting.indices, _table(painting))
    if isinstance(painting, ScalarMap):
        return scalar_image(painting.values, depth_table(), painting.low, painting.high)
    if isinstance(painting, ColourMap):
        return rgb_image(painting.image)
    return None


def shapes(painting: Painting | None, colour: str) -> tuple[Shape, ...]:
    """The shapes in image pixels; those without a colour of their own take the task's."""
    if not isinstance(painting, Shapes):
        return ()
    return tuple(
        Box(box.left, box.top, box.right, box.bottom, box.colour or colour, box.label) for box in painting.boxes
    )


def composed(
    image: NDArray[np.uint8], paintings: Sequence[tuple[Painting, str]], side: int, opacity: float = 0.55,
    size: tuple[int, int] | None = None,
) -> QImage:  # fmt: skip
    """A thumbnail: the picture's centre square with everything drawn over it.

    Args:
        image: (H, W, 3) uint8.
        paintings: with the tasks' colours, lowest first.
        side: of the square, in pixels.
        opacity: of the maps.
        size: width and height of the picture that the paintings are of, where `image` was read smaller.
    """
    picture = rgb_image(np.ascontiguousarray(image))
    canvas = QImage(QSize(side, side), QImage.Format.Format_RGB32)
    painter = QPainter(canvas)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    width, height = size or (picture.width(), picture.height())
    edge = min(width, height)
    part = QRectF((width - edge) / 2, (height - edge) / 2, edge, edge)
    whole = QRectF(0, 0, side, side)
    scale, ratio = side / edge, picture.width() / width
    painter.drawImage(whole, _shrunk(picture, scale / ratio), _scaled(part, ratio, scale / ratio))
    for painting, colour in paintings:
        layer = overlay(painting)
        if layer is not None:
            painter.setOpacity(opacity)
            painter.drawImage(whole, layer.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied), part)
            painter.setOpacity(1.0)
        boxes = shapes(painting, colour)
        if boxes:
            paint_shapes(painter, boxes, lambda x, y: QPointF((x - part.left()) * scale, (y - part.top()) * scale))
    painter.end()
    return canvas


def _table(painting: IndexMap) -> list[int]:
    count = max(len(painting.colours), (painting.highlight or 0) + 1)
    table = [0] * count
    for index, colour in enumerate(painting.colours):
        if colour is not None:
            table[index] = QColor(colour).rgba()
    if painting.highlight is not None:
        table[painting.highlight] = UNKNOWN
    return table


def _shrunk(picture: QImage, scale: float) -> QImage:
    """A large picture is shrunk smoothly first: drawing it small in one step would flicker."""
    if scale > 0.5:
        return picture
    return picture.scaled(
        max(1, round(picture.width() * scale)), max(1, round(picture.height() * scale)),
        Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation,
    )  # fmt: skip


def _scaled(part: QRectF, ratio: float, scale: float) -> QRectF:
    """The part in pixels of the picture as it was read, and shrunk."""
    factor = ratio if scale > 0.5 else ratio * scale
    return QRectF(part.left() * factor, part.top() * factor, part.width() * factor, part.height() * factor)
