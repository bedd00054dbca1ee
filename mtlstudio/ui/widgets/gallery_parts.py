"""What a gallery is made of: items, the arithmetic of its cells, the store of its pictures."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap, QTransform

MEMORY = 160 << 20


@dataclass(frozen=True)
class GalleryItem:
    """One thumbnail: its key, its words as (colour, text) pairs, a note for the tool tip, a warning mark."""

    key: str
    caption: tuple[tuple[str, str], ...] = ()
    tip: str = ""
    warning: bool = False


@dataclass(frozen=True)
class GridGeometry:
    """Where the cells of a gallery lie; pure arithmetic.

    Attributes:
        columns, rows: of cells. cell: size of one with its caption. gap: between two.
    """

    count: int
    columns: int
    rows: int
    cell: QSize
    gap: int

    def area(self, index: int) -> QRect:
        """The cell of an item, in contents pixels."""
        row, column = divmod(index, self.columns)
        across, down = self.cell.width() + self.gap, self.cell.height() + self.gap
        return QRect(column * across, row * down, self.cell.width(), self.cell.height())

    def extent(self) -> QSize:
        """Size of all cells together."""
        return QSize(
            self.columns * (self.cell.width() + self.gap) - self.gap,
            max(0, self.rows * (self.cell.height() + self.gap) - self.gap),
        )

    def at(self, point: QPoint) -> int | None:
        """The item under a point, in contents pixels."""
        across, down = self.cell.width() + self.gap, self.cell.height() + self.gap
        if point.x() < 0 or point.y() < 0:
            return None
        column, row = point.x() // across, point.y() // down
        inside = point.x() % across < self.cell.width() and point.y() % down < self.cell.height()
        index = row * self.columns + column
        return index if inside and column < self.columns and index < self.count else None

    def visible(self, area: QRect) -> range:
        """The items that a part of the contents may show."""
        across, down = self.cell.width() + self.gap, self.cell.height() + self.gap
        if self.rows == 1:
            first = max(0, area.left() // across)
            return range(first, max(first, min(self.count, area.right() // across + 1)))
        first = max(0, area.top() // down) * self.columns
        return range(min(first, self.count), max(0, min(self.count, (area.bottom() // down + 1) * self.columns)))


def grid(count: int, width: int, thumb: int, caption: int, gap: int = 8, strip: bool = False) -> GridGeometry:
    """Cells for a width: as many columns as fit, or one row (`strip`)."""
    columns = max(1, count) if strip else max(1, (width + gap) // (thumb + gap))
    stretched = thumb if strip or count < columns else max(thumb, (width + gap) // columns - gap)
    rows = -(-count // columns)
    return GridGeometry(count, columns, rows, QSize(stretched, stretched + caption), gap)


class Store:
    """Pictures by key; the longest unseen go first when there are too many bytes of them."""

    def __init__(self, limit: int = MEMORY) -> None:
        self._limit, self._bytes = limit, 0
        self._pixmaps: OrderedDict[str, QPixmap] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._pixmaps

    def __len__(self) -> int:
        return len(self._pixmaps)

    def get(self, key: str) -> QPixmap | None:
        """A picture that is looked at now."""
        if key in self._pixmaps:
            self._pixmaps.move_to_end(key)
        return self._pixmaps.get(key)

    def put(self, key: str, pixmap: QPixmap) -> None:
        """Keeps a picture."""
        self.drop(key)
        self._pixmaps[key] = pixmap
        self._bytes += _weight(pixmap)
        while self._bytes > self._limit and len(self._pixmaps) > 1:
            self._bytes -= _weight(self._pixmaps.popitem(last=False)[1])

    def drop(self, key: str) -> None:
        """Forgets a picture."""
        if key in self._pixmaps:
            self._bytes -= _weight(self._pixmaps.pop(key))

    def keep(self, keys: frozenset[str] | set[str] | dict[str, int]) -> None:
        """Forgets all others."""
        for key in [key for key in self._pixmaps if key not in keys]:
            self.drop(key)


def _weight(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


def thumbnail(image: QImage, edge: int, ratio: float, radius: float = 6.0) -> QPixmap:
    """The middle of an image as a square with round corners, ready to be drawn.

    Args:
        image: of any size; an empty one gives an empty pixmap.
        edge: of the square, in logical pixels.
        ratio: device pixel ratio.
        radius: of the corners, in logical pixels.
    """
    pixels = round(edge * ratio)
    if image.isNull() or pixels <= 0:
        return QPixmap()
    side = min(image.width(), image.height())
    middle = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    kind = Qt.TransformationMode.SmoothTransformation
    square = middle.scaled(pixels, pixels, Qt.AspectRatioMode.IgnoreAspectRatio, kind)
    made = QPixmap(pixels, pixels)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    brush = QBrush(square)
    brush.setTransform(QTransform.fromScale(1 / ratio, 1 / ratio))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.drawRoundedRect(QRectF(0, 0, edge, edge), radius, radius)
    painter.end()
    return made
