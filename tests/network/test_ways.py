"""Templates with ways between tasks: any tasks, any size, and who shares what as they claim."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.analyze import analyze
from mtlstudio.network.compile import compile_network
from mtlstudio.network.templates import template
from mtlstudio.network.ways import narrow
from mtlstudio.project.graph import influences
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import LayerSpec, NetworkSpec, ProjectSpec, TaskSpec

IDS = ["cross_stitch", "mtan", "stage_attention", "mmoe", "cgc", "ple", "padnet", "attention"]
PETS = ("kind", "count", "mask")
MIXES = [PETS, ("kind", "labels"), ("mask", "depth"), ("kind",), ("mask",), ("word", "kind", "mask"), ("word",)]


def drawn(spec: ProjectSpec, template_id: str) -> ProjectSpec:
    return spec.with_network(template(template_id).build(spec))


def many(count: int, type_: str = "classification", image_size: int = 64) -> ProjectSpec:
    names = FrozenDict(class_names=("no", "yes"))
    tasks = tuple(TaskSpec(f"task_{n}", f"Task {n}", type_, parameters=names) for n in range(count))
    spec = ProjectSpec("many", tasks=tasks)
    return replace(spec, data=replace(spec.data, image_size=image_size))


def of_type(network: NetworkSpec, *types: str) -> list[LayerSpec]:
    return [layer for layer in network.layers if layer.type in types]


def groups(layers: list[LayerSpec]) -> set[frozenset[str]]:
    return {layer.tasks for layer in layers}


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("mix", MIXES, ids="+".join)
@pytest.mark.parametrize("image_size", [32, 64, 256])
def test_any_tasks_give_a_network_without_problems(sketch, template_id, mix, image_size) -> None:
    spec = drawn(sketch(*mix, image_size=image_size).spec, template_id)
    assert not analyze(spec).errors


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("type_", ["classification", "segmentation"])
def test_many_tasks_cost_little_more_than_few(template_id, type_) -> None:
    most = 1.5 * analyze(drawn(many(3, type_, 128), "separate")).total.parameters
    for count in (12, 40):
        analysis = analyze(drawn(many(count, type_, 128), template_id))
        assert not analysis.errors and analysis.total.parameters < most


@pytest.mark.parametrize("template_id", IDS)
def test_it_trains(sketch, template_id) -> None:
    for spec in (sketch(*PETS, image_size=32).spec, many(12, image_size=32)):
        net = compile_network(drawn(spec, template_id))
        out = net({"image": torch.randn(2, 3, 32, 32)})
        assert set(out) == set(spec.task_ids)
        sum(value.square().mean() for value in out.values()).backward()
        for name, weight in net.named_parameters():
            assert weight.grad is not None and torch.isfinite(weight.grad).all(), name


@pytest.mark.parametrize("template_id", IDS)
def test_gradients_reach_where_the_graph_says(sketch, template_id) -> None:
    """A task's loss moves the layers that the graph says it influences, and no other."""
    spec = drawn(sketch("kind", "mask").spec, template_id)
    net, found = compile_network(spec), influences(spec.network)
    for task in spec.task_ids:
        net.zero_grad()
        torch.manual_seed(0)
        net({"image": torch.randn(4, 3, 32, 32)})[task].square().mean().backward()
        for layer_id in net.layers:
            weights = net.parameters_of(layer_id)
            reached = any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in weights)
            assert reached == (task in found[layer_id]) or not weights, layer_id


@pytest.mark.parametrize("template_id", IDS)
def test_of_one_task_nothing_stands_between_tasks(sketch, template_id) -> None:
    network = drawn(sketch("mask").spec, template_id).network
    assert not of_type(network, "cross_stitch", "distillation")
    assert groups(list(network.layers)) == {frozenset({"mask"})}


def test_names_of_layers_are_told_apart_by_rows(sketch) -> None:
    """Two layers of one row and one name would be mistaken for one another."""
    for template_id in IDS:
        network = drawn(sketch(*PETS, image_size=128).spec, template_id).network
        named = [(layer.name, layer.tasks) for layer in network.layers if "expert" not in layer.name]
        assert len(set(named)) == len(named), template_id


