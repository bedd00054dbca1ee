"""Whole templates against statements of their own: another family's network, torch's own parts, or wiring by hand.

Stages, heads and steps are tested alone elsewhere; here it is what a template makes of them that must be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork

from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.interface import layer_type
from mtlstudio.network.templates import template, templates
from mtlstudio.project import edits
from mtlstudio.project.graph import ancestors, order
from mtlstudio.project.spec import ProjectSpec

VECTORS = ("kind", "labels", "count")

STATED = {
    "shared": "test_sharing_patterns.test_split_at_the_heads_is_one_trunk",
    "separate": "test_sharing_patterns.test_split_at_the_input_is_separate",
    "unet": "test_family_statements.test_a_unet_by_hand",
    "tree": "test_family_statements.test_a_tree_is_the_shared_network_with_later_stages_split_off",
    "middle": "test_sharing_patterns.test_middle_layers_are_shared_by_neighbours_only",
    "depths": "test_family_statements.test_tasks_at_different_depths_by_hand",
    "fpn": "test_family_statements.test_a_pyramid_is_torchvisions",
    "deeplab": "test_family_statements.test_deeplab_by_hand",
    "joint": "test_sharing_patterns.test_a_joint_layer_that_weighs_the_others_with_zero_is_a_network_of_its_own",
    "recurrent": "test_family_statements.test_a_recurrent_head_reads_rows_then_columns",
    "sequence": "test_family_statements.test_reading_by_hand",
    "autoencoder": "test_sharing_patterns.test_all_that_an_autoencoder_gives_comes_through_its_code",
    "cross_stitch": "test_family_statements.test_stitches_that_keep_to_themselves_are_the_separate_template",
    "mtan": "test_family_statements.test_masks_of_ones_are_the_shared_template",
    "stage_attention": "test_family_statements.test_open_attention_over_stages_joins_all_depths",
    "mmoe": "test_family_statements.test_one_expert_is_the_shared_template",
    "cgc": "test_family_statements.test_own_experts_alone_are_the_shared_template_split_before_its_last_stage",
    "ple": "test_family_statements.test_gates_that_hear_their_own_experts_are_separate_behind_the_stem",
    "padnet": "test_between.test_closed_gates_distil_nothing",
    "attention": "test_family_statements.test_attention_that_weighs_all_alike_is_the_shared_template",
    "early_fusion": "test_sharing_patterns."
    "test_early_fusion_without_weights_on_the_second_input_is_the_network_of_the_first",
    "middle_fusion": "test_sharing_patterns.test_middle_fusion_is_the_sum_of_two_encoders_until_half_way",
    "late_fusion": "test_sharing_patterns."
    "test_late_fusion_with_the_second_network_silenced_is_the_network_of_the_first",
}
"""Template -> the test that states what its network is."""


def test_every_template_is_stated() -> None:
    assert STATED.keys() == {item.id for item in templates()}
    for place in STATED.values():
        module, _, name = place.partition(".")
        assert re.search(rf"^def {name}\(", Path(__file__).with_name(f"{module}.py").read_text("utf-8"), re.M), place


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def drawn(spec: ProjectSpec, template_id: str) -> ProjectSpec:
    return spec.with_network(template(template_id).build(spec))


def compiled(spec: ProjectSpec) -> MultiTaskNetwork:
    """In eval mode, with norms that do something."""
    net = compile_network(spec).eval()
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    return net


def picture(size: int) -> Tensor:
    return torch.randn(2, 3, size, size)


def take(net: MultiTaskNetwork, other: MultiTaskNetwork, called: Callable[[str], str] = str) -> None:
    """Gives a network another's weights. `called`: id of a layer -> what it is called there."""
    for layer_id, layer in net.layers.items():
        if layer.state_dict():
            layer.load_state_dict(other.layers[called(layer_id)].state_dict())


