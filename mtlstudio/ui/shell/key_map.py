"""The key map (`?`): every command with its key, and rebinding them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
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
from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.widgets.common import button, dialog_buttons, label
from mtlstudio.ui.widgets.search_field import SearchField
from mtlstudio.ui.widgets.sizes import resize_on_screen

GESTURES: tuple[tuple[str, str], ...] = (
    (mark("Wheel"), mark("zoom to the pointer")),
    (mark("Middle drag, or Space and drag"), mark("pan")),
    (mark("Drag on empty ground"), mark("select with a rubber band")),
    (mark("Drag a card's edge"), mark("share it with another task, or give each its own")),
    (mark("Drag the handle above the grid"), mark("move the split point")),
    (mark("Drag from a card's right edge"), mark("connect it; what fits lights up")),
    (mark("Drag a row's name"), mark("move a task up or down")),
    (mark("Double-click on a card"), mark("rename it")),
    (mark("Double-click on empty ground"), mark("search for a layer to add")),
    (mark("Arrow keys"), mark("go from card to card")),
    (mark("Enter on a card"), mark("go to its properties")),
    (mark("Ctrl+Enter in the search"), mark("one layer for each task")),
    (mark("Double-click on a folded card"), mark("unfold the group")),
    (mark("Enter in the outline"), mark("go to the layer")),
    (mark("Drag in the minimap"), mark("look elsewhere")),
    (mark("1 … 9 in Inspect"), mark("show or hide a task's layer")),
    (mark("` held in Inspect"), mark("the bare picture")),
    (mark("Double-click on a curve"), mark("show all of it")),
)
_ID = Qt.ItemDataRole.UserRole


class KeyMap(QDialog):
    """Lists keys and gestures; a key that is typed into a row replaces the command's own."""

    def __init__(self, actions: Actions, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("key-map")
        self.setWindowTitle(tr("Key map"))
        self._actions, self._settings = actions, settings
        self.changed = False
        self.search = SearchField(tr("Search keys and commands"))
        self.tree = QTreeWidget()
        self.tree.setObjectName("key-tree")
        self.tree.setAccessibleName(tr("Keys"))
        self.tree.setHeaderLabels([tr("Command"), tr("Key")])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().resizeSection(1, scaled(210))
        self.told = label(role="small", wrap=True)
        self.told.setObjectName("key-told")
        self._lay_out()
        self.tree.itemDoubleClicked.connect(lambda item, _column: self._edit(item))
        self.tree.itemActivated.connect(lambda item, _column: self._edit(item))
        self.tree.currentItemChanged.connect(lambda _now, _before: self._refresh_buttons())
        self.search.textChanged.connect(lambda _text: self._fill())
        self.search.stepped.connect(self._step)
        self.search.accepted.connect(self._edit_current)
        self.search.cancelled.connect(self.reject)
        resize_on_screen(self, 660, 600)
        self._fill()
        self._tell(tr("Enter or a double click gives a command another key."))
        self.search.setFocus()

    def _lay_out(self) -> None:
        self.rebind = button(tr("Other key…"), "keyboard", small=True)
        self.without = button(tr("No key"), small=True)
        self.reset = button(tr("Reset"), "reset", small=True)
        self.reset_all = button(tr("Reset all keys"), quiet=True, small=True)
        for name, widget in (("rebind", self.rebind), ("without", self.without), ("reset", self.reset)):
            widget.setObjectName(f"key-{name}")
            widget.setAutoDefault(False)
        self.reset_all.setObjectName("key-reset-all")
        self.reset_all.setAutoDefault(False)
        self.rebind.clicked.connect(self._edit_current)
        self.without.clicked.connect(lambda: self._rebind(self._current(), QKeySequence()))
        self.reset.clicked.connect(lambda: self._reset([self._current()]))
        self.reset_all.clicked.connect(lambda: self._reset([item.id for item in ACTIONS]))
        row = QHBoxLayout()
        for widget in (self.rebind, self.without, self.reset):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.reset_all)
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addLayout(row)
        column.addWidget(self.told)
        column.addWidget(buttons)

    def _fill(self) -> None:
        before, text = self._current(), self.search.text()
        self.tree.clear()
        for menu, name in (*MENUS, ("", mark("Others"))):
            lines = [self._line(item.id) for item in ACTIONS if item.menu == menu]
            self._section(
                tr(name), [line for line in lines if matches(text, f"{tr(name)} {line.text(0)} {line.text(1)}")]
            )
        gestures = [(tr(meaning), tr(gesture)) for gesture, meaning in GESTURES]
        self._section(
            tr("Mouse and fixed keys"),
            [QTreeWidgetItem([what, how]) for what, how in gestures if matches(text, f"{what} {how}")],
        )
        self.tree.expandAll()
        lines = [line for line in self._lines() if line.data(0, _ID)]
        if lines:
            self.tree.setCurrentItem(next((line for line in lines if line.data(0, _ID) == before), lines[0]))
        self._refresh_buttons()

    def _section(self, name: str, lines: Iterable[QTreeWidgetItem]) -> None:
        inside = list(lines)
        if not inside:
            return
        head = QTreeWidgetItem(self.tree, [name])
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        head.setFirstColumnSpanned(True)
        head.setForeground(0, theme().colour("dim"))
        head.addChildren(inside)

    def _line(self, action_id: str) -> QTreeWidgetItem:
        native = QKeySequence.SequenceFormat.NativeText
        keys = ", ".join(sequence.toString(native) for sequence in self._actions[action_id].shortcuts())
        line = QTreeWidgetItem([self._name(action_id), keys])
        line.setData(0, _ID, action_id)
        if action_id in self._settings.keys:
            line.setForeground(1, theme().colour("accent"))
            line.setToolTip(1, tr("Its own key: {key}", key=self._own(action_id) or tr("none")))
        return line

    def _lines(self) -> list[QTreeWidgetItem]:
        heads = [self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount())]
        lines = [head.child(row) for head in heads if head is not None for row in range(head.childCount())]
        return [line for line in lines if line is not None]

    def _current(self) -> str:
        item = self.tree.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def _step(self, by: int) -> None:
        lines = [line for line in self._lines() if line.data(0, _ID)]
        current = self.tree.currentItem()
        if lines:
            place = lines.index(current) + by if current in lines else 0
            self.tree.setCurrentItem(lines[place % len(lines)])

    def _refresh_buttons(self) -> None:
        action_id = self._current()
        for widget in (self.rebind, self.without):
            widget.setEnabled(bool(action_id))
        self.without.setEnabled(bool(action_id) and bool(self._actions[action_id].shortcuts()))
        self.reset.setEnabled(action_id in self._settings.keys)
        self.reset_all.setEnabled(bool(self._settings.keys))

    # --- changing ---------------------------------------------------------------------------------------------

    def _edit_current(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self._edit(item)

    def _edit(self, item: QTreeWidgetItem) -> None:
        action_id = str(item.data(0, _ID) or "")
        if not action_id:
            return
        editor = QKeySequenceEdit()
        editor.setObjectName("key-edit")
        editor.setMaximumSequenceLength(1)
        editor.keySequenceChanged.connect(lambda keys: self._told_conflict(action_id, keys))
        editor.editingFinished.connect(lambda: self._finish(action_id, editor))
        self.tree.setItemWidget(item, 1, editor)
        self._tell(tr("Press the new key for “{name}”.", name=self._name(action_id)))
        editor.setFocus()

    def _finish(self, action_id: str, editor: QKeySequenceEdit) -> None:
        editor.blockSignals(True)
        if not editor.keySequence().isEmpty():
            self._rebind(action_id, editor.keySequence())
        else:
            self._fill()

    def _rebind(self, action_id: str, sequence: QKeySequence) -> None:
        if not action_id:
            return
        taken = self._owners(action_id, sequence)
        for other in taken:
            action = self._actions[other]
            action.setShortcuts([keys for keys in action.shortcuts() if keys != sequence])
            self._remember(other)
        self._actions[action_id].setShortcuts([sequence] if not sequence.isEmpty() else [])
        self._remember(action_id)
        self.changed = True
        self._fill()
        key = sequence.toString(QKeySequence.SequenceFormat.NativeText)
        values = {"key": key, "name": self._name(action_id), "others": ", ".join(self._name(item) for item in taken)}
        if taken:
            self._tell(tr("{key} is now “{name}”; it was taken from {others}.", **values), "warning")
        elif key:
            self._tell(tr("{key} is now “{name}”.", **values))
        else:
            self._tell(tr("“{name}” has no key now.", **values))

    def _reset(self, action_ids: list[str]) -> None:
        """Gives commands the keys they were delivered with; they are taken from whoever has them now."""
        wanted = [action_id for action_id in action_ids if action_id in self._settings.keys]
        for action_id in wanted:
            keys = [QKeySequence(key) for key in self._actions.declaration(action_id).key.split("; ") if key]
            for sequence in keys if len(wanted) == 1 else ():
                for other in self._owners(action_id, sequence):
                    self._actions[other].setShortcuts([k for k in self._actions[other].shortcuts() if k != sequence])
                    self._remember(other)
            self._actions[action_id].setShortcuts(keys)
            self._settings.keys.pop(action_id, None)
        self.changed = self.changed or bool(wanted)
        self._fill()
        self._tell(tr("The keys are as they were."))

    def _owners(self, action_id: str, sequence: QKeySequence) -> list[str]:
        """Other commands that have the key and can be meant at the same time."""
        room = self._actions.declaration(action_id).workspace
        return [
            item.id
            for item in ACTIONS
            if item.id != action_id
            and not sequence.isEmpty()
            and sequence in self._actions[item.id].shortcuts()
            and (not room or not item.workspace or room == item.workspace)
        ]

    def _told_conflict(self, action_id: str, sequence: QKeySequence) -> None:
        taken = self._owners(action_id, sequence)
        if taken:
            key = sequence.toString(QKeySequence.SequenceFormat.NativeText)
            self._tell(tr("{key} belongs to {others}.", key=key, others=", ".join(map(self._name, taken))), "warning")

    def _remember(self, action_id: str) -> None:
        portable = QKeySequence.SequenceFormat.PortableText
        keys = "; ".join(keys.toString(portable) for keys in self._actions[action_id].shortcuts())
        if keys == self._own(action_id):
            self._settings.keys.pop(action_id, None)
        else:
            self._settings.keys[action_id] = keys

    def _own(self, action_id: str) -> str:
        """The keys that a command was delivered with."""
        return self._actions.declaration(action_id).key

    def _name(self, action_id: str) -> str:
        return tr(self._actions.declaration(action_id).text).rstrip("…")

    def _tell(self, text: str, role: str = "small") -> None:
        self.told.setProperty("role", role)
        self.told.style().polish(self.told)
        self.told.setText(text)
