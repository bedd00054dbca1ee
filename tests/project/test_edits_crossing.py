"""Layers between tasks: who shares them, and what sharing, splitting, moving and deleting do around them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtlstudio.project import edits
from mtlstudio.project.check import check_structure
from mtlstudio.project.graph import dead, influences, main_connection, reaches, trunk
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from tests.project.building import assert_sound, functions, project, spans_of, stitched
from tests.project.test_edits_sharing import feeds, refusal

THREE = {task: f"image stem s1_{task} s2_{task} head_{task}" for task in "abc"}


def three(*over: str) -> tuple[ProjectSpec, str]:
    """Three tasks that part behind a stem; a layer between some of them behind their first stage."""
    return edits.insert_crossing(
        project(THREE), "stitch", "Stitch", {task: Connection(f"s1_{task}", f"s2_{task}") for task in over}
    )


def into(spec: ProjectSpec, layer_id: str) -> dict[str, str]:
    """Input port -> where it comes from."""
    return {c.target_port: c.source for c in spec.network.connections if c.target == layer_id}


def test_one_layer_goes_over_the_ways_and_what_is_before_stays_each_tasks_own() -> None:
    spec, stitch = three("a", "b", "c")
    assert_sound(spec)
    assert spans_of(spec)[stitch] == "abc" and spans_of(spec)["s1_a"] == "a" and spans_of(spec)["stem"] == "abc"
    assert into(spec, stitch) == {lane(task): f"s1_{task}" for task in "abc"}
    assert {c.source_port: c.target for c in spec.network.connections if c.source == stitch} == {
        lane(task): f"s2_{task}" for task in "abc"
    }
    assert influences(spec.network)["s1_a"] == {"a", "b", "c"} and reaches(spec.network)["s1_a"] == {"a"}
    assert trunk(spec.network, "abc") == ["image", "stem"] and dead(spec.network) == []
    assert check_structure(spec) == []
    assert [layer.id for layer in spec.network.layers].index(stitch) > max(
        [layer.id for layer in spec.network.layers].index(f"s1_{task}") for task in "abc"
    )


def test_it_may_stand_where_the_trunk_ends_and_at_the_ends_of_ways() -> None:
    spec, stitch = edits.insert_crossing(
        project(THREE), "stitch", "S", {"a": Connection("stem", "s1_a"), "b": Output("b", "head_b")}
    )
    assert_sound(spec)
    assert into(spec, stitch) == {lane("a"): "stem", lane("b"): "head_b"}
    assert spec.network.output_of("b") == Output("b", stitch, lane("b"))


def test_ways_that_are_not_the_tasks_own_are_refused() -> None:
    spec = project({"a": "image s1 t_a head_a", "b": "image s1 t_b head_b", "c": "image s_c head_c"})

    def put(**ways: Connection | Output) -> str:
        return refusal(edits.insert_crossing, spec, "stitch", "S", ways)

    own = Connection("image", "s_c")
    assert put(a=Connection("image", "s1"), c=own) == (
        "“s1” is shared by A, B: a layer between tasks needs a way that is A's own. "
        "Split it first, or put the layer further on, where each task goes its own way."
    )
    assert "Only B goes this way, not A" in put(a=Connection("s1", "t_b"), c=own)
    assert "at least two" in put(c=own)
    assert "no such connection" in put(a=Connection("s1", "nowhere"), c=own)
    assert "no task 'x'" in put(x=own, c=own)


def test_a_way_that_would_come_back_to_itself_is_refused() -> None:
    spec, _ = three("a", "b")
    late = {"a": Connection("s2_a", "head_a"), "b": Connection("stem", "s1_b")}
    assert "own output" in refusal(edits.insert_crossing, spec, "stitch", "S", late)


def test_a_task_more_is_led_through_at_a_named_place() -> None:
    spec, stitch = three("a", "b")
    wider = edits.extend_crossing(spec, stitch, "c", Connection("s1_c", "s2_c"))
    assert set(wider.network.connections) == set(three("a", "b", "c")[0].network.connections)
    assert_sound(wider)
    assert "serves C already" in refusal(edits.extend_crossing, wider, stitch, "c", Connection("s2_c", "head_c"))
    assert "no layer between tasks" in refusal(edits.extend_crossing, spec, "stem", "c", Connection("s1_c", "s2_c"))
    assert "Only B goes" in refusal(
        edits.extend_crossing, spec, stitch, "c", Connection("s1_b", stitch, "out", lane("b"))
    )


def test_sharing_it_with_a_task_more_finds_the_place() -> None:
    spec, stitch = three("a", "b")
    shared = edits.share(spec, stitch, "c")
    assert set(shared.network.connections) == set(three("a", "b", "c")[0].network.connections)
    other = project({**THREE, "c": "image stem pool_c head_c"})
    other, stitch = edits.insert_crossing(
        other, "stitch", "S", {task: Connection(f"s1_{task}", f"s2_{task}") for task in "ab"}
    )
    assert "nothing like “s1_a”" in refusal(edits.share, other, stitch, "c")


def test_behind_the_trunk_a_task_more_is_led_through_where_it_leaves_it() -> None:
    spec, stitch = edits.insert_crossing(
        project(THREE), "stitch", "S", {"a": Connection("stem", "s1_a"), "b": Connection("stem", "s1_b")}
    )
    shared = edits.share(spec, stitch, "c")
    assert into(shared, stitch) == dict.fromkeys([lane(task) for task in "abc"], "stem")
    assert feeds(shared, "s1_c") == [stitch]


def test_splitting_a_task_off_gives_it_its_own_with_one_lane_and_joining_brings_it_back() -> None:
    spec, stitch = three("a", "b", "c")
    split = edits.unshare(spec, stitch, "a")
    assert_sound(split)
    own = next(layer for layer in split.network.layers if layer.origin == stitch)
    assert own.tasks == {"a"} and split.network.layer(stitch).tasks == {"b", "c"}
    assert into(split, own.id) == {lane("a"): "s1_a"} and feeds(split, "s2_a") == [own.id]
    joined = edits.share(split, stitch, "a")
    assert set(joined.network.connections) == set(spec.network.connections)
    assert functions(joined, known := {}) == functions(spec, known)
    assert spans_of(edits.each_its_own(spec, stitch))[stitch] == "a"


def test_splitting_before_it_leaves_it_whole() -> None:
    spec, stitch = three("a", "b", "c")
    split = edits.each_its_own(spec, "stem")
    assert_sound(split)
    assert split.network.layer(stitch).tasks == {"a", "b", "c"}
    assert len([layer for layer in split.network.layers if layer.type == "stitch"]) == 1
    known: dict[object, int] = {}
    assert {t: n for t, (n, _) in functions(split, known).items()} == {
        t: n for t, (n, _) in functions(spec, known).items()
    }


def test_the_trunk_ends_before_it() -> None:
    spec, stitch = three("a", "b", "c")
    assert [(p.name, p.current) for p in edits.split_positions(spec)] == [
        ("", False), ("stem", True), ("s1_a", False),
    ]  # fmt: skip
    joined = edits.set_split_point(spec, 2)
    assert into(joined, stitch) == dict.fromkeys([lane(task) for task in "abc"], "s1_a")
    assert "“Stitch” stands between tasks" in refusal(edits.set_split_point, spec, 3)
    apart = edits.set_split_point(spec, 0)
    assert_sound(apart)
    assert apart.network.layer(stitch).tasks == {"a", "b", "c"}


def test_what_comes_behind_it_is_each_tasks_own() -> None:
    spec, _ = three("a", "b", "c")
    assert refusal(edits.share, spec, "s2_a", "b") == (
        "“s2_a” and “s2_b” come after “Stitch”, which gives each task features of its own."
    )
    lone, _ = edits.insert_on_connection(spec, Connection("s2_a", "head_a"), "dropout", "Dropout")
    assert "come after" in refusal(edits.share, lone, "dropout", "b")
    for serving in (
        lambda: edits.connect(spec, Connection("s2_a", "head_b", "out", "skip")),
        lambda: edits.set_output(spec, "b", "s2_a"),
    ):
        assert "“s2_a” serves A, B, but what leaves “Stitch” there belongs to A alone" in refusal(serving)


def test_connecting_to_lanes() -> None:
    spec, stitch = three("a", "b")
    assert "does not serve C" in refusal(edits.connect, spec, Connection("s1_c", stitch, "out", lane("c")))
    assert "belongs to A, and the port of “Stitch” to B" in refusal(
        lambda: edits.connect(three("a", "b")[0], Connection(stitch, stitch, lane("a"), lane("b")))
    )
    assert "leads into “Stitch” there already" in refusal(
        edits.connect, spec, Connection("stem", stitch, "out", lane("a"))
    )
    again = edits.connect(spec, Connection("stem", stitch, "out", lane("a")), replace=True)
    assert into(again, stitch) == {lane("a"): "stem", lane("b"): "s1_b"}
    assert "cannot be the output of B" in refusal(edits.set_output, spec, "b", stitch, lane("a"))
    apart = edits.disconnect(spec, Connection(stitch, "s2_a", lane("a"), "in"))
    assert apart.network.layer(stitch).tasks == {"b"} and into(apart, stitch) == {lane("b"): "s1_b"}


def test_deleting_it_joins_each_lane_to_its_own_source() -> None:
    for over in ("ab", "abc"):
        spec, stitch = three(*over)
        assert set(edits.delete_layers(spec, [stitch]).network.connections) == set(project(THREE).network.connections)
    spec, stitch = edits.insert_crossing(
        project(THREE), "stitch", "S", {task: Output(task, f"head_{task}") for task in "abc"}
    )
    healed = edits.delete_layers(spec, [stitch]).network
    assert {output.task: output for output in healed.outputs} == {task: Output(task, f"head_{task}") for task in "abc"}


def test_deleting_before_and_behind_it() -> None:
    spec, stitch = three("a", "b", "c")
    spec = edits.delete_layers(spec, ["s1_a", "s2_b"])
    assert_sound(spec)
    assert into(spec, stitch)[lane("a")] == "stem"
    assert [c.source_port for c in spec.network.connections if c.target == "head_b"] == [lane("b")]


def test_a_drop_on_a_lane_serves_that_task_alone() -> None:
    spec, stitch = three("a", "b", "c")
    before, first = edits.insert_on_connection(spec, Connection("s1_a", stitch, "out", lane("a")), "conv", "Conv")
    assert spans_of(before)[first] == "a" and into(before, stitch)[lane("a")] == first
    behind, second = edits.insert_after(spec, stitch, "conv", "Conv", port=lane("b"))
    assert spans_of(behind)[second] == "b" and feeds(behind, "s2_b") == [second]
    assert "several outputs in use" in refusal(edits.insert_after, spec, stitch, "conv", "Conv")


def test_removing_a_task_takes_its_lane() -> None:
    spec, stitch = three("a", "b", "c")
    spec = edits.remove_task(spec, "a")
    assert_sound(spec)
    assert set(into(spec, stitch)) == {lane("b"), lane("c")} and "s1_a" not in spans_of(spec)


def test_shifting_it_and_what_is_beside_it() -> None:
    spec, stitch = three("a", "b", "c")
    later = edits.shift_layer(spec, stitch, 1)
    assert_sound(later)
    assert into(later, stitch) == {lane(task): f"s2_{task}" for task in "abc"}
    assert set(edits.shift_layer(later, stitch, -1).network.connections) == set(spec.network.connections)
    one = edits.shift_layer(spec, "s1_a", 1)
    assert into(one, stitch) == {lane("a"): "stem", lane("b"): "s1_b", lane("c"): "s1_c"}
    assert feeds(one, "s2_a") == ["s1_a"] and feeds(one, "s1_a") == [stitch]
    assert "cannot be moved as a whole" in refusal(edits.move_layer, spec, stitch, Connection("s2_a", "head_a"))


def test_the_way_of_a_task_goes_through_its_lane() -> None:
    spec, stitch = three("a", "b")
    for task in "ab":
        way = main_connection(spec.network, stitch, task)
        assert way is not None and way.source == f"s1_{task}"


def test_lanes_that_a_file_has_wrong_are_found_and_mended() -> None:
    spec, stitch = three("a", "b")

    def codes(*more: Connection, outputs: tuple[Output, ...] = ()) -> set[str]:
        network = replace(spec.network, connections=(*spec.network.connections, *more))
        network = replace(network, outputs=outputs or network.outputs)
        return {problem.code for problem in check_structure(spec.with_network(network))}

    ghost = Connection("s1_c", stitch, "out", lane("c"))
    assert codes(ghost) == {"network.lane_not_served"}
    assert_sound(edits.replace_network(spec, replace(spec.network, connections=(*spec.network.connections, ghost))))
    assert "network.lane_mixed" in codes(Connection(stitch, "head_b", lane("a"), "skip"))
    assert "network.lane_output" in codes(
        outputs=(Output("a", "head_a"), Output("b", stitch, lane("a")), Output("c", "head_c"))
    )


@pytest.mark.parametrize("task", "abc")
def test_all_of_it_together(task: str) -> None:
    spec = stitched()
    assert_sound(spec)
    assert check_structure(spec) == []
    assert_sound(edits.remove_task(spec, task))
    for layer in spec.network.layers:
        if layer.type == "stitch" and task in layer.tasks:
            assert_sound(edits.split_off(spec, layer.id, {task}))
