"""Minimap, comparison, kept patterns, templates, Analyze: with real clicks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QInputDialog, QPushButton

from mtlstudio.network.templates.registry import templates
from mtlstudio.project import edits
from mtlstudio.project.spec import InputSpec, ProjectSpec
from mtlstudio.ui.design import pattern_store
from mtlstudio.ui.design.miniature import examples, halvings, miniature_of
from mtlstudio.ui.design.painting.ink import Ink
from mtlstudio.ui.design.painting.marks import folded_labels
from mtlstudio.ui.design.palette import Palette
from mtlstudio.ui.design.template_dialog import TemplateDialog
from mtlstudio.ui.design.template_groups import GROUPS, group_of
from mtlstudio.ui.design.type_list import FOLDED, TITLE, TYPE

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def settle(room: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: room.studio.analysis.analysis is not None and room.workspace.settled(), timeout=30000)


# --- minimap ----------------------------------------------------------------------------------------------------


def zoomed_in(room: Any) -> Any:
    room.canvas.zoom(3.0, room.canvas.frame.main.centre)
    return room.workspace.panels.minimap


def test_the_minimap_is_there_only_while_something_is_out_of_view(room: Any) -> None:
    room.canvas.show_all()
    minimap = room.workspace.panels.minimap
    assert not minimap.isVisible()
    assert zoomed_in(room).isVisible()
    QTest.keyClick(room.canvas, Qt.Key.Key_M)
    assert not minimap.isVisible() and room.studio.settings.layouts["design.minimap"] == "off"
    QTest.keyClick(room.canvas, Qt.Key.Key_M)
    assert minimap.isVisible()


def test_a_click_in_the_minimap_looks_there_and_a_drag_moves(room: Any) -> None:
    minimap = zoomed_in(room)
    QTest.mouseClick(minimap, LEFT, NONE, QPoint(8, 8))
    start = room.canvas.scene.camera
    assert start.x == 0 and start.y == 0
    grip = minimap.window_rect().center().toPoint()
    QTest.mousePress(minimap, LEFT, NONE, grip)
    QTest.mouseMove(minimap, grip + QPoint(40, 0))
    QTest.mouseRelease(minimap, LEFT, NONE, grip + QPoint(40, 0))
    moved = room.canvas.scene.camera
    assert moved.x > start.x and moved.zoom_x == start.zoom_x
    assert abs(minimap.window_rect().center().x() - grip.x() - 40) < 3


def test_the_cards_of_the_minimap_are_painted_once(room: Any) -> None:
    minimap = zoomed_in(room)
    minimap.grab()
    drawn = minimap._cards
    room.canvas.pan(30, 0)
    minimap.grab()
    assert minimap._cards is drawn
    room.document.apply("own", lambda spec: edits.each_its_own(spec, "stage4"))
    minimap.grab()
    assert minimap._cards is not drawn


# --- comparison -------------------------------------------------------------------------------------------------


def test_the_design_is_compared_with_its_opening_and_the_cards_are_marked(room: Any, qtbot: Any) -> None:
    room.document.apply("widen", lambda spec: edits.set_parameters(spec, ["stage2"], out_channels=24))
    QTest.keyClick(room.canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    panels = room.workspace.panels
    assert panels.difference.isVisible() and panels.marks.marks == {"stage2": "changed"} and panels.marks.isVisible()
    settle(room, qtbot)
    qtbot.waitUntil(lambda: "→" in panels.difference.figures.text(), timeout=30000)
    item = panels.difference.list.item(0)
    QTest.mouseClick(
        panels.difference.list.viewport(), LEFT, NONE, panels.difference.list.visualItemRect(item).center()
    )
    assert room.document.selection == ("stage2",)
    room.document.undo()
    assert panels.difference.difference.changes == () and not panels.marks.isVisible()
    QTest.mouseClick(panels.difference.findChild(QPushButton, "difference-close"), LEFT)
    assert not panels.difference.isVisible()


def test_templates_and_the_saved_state_are_there_to_compare_with(room: Any) -> None:
    difference = room.workspace.panels.difference
    difference.open_now()
    names = [difference.choice.itemText(i) for i in range(difference.choice.count())]
    assert names[:2] == ["As it was opened", "As it was last saved"] and "Template Separate" in names
    difference._choose(names.index("Template Separate"))
    assert difference.difference.missing and difference.difference.marks


# --- patterns ---------------------------------------------------------------------------------------------------


def keep(room: Any, name: str) -> None:
    def answer() -> None:
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QInputDialog) and w.isVisible())
        dialog.setTextValue(name)
        dialog.accept()

    QTimer.singleShot(0, answer)
    room.workspace.actions_.trigger("design.keep")


def test_layers_are_kept_and_put_into_another_project(
    open_room: Callable[..., Any], pets_spec: ProjectSpec, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("MTLSTUDIO_HOME", str(tmp_path / "home"))
    room = open_room(pets_spec)
    room.document.select(["stage2", "stage3"])
    keep(room, "Two stages")
    assert [pattern.name for pattern in pattern_store.patterns()] == ["Two stages"]
    other = open_room(pets_spec)
    listed = other.workspace.panels.patterns.list
    assert listed.count() == 1
    other.document.select(["stage1"])
    listed.itemActivated.emit(listed.item(0))
    new = other.document.selection
    assert len(new) == 2 and len(other.spec.network.layers) == len(pets_spec.network.layers) + 2
    assert [c.source for c in other.spec.network.connections if c.target == new[0]] == ["stage1"]


def test_patterns_are_renamed_and_thrown_away(
    open_room: Callable[..., Any], pets_spec: ProjectSpec, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("MTLSTUDIO_HOME", str(tmp_path / "home"))
    room = open_room(pets_spec)
    pattern_store.keep("一", edits.extract(pets_spec, ["stage2"]))
    pattern_store.keep("Two", edits.extract(pets_spec, ["stage2", "stage3"]))
    patterns = room.workspace.panels.patterns
    patterns.refresh()
    taken = next(i for i in range(2) if patterns.list.item(i).text() == "一")
    patterns.list.item(taken).setText("Two")
    assert sorted(p.name for p in pattern_store.patterns()) == ["Two", "一"] and room.said
    patterns._forget(patterns.list.item(0))
    assert len(pattern_store.patterns()) == 1 == patterns.list.count()


# --- templates --------------------------------------------------------------------------------------------------


def test_every_template_has_a_picture_of_its_real_grid_and_a_group() -> None:
    known = {group for group, _name, _members in GROUPS}
    for item in templates():
        miniature = miniature_of(item)
        assert miniature is not None, item.id
        assert miniature.layout.cards and group_of(item, miniature.spec.network) in known
        assert {layer.id for layer in miniature.spec.network.layers} == {
            member for card in miniature.layout.cards for member in miniature.layout.layers_of(card)
        }


def test_pictures_tell_templates_apart_by_who_shares_what() -> None:
    (spec, *_) = examples()
    chosen = {item.id: miniature_of(item, spec) for item in templates() if item.id in ("shared", "separate", "unet")}
    shared = {id_: sum(len(layer.tasks) > 1 for layer in m.spec.network.layers) for id_, m in chosen.items()}
    assert shared["separate"] < shared["shared"]
    depths = [depth for depth in halvings(chosen["unet"].spec.network).values() if depth is not None]
    assert max(depths) >= 3 and min(depths) == 0


def test_a_template_that_lacks_something_is_refused_with_the_reason(qtbot: Any, pets_spec: ProjectSpec) -> None:
    two = [item for item in templates() if item.inputs > 1]
    dialog = TemplateDialog(None, pets_spec, False)
    qtbot.addWidget(dialog)
    assert set(dialog.list.ids()) == {item.id for item in templates()}
    for item in two:
        dialog.list.make_current(item.id)
        assert not dialog.take.isEnabled() and "input" in dialog.why.text()
    dialog.field.setText("separate")
    assert dialog.list.ids()[0] == "separate" and dialog.chosen == "separate" and dialog.take.isEnabled()
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    if two:
        more = replace(pets_spec, inputs=(*pets_spec.inputs, InputSpec("depth", "Depth", "map", 1)))
        assert not two[0].lacks(more)


def test_costs_of_a_template_are_worked_out_in_the_background(qtbot: Any, pets_spec: ProjectSpec) -> None:
    dialog = TemplateDialog(None, pets_spec, True)
    qtbot.addWidget(dialog)
    dialog.list.make_current("separate")
    shown = dialog.facts
    qtbot.waitUntil(lambda: "…" not in dict(shown.facts()).values(), timeout=30000)
    dialog.done(0)


# --- Analyze ----------------------------------------------------------------------------------------------------


def test_the_report_is_filtered_copied_and_saved_as_shown(room: Any, qtbot: Any, tmp_path: Path) -> None:
    settle(room, qtbot)
    room.key(Qt.Key.Key_F7)
    dialog = room.workspace.analyze
    QTest.keyClicks(dialog.field, "decoder")
    assert [line.layer for line in dialog.visible_lines()] == ["up3", "up2", "up1"]
    QTest.mouseClick(dialog.findChild(QPushButton, "analyze-copy"), LEFT)
    clipboard = QGuiApplication.clipboard().mimeData()
    assert clipboard.html().count("<tr>") == 4 and "Up 2" in clipboard.text()
    dialog.save(tmp_path / "a.csv")
    rows = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    reports = room.studio.analysis.analysis.layers
    assert len(rows) == 4 and f",{reports['up3'].parameters}," in rows[1]
    dialog.close()


def test_the_sets_of_tasks_add_up_to_the_whole(room: Any, qtbot: Any) -> None:
    settle(room, qtbot)
    room.key(Qt.Key.Key_F7)
    dialog = room.workspace.analyze
    dialog.kind.button("tasks").click()
    *sets, whole = [line.cells[2].number for line in dialog.visible_lines()]
    assert sum(sets) == whole == room.studio.analysis.analysis.total.parameters
    dialog.close()


def test_the_memory_follows_the_batch_and_names_the_largest(room: Any, qtbot: Any) -> None:
    settle(room, qtbot)
    room.key(Qt.Key.Key_F7)
    memory = room.workspace.analyze.memory
    assert memory.batch.value() == room.spec.training.batch_size
    before = memory.estimate.total
    memory.batch.setValue(4 * memory.batch.value())
    assert memory.estimate.total > before
    largest = memory.estimate.largest_batch(memory.room.value() * 10**9)
    assert str(largest) in memory.fits.text()
    memory.batch.setValue(min(65536, largest + 1))
    assert "Does not fit" in memory.fits.text()
    room.workspace.analyze.close()


# --- palette ----------------------------------------------------------------------------------------------------


def titles(palette: Any) -> dict[str, bool]:
    """Sections shown, and whether each is folded."""
    items = [palette.list.item(row) for row in range(palette.list.count())]
    return {item.data(TITLE): item.data(FOLDED) for item in items if item.data(TITLE)}


def test_sections_fold_by_mouse_and_keys_and_it_is_remembered(
    open_room: Callable[..., Any], pets_spec: ProjectSpec, qtbot: Any
) -> None:
    room = open_room(pets_spec)
    palette = room.workspace.palette_panel
    shown = palette.list.type_ids()
    assert "resnet" in shown and "convolution" in shown and "Recent" not in titles(palette)
    first = palette.list.item(0)
    QTest.mouseClick(palette.list.viewport(), LEFT, NONE, palette.list.visualItemRect(first).center())
    qtbot.waitUntil(lambda: titles(palette)["Layers"] is True)
    assert "convolution" not in palette.list.type_ids() and "resnet" in palette.list.type_ids()
    palette.list.setFocus()
    assert palette.list.currentItem().data(TITLE) == "Layers"
    QTest.keyClick(palette.list, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: titles(palette)["Layers"] is False)
    row = next(i for i in range(palette.list.count()) if palette.list.item(i).data(TYPE) == "vgg")
    palette.list.setCurrentRow(row)
    QTest.keyClick(palette.list, Qt.Key.Key_Left)
    assert palette.list.currentItem().data(TITLE) == "Backbones"
    QTest.keyClick(palette.list, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: titles(palette)["Backbones"] is True)
    palette.field.setText("resnet50")
    assert palette.list.type_ids() == ["resnet"], "a variant is found, folded or not"
    again = Palette(room.studio.settings)
    assert titles(again)["Backbones"] is True and titles(again)["Layers"] is False
    again.deleteLater()


def test_what_was_added_stands_among_the_recent_ones(room: Any) -> None:
    palette = room.workspace.palette_panel
    room.document.select(["stage2"])
    room.workspace.commands.add("dropout")
    room.workspace.commands.add("norm")
    assert palette.list.type_ids()[:2] == ["norm", "dropout"]
    assert next(iter(titles(palette))) == "Recent"
    palette.used("dropout")
    assert palette.list.type_ids()[:2] == ["dropout", "norm"]


def test_a_pattern_is_dragged_onto_a_connection_or_into_a_row(
    open_room: Callable[..., Any], pets_spec: ProjectSpec, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("MTLSTUDIO_HOME", str(tmp_path / "home"))
    room = open_room(pets_spec)
    pattern_store.keep("A long name for two stages that does not fit", edits.extract(room.spec, ("stage2", "stage3")))
    patterns = room.workspace.panels.patterns
    patterns.refresh()
    data = patterns.list.mimeData([patterns.list.item(0)])
    ways = {(c.source, c.target): c for c in room.spec.network.connections}
    drop(room, data, room.canvas.plus_button(ways["image", "stage1"]) + QPoint(3, 8))
    first, last = room.document.selection
    found = {(c.source, c.target) for c in room.spec.network.connections}
    assert {("image", first), (first, last), (last, "stage1")} <= found and ("image", "stage1") not in found
    before = len(room.spec.network.layers)
    drop(room, data, room.card("pool_species"))
    assert len(room.spec.network.layers) == before + 2
    assert all(room.tasks_of(i) == {"species"} for i in room.document.selection)


def drop(room: Any, data: QMimeData, at: QPoint) -> None:
    """What a drag sends to the canvas."""
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(room.canvas, QDragEnterEvent(at, copy, data, LEFT, NONE))
    QApplication.sendEvent(room.canvas, QDragMoveEvent(at, copy, data, LEFT, NONE))
    QApplication.sendEvent(room.canvas, QDropEvent(QPointF(at), copy, data, LEFT, NONE))


# --- folded groups ----------------------------------------------------------------------------------------------


def test_the_card_of_a_folded_group_is_handled_like_a_layer(room: Any) -> None:
    room.document.select(["up3", "up2"])
    room.workspace.commands.group()
    group = room.spec.network.groups[0]
    room.workspace.commands.fold_groups([group.id], True)
    card = room.canvas.scene.layout.card_id("up2")
    assert room.canvas.scene.layout.groups == {card: group.id}
    room.document.select([])
    room.click(room.card(card))
    assert set(room.document.selection) == {"up3", "up2"}
    actions = room.workspace.actions_
    actions.trigger("design.copy")
    actions.trigger("design.duplicate")
    copies = room.document.selection
    assert len(copies) == 2 and not {"up3", "up2"} & set(copies)
    assert len(room.spec.network.groups) == 2 and set(room.spec.network.groups[1].layers) == set(copies)
    assert room.spec.network.groups[1].folded, "the copy is folded, too"
    room.canvas.setFocus()
    room.key(Qt.Key.Key_Delete)
    assert len(room.spec.network.groups) == 1
    room.click(room.card(card))
    actions.trigger("design.fold")
    assert not room.spec.network.groups[0].folded
    assert set(room.document.selection) == {"up3", "up2"}
    actions.trigger("design.fold")
    room.key(Qt.Key.Key_Delete)
    assert not {"up3", "up2"} & {layer.id for layer in room.spec.network.layers}
    room.document.undo()
    assert {"up3", "up2"} <= {layer.id for layer in room.spec.network.layers}


def test_a_folded_group_is_moved_onto_another_connection(room: Any) -> None:
    room.document.select(["stage1", "stage2"])
    room.workspace.commands.group()
    room.workspace.commands.fold_groups([room.spec.network.groups[0].id], True)
    card = room.canvas.scene.layout.card_id("stage1")
    target = next(c for c in room.spec.network.connections if (c.source, c.target) == ("stage3", "stage4"))
    room.drag(room.card(card), room.canvas.plus_button(target))
    found = {(c.source, c.target) for c in room.spec.network.connections}
    assert ("stage2", "stage4") in found and ("image", "stage3") in found and ("stage1", "stage2") in found, room.said


def test_far_out_a_folded_group_still_has_its_name(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    spec = pets_spec
    for n in range(60):  # a network that is long enough for tiny cards
        way = next(c for c in spec.network.connections if c.target == "stage4" and c.source != "stage4")
        spec, _id = edits.insert_on_connection(spec, way, "dropout", f"Drop {n}")
    room = open_room(spec)
    room.document.select(["stage1", "stage2", "stage3"])
    room.workspace.commands.group()
    group = room.spec.network.groups[0]
    room.workspace.commands.fold_groups([group.id], True)
    room.canvas.show_all()
    scene = room.canvas.scene
    card = scene.card(scene.layout.card_id("stage1"))
    assert card.w < 30
    ((area, named),) = folded_labels(scene, Ink(room.spec.tasks, scene.camera.zoom_x), room.canvas.picture)
    assert named == group.id and area.touches(card) and area.x >= scene.frame.head
    room.canvas.zoom(20.0, scene.card(scene.layout.card_id("stage1")).centre)
    assert not folded_labels(room.canvas.scene, Ink(room.spec.tasks, 1.0), room.canvas.picture), (
        "then it is on the card"
    )
