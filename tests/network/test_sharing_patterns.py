"""Each sharing pattern is what its name says, measured on gradients and copied weights, not on the drawing alone."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.templates import template
from mtlstudio.project.edits import set_split_point, split_positions
from mtlstudio.project.graph import ancestors, depths, influences, lineage, order
from mtlstudio.project.spec import InputSpec, LayerSpec, ProjectSpec

BESIDE = InputSpec("beside", "Beside", "map", 1)


def project(drawn, template_id: str, inputs: int = 1) -> ProjectSpec:
    spec = drawn.spec if inputs == 1 else replace(drawn.spec, inputs=(*drawn.spec.inputs, BESIDE))
    return spec.with_network(template(template_id).build(spec))


def way(spec: ProjectSpec, task: str) -> list[str]:
    """All layers that a task depends on, in order."""
    output = spec.network.output_of(task)
    assert output is not None
    needed = {output.layer, *ancestors(spec.network, output.layer)}
    return [layer for layer in order(spec.network) if layer in needed]


def copy_along(source: MultiTaskNetwork, before: ProjectSpec, target: MultiTaskNetwork, after: ProjectSpec) -> None:
    """Copies the weights of each task's way, layer by layer."""
    for task in before.task_ids:
        for one, other in zip(way(before, task), way(after, task), strict=True):
            target.layers[other].load_state_dict(source.layers[one].state_dict())


def picture(size: int = 32, channels: int = 3) -> Tensor:
    return torch.randn(2, channels, size, size)


def who_shares(spec: ProjectSpec) -> dict[tuple[frozenset[str], str], int]:
    """(tasks, type) -> how many layers, without the inputs."""
    found: dict[tuple[frozenset[str], str], int] = {}
    for layer in spec.network.layers:
        if layer.type != "input":
            key = (layer.tasks, layer.type)
            found[key] = found.get(key, 0) + 1
    return found


# The split point.


def test_split_at_the_input_is_separate(sketch) -> None:
    shared = project(sketch("kind", "labels", "count"), "shared")
    separate = project(sketch("kind", "labels", "count"), "separate")
    split = set_split_point(shared, 0)
    assert who_shares(split) == who_shares(separate)
    ours, theirs = compile_network(split).eval(), compile_network(separate).eval()
    copy_along(ours, split, theirs, separate)
    x = {"image": picture()}
    for task, value in ours(x).items():
        torch.testing.assert_close(value, theirs(x)[task])


def test_split_at_the_heads_is_one_trunk(sketch) -> None:
    separate = project(sketch("kind", "labels", "count"), "separate")
    shared = project(sketch("kind", "labels", "count"), "shared")
    ends = [place.index for place in split_positions(separate) if place.layer.endswith("stage_3")]
    joined = set_split_point(separate, ends[-1])
    assert who_shares(joined) == who_shares(shared)
    ours, theirs = compile_network(joined).eval(), compile_network(shared).eval()
    copy_along(ours, joined, theirs, shared)
    x = {"image": picture()}
    for task, value in ours(x).items():
        torch.testing.assert_close(value, theirs(x)[task])


@pytest.mark.parametrize("template_id", ["shared", "unet", "fpn", "deeplab", "recurrent", "autoencoder"])
def test_splitting_anywhere_and_joining_again_changes_no_output(sketch, template_id) -> None:
    spec = project(sketch("kind", "mask", "count"), template_id)
    net, x = compile_network(spec).eval(), {"image": picture()}
    expected = net(x)
    current = next(place.index for place in split_positions(spec) if place.current)
    for index in range(current + 1):
        split = set_split_point(spec, index)
        other = compile_network(split).eval()
        for layer_id in other.layers:
            source = next(known for known in lineage(split.network, layer_id) if known in net.layers)
            other.layers[layer_id].load_state_dict(net.layers[source].state_dict())
        for task, value in other(x).items():
            torch.testing.assert_close(value, expected[task], msg=f"{template_id} at {index}: {task}")


# Shared middle.