def assert_same(net: MultiTaskNetwork, other: MultiTaskNetwork, x: Tensor) -> None:
    one, two = net({"image": x}), other({"image": x})
    assert one.keys() == two.keys()
    for task, value in one.items():
        torch.testing.assert_close(value, two[task], atol=1e-4, rtol=1e-4)


def pooled(net: MultiTaskNetwork, task: str, features: Tensor) -> Tensor:
    """A vector task's head, by hand."""
    linear = net.layers[f"{task}_linear_head"].linear
    return features.mean((2, 3)) @ linear.weight.T + linear.bias


def densely(net: MultiTaskNetwork, task: str, features: Tensor, size: int) -> Tensor:
    """A map task's head, by hand."""
    conv = net.layers[f"{task}_dense_head"].conv
    return F.interpolate(F.conv2d(features, conv.weight, conv.bias), (size, size), mode="bilinear")


def step_up(module: nn.Module, low: Tensor, skip: Tensor) -> Tensor:
    """A step of a U-Net's way up, by hand: enlarged, the skip beside it, convolutions."""
    x = torch.cat((F.interpolate(low, skip.shape[2:], mode="bilinear"), skip), 1)
    convs = [part for part in module.modules() if isinstance(part, nn.Conv2d)]
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    for conv, norm in zip(convs, norms, strict=True):
        x = norm(F.conv2d(x, conv.weight, padding=1)).relu()
    return x


def descend(net: MultiTaskNetwork, x: Tensor, *stages: str) -> list[Tensor]:
    """What each of some stages in a row gives."""
    found: list[Tensor] = []
    for stage in stages:
        found.append(net.layers[stage](found[-1] if found else x))
    return found


# Against another family.


def test_stitches_that_keep_to_themselves_are_the_separate_template(sketch) -> None:
    spec = sketch(*VECTORS, image_size=64).spec
    stitched = drawn(spec, "cross_stitch")
    layers = tuple(
        replace(layer, parameters=layer.parameters.with_(own=1.0)) if layer_type(layer.type).crosses else layer
        for layer in stitched.network.layers
    )
    assert layers != stitched.network.layers
    net = compiled(spec.with_network(replace(stitched.network, layers=layers)))
    separate = compiled(drawn(spec, "separate"))
    take(separate, net)
    assert_same(net, separate, picture(64))


def test_masks_of_ones_are_the_shared_template(sketch) -> None:
    spec = sketch(*VECTORS, image_size=64).spec
    net, shared = compiled(drawn(spec, "mtan")), compiled(drawn(spec, "shared"))
    take(shared, net, lambda layer: layer.replace("stage_", "down_"))
    x = picture(64)
    with pytest.raises(AssertionError):  # masks as they are drawn take something away
        assert_same(net, shared, x)
    open_masks(net)
    assert_same(net, shared, x)


def open_masks(net: MultiTaskNetwork) -> None:
    for part in net.modules():
        if type(part).__name__ == "TaskAttention":
            nn.init.zeros_(part.mask.norm.weight)
            nn.init.constant_(part.mask.norm.bias, 100.0)