ALL, OWN = frozenset(PETS), {frozenset({task}) for task in PETS}


def test_cross_stitch_shares_nothing_but_its_stitches(sketch) -> None:
    network = drawn(sketch(*PETS, image_size=64).spec, "cross_stitch").network
    stitches = of_type(network, "cross_stitch")
    assert len(stitches) == 3 and groups(stitches) == {ALL}
    rest = [layer for layer in network.layers if layer.type not in ("cross_stitch", "input")]
    assert groups(rest) == OWN
    into = {c.target_port for c in network.connections if c.target == stitches[0].id}
    assert into == {lane(task) for task in PETS}


def test_mtan_has_no_own_stage_and_no_shared_attention(sketch) -> None:
    network = drawn(sketch(*PETS, "depth", image_size=64).spec, "mtan").network
    everyone = ALL | {"depth"}
    assert groups(of_type(network, "convolution", "residual_stage")) == {everyone}
    assert groups(of_type(network, "unet_decoder")) == {frozenset({"mask", "depth"})}
    attentions = of_type(network, "task_attention")
    assert groups(attentions) == OWN | {frozenset({"depth"})}
    assert sum(layer.tasks == {"kind"} for layer in attentions) == 3
    assert sum(layer.tasks == {"mask"} for layer in attentions) == 5  # three stages down, two up


def test_attention_over_stages_uses_what_it_took_from_every_depth(sketch) -> None:
    network = drawn(sketch(*PETS, image_size=64).spec, "stage_attention").network
    assert groups(of_type(network, "convolution", "residual_stage")) == {ALL}
    joined = {c.source for c in network.connections if c.target == "kind_join"}
    assert joined == {"kind_pool_1", "kind_pool_2", "kind_pool_3"}
    skips = {c.source for c in network.connections if c.target_port == "skip"}
    assert skips == {"mask_attention_1", "mask_attention_2"}


def test_experts_of_mmoe_are_shared_and_gates_own(sketch) -> None:
    network = drawn(sketch(*PETS, image_size=64).spec, "mmoe").network
    experts = [layer for layer in network.layers if layer.name.startswith("Expert")]
    gates = of_type(network, "expert_mix")
    assert len(experts) == 4 and groups(experts) == {ALL} and groups(gates) == OWN
    for gate in gates:
        assert sum(c.target == gate.id and c.target_port == "experts" for c in network.connections) == 4


@pytest.mark.parametrize(("template_id", "levels"), [("cgc", 1), ("ple", 2)])
def test_experts_of_cgc_and_ple_are_shared_and_own(sketch, template_id, levels) -> None:
    network = drawn(sketch(*PETS, image_size=64).spec, template_id).network
    shared = [layer for layer in network.layers if layer.name.startswith("Shared expert")]
    own = [layer for layer in network.layers if layer.name.startswith("Expert")]
    assert len(shared) == 2 * levels and groups(shared) == {ALL}
    assert len(own) == 3 * levels and groups(own) == OWN
    gates = of_type(network, "expert_mix")
    assert len(gates) == 3 * levels + (levels - 1) and groups(gates) == OWN | ({ALL} if levels > 1 else set())


def test_padnet_shares_all_before_the_first_features(sketch) -> None:
    network = drawn(sketch(*PETS, image_size=64).spec, "padnet").network
    (messages,) = of_type(network, "distillation")
    assert messages.tasks == ALL
    assert groups([layer for layer in network.layers if layer.name == "First features"]) == OWN
    assert groups([layer for layer in network.layers if layer.name.startswith("Stage")]) == {ALL}


def test_the_attention_template_has_a_look_for_each_task(sketch) -> None:
    network = drawn(sketch(*PETS, image_size=64).spec, "attention").network
    assert groups(of_type(network, "squeeze_excite", "self_attention")) == {ALL}
    assert groups(of_type(network, "cbam")) == OWN


def test_many_ways_side_by_side_are_narrow() -> None:
    assert narrow(1) == narrow(3) == (16, 32, 64, 160, 256)
    for count in (6, 12, 40):
        widths = narrow(count)
        assert all(width % 8 == 0 for width in widths) and count * sum(w * w for w in widths) < 4 * sum(
            w * w for w in narrow(1)
        )
