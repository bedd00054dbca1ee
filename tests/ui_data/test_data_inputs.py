"""Claims about the inputs of a project in the Data workspace, worked with clicks and keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QMessageBox, QPushButton

from mtlstudio.network.templates.registry import template
from mtlstudio.project.check import check_structure
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import NetworkSpec, ProjectSpec
from mtlstudio.ui.data.inputs_panel import FROM
from tests.ui_data.room import Room, scenes_spec

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bare(open_room: Callable[[ProjectSpec], Room], tmp_path: Path) -> Room:
    """The sample scenes without a network."""
    return open_room(scenes_spec(tmp_path / "project", missing=0).with_network(NetworkSpec()))


def _answer(room: Room, words: str) -> None:
    box = room.dialog(QMessageBox)
    wanted = next(found for found in box.buttons() if found.text() == words)
    QTest.mouseClick(wanted, LEFT)


def _choose_in_menu(room: Room, words: str) -> None:
    room.click("add-input")
    menu = next(found for found in room.data.findChildren(QMenu, "input-menu") if found.isVisible())
    action = next(found for found in menu.actions() if found.text() == words)
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())


def _errors(spec: ProjectSpec) -> list[str]:
    return [p.text() for p in check_structure(spec) if p.severity is Severity.ERROR]


def test_one_click_makes_depth_an_input_instead_of_a_task(bare: Room) -> None:
    assert template("early_fusion").lacks(bare.document.spec)
    assert bare.data.inputs.use.text() == "Use Depth as an input"
    bare.click("use-as-input")
    _answer(bare, "Remove the task")
    spec = bare.document.spec
    assert [(item.id, item.type, item.channels) for item in spec.inputs] == [("image", "image", 3), ("depth", "map", 1)]
    assert "depth" not in spec.task_ids
    assert dict(spec.datasets[0].inputs) == {"depth": "depth"}
    assert not template("early_fusion").lacks(spec)
    bare.settle()
    data = bare.project
    assert data.read_inputs(data.all_items[0], 64, 64)["depth"].shape == (64, 64)
    bare.document.undo()
    assert "depth" in bare.document.spec.task_ids
    assert len(bare.document.spec.inputs) == 1, "task and input are one step"


def test_the_task_may_be_kept_and_the_question_left(bare: Room) -> None:
    bare.click("use-as-input")
    _answer(bare, "Cancel")
    assert len(bare.document.spec.inputs) == 1
    bare.click("use-as-input")
    _answer(bare, "Keep it")
    assert len(bare.document.spec.inputs) == 2
    assert "depth" in bare.document.spec.task_ids


def test_a_network_gets_a_layer_for_the_new_input(scenes: Room) -> None:
    before = scenes.document.spec.network
    scenes.click("use-as-input")
    _answer(scenes, "Remove the task")
    spec = scenes.document.spec
    layers = [layer for layer in spec.network.layers if layer.parameters.get("input") == "depth"]
    assert len(layers) == 1
    assert not _errors(spec)
    scenes.document.undo()
    assert scenes.document.spec.network == before


def test_name_channels_and_source_by_hand(bare: Room) -> None:
    _choose_in_menu(bare, "Another map")
    spec = bare.document.spec
    assert [item.name for item in spec.inputs] == ["Image", "Map"]
    assert not spec.datasets[0].inputs
    form = bare.data.inputs.forms["map"]
    assert bare.data.inputs.folds["map"].is_expanded(), "what was just added is open"
    line = form.editor("name").field()
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, "How far away")
    assert bare.document.spec.input("map").name == "How far away"
    channels = form.editor("channels").field()
    channels.setFocus()
    QTest.keyClick(channels, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(channels, "2")
    assert bare.document.spec.input("map").channels == 2
    source = form.editor(FROM + bare.document.spec.datasets[0].id).field()
    assert isinstance(source, QComboBox)
    assert source.currentText() == "nothing yet"
    source.setFocus()
    for _step in range(10):
        if source.currentText() != "Depth":
            QTest.keyClick(source, Qt.Key.Key_Down)
    assert dict(bare.document.spec.datasets[0].inputs) == {"map": "depth"}
    assert not bare.data.inputs.use.isVisible() or "Depth" not in bare.data.inputs.use.text()
    assert bare.document.undo_text == "Take How far away from elsewhere"


def test_the_picture_can_be_a_second_input(bare: Room) -> None:
    _choose_in_menu(bare, "Picture (map)")
    spec = bare.document.spec
    assert [item.channels for item in spec.inputs] == [3, 3]
    bare.settle()
    data = bare.project
    inputs = data.read_inputs(data.all_items[0], 64, 64)
    assert inputs[spec.inputs[1].id].shape == (64, 64, 3)


def test_an_input_can_be_removed_unless_it_is_needed(bare: Room) -> None:
    assert bare.data.findChild(QPushButton, "remove-input-image") is None, "the last one stays"
    bare.click("use-as-input")
    _answer(bare, "Keep it")
    bare.settle()
    bare.click("remove-input-depth")
    assert len(bare.document.spec.inputs) == 1
    assert not bare.document.spec.datasets[0].inputs
    bare.document.undo()
    network = template("early_fusion").build(bare.document.spec)
    bare.document.apply("", lambda spec: replace(spec, network=network))
    said: list[str] = []
    bare.document.refused.connect(said.append)
    QApplication.processEvents()
    bare.settle()
    bare.click("remove-input-depth")
    assert len(bare.document.spec.inputs) == 2
    assert "Depth" in said[0]