def narrower(spec: ProjectSpec, layer_id: str) -> ProjectSpec:
    """A layer of half as many channels, as experts are."""
    layer = spec.network.layer(layer_id)
    changed = replace(layer, parameters=layer.parameters.with_(out_channels=layer.parameters["out_channels"] // 2))
    layers = tuple(changed if item is layer else item for item in spec.network.layers)
    return spec.with_network(replace(spec.network, layers=layers))


def unheard(spec: ProjectSpec, experts: list[str]) -> ProjectSpec:
    """No gate listens to these experts any more."""
    for connection in spec.network.connections:
        if connection.source in experts:
            spec = edits.disconnect(spec, connection)
    return spec


def test_one_expert_is_the_shared_template(sketch) -> None:
    spec = sketch(*VECTORS, image_size=64).spec
    mixed = drawn(spec, "mmoe")
    experts = [layer.id for layer in mixed.network.layers if layer.id.startswith("expert_")]
    assert len(experts) == 4
    net = compiled(unheard(mixed, experts[1:]))
    shared = compiled(narrower(drawn(spec, "shared"), "stage_3"))
    take(shared, net, lambda layer: "expert_1" if layer == "stage_3" else layer)
    assert_same(net, shared, picture(64))


def test_own_experts_alone_are_the_shared_template_split_before_its_last_stage(sketch) -> None:
    spec = sketch(*VECTORS, image_size=64).spec
    net = compiled(unheard(drawn(spec, "cgc"), ["shared_expert_1", "shared_expert_2"]))
    split = edits.each_its_own(narrower(drawn(spec, "shared"), "stage_3"), "stage_3")
    own = {layer.id: f"{min(layer.tasks)}_expert" for layer in split.network.layers if layer.type == "residual_stage"}
    own["stage_2"] = "stage_2"
    assert len(set(own.values())) == 4
    shared = compiled(split)
    take(shared, net, lambda layer: own.get(layer, layer))
    assert_same(net, shared, picture(64))


def test_gates_that_hear_their_own_experts_are_separate_behind_the_stem(sketch) -> None:
    net = compiled(drawn(sketch(*VECTORS, image_size=64).spec, "ple"))
    for task in VECTORS:
        for level in (1, 2):
            gate = net.layers[f"level_{level}_{task}_gate"].gate
            nn.init.zeros_(gate.weight)
            gate.bias.data.copy_(torch.tensor([0.0, -1e4, -1e4]))
    x = picture(64)
    out = net({"image": x})
    for task in VECTORS:
        last = descend(net, x, "stage_1", f"level_1_{task}_expert", f"level_2_{task}_expert")[-1]
        torch.testing.assert_close(out[task], pooled(net, task, last), atol=1e-5, rtol=1e-4)


def test_attention_that_weighs_all_alike_is_the_shared_template(sketch) -> None:
    spec = sketch(*VECTORS, image_size=64).spec
    net, shared = compiled(drawn(spec, "attention")), compiled(drawn(spec, "shared"))
    take(shared, net)
    x = picture(64)
    with pytest.raises(AssertionError):
        assert_same(net, shared, x)
    for part in net.modules():
        name = type(part).__name__
        if name in ("SqueezeExcite", "CBAM"):
            nn.init.zeros_(part.expand.weight)
            nn.init.constant_(part.expand.bias, 100.0)
        if name == "CBAM":
            nn.init.zeros_(part.places.weight)
            nn.init.constant_(part.places.bias, 100.0)
        if name == "SelfAttention":
            nn.init.zeros_(part.out.weight)
            nn.init.zeros_(part.out.bias)
    assert_same(net, shared, x)


def way(spec: ProjectSpec, task: str) -> list[str]:
    """All layers that a task depends on, in order."""
    output = spec.network.output_of(task)
    assert output is not None
    needed = {output.layer, *ancestors(spec.network, output.layer)}
    return [layer for layer in order(spec.network) if layer in needed]


def test_a_tree_is_the_shared_network_with_later_stages_split_off(sketch) -> None:
    spec = sketch("kind", "count", image_size=64).spec
    kind, count = spec.tasks
    spec = replace(spec, tasks=(kind, replace(kind, id="sort", name="Sort"), count))
    tree, split = drawn(spec, "tree"), edits.split_off(drawn(spec, "shared"), "stage_2", {"count"})

    def sharing(of: ProjectSpec) -> list[tuple[list[str], str]]:
        return sorted((sorted(layer.tasks), layer.type) for layer in of.network.layers)

    assert sharing(tree) == sharing(split)
    net, other = compiled(tree), compiled(split)
    for task in spec.task_ids:
        for ours, theirs in zip(way(tree, task), way(split, task), strict=True):
            other.layers[theirs].load_state_dict(net.layers[ours].state_dict())
    assert_same(net, other, picture(64))


# By hand, or by torch's own parts.


def test_a_unet_by_hand(sketch) -> None:
    net, x = compiled(drawn(sketch("kind", "mask", image_size=64).spec, "unet")), picture(64)
    one, two, three = descend(net, x, "down_1", "down_2", "down_3")
    out = net({"image": x})
    torch.testing.assert_close(out["kind"], pooled(net, "kind", three))
    up = step_up(net.layers["mask_up_2"], three, two)
    up = step_up(net.layers["mask_up_1"], up, one)
    torch.testing.assert_close(out["mask"], densely(net, "mask", up, 64), atol=1e-5, rtol=1e-4)


def test_tasks_at_different_depths_by_hand(sketch) -> None:
    net = compiled(drawn(sketch("kind", "labels", "mask", "depth", "picture", image_size=64).spec, "depths"))
    x = picture(64)
    one, two, three = descend(net, x, "down_1", "down_2", "down_3")
    out = net({"image": x})
    torch.testing.assert_close(out["kind"], pooled(net, "kind", three))
    torch.testing.assert_close(out["labels"], pooled(net, "labels", net.layers["labels_stage_3"](two)))
    low = step_up(net.layers["up_2"], three, two)
    high = step_up(net.layers["up_1"], low, one)
    first = net.layers["picture_own"](one)
    for task, features in (("mask", high), ("depth", low), ("picture", first)):
        torch.testing.assert_close(out[task], densely(net, task, features, 64), atol=1e-5, rtol=1e-4)


def test_a_pyramid_is_torchvisions(sketch) -> None:
    """Its levels are torchvision's, with the smoothing convolutions at identity; then come a convolution and the heads."""
    net = compiled(drawn(sketch("kind", "labels", "mask", image_size=128).spec, "fpn"))
    pyramid = FeaturePyramidNetwork([32, 64, 160], 64).eval()
    laterals = (net.layers["step_2"].lateral, net.layers["step_3"].lateral, net.layers["lateral"])
    for (inner,), own in zip(pyramid.inner_blocks, laterals, strict=True):
        inner.load_state_dict(own.conv.state_dict())
    for (smooth,) in pyramid.layer_blocks:
        nn.init.dirac_(smooth.weight)
        nn.init.zeros_(smooth.bias)
    x = picture(128)
    _, *stages = descend(net, x, "stage_1", "stage_2", "stage_3", "stage_4")
    levels = pyramid(dict(zip("234", stages, strict=True)))
    out = net({"image": x})
    torch.testing.assert_close(out["kind"], pooled(net, "kind", net.layers["level_4"](levels["4"])))
    torch.testing.assert_close(out["labels"], pooled(net, "labels", net.layers["level_3"](levels["3"])))
    finest = net.layers["mask_own"](net.layers["level_2"](levels["2"]))
    torch.testing.assert_close(out["mask"], densely(net, "mask", finest, 128), atol=1e-5, rtol=1e-4)


def test_deeplab_by_hand(sketch) -> None:
    net = compiled(drawn(sketch("kind", "mask", image_size=128).spec, "deeplab"))
    x = picture(128)
    one, _, three = descend(net, x, "stage_1", "stage_2", "stage_3")
    (block,) = net.layers["stage_4"]
    dilated = block.first.norm(F.conv2d(three, block.first.conv.weight, padding=2, dilation=2)).relu()
    dilated = block.second.norm(F.conv2d(dilated, block.second.conv.weight, padding=2, dilation=2))
    dilated = (dilated + block.shortcut.norm(F.conv2d(three, block.shortcut.conv.weight))).relu()
    aspp = net.layers["aspp"]
    seen = []
    for branch, rate in zip(aspp.branches, (0, 3, 6, 9), strict=True):  # 6, 12, 18 of 33 in maps of 16
        seen.append(branch.norm(F.conv2d(dilated, branch.conv.weight, padding=rate, dilation=max(rate, 1))).relu())
    mean = F.conv2d(dilated.mean((2, 3), keepdim=True), aspp.pooled.conv.weight, aspp.pooled.conv.bias).relu()
    joined = torch.cat((*seen, mean.expand_as(seen[0])), 1)
    joined = aspp.join.norm(F.conv2d(joined, aspp.join.conv.weight)).relu()
    out = net({"image": x})
    torch.testing.assert_close(out["kind"], pooled(net, "kind", joined), atol=1e-5, rtol=1e-4)
    up = step_up(net.layers["mask_decoder"], joined, one)  # at once to the size of the first stage
    torch.testing.assert_close(out["mask"], densely(net, "mask", up, 128), atol=1e-5, rtol=1e-4)


def read(reader: nn.GRU, lines: Tensor) -> Tensor:
    """(N, T, C) in both directions by two readers of one direction each."""
    found = []
    for ending, turned in (("", lines), ("_reverse", lines.flip(1))):
        one = nn.GRU(reader.input_size, reader.hidden_size, batch_first=True)
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        one.load_state_dict({name: getattr(reader, name + ending) for name in names})
        said = one(turned)[0]
        found.append(said.flip(1) if ending else said)
    return torch.cat(found, 2)


def test_a_recurrent_head_reads_rows_then_columns(sketch) -> None:
    net = compiled(drawn(sketch("kind", "mask", image_size=64).spec, "recurrent"))
    x = picture(64)
    one, two, three = descend(net, x, "stage_1", "stage_2", "stage_3")
    out = net({"image": x})
    for task in ("kind", "mask"):
        readers = net.layers[f"{task}_recurrent"]
        rows = torch.stack([read(readers.rows, three[:, :, y].transpose(1, 2)) for y in range(8)], 1)  # (N, H, W, C)
        known = torch.stack([read(readers.columns, rows[:, :, x]) for x in range(8)], 2).permute(0, 3, 1, 2)
        if task == "kind":
            torch.testing.assert_close(out[task], pooled(net, task, known), atol=1e-5, rtol=1e-4)
            continue
        up = step_up(net.layers["mask_up_1"], step_up(net.layers["mask_up_2"], known, two), one)
        torch.testing.assert_close(out[task], densely(net, task, up, 64), atol=1e-5, rtol=1e-4)


def test_reading_by_hand(sketch) -> None:
    net = compiled(drawn(sketch("word", "kind", image_size=64).spec, "sequence"))
    x = picture(64)
    _, two, three = descend(net, x, "stage_1", "stage_2", "stage_3")
    out = net({"image": x})
    torch.testing.assert_close(out["kind"], pooled(net, "kind", three))
    glyphs = net.layers["word_glyphs"](two)
    columns = torch.stack([glyphs[:, :, :, column].mean(2) for column in range(glyphs.shape[3])], 1)  # (N, T, C)
    said = read(net.layers["word_recurrent"].reader, columns)
    head = net.layers["word_sequence_head"].linear
    expected = (said @ head.weight.T + head.bias).transpose(1, 2)
    assert out["word"].shape == (2, 11, 16)
    torch.testing.assert_close(out["word"], expected, atol=1e-5, rtol=1e-4)


def test_open_attention_over_stages_joins_all_depths(sketch) -> None:
    net = compiled(drawn(sketch("kind", "mask", image_size=64).spec, "stage_attention"))
    open_masks(net)
    x = picture(64)
    stages = descend(net, x, "stage_1", "stage_2", "stage_3")
    out = net({"image": x})
    linear = net.layers["kind_linear_head"].linear
    every = torch.cat([stage.mean((2, 3)) for stage in stages], 1)
    torch.testing.assert_close(out["kind"], every @ linear.weight.T + linear.bias, atol=1e-5, rtol=1e-4)
    up = step_up(net.layers["mask_up_1"], step_up(net.layers["mask_up_2"], stages[2], stages[1]), stages[0])
    torch.testing.assert_close(out["mask"], densely(net, "mask", up, 64), atol=1e-5, rtol=1e-4)
