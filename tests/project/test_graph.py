from __future__ import annotations

import pickle
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlstudio.project import graph
from mtlstudio.project.spec import Connection, NetworkSpec, ProjectSpec
from tests.project.building import project, projects, stitched

UNET = {"species": "image s1 s2 s3 head_a", "mask": "image s1 s2 s3 up2 up1 head_b"}


def unet() -> NetworkSpec:
    network = project(UNET).network
    skips = (Connection("s2", "up2", "out", "skip"), Connection("s1", "up1", "out", "skip"))
    return replace(network, connections=(*network.connections, *skips))


def test_order_puts_sources_first_and_keeps_the_list_where_it_may() -> None:
    network = unet()
    assert graph.order(network) == [layer.id for layer in network.layers]
    backwards = replace(network, layers=tuple(reversed(network.layers)))
    places = {layer_id: index for index, layer_id in enumerate(graph.order(backwards))}
    assert all(places[c.source] < places[c.target] for c in network.connections)


def test_a_circle_is_named_in_the_direction_of_its_connections() -> None:
    network = unet()
    network = replace(network, connections=(*network.connections, Connection("up1", "s2")))
    with pytest.raises(graph.CycleError) as caught:
        graph.order(network)
    circle = caught.value.layers
    edges = {(c.source, c.target) for c in network.connections}
    assert set(circle) <= {"s2", "s3", "up2", "up1"}
    assert all(pair in edges for pair in zip(circle, (*circle[1:], circle[0]), strict=True))
    assert pickle.loads(pickle.dumps(caught.value)).layers == circle


def test_a_layer_on_itself_is_a_circle() -> None:
    network = replace(unet(), connections=(Connection("s1", "s1"),))
    with pytest.raises(graph.CycleError) as caught:
        graph.order(network)
    assert caught.value.layers == ("s1",)


def test_a_task_reaches_a_layer_through_a_skip_alone() -> None:
    spec = project({"a": "image s1 s2 head_a", "b": "image up1 head_b"})
    assert graph.reaches(spec.network)["s1"] == {"a"}
    skip = (*spec.network.connections, Connection("s1", "up1", "out", "skip"))
    assert graph.reaches(replace(spec.network, connections=skip))["s1"] == {"a", "b"}


def test_depth_is_the_longest_way() -> None:
    assert graph.depths(unet()) == {
        "image": 0, "s1": 1, "s2": 2, "s3": 3, "head_a": 4, "up2": 4, "up1": 5, "head_b": 6,
    }  # fmt: skip


def test_trunk_is_what_all_share() -> None:
    assert graph.trunk(unet(), ["species", "mask"]) == ["image", "s1", "s2", "s3"]
    assert graph.trunk(unet(), []) == []


def test_groups_come_largest_first_then_by_row() -> None:
    spec = project({"a": "image s1 x_a head_a", "b": "image s1 y head_b", "c": "image s1 y head_c"})
    assert graph.groups(spec) == [frozenset("abc"), frozenset("bc"), frozenset("a"), frozenset("b"), frozenset("c")]


def test_the_way_of_a_merge_comes_through_port_in() -> None:
    skip, way = Connection("s1", "up", "out", "skip"), Connection("s2", "up")
    network = replace(unet(), connections=(skip, way))
    assert graph.main_connection(network, "up") == way
    assert graph.main_connection(replace(network, connections=(skip,)), "up") == skip
    assert graph.main_connection(network, "image") is None


def test_lineage_goes_on_to_layers_that_left() -> None:
    network = unet()
    layers = {layer.id: layer for layer in network.layers}
    layers["s3"] = replace(layers["s3"], origin="s2")
    layers["s2"] = replace(layers["s2"], origin="gone")
    network = replace(network, layers=tuple(layers.values()))
    assert graph.lineage(network, "s3") == ["s3", "s2", "gone"]


def test_a_way_leads_back_through_its_own_lane_alone() -> None:
    spec = stitched()
    first = next(layer.id for layer in spec.network.layers if layer.type == "stitch")
    reach, influence = graph.reaches(spec.network), graph.influences(spec.network)
    assert reach["stage1_a"] == {"a"} and influence["stage1_a"] == {"a", "b", "c"}
    assert reach["depth"] == {"b"} and influence["depth"] == {"b"}
    assert graph.crossing(spec.network) == {layer.id for layer in spec.network.layers if layer.type == "stitch"}
    assert graph.shared_behind(spec.network, "stem") >= {"stage1_a", "up_c"}
    assert first not in graph.shared_behind(spec.network, "stem")
    assert graph.mixed_lanes(spec.network) == []


@settings(max_examples=40, deadline=None, derandomize=True)
@given(projects(), st.randoms())
def test_ways_are_those_that_walking_back_finds_even_round_circles(spec: ProjectSpec, chance: random.Random) -> None:
    ids = [layer.id for layer in spec.network.layers]
    more = tuple(
        Connection(chance.choice(ids), chance.choice(ids), "out", chance.choice(["in", "task:t0", "task:t1"]))
        for _ in range(3)
    )
    network = replace(spec.network, connections=(*spec.network.connections, *more))
    found = graph.reaches(network)
    for output in network.outputs:
        walked: set[str] = set()
        waiting = [output.layer]
        while waiting:
            here = waiting.pop()
            walked.add(here)
            into = (c for c in network.connections if c.target == here and c.source not in walked)
            waiting += [c.source for c in into if c.target_port in ("in", "skip", f"task:{output.task}")]
        assert {layer_id for layer_id, tasks in found.items() if output.task in tasks} == walked


@settings(max_examples=40, deadline=None, derandomize=True)
@given(projects())
def test_ancestors_and_descendants_mirror_each_other(spec: ProjectSpec) -> None:
    ids = [layer.id for layer in spec.network.layers]
    pairs = {(a, b) for b in ids for a in graph.ancestors(spec.network, b)}
    assert pairs == {(a, b) for a in ids for b in graph.descendants(spec.network, a)}
    assert all(
        (c.source, c.target) in pairs and (a, c.target) in pairs
        for c in spec.network.connections
        for a in graph.ancestors(spec.network, c.source)
    )
