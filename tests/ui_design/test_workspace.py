"""Palette, properties, problems, dialogs: the rest of the Design workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton

from mtlstudio.project.edits import add_task, set_parameters
from mtlstudio.project.spec import Connection, NetworkSpec, ProjectSpec
from mtlstudio.ui.design.dropping import MIME
from mtlstudio.ui.design.painting.rows import weight_words
from mtlstudio.ui.design.template_dialog import TemplateDialog
from mtlstudio.ui.design.tips import tip
from mtlstudio.ui.widgets.chip import Chip

LEFT = Qt.MouseButton.LeftButton


def settle(room: Any, qtbot: Any) -> None:
    """Waits for the figures."""
    qtbot.waitUntil(lambda: room.studio.analysis.analysis is not None and room.workspace.settled(), timeout=30000)


def drop(room: Any, type_id: str, at: QPoint) -> None:
    """What a drag from the palette sends to the canvas."""
    data = QMimeData()
    data.setData(MIME, type_id.encode())
    none, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(room.canvas, QDragEnterEvent(at, copy, data, LEFT, none))
    QApplication.sendEvent(room.canvas, QDragMoveEvent(at, copy, data, LEFT, none))
    QApplication.sendEvent(room.canvas, QDropEvent(QPointF(at), copy, data, LEFT, none))


def test_a_drop_on_a_connection_inserts_there(room: Any) -> None:
    target = Connection("stage2", "stage3")
    drop(room, "dropout", room.canvas.plus_button(target) + QPoint(3, 10))
    added = room.document.selection[0]
    assert room.tasks_of(added) == {"species", "breed", "mask"}
    assert {("stage2", added), (added, "stage3")} <= {(c.source, c.target) for c in room.spec.network.connections}


def test_only_what_fits_lights_up_for_a_drop(room: Any, qtbot: Any) -> None:
    settle(room, qtbot)
    data = QMimeData()
    data.setData(MIME, b"max_pool")
    at = room.canvas.plus_button(Connection("pool_species", "head_species"))
    QApplication.sendEvent(
        room.canvas, QDragEnterEvent(at, Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    )
    lit = {(c.source, c.target) for c in room.canvas.picture.fitting}
    assert ("pool_species", "head_species") not in lit and ("stage2", "stage3") in lit


def test_the_palette_searches_and_enter_adds_after_the_selection(room: Any) -> None:
    room.click(room.card("stage2"))
    field = room.workspace.palette_panel.field
    field.setFocus()
    QTest.keyClicks(field, "norm")
    QTest.keyClick(field, Qt.Key.Key_Return)
    added = room.document.selection[0]
    assert room.spec.network.layer(added).type == "norm"
    assert ("stage2", added) in {(c.source, c.target) for c in room.spec.network.connections}


def test_a_new_convolution_keeps_the_channels_so_that_what_follows_fits(room: Any, qtbot: Any) -> None:
    settle(room, qtbot)
    assert room.workspace.commands.add("convolution", Connection("stage2", "stage3"))
    added = room.spec.network.layer(room.document.selection[0])
    assert added.parameters["out_channels"] == 16
    settle(room, qtbot)
    assert room.studio.analysis.analysis.errors == ()


def test_parameters_change_in_one_step(room: Any) -> None:
    before = room.spec
    room.click(room.card("stage2"))
    form = room.workspace.properties.layer_page.form
    for value in (17, 18, 19):
        form.changed.emit("out_channels", value)
    assert room.spec.network.layer("stage2").parameters["out_channels"] == 19
    room.document.undo()
    assert room.spec == before


def test_several_layers_are_changed_together(room: Any) -> None:
    room.document.select(["stage1", "stage2"])
    page = room.workspace.properties.layer_page
    assert page.title.text() == "2 layers"
    page.form.changed.emit("blocks", 3)
    assert {room.spec.network.layer(i).parameters["blocks"] for i in ("stage1", "stage2")} == {3}


def test_typing_in_the_form_is_seen_on_the_card_and_the_form_keeps_the_focus(room: Any, qtbot: Any) -> None:
    room.click(room.card("stage2"))
    page = room.workspace.properties.layer_page
    page.form.focus("out_channels")
    editor = QApplication.focusWidget()
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert room.spec.network.layer("stage2").parameters["out_channels"] > 16
    assert QApplication.focusWidget() is editor


def chip(room: Any, name: str) -> Chip:
    found: Chip = room.workspace.properties.layer_page.chip(name)
    return found


def test_chips_say_and_change_who_shares(room: Any) -> None:
    room.click(room.card("stage4"))
    assert chip(room, "share-species").isChecked() and not chip(room, "share-mask").isChecked()
    QTest.mouseClick(chip(room, "share-mask"), LEFT)
    assert room.tasks_of("stage4") == {"species", "breed", "mask"}
    assert chip(room, "share-all").isChecked()
    QTest.mouseClick(chip(room, "share-own"), LEFT)
    assert room.tasks_of("stage4") == {"species"}
    assert chip(room, "share-own").isChecked()


def test_a_refused_chip_stays_as_it_was(room: Any) -> None:
    room.click(room.card("head_breed"))
    QTest.mouseClick(chip(room, "share-mask"), LEFT)
    assert room.said and not chip(room, "share-mask").isChecked()


def test_figures_that_can_be_seen_together_agree(room: Any, qtbot: Any) -> None:
    settle(room, qtbot)
    parameters = f"{room.workspace.properties.network_page.facts.facts()[0][1]} parameters"
    assert parameters in room.workspace.status()
    assert room.canvas.callout()[1].startswith(parameters)


def test_they_agree_while_the_split_point_is_dragged_too(room: Any, qtbot: Any) -> None:
    room.studio.engine.start()
    qtbot.waitUntil(lambda: room.studio.engine.is_ready, timeout=30000)
    settle(room, qtbot)
    before = room.canvas.callout()[1]
    start, places = room.canvas.split_handle(), room.canvas.split_positions_x()
    room.drag(start, QPoint(places[0], start.y()), drop=False)
    qtbot.waitUntil(lambda: room.canvas.callout()[1] != before, timeout=10000)
    parameters = f"{room.workspace.properties.network_page.facts.facts()[0][1]} parameters"
    assert room.canvas.callout()[1].startswith(parameters) and parameters in room.workspace.status()
    room.key(Qt.Key.Key_Escape)
    room.release(start)
    assert room.canvas.callout()[1] == before


@pytest.fixture
def wrong(pets_spec: ProjectSpec) -> ProjectSpec:
    """The pets with a decoder that gets a vector."""
    kept = tuple(c for c in pets_spec.network.connections if c != Connection("stage4_2", "up3"))
    joined = (*kept, Connection("pool_species", "up3"))
    return pets_spec.with_network(replace(pets_spec.network, connections=joined))


def test_f8_goes_from_problem_to_problem(open_room: Callable[..., Any], wrong: ProjectSpec, qtbot: Any) -> None:
    room = open_room(wrong)
    settle(room, qtbot)
    problems = room.studio.analysis.analysis.problems
    places = {problem.place.id for problem in problems if problem.place.kind == "layer"}
    assert places and room.canvas.picture.marks
    seen = set()
    for _press in range(len(problems) + 1):
        room.key(Qt.Key.Key_F8)
        seen.update(room.document.selection)
    assert places <= seen


def test_a_click_on_a_problem_goes_there(open_room: Callable[..., Any], wrong: ProjectSpec, qtbot: Any) -> None:
    room = open_room(wrong)
    settle(room, qtbot)
    notice = room.workspace.properties.network_page.problems.notices()[0]
    QTest.mouseClick(notice, LEFT)
    assert room.document.selection


def test_a_mend_mends(room: Any, qtbot: Any) -> None:
    loose = NetworkSpec(
        (*room.spec.network.layers, replace(room.spec.network.layer("stage2"), id="loose", name="Loose")),
        (*room.spec.network.connections, Connection("stage1", "loose")), room.spec.network.outputs,
    )  # fmt: skip
    room.document.apply("", lambda spec: spec.with_network(loose))
    settle(room, qtbot)
    room.document.select(["loose"])
    buttons = [b for b in room.workspace.properties.layer_page.problems.findChildren(QPushButton) if b.text()]
    assert buttons, "a dead layer has a mend"
    QTest.mouseClick(buttons[0], LEFT)
    assert "loose" not in {layer.id for layer in room.spec.network.layers}


def test_analyze_lists_and_sorts_by_numbers(room: Any, qtbot: Any) -> None:
    settle(room, qtbot)
    room.key(Qt.Key.Key_F7)
    dialog = room.workspace.analyze
    assert dialog is not None and dialog.isVisible() and dialog.table.rowCount() == len(room.spec.network.layers)
    dialog.table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    reports = room.studio.analysis.analysis.layers
    ids = [dialog.table.item(row, 0).data(Qt.ItemDataRole.UserRole + 1) for row in range(dialog.table.rowCount())]
    numbers = [reports[layer_id].parameters for layer_id in ids]
    assert numbers == sorted(numbers, reverse=True)
    dialog.table.itemActivated.emit(dialog.table.item(0, 0))
    assert room.document.selection == (ids[0],)


def test_a_template_replaces_the_network_in_one_step(room: Any) -> None:
    before = room.spec

    def choose() -> None:
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, TemplateDialog) and w.isVisible())
        rows = [dialog.list.item(i).data(Qt.ItemDataRole.UserRole) for i in range(dialog.list.count())]
        dialog.list.setCurrentRow(rows.index("separate"))
        dialog.accept()

    QTimer.singleShot(0, choose)
    room.workspace.handlers()["design.template"]()  # type: ignore[operator]
    assert all(len(layer.tasks) == 1 for layer in room.spec.network.layers if layer.type != "input")
    room.document.undo()
    assert room.spec == before


def test_an_empty_network_offers_a_template_or_a_start(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    room = open_room(pets_spec.with_network(NetworkSpec()))
    assert room.workspace.host.empty.isVisible()
    assert room.workspace.commands.add("convolution"), "the inputs come first"
    assert [layer.type for layer in room.spec.network.layers] == ["input", "convolution"]
    assert not room.workspace.host.empty.isVisible()
    room.document.undo()
    assert room.workspace.host.empty.isVisible()


def test_the_context_menu_follows_what_is_under_it(room: Any) -> None:
    room.canvas.menu_wanted.emit(room.canvas.hit(room.card("stage4")), room.canvas.mapToGlobal(room.card("stage4")))
    menu = room.canvas.findChild(QMenu, "canvas-menu")
    assert menu is not None
    assert room.workspace.actions_["design.rename"] in menu.actions()
    menu.close()


def test_a_task_goes_and_a_new_one_gets_a_head(room: Any) -> None:
    commands, breed = room.workspace.commands, room.spec.task("breed")
    assert commands.remove_task("breed")
    assert room.spec.task_ids == ("species", "mask")
    room.document.apply("", lambda spec: add_task(spec, breed))
    room.document.select(["stage3"])
    assert commands.attach_head("breed")
    assert room.document.selection == ("stage3",), "the next head can start from there, too"
    head = room.spec.network.layer(room.spec.network.output_of("breed").layer)
    assert head.type == "linear_head" and head.tasks == {"breed"}


def test_actions_that_need_a_selection_are_grey_without_one(room: Any) -> None:
    room.document.select([])
    assert not room.workspace.actions_["design.delete"].isEnabled()
    room.document.select(["stage1"])
    assert room.workspace.actions_["design.delete"].isEnabled()


def test_copies_follow_what_was_copied(room: Any) -> None:
    room.document.select(["up2", "up3"])
    assert room.workspace.commands.duplicate()
    assert len(room.document.selection) == 2
    assert {room.spec.network.layer(i).name for i in room.document.selection} == {"Up 2", "Up 3"}


def test_layers_travel_over_the_clipboard(room: Any, open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    room.click(room.card("stage2"))
    room.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    other = open_room(pets_spec)
    other.click(other.card("stage4_2"))
    other.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    pasted = other.spec.network.layer(other.document.selection[0])
    assert (pasted.name, pasted.parameters["out_channels"]) == ("Stage 2", 16)
    assert pasted.tasks == {"mask"}
    other.key(Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert pasted.id not in {layer.id for layer in other.spec.network.layers}
    QApplication.clipboard().setText("nonsense")
    assert not other.workspace.commands.paste()


def test_a_weight_reads_the_same_in_the_row_and_in_the_panel(room: Any) -> None:
    slider = room.workspace.properties.network_page.weights["mask"]
    for weight in (0.5, 0.123, 1.0):
        room.workspace.commands.set_weight("mask", weight)
        assert slider.findChild(QLineEdit).text() == weight_words(weight)
    before = room.spec
    slider.changed.emit(0.3)
    slider.changed.emit(0.4)
    slider.released.emit(0.4)
    assert room.spec.task("mask").loss_weight == 0.4
    room.document.undo()
    assert room.spec == before


def test_a_double_click_on_the_slider_lets_the_weight_be_typed(room: Any) -> None:
    room.double_click(room.canvas.weight_slider("mask", 0.5))
    room.type("0,75")
    room.key(Qt.Key.Key_Return)
    assert room.spec.task("mask").loss_weight == 0.75


def test_tool_tips_tell_what_is_there(room: Any, qtbot: Any) -> None:
    settle(room, qtbot)
    tasks = room.canvas.scene.layout
    words = tip(room.canvas.hit(room.card("stage4")), room.canvas.picture, tasks)
    assert "Stage 4" in words and "Species, Breed" in words and "parameters" in words
    assert "Pet mask" in tip(room.canvas.hit(room.canvas.row_header("mask")), room.canvas.picture, tasks)
    assert tip(room.canvas.hit(room.canvas.split_handle()), room.canvas.picture, tasks)


def test_many_tasks_and_layers_open(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    many = replace(pets_spec, tasks=tuple(
        replace(pets_spec.tasks[0], id=f"t{i}", name=f"Attribute {i}") for i in range(40)
    ))  # fmt: skip
    from mtlstudio.network.templates.registry import template

    room = open_room(many.with_network(template("shared").build(many)))
    assert room.canvas.scene.layout.rows[0].height == 28
    room.canvas.show_all()
    last = room.canvas.scene.row(39)
    assert last.bottom <= room.canvas.height()


def test_changing_a_weight_leaves_the_figures_fresh(room: Any, qtbot: Any) -> None:
    settle(room, qtbot)
    room.document.apply("", lambda spec: replace(spec, tasks=tuple(
        replace(task, loss_weight=0.7) for task in spec.tasks
    )))  # fmt: skip
    assert not room.canvas.picture.stale
    room.document.apply("", lambda spec: set_parameters(spec, ["stage1"], out_channels=24))
    assert room.canvas.picture.stale
    settle(room, qtbot)
    assert not room.canvas.picture.stale
