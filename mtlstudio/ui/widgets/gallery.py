"""Thumbnails by the ten thousand: only what is seen is asked for, kept and painted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import font, scaled, signals, theme
from mtlstudio.ui.widgets.gallery_parts import GalleryItem, Store, grid, thumbnail
from mtlstudio.ui.widgets.icons import paint_icon

SMALLEST, LARGEST = 48, 320


class Gallery(QAbstractScrollArea):
    """A grid (or a strip) of thumbnails.

    Signals:
        thumbnail_needed(str): a key has come into sight and has no picture; answer with `set_thumbnail`.
        activated(str): double click or Enter.
        current_changed(str): the key the keyboard stands on.
        selection_changed(list): keys chosen, in the gallery's order.
        context_requested(str, QPoint): right click on a key, at a place on the screen.
        thumb_size_changed(int): Ctrl+wheel.
    """

    thumbnail_needed = Signal(str)
    activated = Signal(str)
    current_changed = Signal(str)
    selection_changed = Signal(list)
    context_requested = Signal(str, QPoint)
    thumb_size_changed = Signal(int)

    def __init__(
        self, *, thumb_size: int = 140, strip: bool = False, multiple: bool = True, name: str = "",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._items: tuple[GalleryItem, ...] = ()
        self._places: dict[str, int] = {}
        self._store = Store()
        self._asked: set[str] = set()
        self._thumb, self._strip, self._multiple = thumb_size, strip, multiple
        self._current, self._anchor = -1, -1
        self._selected: set[str] = set()
        self._hovered, self._caption = -1, 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(25)
        self._timer.timeout.connect(self._ask)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name or tr("Images"))
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        (self.setVerticalScrollBarPolicy if strip else self.setHorizontalScrollBarPolicy)(policy)
        signals.theme_changed.connect(self._restyle)
        self._restyle()

    # ── contents ──

    def set_items(self, items: Sequence[GalleryItem]) -> None:
        """Shows other items; pictures, selection and current item of keys that stay are kept."""
        current = self.current()
        self._items = tuple(items)
        self._places = {item.key: place for place, item in enumerate(self._items)}
        self._asked &= self._places.keys()
        self._store.keep(self._places)
        kept = self._selected & self._places.keys()
        changed = kept != self._selected
        self._selected = kept
        self._current = self._places.get(current, -1)
        self._anchor = self._current
        self._caption = scaled(20) if any(item.caption for item in self._items) else 0
        self._measure()
        if changed:
            self.selection_changed.emit(self.selected())

    def items(self) -> tuple[GalleryItem, ...]:
        """What is shown."""
        return self._items

    def set_thumbnail(self, key: str, image: QImage) -> None:
        """Gives a key its picture, of any size and shape; an empty image means that it cannot be read."""
        if key not in self._places:
            return
        self._asked.discard(key)
        self._store.put(key, thumbnail(image, self._geometry.cell.width() - 2, self.devicePixelRatioF()))
        self.viewport().update(self._on_screen(self._places[key]))

    def invalidate(self, key: str | None = None) -> None:
        """Forgets the picture of a key, or all, and asks again for what is seen."""
        if key is None:
            self._store.keep(set())
            self._asked.clear()
        else:
            self._store.drop(key)
            self._asked.discard(key)
        self._refresh()

    def thumb_size(self) -> int:
        """Edge of a thumbnail, in pixels."""
        return self._thumb

    def set_thumb_size(self, pixels: int) -> None:
        """Changes the size of the thumbnails and asks for the pictures again."""
        pixels = max(SMALLEST, min(LARGEST, pixels))
        if pixels != self._thumb:
            self._thumb = pixels
            self._store.keep(set())
            self._asked.clear()
            self._measure()
            self.thumb_size_changed.emit(pixels)

    # ── choice ──

    def current(self) -> str:
        """Key that the keyboard stands on; empty: none."""
        return self._items[self._current].key if 0 <= self._current < len(self._items) else ""

    def set_current(self, key: str) -> None:
        """Goes to a key, chooses it alone and scrolls to it, without a signal; an unknown one chooses nothing."""
        self._current = self._anchor = self._places.get(key, -1)
        self._selected = {key} if key in self._places else set()
        self._reveal()
        self.viewport().update()

    def selected(self) -> list[str]:
        """Keys chosen, in the gallery's order."""
        return sorted(self._selected, key=self._places.__getitem__)

    def set_selected(self, keys: Sequence[str]) -> None:
        """Chooses these keys, without a signal."""
        self._selected = {key for key in keys if key in self._places}
        self.viewport().update()

    def step(self, by: int) -> None:
        """Goes some items on or back, as A / D do, with the signals of a key press."""
        if self._items:
            self._go(max(0, min(len(self._items) - 1, self._current + by)))

    def item_area(self, key: str) -> QRect:
        """Where an item lies on the viewport (for tours and tests)."""
        return self._on_screen(self._places[key])

    # ── painting ──

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for a few; a strip is as high as its row."""
        if self._strip:
            return QSize(4 * self._thumb, self._geometry.cell.height() + 14)
        return QSize(4 * self._thumb, 3 * self._thumb)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """At least one."""
        return QSize(self._thumb + 20, self.sizeHint().height() if self._strip else self._thumb + 20)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints what is in sight."""
        painter = QPainter(self.viewport())
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(font(11.5))
        for index in self._geometry.visible(event.rect().translated(self._offset())):
            self._paint_item(painter, index)
        missing = any(self._items[i].key not in self._store for i in self._in_sight())
        if missing and not self._timer.isActive():
            self._timer.start()

    def _paint_item(self, painter: QPainter, index: int) -> None:
        item, cell, tokens = self._items[index], self._on_screen(index), theme()
        square = QRectF(cell.x(), cell.y(), cell.width(), cell.width())
        picture = square.adjusted(1, 1, -1, -1)
        pixmap = self._store.get(item.key)
        if pixmap is None or pixmap.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour("card"))
            painter.drawRoundedRect(picture, 6, 6)
            if pixmap is not None:
                size = min(24.0, picture.width() / 3)
                middle = QRectF(picture.center().x() - size / 2, picture.center().y() - size / 2, size, size)
                paint_icon(painter, "unreadable", middle, "dim")
        else:
            painter.drawPixmap(picture, pixmap, QRectF(pixmap.rect()))
        self._paint_frame(painter, item, index, square)
        self._paint_caption(painter, item, QRectF(cell.x(), square.bottom() + 2, cell.width(), self._caption))

    def _paint_frame(self, painter: QPainter, item: GalleryItem, index: int, square: QRectF) -> None:
        tokens = theme()
        here = index == self._current and self.hasFocus()
        if item.key in self._selected or here:
            painter.setPen(QPen(tokens.colour("accent"), 2.5 if item.key in self._selected else 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(square.adjusted(1.2, 1.2, -1.2, -1.2), 7, 7)
        elif index == self._hovered:
            painter.setPen(QPen(tokens.colour("dim", 0.7), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(square.adjusted(1, 1, -1, -1), 7, 7)
        if item.warning:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour("warning"))
            painter.drawEllipse(QRectF(square.right() - 14, square.top() + 6, 8, 8))

    def _paint_caption(self, painter: QPainter, item: GalleryItem, area: QRectF) -> None:
        tokens, x = theme(), area.left() + 1
        measures = painter.fontMetrics()
        for colour, text in item.caption:
            room = area.right() - x
            if room < 18:
                return
            if colour:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tokens.colour(colour))
                size = scaled(7)
                painter.drawEllipse(QRectF(x, area.center().y() - size / 2, size, size))
                x += size + 4
            words = measures.elidedText(text, Qt.TextElideMode.ElideRight, int(area.right() - x))
            painter.setPen(tokens.colour("dim"))
            painter.drawText(QRectF(x, area.top(), area.right() - x, area.height()), _MIDDLE, words)
            x += measures.horizontalAdvance(words) + 7

    # ── hands ──

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Arranges the cells anew and keeps the current one in sight."""
        super().resizeEvent(event)
        self._measure()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802
        """Scrolls."""
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Scrolls; with Ctrl changes the size of the thumbnails."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_thumb_size(self._thumb + (16 if event.angleDelta().y() > 0 else -16))
            event.accept()
        elif self._strip:
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() - event.angleDelta().y() - event.angleDelta().x())
            event.accept()
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Chooses; Ctrl adds or removes one, Shift a span."""
        index = self._geometry.at(event.position().toPoint() + self._offset())
        if event.button() != Qt.MouseButton.LeftButton:
            if index is not None and self._items[index].key not in self._selected:
                self._go(index)
        elif index is None:
            self._select(set())
        else:
            self._go(index, event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Opens."""
        index = self._geometry.at(event.position().toPoint() + self._offset())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.activated.emit(self._items[index].key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Lights up what is under the pointer."""
        index = self._geometry.at(event.position().toPoint() + self._offset())
        place = -1 if index is None else index
        if place != self._hovered:
            self._hovered = place
            self.viewport().setToolTip(self._items[place].tip if place >= 0 else "")
            self.viewport().update()

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        """Nothing is under the pointer."""
        self._hovered = -1
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Asks for a menu on the item."""
        index = self._geometry.at(event.pos() + self._offset())
        if index is not None:
            self.context_requested.emit(self._items[index].key, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows, page keys, Home, End; Enter opens, Ctrl+A chooses all, Space adds or removes."""
        key, modifiers = event.key(), event.modifiers()
        page = self._geometry.columns * max(1, self.viewport().height() // max(1, self._geometry.cell.height()))
        last = len(self._items) - 1
        targets = {
            Qt.Key.Key_Left: self._current - 1, Qt.Key.Key_Right: self._current + 1, Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last, Qt.Key.Key_PageUp: self._current - page, Qt.Key.Key_PageDown: self._current + page,
            Qt.Key.Key_Up: self._current - self._geometry.columns,
            Qt.Key.Key_Down: self._current + self._geometry.columns,
        }  # fmt: skip
        if key in targets and self._items and not modifiers & Qt.KeyboardModifier.AltModifier:
            vertical = key in (Qt.Key.Key_Up, Qt.Key.Key_Down)
            target = targets[Qt.Key(key)]
            if not vertical or 0 <= target <= last:
                self._go(max(0, min(last, target)), modifiers & Qt.KeyboardModifier.ShiftModifier)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current():
            self.activated.emit(self.current())
        elif key == Qt.Key.Key_A and modifiers & Qt.KeyboardModifier.ControlModifier and self._multiple:
            self._select(set(self._places))
        elif key == Qt.Key.Key_Space and self.current():
            self._go(self._current, Qt.KeyboardModifier.ControlModifier)
        else:
            super().keyPressEvent(event)

    # ── inside ──

    def _go(self, index: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        key = self._items[index].key
        if self._multiple and modifiers & Qt.KeyboardModifier.ShiftModifier and self._anchor >= 0:
            low, high = sorted((self._anchor, index))
            chosen = {item.key for item in self._items[low : high + 1]}
        elif self._multiple and modifiers & Qt.KeyboardModifier.ControlModifier:
            chosen, self._anchor = self._selected ^ {key}, index
        else:
            chosen, self._anchor = {key}, index
        moved = index != self._current
        self._current = index
        self._reveal()
        self._select(chosen)
        if moved:
            self.setAccessibleDescription(" · ".join(text for _, text in self._items[index].caption) or key)
            self.current_changed.emit(key)

    def _select(self, keys: set[str]) -> None:
        if keys != self._selected:
            self._selected = keys
            self.selection_changed.emit(self.selected())
        self.viewport().update()

    def _offset(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _on_screen(self, index: int) -> QRect:
        return self._geometry.area(index).translated(-self._offset())

    def _in_sight(self) -> range:
        return self._geometry.visible(self.viewport().rect().translated(self._offset()))

    def _measure(self) -> None:
        room = self.viewport().size()
        self._geometry = grid(len(self._items), room.width(), self._thumb, self._caption, strip=self._strip)
        extent = self._geometry.extent()
        for bar, whole, seen in (
            (self.horizontalScrollBar(), extent.width(), room.width()),
            (self.verticalScrollBar(), extent.height(), room.height()),
        ):
            bar.setRange(0, max(0, whole - seen))
            bar.setPageStep(max(1, seen))
            bar.setSingleStep(max(8, self._geometry.cell.height() // 3))
        self._refresh()

    def _refresh(self) -> None:
        self.viewport().update()
        self._timer.start()

    def _reveal(self) -> None:
        if not 0 <= self._current < len(self._items):
            return
        cell, room, offset = self._geometry.area(self._current), self.viewport().rect(), self._offset()
        for bar, low, high, seen, at in (
            (self.horizontalScrollBar(), cell.left(), cell.right(), room.width(), offset.x()),
            (self.verticalScrollBar(), cell.top(), cell.bottom(), room.height(), offset.y()),
        ):
            bar.setValue(low if low < at else max(at, high + 1 - seen))

    def _ask(self) -> None:
        """Asks for the pictures in sight that are missing; what has scrolled away may be asked for again later."""
        seen = [self._items[index].key for index in self._in_sight()]
        self._asked &= set(seen)
        for key in seen:
            if key not in self._store and key not in self._asked:
                self._asked.add(key)
                self.thumbnail_needed.emit(key)

    def _restyle(self) -> None:
        self._caption = scaled(20) if self._caption else 0
        self._measure()


_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
