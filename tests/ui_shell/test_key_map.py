"""Keys are rebound with a hand; conflicts are told, keys come back, text fields keep their letters."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QKeySequenceEdit, QLineEdit, QMainWindow, QPushButton

from mtlstudio.base.settings import Settings
from mtlstudio.ui.shell.actions import ACTIONS, Actions
from mtlstudio.ui.shell.key_map import KeyMap

CTRL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


class Keys:
    """A window with actions and the key map over it."""

    def __init__(self, window: QMainWindow) -> None:
        self.window, self.settings = window, Settings(language="en")
        self.actions = Actions(window, {})
        self.dialog = KeyMap(self.actions, self.settings, window)
        self.dialog.show()

    def keys(self, action_id: str) -> list[str]:
        return [keys.toString(QKeySequence.SequenceFormat.PortableText) for keys in self.actions[action_id].shortcuts()]

    def press(self, name: str) -> None:
        QTest.mouseClick(self.dialog.findChild(QPushButton, f"key-{name}"), Qt.MouseButton.LeftButton)

    def rebind(self, search: str, key: Any, held: Any = NONE) -> None:
        self.dialog.search.setText(search)
        QTest.keyClick(self.dialog.search, Qt.Key.Key_Return)
        editor = self.dialog.tree.findChild(QKeySequenceEdit, "key-edit")
        assert editor is not None
        QTest.keyClick(editor, key, held)
        editor.editingFinished.emit()


@pytest.fixture
def keys(qtbot: Any) -> Keys:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    return Keys(window)


def test_a_key_is_typed_into_the_row_that_was_found(keys: Keys) -> None:
    keys.rebind("Replace by a template", Qt.Key.Key_T, CTRL)
    assert keys.keys("design.template") == ["Ctrl+T"] and keys.settings.keys == {"design.template": "Ctrl+T"}
    assert "Ctrl+T" in keys.dialog.told.text() and keys.dialog.changed


def test_a_conflict_is_told_and_the_other_command_loses_the_key(keys: Keys) -> None:
    keys.rebind("Replace by a template", Qt.Key.Key_F7)
    assert keys.keys("design.template") == ["F7"] and keys.keys("design.analyze") == []
    assert "Analyze" in keys.dialog.told.text()


def test_the_same_key_in_two_workspaces_is_no_conflict(keys: Keys) -> None:
    keys.rebind("Fit the picture", Qt.Key.Key_G, CTRL)
    assert keys.keys("inspect.fit") == ["Ctrl+G"] and keys.keys("design.group") == ["Ctrl+G"]


def test_one_key_and_all_keys_come_back(keys: Keys) -> None:
    before = {item.id: keys.keys(item.id) for item in ACTIONS}
    keys.rebind("Replace by a template", Qt.Key.Key_F7)
    keys.dialog.search.setText("Analyze")
    keys.dialog._step(1)
    keys.press("reset")
    assert keys.keys("design.analyze") == ["F7"] and keys.keys("design.template") == []
    assert keys.settings.keys == {}
    keys.rebind("Add a layer", Qt.Key.Key_F9)
    keys.press("without")
    assert keys.keys("design.add") == [] and keys.settings.keys == {"design.add": ""}
    keys.press("reset-all")
    assert {item.id: keys.keys(item.id) for item in ACTIONS} == before and keys.settings.keys == {}


def test_kept_keys_are_used_by_the_next_window(qtbot: Any) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = Actions(window, {"design.analyze": "Ctrl+J", "design.fit": ""})
    assert [keys.toString() for keys in actions["design.analyze"].shortcuts()] == ["Ctrl+J"]
    assert actions["design.fit"].shortcuts() == []


def test_text_fields_keep_their_letters(qtbot: Any) -> None:
    window, line = QMainWindow(), QLineEdit()
    qtbot.addWidget(window)
    window.setCentralWidget(line)
    actions, done = Actions(window, {}), []
    actions.connect_handlers({"design.fit": lambda: done.append("fit"), "design.minimap": lambda: done.append("map")})
    actions.set_context("design", True)
    window.show()
    window.activateWindow()
    line.setFocus()
    QTest.keyClicks(line, "fm")
    assert line.text() == "fm" and done == []
