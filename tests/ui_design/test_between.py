"""Layers between tasks, connections with several ports, groups, drops: under a real mouse and real keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from mtlstudio.network.templates.registry import template
from mtlstudio.project.edits import add_layer, group_tasks
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import Connection, ProjectSpec, TaskSpec
from mtlstudio.ui.design.dropping import MIME
from mtlstudio.ui.design.hits import Hit
from mtlstudio.ui.design.layout import lay_out

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
TASKS = {"species", "breed", "mask"}


@pytest.fixture
def separate(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> Any:
    """Every task its own network."""
    return open_room(pets_spec.with_network(template("separate").build(pets_spec)))


def drop(room: Any, type_id: str, at: QPoint, let_go: bool = True) -> None:
    """Drags a type from the palette to a place of the canvas."""
    data = QMimeData()
    data.setData(MIME, type_id.encode())
    rest = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(room.canvas, QDragEnterEvent(at, *rest))
    QApplication.sendEvent(room.canvas, QDragMoveEvent(at, *rest))
    if let_go:
        QApplication.sendEvent(room.canvas, QDropEvent(QPointF(at), *rest))


def between(room: Any, first: str, second: str) -> QPoint:
    """A place between the columns of two layers, in the uppermost row."""
    one, two = room.canvas.card_rect(first), room.canvas.card_rect(second)
    return QPoint((one.right() + two.left()) // 2, one.center().y())


def second_of(room: Any, task: str) -> str:
    """The second layer of a task's own way."""
    own = [layer.id for layer in room.spec.network.layers if layer.tasks == {task}]
    return own[1]


def first_of(room: Any, task: str) -> str:
    return next(layer.id for layer in room.spec.network.layers if layer.tasks == {task})


def cross(room: Any) -> str:
    """Drops a cross-stitch unit behind the first own layers; its id."""
    drop(room, "cross_stitch", between(room, first_of(room, "species"), second_of(room, "species")))
    return str(room.document.selection[0])


def test_a_layer_between_tasks_falls_over_all_rows(separate: Any) -> None:
    room = separate
    place = between(room, first_of(room, "species"), second_of(room, "species"))
    drop(room, "cross_stitch", place, let_go=False)
    assert len(room.canvas.picture.landing) == 3, "the preview shows the rows"
    assert room.canvas.picture.note is not None and not room.canvas.picture.note[2]
    unit = cross(room)
    assert room.tasks_of(unit) == TASKS
    assert {c.target_port for c in room.spec.network.connections if c.target == unit} == {lane(t) for t in TASKS}
    assert room.tasks_of(first_of(room, "species")) == {"species"}, "what stands before it stays the task's own"
    for task in TASKS:
        row = room.canvas.scene.row(room.canvas.scene.layout.row_of[task])
        dot = room.canvas.lane_dot(unit, task)
        assert row.y < dot.y() < row.bottom and abs(dot.x() - room.canvas.card_rect(unit).left()) <= 2


def test_in_the_trunk_the_drop_says_why_not(room: Any) -> None:
    before = room.spec
    at = between(room, "stage1", "stage2")
    drop(room, "cross_stitch", at, let_go=False)
    assert room.canvas.picture.note is not None and room.canvas.picture.note[2]
    drop(room, "cross_stitch", at)
    assert room.spec is before and room.said and "Stage" in room.said[-1]


def test_pushing_its_edge_takes_a_task_out_and_pulling_brings_it_back(separate: Any) -> None:
    room = separate
    unit = cross(room)
    order = room.canvas.scene.layout.tasks
    handle = room.canvas.edge_handle(unit, "lower")
    room.drag(handle, QPoint(handle.x(), room.middle_of_row(order[1])))
    assert order[2] not in room.tasks_of(unit) and len(room.tasks_of(unit)) == 2
    handle = room.canvas.edge_handle(unit, "lower")
    room.drag(handle, QPoint(handle.x(), room.middle_of_row(order[2])))
    assert room.tasks_of(unit) == TASKS


