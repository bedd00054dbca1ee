"""The outline: searched, selected, renamed and grouped with a hand; fast with a thousand layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, ProjectSpec
from mtlstudio.ui.design.outline_model import OutlineModel

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def open_outline(room: Any) -> Any:
    QTest.keyClick(room.canvas, Qt.Key.Key_F, CTRL)
    outline = room.workspace.panels.outline
    assert outline.isVisible() and outline.field.hasFocus()
    return outline


def place(outline: Any, layer_id: str) -> QPoint:
    return outline.tree.visualRect(outline.model.index_of(layer_id)).center()


def tops(model: OutlineModel) -> list[str]:
    return [model.node(model.index(row, 0)).name for row in range(model.rowCount())]


def test_layers_stand_under_who_shares_them_in_the_order_of_the_way(room: Any) -> None:
    outline = open_outline(room)
    assert tops(outline.model) == ["all 3", "Species + Breed", "Species", "Breed", "Pet mask"]
    assert outline.model.layer_ids()[:5] == ["image", "stage1", "stage2", "stage3", "stage4"]


def test_search_finds_by_name_type_parameter_and_state(room: Any) -> None:
    outline = open_outline(room)
    for text, found in (
        ("stage 4", ["stage4", "stage4_2"]), ("decoder up 1", ["up1"]), ("out_channels=8", ["stage1", "up1"]),
    ):  # fmt: skip
        outline.field.clear()
        QTest.keyClicks(outline.field, text)
        assert outline.model.layer_ids() == found
    room.document.apply("freeze", lambda spec: edits.set_frozen(spec, ["stage2"], True))
    outline.field.setText("frozen")
    assert outline.model.layer_ids() == ["stage2"]
    outline.field.setText("nowhere")
    assert outline.nothing.isVisible() and not outline.tree.isVisible()


def test_a_click_selects_and_ctrl_adds(room: Any) -> None:
    outline = open_outline(room)
    QTest.mouseClick(outline.tree.viewport(), LEFT, NONE, place(outline, "stage2"))
    assert room.document.selection == ("stage2",)
    QTest.mouseClick(outline.tree.viewport(), LEFT, CTRL, place(outline, "stage3"))
    assert set(room.document.selection) == {"stage2", "stage3"}


def test_what_is_selected_on_the_grid_is_selected_here(room: Any) -> None:
    outline = open_outline(room)
    room.click(room.card("stage4"))
    nodes = [outline.model.node(index) for index in outline.tree.selectionModel().selectedIndexes()]
    assert [node.layer.id for node in nodes] == ["stage4"]


def test_arrows_and_enter_in_the_field_go_to_a_layer(room: Any) -> None:
    outline = open_outline(room)
    QTest.keyClicks(outline.field, "up")
    QTest.keyClick(outline.field, Qt.Key.Key_Down)
    QTest.keyClick(outline.field, Qt.Key.Key_Down)
    QTest.keyClick(outline.field, Qt.Key.Key_Return)
    assert room.document.selection == ("up2",)


def test_f2_renames_in_the_tree(room: Any, qtbot: Any) -> None:
    outline = open_outline(room)
    QTest.mouseClick(outline.tree.viewport(), LEFT, NONE, place(outline, "stage2"))
    outline.tree.setFocus()
    QTest.keyClick(outline.tree, Qt.Key.Key_F2)
    editor = outline.tree.findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    editor.setText("第二级")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: room.spec.network.layer("stage2").name == "第二级")


def test_layers_dropped_on_a_group_join_it_and_undo_takes_them_out(room: Any) -> None:
    room.document.apply("group", lambda spec: edits.group_layers(spec, ["stage1", "stage2"], "Early")[0])
    outline = open_outline(room)
    model, before = outline.model, room.spec
    group = model.parent(model.index_of("stage1"))
    data = model.mimeData([model.index_of("stage3")])
    model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, group)
    QApplication.processEvents()
    (made,) = room.spec.network.groups
    assert made.name == "Early" and set(made.layers) == {"stage1", "stage2", "stage3"}
    room.document.undo()
    assert room.spec == before


def test_a_thousand_layers_are_shown_and_searched(qapp: QApplication) -> None:
    tasks = frozenset({"a"})
    layers = tuple(LayerSpec(f"c{n}", f"Convolution {n}", "convolution", tasks, FrozenDict()) for n in range(1000))
    ways = tuple(Connection(f"c{n}", f"c{n + 1}") for n in range(999))
    spec = replace(ProjectSpec("big"), network=NetworkSpec(layers, ways))
    model = OutlineModel()
    model.show(spec, None)
    model.search("convolution 77")
    assert model.layer_ids() == [f"c{n}" for n in range(1000) if "77" in str(n)]
    assert model.rowCount(QModelIndex()) == 1
