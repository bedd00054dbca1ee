"""A list of layer types with icons, for the palette and the search popup."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from mtlstudio.base.texts import tr
from mtlstudio.network.interface import LayerType
from mtlstudio.ui.design.dropping import MIME
from mtlstudio.ui.design.painting.ink import LEFT, Ink
from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.widgets.icons import paint_icon

TYPE, TITLE, WHY, FOLDED = (Qt.ItemDataRole.UserRole + offset for offset in range(4))


class TypeList(QListWidget):
    """Layer types under section titles; they can be dragged to the canvas.

    Signals:
        chosen(str): double click or Enter on a type: its id.
        folded(str, bool): the section of that title is to be folded or unfolded: a click on its title, Enter or Space
            on it, the left or right arrow key.
    """

    chosen = Signal(str)
    folded = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(_Delegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.itemActivated.connect(self._activate)
        self.itemClicked.connect(self._toggle)

    def fill(
        self,
        sections: Sequence[tuple[str, Sequence[LayerType]]],
        refused: dict[str, str] | None = None,
        folded: Collection[str] | None = None,
    ) -> None:
        """Shows types under section titles; a title may be empty.

        Args:
            refused: ids of types that cannot be taken, with the reason.
            folded: titles of the sections that are folded; None where none can be.
        """
        self.clear()
        for title, types in sections:
            if title and types:
                self._add_title(title, None if folded is None else title in folded)
            if folded is None or title not in folded:
                for type_ in types:
                    self._add(type_, (refused or {}).get(type_.id, ""))
        if not self.count():
            nothing = QListWidgetItem(tr("Nothing found"))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            nothing.setData(TITLE, True)
            self.addItem(nothing)

    def type_ids(self) -> list[str]:
        """Ids of the types shown, from top to bottom."""
        return [str(self.item(i).data(TYPE)) for i in range(self.count()) if self.item(i).data(TYPE)]

    def current_type(self) -> str:
        """Id of the current type; "" without one."""
        item = self.currentItem()
        return str(item.data(TYPE) or "") if item is not None else ""

    def step(self, by: int) -> None:
        """Makes the next (1) or previous (−1) type that can be taken the current one."""
        row = self.currentRow()
        for place in range(row + by, self.count() if by > 0 else -1, by):
            if place >= 0 and self.item(place).flags() & Qt.ItemFlag.ItemIsEnabled:
                self.setCurrentRow(place)
                return

    def go_to_title(self, title: str) -> None:
        """Makes a section's title the current item."""
        for row in range(self.count()):
            if self.item(row).data(TITLE) == title:
                self.setCurrentRow(row)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """The left arrow folds a section, or goes to its title; the right one unfolds it; Enter and Space do either."""
        item, key = self.currentItem(), event.key()
        if item is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif item.data(FOLDED) is None and key == Qt.Key.Key_Left:
            above = (row for row in range(self.currentRow(), -1, -1) if self.item(row).data(FOLDED) is not None)
            self.setCurrentRow(next(above, self.currentRow()))
        elif item.data(FOLDED) is not None and key in (
            Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space,
            Qt.Key.Key_Right if item.data(FOLDED) else Qt.Key.Key_Left,
        ):  # fmt: skip
            self._toggle(item)
        else:
            super().keyPressEvent(event)

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:  # noqa: N802
        """What a drag carries: the type's id."""
        data = QMimeData()
        if items and items[0].data(TYPE):
            data.setData(MIME, str(items[0].data(TYPE)).encode())
        return data

    def _add_title(self, title: str, folded: bool | None) -> None:
        head = QListWidgetItem(title.upper())
        head.setFlags(Qt.ItemFlag.NoItemFlags)
        if folded is not None:
            head.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            head.setData(FOLDED, folded)
            words = tr("{section}, folded", section=title) if folded else title
            head.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        head.setData(TITLE, title)
        self.addItem(head)

    def _toggle(self, item: QListWidgetItem) -> None:
        if item.data(FOLDED) is not None:
            self.folded.emit(str(item.data(TITLE)), not item.data(FOLDED))

    def _add(self, type_: LayerType, why: str) -> None:
        item = QListWidgetItem(tr(type_.name))
        item.setData(TYPE, type_.id)
        item.setData(Qt.ItemDataRole.DecorationRole, type_.icon)
        item.setToolTip(why or tr(type_.summary))
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, tr(type_.summary))
        if why:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setData(WHY, why)
        self.addItem(item)

    def _activate(self, item: QListWidgetItem) -> None:
        if item.data(TYPE) and not item.data(WHY):
            self.chosen.emit(str(item.data(TYPE)))


class _Delegate(QStyledItemDelegate):
    """Paints an icon in a small box, and the name."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """Titles are a little higher than their words."""
        return QSize(80, scaled(30 if index.data(TITLE) else 32))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints a title or a type."""
        ink, area = Ink(()), QRectF(option.rect)  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        if index.data(TITLE):
            below = area.adjusted(4, 8, -4, 0)
            folded = index.data(FOLDED)
            if folded is not None:
                hovered = option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver)  # type: ignore[attr-defined]
                colour = ink.colour("text" if hovered else "dim")
                size = float(scaled(12))
                arrow = QRectF(below.x(), below.center().y() - size / 2, size, size)
                paint_icon(painter, "chevron-right" if folded else "chevron-down", arrow, colour)
                below.adjust(size + 4, 0, 0, 0)
            ink.note.draw(painter, below, text, ink.colour("dim"), LEFT)
            painter.restore()
            return
        state = option.state  # type: ignore[attr-defined]
        if state & QStyle.StateFlag.State_Selected or state & QStyle.StateFlag.State_MouseOver:
            selected = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink.colour("selection") if selected else ink.colour("raised", 0.6))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 6, 6)
        painter.setOpacity(0.4 if index.data(WHY) else 1.0)
        side = float(scaled(24))
        box = QRectF(area.x() + 6, area.center().y() - side / 2, side, side)
        painter.setPen(QPen(theme().colour("line"), 1))
        painter.setBrush(ink.colour("raised"))
        painter.drawRoundedRect(box, 6, 6)
        inset = side * 0.2
        paint_icon(painter, str(index.data(Qt.ItemDataRole.DecorationRole)), box.adjusted(inset, inset, -inset, -inset))
        ink.body.draw(painter, area.adjusted(side + 14, 0, -4, 0), text, ink.colour("text"), LEFT)
        painter.restore()