def gradients(net: MultiTaskNetwork, inputs: dict[str, Tensor], task: str) -> set[str]:
    """Ids of the layers that a task's output puts a gradient on."""
    net.zero_grad()
    net(inputs)[task].square().sum().backward()
    return {
        layer_id
        for layer_id, layer in net.layers.items()
        if any(p.grad is not None and p.grad.abs().sum() > 0 for p in layer.parameters())
    }


def test_middle_layers_are_shared_by_neighbours_only(sketch) -> None:
    names = ("kind", "labels", "mask", "depth")
    spec = project(sketch(*names, image_size=64), "middle")
    pairs = [frozenset(pair) for pair in pairwise(names)]
    own = [frozenset({name}) for name in names]
    assert {layer.tasks for layer in spec.network.layers} == {frozenset(names), *pairs, *own}
    net, x = compile_network(spec), {"image": picture(64)}
    reached = {name: gradients(net, x, name) for name in names}
    for layer in spec.network.layers:
        if layer.id in set().union(*reached.values()):
            assert {name for name in names if layer.id in reached[name]} == layer.tasks, layer.id
    depth = depths(spec.network)
    middle = [layer for layer in spec.network.layers if layer.tasks in pairs]
    trunk = [layer for layer in spec.network.layers if layer.tasks == frozenset(names)]
    heads = [spec.network.output_of(name).layer for name in names]
    assert max(depth[layer.id] for layer in trunk) < min(depth[layer.id] for layer in middle)
    assert max(depth[layer.id] for layer in middle) < min(depth[head] for head in heads)


# Different depths.


def test_tasks_hang_on_different_depths(sketch) -> None:
    names = ("kind", "labels", "mask", "depth", "picture")
    spec = project(sketch(*names, image_size=128), "depths")
    depth = depths(spec.network)
    leaving = {}
    for name in set(names) - {"mask"}:
        leaving[name] = max((layer.id for layer in spec.network.layers if layer.tasks > {name}), key=depth.__getitem__)
    assert len(set(leaving.values())) == len(leaving)
    assert depth[leaving["kind"]] > depth[leaving["labels"]]  # the later in the list, the shallower
    way_up = {name: len([layer for layer in way(spec, name) if layer.startswith("up_")]) for name in names}
    assert way_up["mask"] > way_up["depth"] > way_up["picture"] > way_up["kind"] == 0


def test_many_maps_hang_on_the_first_stages_too(sketch) -> None:
    drawn = sketch("mask", image_size=32)
    tasks = tuple(replace(drawn.spec.tasks[0], id=f"mask_{n}") for n in range(4))
    spec = replace(drawn.spec, tasks=tasks)
    spec = spec.with_network(template("depths").build(spec))
    ups = [sum(layer.startswith("up_") for layer in way(spec, task.id)) for task in tasks]
    assert ups == [2, 1, 0, 0]
    early = [[layer for layer in way(spec, task.id) if layer.startswith("down_")] for task in tasks[2:]]
    assert early == [["down_1"], ["down_1", "down_2"]]


# Pyramid, DeepLab, recurrent, reading, autoencoder.


def types(spec: ProjectSpec, task: str) -> list[str]:
    return [spec.network.layer(layer).type for layer in way(spec, task)]


def test_a_pyramid_has_heads_at_different_levels(sketch) -> None:
    spec = project(sketch("kind", "labels", "mask", image_size=128), "fpn")
    steps = {task: types(spec, task).count("fpn_step") for task in spec.task_ids}
    assert steps == {"kind": 0, "labels": 1, "mask": 2}


def test_deeplab_keeps_its_size_where_it_looks_further(sketch) -> None:
    from mtlstudio.network.analyze import analyze
    from mtlstudio.network.templates.deeplab import rates

    spec = project(sketch("kind", "mask", image_size=128), "deeplab")
    reports = analyze(spec).layers
    dilated, before = reports["stage_4"], reports["stage_3"]
    assert dilated.output_shape[1:] == before.output_shape[1:] == (16, 16)
    assert spec.network.layer("aspp").tasks == {"kind", "mask"}
    assert rates(33) == (6, 12, 18) and rates(4) == (1, 2) and rates(1) == (1,)