def test_a_lane_is_pulled_from_its_dot(separate: Any) -> None:
    room = separate
    unit = cross(room)
    dot = room.canvas.lane_dot(unit, "breed", "right")
    assert room.canvas.hit(dot) == Hit("port", layer=unit, port=lane("breed"))
    room.drag(dot, dot + QPoint(30, 30), drop=False)
    assert room.canvas.picture.joinable
    assert all(room.tasks_of(card) == {"breed"} for card in room.canvas.picture.joinable)
    room.key(Qt.Key.Key_Escape)
    assert room.canvas.picture.joinable is None and room.canvas.picture.wire is None


def test_only_what_fits_lights_up_and_the_rest_says_why(room: Any, qtbot: Any) -> None:
    qtbot.waitUntil(room.workspace.settled, timeout=20000)
    room.click(room.card("up3"))
    before = room.spec
    room.drag(room.canvas.out_port("up3"), room.card("stage2"), drop=False)
    assert "up1" in room.canvas.picture.joinable and "stage2" not in room.canvas.picture.joinable
    assert room.canvas.picture.note[2] and "own output" in room.canvas.picture.note[1]
    room.release(room.card("stage2"))
    assert room.spec is before and "own output" in room.said[-1]


def test_several_ports_are_offered(room: Any, qtbot: Any) -> None:
    room.document.apply("", lambda spec: add_layer(spec, "unet_decoder", "Late", {"out_channels": 8}, ["mask"])[0])
    qtbot.waitUntil(room.workspace.settled, timeout=20000)
    room.click(room.card("stage3"))
    room.drag(room.canvas.out_port("stage3"), room.card("late"))
    menu = room.canvas.findChild(QMenu, "port-menu")
    assert menu is not None and len(menu.actions()) == 2
    menu.actions()[1].trigger()
    menu.close()
    made = [c for c in room.spec.network.connections if c.target == "late"]
    assert [c.target_port for c in made] == ["skip"]


def test_a_connection_dropped_on_nothing_asks_for_a_layer_and_joins_it(room: Any) -> None:
    room.click(room.card("stage2"))
    end = QPoint(room.canvas.card_rect("pool_breed").right() + 40, room.middle_of_row("breed", 0.85))
    room.drag(room.canvas.out_port("stage2"), end)
    assert room.workspace.quick_add.isVisible()
    room.type("convolution")
    room.key(Qt.Key.Key_Return)
    made = room.document.selection[0]
    assert Connection("stage2", made) in room.spec.network.connections
    assert room.tasks_of(made) == {"breed"}, "in the row where it was let go"
    assert room.tasks_of("stage3") == TASKS, "nothing else has changed"


def test_c_arrows_and_enter_connect(room: Any, qtbot: Any) -> None:
    qtbot.waitUntil(room.workspace.settled, timeout=20000)
    room.document.apply("", lambda spec: add_layer(spec, "add", "Sum", {}, ["mask"])[0])
    room.click(room.card("up1"))
    room.key(Qt.Key.Key_C)
    assert room.canvas.picture.joinable is not None
    for key in (Qt.Key.Key_Left,) * 30:
        room.key(key)
    for _step in range(40):
        if room.canvas.picture.joining == "sum":
            break
        room.key(Qt.Key.Key_Right)
    assert room.canvas.picture.joining == "sum"
    room.key(Qt.Key.Key_Return)
    assert Connection("up1", "sum") in room.spec.network.connections
    assert room.canvas.picture.joinable is None


def test_esc_leaves_the_keyboards_connecting(room: Any) -> None:
    before = room.spec
    room.click(room.card("stage1"))
    room.key(Qt.Key.Key_C)
    room.key(Qt.Key.Key_Escape)
    assert room.canvas.picture.joinable is None and room.document.selection == ("stage1",)
    assert room.spec is before


