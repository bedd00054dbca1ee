"""Templates suit any tasks and any size of picture, and really differ in who shares what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.resources import resource
from mtlstudio.network.analyze import analyze
from mtlstudio.network.compile import compile_network
from mtlstudio.network.interface import layer_types
from mtlstudio.network.patterns import Sketch
from mtlstudio.network.templates import default_template, template, templates
from mtlstudio.network.templates.tree import groups
from mtlstudio.project.graph import reaches
from mtlstudio.project.spec import InputSpec, NetworkSpec, ProjectSpec, TaskSpec

IDS = [item.id for item in templates()]
DEPTH = InputSpec("depth_in", "Depth", "map", 1)
MIXES = [
    ("kind",),
    ("mask",),
    ("kind", "mask"),
    ("kind", "labels", "count"),
    ("mask", "depth"),
    ("mask", "kind", "depth", "labels", "count"),
    ("word",),
    ("kind", "word", "mask", "picture"),
]


@pytest.fixture
def sketch(sketch) -> Callable[..., Sketch]:
    """As for all, with a second input."""

    def begin(*tasks: str, image_size: int = 32) -> Sketch:
        spec = sketch(*tasks, image_size=image_size).spec
        return Sketch(replace(spec, inputs=(*spec.inputs, DEPTH)))

    return begin


def forty() -> ProjectSpec:
    tasks = tuple(
        TaskSpec(f"attribute_{n}", f"Attribute {n}", "classification", parameters=FrozenDict(class_names=("no", "yes")))
        for n in range(40)
    )
    spec = ProjectSpec("forty", tasks=tasks)
    return replace(spec, inputs=(*spec.inputs, DEPTH))


def network(spec: ProjectSpec, template_id: str) -> NetworkSpec:
    return template(template_id).build(spec)


def test_they_are_in_order_and_described() -> None:
    assert IDS[:6] == ["shared", "unet", "tree", "separate", "middle", "depths"] and IDS[-1] == "late_fusion"
    assert len({item.order for item in templates()}) == len(IDS) >= 14
    assert all((resource("icons") / f"{item.icon}.svg").is_file() for item in templates())
    assert all(item.name and item.summary.endswith(".") and item.icon for item in templates())


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("mix", MIXES, ids="+".join)
@pytest.mark.parametrize("image_size", [32, 100])
def test_any_tasks_at_any_size_give_a_network_without_problems(sketch, template_id, mix, image_size) -> None:
    spec = sketch(*mix, image_size=image_size).spec
    spec = spec.with_network(network(spec, template_id))
    analysis = analyze(spec)
    assert not analysis.errors, [problem.line() for problem in analysis.errors]
    assert {output.task for output in spec.network.outputs} == set(mix)


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("image_size", [8, 16, 48, 256, 511])
def test_unusual_sizes_work(sketch, template_id, image_size) -> None:
    spec = sketch("kind", "mask", image_size=image_size).spec
    assert not analyze(spec.with_network(network(spec, template_id))).errors


@pytest.mark.parametrize("template_id", IDS)
def test_forty_tasks(template_id) -> None:
    spec = forty()
    spec = spec.with_network(network(spec, template_id))
    assert not analyze(spec).errors
    assert len({layer.id for layer in spec.network.layers}) == len(spec.network.layers)


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("mix", MIXES, ids="+".join)
def test_layers_serve_exactly_the_tasks_that_depend_on_them(sketch, template_id, mix) -> None:
    drawn = network(sketch(*mix).spec, template_id)
    assert {layer.id: layer.tasks for layer in drawn.layers} == reaches(drawn)


@pytest.mark.parametrize("template_id", IDS)
def test_it_trains(sketch, template_id) -> None:
    spec = sketch("kind", "mask", image_size=32).spec
    net = compile_network(spec.with_network(network(spec, template_id)))
    out = net({"image": torch.randn(2, 3, 32, 32), "depth_in": torch.randn(2, 1, 32, 32)})
    assert out["kind"].shape == (2, 3) and out["mask"].shape == (2, 3, 32, 32)
    sum(value.square().mean() for value in out.values()).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


def shared_by(drawn: NetworkSpec) -> set[frozenset[str]]:
    return {layer.tasks for layer in drawn.layers if layer.type != "input"}


def test_they_differ_in_who_shares_what(sketch) -> None:
    spec = sketch("kind", "labels", "mask", "depth", image_size=128).spec
    all_, vectors, maps = (frozenset(names) for names in ([*spec.task_ids], ["kind", "labels"], ["mask", "depth"]))
    own = {frozenset({task}) for task in spec.task_ids}
    assert shared_by(network(spec, "separate")) == own
    assert shared_by(network(spec, "shared")) == own | {all_}
    assert shared_by(network(spec, "unet")) == own | {all_, maps}
    assert shared_by(network(spec, "tree")) == own | {all_, vectors, maps}
    assert any(c.target_port == "skip" for c in network(spec, "unet").connections)
    assert not any(c.target_port == "skip" for c in network(spec, "shared").connections)


def test_separate_costs_what_separate_networks_cost(sketch) -> None:
    spec = sketch("kind", "mask", "labels", image_size=64).spec
    together = analyze(spec.with_network(network(spec, "separate"))).total
    alone = 0
    for task in spec.tasks:
        single = replace(spec, tasks=(task,))
        alone += analyze(single.with_network(network(single, "separate"))).total.parameters
    assert together.parameters == alone


def test_a_single_map_task_has_the_whole_way_up_to_itself(sketch) -> None:
    drawn = network(sketch("kind", "mask", image_size=128).spec, "unet")
    up = [layer for layer in drawn.layers if layer.type == "unet_decoder"]
    assert [layer.name for layer in up] == ["Up 3", "Up 2", "Up 1"]
    assert all(layer.tasks == {"mask"} for layer in up)


def test_groups_of_a_tree_follow_kind_then_type_then_order(sketch) -> None:
    def ids(*mix: str) -> list[list[str]]:
        return [[task.id for task in group] for group in groups(sketch(*mix).spec.tasks)]

    assert ids("mask", "kind", "depth", "count") == [["mask", "depth"], ["kind", "count"]]
    assert ids("kind", "count") == [["kind"], ["count"]]
    assert ids("mask") == [["mask"]]
    sizes = [len(group) for group in groups(forty().tasks)]
    assert sum(sizes) == 40 and len(sizes) <= 7 and max(sizes) - min(sizes) <= 2


def test_names_are_words_and_ids_are_slugs(sketch) -> None:
    spec = sketch("kind", "mask", image_size=128).spec
    for template_id in IDS:
        for layer in network(spec, template_id).layers:
            assert layer.name[0].isupper() and "_" not in layer.name
            assert layer.id == layer.id.lower() and layer.id.isascii()


def test_every_layer_type_that_is_named_exists() -> None:
    known = {type_.id for type_ in layer_types()}
    for template_id in IDS:
        assert {layer.type for layer in network(forty(), template_id).layers} <= known


def test_the_default_has_skips_where_maps_are_wanted_and_reads_where_strings_are(sketch) -> None:
    assert default_template(sketch("kind", "mask").spec) == "unet"
    assert default_template(sketch("kind", "count").spec) == "shared"
    assert default_template(sketch("kind", "mask", "word").spec) == "sequence"


def test_what_cannot_be_built_is_said(sketch) -> None:
    spec = sketch("kind").spec
    with pytest.raises(StudioError, match="no input"):
        network(replace(spec, inputs=()), "shared")
    with pytest.raises(StudioError, match="nonsense"):
        network(replace(spec, tasks=(replace(spec.tasks[0], type="nonsense"),)), "shared")
    assert network(replace(spec, tasks=()), "unet") == NetworkSpec()
