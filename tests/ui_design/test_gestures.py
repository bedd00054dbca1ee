"""The sharing grid under a real mouse and real keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from mtlstudio.project.edits import set_task
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, ProjectSpec

CTRL = Qt.KeyboardModifier.ControlModifier


def test_a_click_selects_and_ctrl_adds(room: Any) -> None:
    room.click(room.card("stage2"))
    assert room.document.selection == ("stage2",)
    room.click(room.card("stage3"), CTRL)
    assert set(room.document.selection) == {"stage2", "stage3"}
    room.click(room.card("stage2"), CTRL)
    assert room.document.selection == ("stage3",)
    room.click(QPoint(room.canvas.width() - 30, room.canvas.height() - 8))
    assert room.document.selection == ()


def test_pulling_the_lower_edge_over_a_row_shares_with_its_task(room: Any) -> None:
    before = room.spec
    start = room.canvas.edge_handle("stage4", "lower")
    room.drag(start, QPoint(start.x(), room.middle_of_row("mask")))
    assert room.tasks_of("stage4") == {"species", "breed", "mask"}
    assert "stage4_2" not in {layer.id for layer in room.spec.network.layers}
    room.document.undo()
    assert room.spec == before and not room.document.can_undo


def test_pushing_an_edge_back_gives_the_task_its_own(room: Any) -> None:
    start = room.canvas.edge_handle("stage4", "lower")
    room.drag(start, QPoint(start.x(), room.middle_of_row("breed", 0.3)))
    assert room.tasks_of("stage4") == {"species"}
    copies = [layer for layer in room.spec.network.layers if layer.tasks == {"breed"} and layer.origin == "stage4"]
    assert len(copies) == 1
    room.document.undo()
    assert room.tasks_of("stage4") == {"species", "breed"}


def test_the_upper_edge_works_as_the_lower_one(room: Any) -> None:
    start = room.canvas.edge_handle("stage4", "upper")
    room.drag(start, QPoint(start.x(), room.middle_of_row("species", 0.7)))
    assert room.tasks_of("stage4") == {"breed"}


def test_while_an_edge_is_pulled_the_grid_shows_what_would_be(room: Any) -> None:
    before = room.spec
    start = room.canvas.edge_handle("stage4", "lower")
    end = QPoint(start.x(), room.middle_of_row("mask"))
    height = room.canvas.card_rect("stage4").height()
    room.drag(start, end, drop=False)
    assert room.canvas.card_rect("stage4").height() > 1.4 * height
    assert "Pet mask" in room.canvas.callout()[0]
    assert room.spec is before
    room.key(Qt.Key.Key_Escape)
    assert room.canvas.card_rect("stage4").height() == height
    room.release(end)
    assert room.spec is before and not room.document.can_undo


def test_a_refused_pull_says_why_and_changes_nothing(room: Any) -> None:
    before = room.spec
    room.click(room.card("head_breed"))
    start = room.canvas.edge_handle("head_breed", "lower")
    end = QPoint(start.x(), room.middle_of_row("mask"))
    room.drag(start, end, drop=False)
    assert room.canvas.picture.callout.refused and room.canvas.callout()[0]
    room.release(end)
    assert room.spec == before
    assert room.said


def test_the_split_handle_stops_at_every_place_and_is_one_step(room: Any) -> None:
    before = room.spec
    places = room.canvas.split_positions_x()
    assert len(places) >= 5 and places == sorted(places)
    start = room.canvas.split_handle()
    room.drag(start, QPoint(places[1], start.y()))
    assert room.tasks_of("stage1") == {"species", "breed", "mask"}
    assert room.tasks_of("stage2") < {"species", "breed", "mask"}
    room.document.undo()
    assert room.spec == before and not room.document.can_undo


def test_the_split_handle_shares_more_to_the_right(room: Any) -> None:
    start = room.canvas.split_handle()
    room.drag(start, QPoint(room.canvas.split_positions_x()[-1], start.y()))
    assert room.tasks_of("stage4") == {"species", "breed", "mask"}


def test_esc_takes_the_split_handle_back(room: Any) -> None:
    before = room.spec
    start = room.canvas.split_handle()
    end = QPoint(room.canvas.split_positions_x()[0], start.y())
    room.drag(start, end, drop=False)
    assert room.canvas.picture.spec is not before
    room.key(Qt.Key.Key_Escape)
    room.release(end)
    assert room.spec is before and room.canvas.picture.spec is before


def test_a_card_moves_to_another_connection(room: Any) -> None:
    target = Connection("up2", "up1")
    room.drag(room.card("up3"), room.canvas.plus_button(target))
    after = {(c.source, c.target) for c in room.spec.network.connections}
    assert ("up2", "up3") in after and ("up3", "up1") in after


def test_while_a_card_moves_only_what_fits_lights_up(room: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: room.studio.analysis.analysis is not None, timeout=20000)
    room.drag(room.card("up3"), QPoint(room.canvas.width() // 2, room.canvas.height() - 40), drop=False)
    lit = {(c.source, c.target) for c in room.canvas.picture.fitting}
    assert ("stage1", "stage2") in lit
    assert ("pool_species", "head_species") not in lit, "a vector has no size to double"
    room.key(Qt.Key.Key_Escape)
    assert room.canvas.picture.fitting == ()


def test_a_weight_slides_live_in_one_step(room: Any) -> None:
    before = room.spec
    seen: list[float] = []
    room.document.changed.connect(lambda _old, new: seen.append(new.task("mask").loss_weight))
    room.drag(room.canvas.weight_slider("mask", 0.5), room.canvas.weight_slider("mask", 0.9))
    assert room.spec.task("mask").loss_weight == pytest.approx(0.9, abs=0.03)
    assert len(seen) >= 2
    room.document.undo()
    assert room.spec == before


def test_the_plus_asks_and_enter_inserts_there(room: Any) -> None:
    room.click(room.canvas.plus_button(Connection("pool_species", "head_species")))
    assert room.workspace.quick_add.isVisible()
    room.type("drop")
    room.key(Qt.Key.Key_Return)
    added = room.document.selection[0]
    assert room.spec.network.layer(added).type == "dropout"
    assert room.tasks_of(added) == {"species"}
    assert {("pool_species", added), (added, "head_species")} <= {
        (c.source, c.target) for c in room.spec.network.connections
    }


@pytest.mark.parametrize("key", [Qt.Key.Key_A, Qt.Key.Key_Slash])
def test_a_and_slash_add_after_the_selection(room: Any, key: Any) -> None:
    room.click(room.card("stage4_2"))
    room.key(key)
    assert room.workspace.quick_add.isVisible()
    room.type("convolution")
    room.key(Qt.Key.Key_Return)
    added = room.document.selection[0]
    assert room.spec.network.layer(added).type == "convolution"
    assert {("stage4_2", added), (added, "up3")} <= {(c.source, c.target) for c in room.spec.network.connections}


def test_a_double_click_on_empty_ground_asks(room: Any) -> None:
    room.double_click(QPoint(room.canvas.width() - 30, room.canvas.height() - 10))
    assert room.workspace.quick_add.isVisible()
    room.key(Qt.Key.Key_Escape)
    assert not room.workspace.quick_add.isVisible()


def test_delete_heals(room: Any) -> None:
    room.click(room.card("stage2"))
    room.key(Qt.Key.Key_Delete)
    ways = {(c.source, c.target) for c in room.spec.network.connections}
    assert ("stage1", "stage3") in ways and not any("stage2" in way for way in ways)
    assert room.document.selection == ()


def test_f2_and_double_click_rename(room: Any) -> None:
    room.click(room.card("stage1"))
    room.key(Qt.Key.Key_F2)
    room.type("Stem")
    room.key(Qt.Key.Key_Return)
    assert room.spec.network.layer("stage1").name == "Stem"
    room.double_click(room.card("stage2"))
    room.type("Never mind")
    room.key(Qt.Key.Key_Escape)
    assert room.spec.network.layer("stage2").name == "Stage 2"


def test_a_double_click_on_a_row_renames_the_task(room: Any) -> None:
    room.double_click(room.canvas.row_header("breed"))
    room.type("Race")
    room.key(Qt.Key.Key_Return)
    assert room.spec.task("breed").name == "Race"


def test_freeze_bypass_duplicate(room: Any) -> None:
    room.click(room.card("stage1"))
    room.key(Qt.Key.Key_M, CTRL)
    assert room.spec.network.layer("stage1").frozen
    room.key(Qt.Key.Key_M, CTRL)
    assert not room.spec.network.layer("stage1").frozen
    room.key(Qt.Key.Key_B, CTRL)
    assert room.spec.network.layer("stage1").bypassed
    room.key(Qt.Key.Key_D, CTRL)
    copy = room.document.selection[0]
    assert copy != "stage1" and room.spec.network.layer(copy).type == "residual_stage"


def test_arrows_walk_over_the_cards(room: Any) -> None:
    room.click(room.card("stage3"))
    room.key(Qt.Key.Key_Right)
    assert room.document.selection == ("stage4",)
    room.key(Qt.Key.Key_Down)
    assert room.document.selection == ("stage4_2",)
    room.key(Qt.Key.Key_Right)
    assert room.document.selection == ("up3",)
    room.key(Qt.Key.Key_Left)
    room.key(Qt.Key.Key_Left)
    assert room.document.selection == ("stage3",)


def test_the_keyboard_shares_and_splits(room: Any) -> None:
    room.click(room.card("stage4"))
    room.key(Qt.Key.Key_Down, CTRL)
    assert room.tasks_of("stage4") == {"species", "breed", "mask"}
    room.key(Qt.Key.Key_Up, CTRL)
    assert room.tasks_of("stage4") == {"species", "breed"}
    room.key(Qt.Key.Key_Left, CTRL)
    assert len(room.tasks_of("stage3")) < 3


def test_a_rubber_band_selects_what_it_touches(room: Any) -> None:
    first, last = room.canvas.card_rect("pool_species"), room.canvas.card_rect("head_breed")
    room.drag(QPoint(first.right() + 20, first.top() + 10), QPoint(last.right() - 4, last.bottom() - 20))
    assert set(room.document.selection) == {"head_species", "head_breed"}


def test_a_row_is_dragged_to_another_place(room: Any) -> None:
    start = room.canvas.row_header("species") + QPoint(0, 110)
    room.drag(start, QPoint(start.x(), room.middle_of_row("breed", 0.8)))
    assert room.spec.task_ids == ("breed", "species", "mask")


def test_a_connection_is_pulled_from_a_port(room: Any) -> None:
    room.document.apply("", lambda spec: spec.with_network(_with_sum(spec.network)))
    room.click(room.card("stage2"))
    room.drag(room.canvas.out_port("stage2"), room.card("sum"))
    assert ("stage2", "sum") in {(c.source, c.target) for c in room.spec.network.connections}


def _with_sum(network: NetworkSpec) -> NetworkSpec:
    """A sum between the last two steps of the decoder."""
    kept = tuple(c for c in network.connections if c != Connection("up2", "up1"))
    return replace(
        network,
        layers=(*network.layers, LayerSpec("sum", "Sum", "add", frozenset({"mask"}))),
        connections=(*kept, Connection("up2", "sum"), Connection("sum", "up1")),
    )


def test_a_weight_that_follows_the_epochs_is_not_dragged(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    room = open_room(set_task(pets_spec, "mask", weight_schedule=((0.0, 0.5), (4.0, 0.1))))
    said: list[str] = []
    room.document.refused.connect(said.append)
    track = room.canvas.scene.slider(room.canvas.scene.layout.row_of["mask"])
    start = QPoint(round(track.x + track.w * 0.5), round(track.y + track.h / 2))
    before = room.spec
    room.drag(start, start + QPoint(30, 0))
    assert room.spec == before
    assert said == ["λ of Pet mask changes with the epochs. Its points are set under Train."]
