"""The command palette: type what you want done."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.shell.actions import ACTIONS, MENUS, Actions
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.icons import icon
from mtlstudio.ui.widgets.search_field import SearchField


class CommandPalette(QDialog):
    """All commands that can be carried out now, searched by the letters of their words."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("command-palette")
        self._actions = actions
        self.search = SearchField(tr("What do you want to do?"))
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self.search.textChanged.connect(self._fill)
        self.search.stepped.connect(self._step)
        self.search.accepted.connect(self._accept)
        self.search.cancelled.connect(self.reject)
        self.list.itemClicked.connect(lambda _item: self._accept())
        self.resize(scaled(560), scaled(420))
        self.move(parent.mapToGlobal(QPoint((parent.width() - self.width()) // 2, scaled(60))))
        self._fill("")
        self.search.setFocus()

    def _fill(self, text: str) -> None:
        self.list.clear()
        menus = {menu: tr(name) for menu, name in MENUS}
        for declaration in ACTIONS:
            action = self._actions[declaration.id]
            words = f"{menus.get(declaration.menu, '')} › {action.text()}"
            if not action.isEnabled() or not matches(text, f"{words} {declaration.text} {declaration.id}"):
                continue
            key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item = QListWidgetItem(icon(declaration.icon or "chevron-right"), f"{words}    {key}".rstrip())
            item.setData(Qt.ItemDataRole.UserRole, declaration.id)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _step(self, by: int) -> None:
        count = self.list.count()
        if count:
            self.list.setCurrentRow((self.list.currentRow() + by) % count)

    def _accept(self) -> None:
        item = self.list.currentItem()
        self.accept()
        if item is not None:
            self._actions.trigger(item.data(Qt.ItemDataRole.UserRole))


def matches(search: str, text: str) -> bool:
    """Every word that was typed occurs in the text, whatever the case."""
    folded = text.casefold()
    return all(word in folded for word in search.casefold().split())
