"""The key map (`?`): every command with its key, and rebinding them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QKeySequenceEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mtlstudio.base.settings import Settings
from mtlstudio.base.texts import mark, tr
from mtlstudio.ui.shell.actions import ACTIONS, MENUS, Actions
from mtlstudio.ui.shell.command_palette import matches
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.search_field import SearchField

GESTURES: tuple[tuple[str, str], ...] = (
    (mark("Wheel"), mark("zoom to the pointer")),
    (mark("Middle drag, or Space and drag"), mark("pan")),
    (mark("Drag on empty ground"), mark("select with a rubber band")),
    (mark("Drag a card's edge"), mark("share it with another task, or give each its own")),
    (mark("Drag the handle above the grid"), mark("move the split point")),
    (mark("Double-click on a card"), mark("rename it")),
    (mark("1 … 9 in Inspect"), mark("show or hide a task's layer")),
    (mark("` held in Inspect"), mark("the bare picture")),
    (mark("Double-click on a curve"), mark("show all of it")),
)


class KeyMap(QDialog):
    """Lists keys and gestures; a key that is typed into a row replaces the command's own."""

    def __init__(self, actions: Actions, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("key-map")
        self.setWindowTitle(tr("Key map"))
        self._actions, self._settings = actions, settings
        self.changed = False
        search = SearchField(tr("Search keys and commands"))
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([tr("Command"), tr("Key")])
        self.tree.setRootIsDecorated(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.itemDoubleClicked.connect(self._edit)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(search)
        layout.addWidget(self.tree)
        layout.addWidget(label(tr("Double-click a command to give it another key."), "small"))
        layout.addWidget(buttons)
        search.textChanged.connect(self._fill)
        self.resize(scaled(620), scaled(560))
        self._fill("")
        search.setFocus()

    def _fill(self, text: str) -> None:
        self.tree.clear()
        menus = {menu: tr(name) for menu, name in MENUS}
        for declaration in ACTIONS:
            action = self._actions[declaration.id]
            native = QKeySequence.SequenceFormat.NativeText
            keys = ", ".join(sequence.toString(native) for sequence in action.shortcuts())
            words = f"{menus.get(declaration.menu, '')} › {action.text()}"
            if matches(text, f"{words} {keys}"):
                item = QTreeWidgetItem(self.tree, [words, keys])
                item.setData(0, Qt.ItemDataRole.UserRole, declaration.id)
        for gesture, meaning in GESTURES:
            if matches(text, f"{tr(gesture)} {tr(meaning)}"):
                QTreeWidgetItem(self.tree, [tr(meaning), tr(gesture)])

    def _edit(self, item: QTreeWidgetItem, _column: int) -> None:
        action_id = item.data(0, Qt.ItemDataRole.UserRole)
        if not action_id:
            return
        editor = QKeySequenceEdit(self._actions[action_id].shortcut())
        editor.editingFinished.connect(lambda: self._rebind(action_id, editor.keySequence()))
        self.tree.setItemWidget(item, 1, editor)
        editor.setFocus()

    def _rebind(self, action_id: str, sequence: QKeySequence) -> None:
        for declaration in ACTIONS:
            other = self._actions[declaration.id]
            if declaration.id != action_id and sequence in other.shortcuts() and not sequence.isEmpty():
                other.setShortcuts([keys for keys in other.shortcuts() if keys != sequence])
                self._remember(declaration.id)
        self._actions[action_id].setShortcuts([sequence] if not sequence.isEmpty() else [])
        self._remember(action_id)
        self.changed = True
        self._fill("")

    def _remember(self, action_id: str) -> None:
        portable = QKeySequence.SequenceFormat.PortableText
        self._settings.keys[action_id] = "; ".join(
            keys.toString(portable) for keys in self._actions[action_id].shortcuts()
        )
