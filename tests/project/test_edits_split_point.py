from __future__ import annotations

from dataclasses import replace

import pytest

from mtlstudio.project import edits
from mtlstudio.project.spec import Connection
from tests.project.building import functions, pattern, project, spans_of
from tests.project.test_edits_sharing import refusal, sketch


def test_positions_go_from_the_inputs_to_all_that_can_be_shared() -> None:
    positions = edits.split_positions(sketch())
    assert [(p.index, p.name, p.current) for p in positions] == [
        (0, "", False), (1, "stage1", False), (2, "stage2", False), (3, "stage3", True), (4, "stage4", False),
    ]  # fmt: skip


def test_to_the_right_joins_and_keeps_the_first_tasks_layers() -> None:
    spec = edits.set_split_point(sketch(), 4)
    assert spec.network.layer("stage4").tasks == {"species", "breed", "mask"}
    assert "stage4_m" not in spans_of(spec)


def test_to_the_left_keeps_groups_that_share_later_together() -> None:
    spec = edits.set_split_point(sketch(), 1)
    assert {frozenset(layer.tasks) for layer in spec.network.layers if layer.name == "stage2"} == {
        frozenset({"species", "breed"}), frozenset({"mask"})
    }  # fmt: skip
    assert spec.network.layer("stage1").tasks == {"species", "breed", "mask"}


def test_left_and_right_again_is_where_it_was() -> None:
    spec = sketch()
    for index in (0, 1, 2, 4):
        back = edits.set_split_point(edits.set_split_point(spec, index), 3)
        if index < 3:
            assert pattern(back) == pattern(spec)
        assert functions(back, known := {}) == functions(spec, known)


def test_setting_it_where_it_is_changes_nothing() -> None:
    assert edits.set_split_point(sketch(), 3) == sketch()


def test_overlapping_groups_are_split_one_by_one() -> None:
    """b shares x with a and y with c: together they cannot stay, so each gets its own."""
    spec = project({"a": "image t x head_a", "b": "image t x add_b head_b", "c": "image t y head_c"})
    spec = edits.connect(spec, Connection("y", "add_b"), variadic=True)
    after = edits.set_split_point(spec, 0)
    assert {layer.tasks for layer in after.network.layers if layer.type == "t"} == {
        frozenset("a"), frozenset("b"), frozenset("c")
    }  # fmt: skip


def test_two_layers_for_one_input_are_joined_with_the_first_stage() -> None:
    spec = project({"a": "image c1 head_a", "b": "image_b c1_b head_b"}, image_b={"input": "image"})
    layers = [replace(item, type="input") if item.id == "image_b" else item for item in spec.network.layers]
    spec = edits.replace_network(spec, replace(spec.network, layers=tuple(layers)))
    assert [p.current for p in edits.split_positions(spec)] == [True, False]
    joined = edits.set_split_point(spec, 1)
    assert spans_of(joined) == {"image": "ab", "c1": "ab", "head_a": "a", "head_b": "b"}


def test_further_than_can_be_is_refused_with_the_reason() -> None:
    spec = edits.set_parameters(sketch(), ["stage4_m"], out_channels=128)
    spec = edits.set_parameters(spec, ["stage4"], out_channels=256)
    assert [p.index for p in edits.split_positions(spec)] == [0, 1, 2, 3]
    assert "“stage4” has out_channels 256, its counterpart “stage4_m” 128" in refusal(edits.set_split_point, spec, 4)
    assert "“pool_a” has no counterpart on the way of “MASK”" in refusal(edits.set_split_point, sketch(), 5)
    assert "Only the inputs" in refusal(edits.set_split_point, sketch(), -1)


def test_one_task_has_no_split_point() -> None:
    spec = project({"a": "image c1 head_a"})
    assert edits.split_positions(spec) == []
    assert "two tasks" in refusal(edits.set_split_point, spec, 0)


@pytest.mark.parametrize("index", [0, 2, 4])
def test_a_dead_layer_plays_no_part(index: int) -> None:
    spec, dead = edits.add_layer(sketch(), "stage", "stage4", None, ["species", "breed", "mask"])
    spec = edits.connect(spec, Connection("stage3", dead))
    assert [p.name for p in edits.split_positions(spec)] == [p.name for p in edits.split_positions(sketch())]
    moved = edits.set_split_point(spec, index)
    assert moved.network.layer(dead).origin is None
    assert edits.delete_layers(moved, [dead]).network == edits.set_split_point(sketch(), index).network