@pytest.mark.parametrize("where", ["card", "row"])
def test_the_palette_drops_anywhere_sensible(room: Any, where: str) -> None:
    if where == "card":
        drop(room, "dropout", room.card("stage2"))
        made = room.document.selection[0]
        assert Connection("stage2", made) in room.spec.network.connections and room.tasks_of(made) == TASKS
    else:
        head, pool = room.canvas.card_rect("head_species"), room.canvas.card_rect("pool_species")
        drop(room, "dropout", QPoint((pool.right() + head.left()) // 2, pool.bottom() - 12))
        assert room.tasks_of(room.document.selection[0]) == {"species"}


def test_groups_fold_with_keys_and_unfold_with_a_double_click(room: Any) -> None:
    room.document.select(["up3", "up2", "up1"])
    room.key(Qt.Key.Key_G, CTRL)
    group = room.spec.network.groups[0]
    assert set(group.layers) == {"up3", "up2", "up1"} and not group.folded
    assert len(room.canvas.scene.layout.frames) == 1
    room.key(Qt.Key.Key_E, CTRL)
    layout = room.canvas.scene.layout
    card = layout.card_id("up2")
    assert (layout.groups[card] == group.id and "up1" not in layout.cards) or card == "up1"
    room.click(QPoint(5, room.canvas.height() - 4))
    room.click(room.card(card))
    assert set(room.document.selection) == {"up3", "up2", "up1"}, "one card stands for all"
    room.double_click(room.card(card))
    assert not room.spec.network.groups[0].folded
    room.document.select(["up3"])
    room.key(Qt.Key.Key_G, CTRL | SHIFT)
    assert room.spec.network.groups == ()


def many(spec: ProjectSpec, count: int) -> ProjectSpec:
    """As many labels beside a mask."""
    labels = tuple(
        TaskSpec(f"a{i}", f"Attribute {i}", "classification", "#4C9BE8", spec.tasks[0].parameters) for i in range(count)
    )
    made = replace(spec, tasks=(*labels, spec.task("mask")))
    return made.with_network(template("shared").build(made))


def test_forty_tasks_fold_into_one_row(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    spec = many(pets_spec, 39)
    room = open_room(group_tasks(spec, [f"a{i}" for i in range(39)], "Attributes")[0])
    layout = room.canvas.scene.layout
    assert len(layout.rows) == 2 and len(layout.rows[0].tasks) == 39
    assert len(layout.cards) < 25, "layers that are alike are one card"
    heads = [card for card in layout.cards if len(layout.layers_of(card)) == 39]
    assert heads
    room.click(room.card(heads[-1]))
    assert len(room.document.selection) == 39
    room.click(room.canvas.fold_arrow("a0"))
    assert len(room.canvas.scene.layout.rows) == 40 and not room.spec.task_groups[0].folded
    room.click(room.canvas.fold_arrow("a0"))
    assert len(room.canvas.scene.layout.rows) == 2


def test_a_folded_row_moves_with_all_its_tasks(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    room = open_room(group_tasks(many(pets_spec, 5), [f"a{i}" for i in range(5)], "Attributes")[0])
    start = room.canvas.row_header("a0") + QPoint(0, 60)
    room.drag(start, QPoint(start.x(), room.middle_of_row("mask", 0.8)))
    assert room.spec.task_ids == ("mask", "a0", "a1", "a2", "a3", "a4")


def test_copies_go_to_another_project(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    here, there = open_room(pets_spec), open_room(pets_spec)
    here.document.select(["up3", "up2"])
    here.window.activateWindow()
    here.workspace.commands.copy()
    assert "unet_decoder" in QGuiApplication.clipboard().text()
    there.document.select(["stage4_2"])
    there.workspace.commands.paste()
    assert [there.spec.network.layer(i).type for i in there.document.selection] == ["unet_decoder"] * 2


def test_tab_leaves_the_grid(room: Any) -> None:
    room.canvas.setFocus()
    QTest.keyClick(room.canvas, Qt.Key.Key_Tab)
    assert not room.workspace.quick_add.isVisible()
    assert QApplication.focusWidget() is not room.canvas


def test_a_way_runs_in_its_lane_alone(separate: Any) -> None:
    unit = cross(separate)
    layout = lay_out(separate.spec)
    for wire in layout.routes.wires:
        if unit in (wire.source, wire.target):
            port = wire.connection.target_port if wire.target == unit else wire.connection.source_port
            assert [lane(layout.tasks[row]) for row in wire.rows] == [port]


def test_enter_goes_to_the_properties(room: Any) -> None:
    room.click(room.card("stage2"))
    room.key(Qt.Key.Key_Return)
    assert room.workspace.properties.isAncestorOf(QApplication.focusWidget())