def test_a_recurrent_head_is_each_tasks_own(sketch) -> None:
    spec = project(sketch("kind", "mask", "word"), "recurrent")
    own = [layer.tasks for layer in spec.network.layers if layer.type == "recurrent_map"]
    assert own == [{"kind"}, {"mask"}]
    assert "recurrent" in types(spec, "word")


def test_reading_keeps_at_least_sixteen_steps_and_looks_at_no_smaller_map(sketch) -> None:
    from mtlstudio.network.analyze import analyze

    for size in (32, 64, 128, 200):
        spec = project(sketch("kind", "word", image_size=size), "sequence")
        reports = analyze(spec).layers
        assert reports[spec.network.output_of("word").layer].output_shape[1] >= 16, size
        widths = [
            reports[layer].output_shape[2] for layer in way(spec, "word") if len(reports[layer].output_shape) == 3
        ]
        assert min(widths) >= 16 and reports["kind_global_pool"].input_shapes["in"][0][2] < min(widths), size


def test_all_that_an_autoencoder_gives_comes_through_its_code(sketch) -> None:
    """With the code's weights at zero nothing of the picture is left in any output."""
    spec = project(sketch("picture", "kind", "mask"), "autoencoder")
    net = compile_network(spec).eval()
    first, second = net({"image": picture()}), net({"image": picture()})
    assert all(not torch.allclose(first[task], second[task]) for task in spec.task_ids)
    for parameter in net.layers["code"].parameters():
        parameter.data.zero_()
    first, second = net({"image": picture()}), net({"image": picture()})
    for task in spec.task_ids:
        torch.testing.assert_close(first[task], second[task], rtol=0, atol=0)


# Joined at the end.


def test_networks_joined_at_the_end_are_their_tasks_own_and_yet_all_learn_from_all(sketch) -> None:
    names = ("kind", "mask", "count")
    spec = project(sketch(*names, image_size=64), "joint")
    every, depend = frozenset(names), influences(spec.network)
    shared = {layer.id for layer in spec.network.layers if layer.tasks == every}
    assert shared == {"image", "joint"}
    encoders = [layer for layer in spec.network.layers if "_stage_" in layer.id]
    assert all(len(layer.tasks) == 1 and depend[layer.id] == every for layer in encoders)
    net, x = compile_network(spec), {"image": picture(64)}
    for name in names:
        assert {layer.id for layer in encoders} <= gradients(net, x, name)


def test_a_joint_layer_that_weighs_the_others_with_zero_is_a_network_of_its_own(sketch) -> None:
    """One task's channels passed on as they are, the others' left out: the network that this task has alone."""
    spec = project(sketch("kind", "count"), "joint")
    layer = replace(spec.network.layer("joint"), parameters=spec.network.layer("joint").parameters.with_(
        out_channels=64, norm="none", activation="none"))  # fmt: skip
    spec = spec.with_network(replace(spec.network, layers=tuple(_with(layer, old) for old in spec.network.layers)))
    alone = project(sketch("kind"), "separate")
    net, single = compile_network(spec).eval(), compile_network(alone).eval()
    for layer_id in single.layers:
        net.layers[layer_id].load_state_dict(single.layers[layer_id].state_dict())
    # The lanes stand in the order of the ids: count before kind.
    weight = torch.cat([torch.zeros(64, 64), torch.eye(64)], dim=1)[:, :, None, None]
    conv = net.layers["joint"].join.conv
    conv.weight.data.copy_(weight)
    conv.bias.data.zero_()
    x = {"image": picture()}
    torch.testing.assert_close(net(x)["kind"], single(x)["kind"])


def _with(layer: LayerSpec, old: LayerSpec) -> LayerSpec:
    return layer if old.id == layer.id else old


# Two inputs.


@pytest.mark.parametrize(("template_id", "shared_input"), [("early_fusion", True), ("middle_fusion", False)])
def test_every_task_sees_both_inputs(sketch, template_id, shared_input) -> None:
    spec = project(sketch("kind", "mask"), template_id, inputs=2)
    net = compile_network(spec).eval()
    for task in spec.task_ids:
        inputs = {"image": picture().requires_grad_(), "beside": picture(channels=1).requires_grad_()}
        net(inputs)[task].square().sum().backward()
        assert all(value.grad is not None and value.grad.abs().sum() > 0 for value in inputs.values())
    weights = [layer for layer in spec.network.layers if layer.type == "convolution" and "stage_1" in layer.id]
    assert (len(weights) == 1) is shared_input


def test_early_fusion_without_weights_on_the_second_input_is_the_network_of_the_first(sketch) -> None:
    spec = project(sketch("kind", "mask"), "early_fusion", inputs=2)
    fused = compile_network(spec).eval()
    single = copy.deepcopy(fused)
    first = fused.layers["stage_1"].conv
    first.weight.data[:, 3:] = 0
    x = picture()
    out = [fused({"image": x, "beside": picture(channels=1)}) for _ in range(2)]
    for task in spec.task_ids:
        torch.testing.assert_close(out[0][task], out[1][task], rtol=0, atol=0)
        zeros = single({"image": x, "beside": torch.zeros(2, 1, 32, 32)})[task]
        torch.testing.assert_close(out[0][task], zeros)


def test_middle_fusion_is_the_sum_of_two_encoders_until_half_way(sketch) -> None:
    spec = project(sketch("kind", image_size=128), "middle_fusion", inputs=2)
    net = compile_network(spec).eval()
    values: dict[str, Tensor] = {}
    for layer_id in net.layers:
        net.layers[layer_id].register_forward_hook(lambda _m, _a, out, name=layer_id: values.update({name: out}))
    x, beside = picture(128), picture(128, 1)
    net({"image": x, "beside": beside})
    colour, depth = net.layers["image_stage_1"](x), net.layers["beside_stage_1"](beside)
    one = colour + depth
    two = net.layers["image_stage_2"](one) + net.layers["beside_stage_2"](depth)
    torch.testing.assert_close(values["fuse_2"], two)
    torch.testing.assert_close(values["stage_3"], net.layers["stage_3"](two))


def test_late_fusion_with_the_second_network_silenced_is_the_network_of_the_first(sketch) -> None:
    """Heads that put no weight on the second network's features give what a network of the first input alone gives."""
    spec = project(sketch("kind", "mask"), "late_fusion", inputs=2)
    net = compile_network(spec).eval()
    linear, conv = net.layers["kind_linear_head"].linear, net.layers["mask_dense_head"].conv
    with torch.no_grad():
        linear.weight[:, linear.in_features // 2 :] = 0
        conv.weight[:, conv.in_channels // 2 :] = 0
    x = picture()
    one, other = (net({"image": x, "beside": picture(channels=1)}) for _ in range(2))
    features = x
    stages = {}
    for n in (1, 2, 3):
        features = stages[n] = net.layers[f"image_stage_{n}"](features)
    kind = features.mean((2, 3)) @ linear.weight[:, : linear.in_features // 2].T + linear.bias
    up = net.layers["image_up_1"](net.layers["image_up_2"](features, stages[2]), stages[1])
    mask = torch.einsum("nchw,kc->nkhw", up, conv.weight[:, : conv.in_channels // 2, 0, 0])
    mask = torch.nn.functional.interpolate(mask + conv.bias[:, None, None], size=(32, 32), mode="bilinear")
    for out in (one, other):
        torch.testing.assert_close(out["kind"], kind)
        torch.testing.assert_close(out["mask"], mask)


def test_a_fusion_needs_two_inputs_and_says_so(sketch) -> None:
    from mtlstudio.base.errors import StudioError

    for template_id in ("early_fusion", "middle_fusion", "late_fusion"):
        assert template(template_id).lacks(sketch("kind").spec)
        assert template(template_id).sample == "rgbd"
        with pytest.raises(StudioError, match="2 inputs"):
            project(sketch("kind"), template_id)
