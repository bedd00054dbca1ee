"""Attention agrees with references written otherwise, and does nothing where its mask is open."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import SqueezeExcitation

from mtlstudio.base.declare import complete
from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.interface import BuildContext, Shape, layer_type
from mtlstudio.network.modules.attention import sine_positions
from mtlstudio.network.templates import template


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def module(type_id: str, **given: object) -> nn.Module:
    """A layer fed maps of `shape` and, where given, `before`; the rest are its parameters."""
    shapes: dict[str, tuple[Shape, ...]] = {"in": (given.pop("shape", (32, 5, 7)),)}  # type: ignore[dict-item]
    if "before" in given:
        shapes["before"] = (given.pop("before"),)  # type: ignore[assignment]
    type_, context = layer_type(type_id), BuildContext(32)
    parameters = complete(type_.parameters, given)
    type_.check(parameters, shapes, context)
    return type_.build(parameters, shapes, context)


def copied(target: nn.Module, source: nn.Linear) -> None:
    target.weight.data = source.weight.data.view_as(target.weight).clone()
    target.bias.data = source.bias.data.clone()


@pytest.mark.parametrize("reduction", [4, 16, 64])
def test_squeeze_and_excite_is_torchvisions(reduction) -> None:
    ours = module("squeeze_excite", reduction=reduction)
    theirs = SqueezeExcitation(32, max(32 // reduction, 1))
    copied(theirs.fc1, ours.squeeze)
    copied(theirs.fc2, ours.expand)
    x = torch.randn(3, 32, 5, 7)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("kernel_size", [3, 7])
def test_cbam_is_the_papers(kernel_size) -> None:
    layer = module("cbam", reduction=8, kernel_size=kernel_size)
    assert layer.squeeze.out_features == 4
    x = torch.randn(2, 32, 5, 7)

    def perceptron(pooled: Tensor) -> Tensor:
        hidden = (pooled @ layer.squeeze.weight.T + layer.squeeze.bias).clamp(min=0)
        return hidden @ layer.expand.weight.T + layer.expand.bias

    mean, largest = perceptron(x.flatten(2).mean(2)), perceptron(x.flatten(2).max(2).values)
    refined = x * (1 / (1 + torch.exp(-(mean + largest)))).reshape(2, 32, 1, 1)
    pooled = torch.stack((refined.sum(1) / 32, refined.max(1).values), 1)
    padded = nn.functional.pad(pooled, [kernel_size // 2] * 4)
    windows = nn.functional.unfold(padded, kernel_size).transpose(1, 2)
    places = (windows @ layer.places.weight.flatten() + layer.places.bias).reshape(2, 1, 5, 7)
    torch.testing.assert_close(layer(x), refined / (1 + torch.exp(-places)))


@pytest.mark.parametrize("position", ["sine", "none"])
def test_self_attention_is_torchs(position) -> None:
    layer = module("self_attention", heads=4, position=position)
    reference = nn.MultiheadAttention(32, 4, batch_first=True)
    reference.in_proj_weight.data = torch.cat(
        [part.weight.flatten(1) for part in (layer.query, layer.key, layer.value)]
    )
    reference.in_proj_bias.data = torch.cat([part.bias for part in (layer.query, layer.key, layer.value)])
    reference.out_proj.weight.data, reference.out_proj.bias.data = layer.out.weight.flatten(1), layer.out.bias.data
    x = torch.randn(2, 32, 5, 7)
    tokens = x.flatten(2).transpose(1, 2)
    normed = nn.functional.layer_norm(tokens, (32,))
    looks = normed + sine_positions(x).flatten(1).T if position == "sine" else normed
    attended, _weights = reference(looks, looks, normed)
    torch.testing.assert_close(layer(x), (tokens + attended).transpose(1, 2).unflatten(2, (5, 7)))


def test_heads_are_the_next_lower_divisor() -> None:
    assert module("self_attention", shape=(30, 4, 4), heads=4).heads == 3
    assert module("self_attention", shape=(7, 4, 4), heads=4).heads == 1


@pytest.mark.parametrize("channels", [8, 10, 3])
def test_positions_are_sines_that_tell_every_place_apart(channels) -> None:
    encoded = sine_positions(torch.zeros(1, channels, 6, 9))
    assert encoded.shape == (channels, 6, 9) and encoded.abs().max() <= 1
    waves = math.ceil(channels / 4)
    assert encoded[0, 4, 2].item() == pytest.approx(math.sin(4))
    assert encoded[waves, 4, 2].item() == pytest.approx(math.cos(4))
    if channels > 2 * waves:
        assert encoded[2 * waves, 4, 2].item() == pytest.approx(math.sin(2))
    places = encoded.flatten(1).T
    assert (torch.cdist(places, places) + 9 * torch.eye(len(places))).min() > (0.1 if channels > 4 else 0)


def test_without_positions_self_attention_does_not_know_where_things_are() -> None:
    x, order = torch.randn(1, 8, 1, 6), torch.randperm(6)
    blind = module("self_attention", shape=(8, 1, 6), position="none")
    torch.testing.assert_close(blind(x[..., order]), blind(x)[..., order])
    sighted = module("self_attention", shape=(8, 1, 6), position="sine")
    assert not torch.allclose(sighted(x[..., order]), sighted(x)[..., order])


@pytest.mark.parametrize(
    ("type_id", "sees"), [("squeeze_excite", 64), ("cbam", 64), ("self_attention", 64), ("task_attention", 5)]
)
def test_what_it_sees(sketch, finish, type_id, sees) -> None:
    drawn = sketch("mask", image_size=64)
    conv = drawn.add("convolution", "Conv", drawn.input(), out_channels=8, kernel_size=5, stride=4)
    drawn.head(drawn.spec.tasks[0], drawn.add(type_id, "Attention", conv))
    assert analyze(finish(drawn), Memo()).layers["attention"].receptive_field == sees


def test_self_attention_counts_its_matrix_products(sketch, finish) -> None:
    drawn = sketch("mask", image_size=32)
    conv = drawn.add("convolution", "Conv", drawn.input(), out_channels=8, stride=4)
    drawn.head(drawn.spec.tasks[0], drawn.add("self_attention", "Attention", conv))
    report = analyze(finish(drawn), Memo()).layers["attention"]
    assert report.macs == 4 * 8 * 8 * 64 + 2 * 64 * 64 * 8 and not report.uncounted
    assert report.parameters == 4 * (8 * 8 + 8) + 2 * 8


# A task's own attention.


def open_(mask: nn.Module) -> None:
    """Its last normalisation gives a large number everywhere: a mask of ones."""
    nn.init.zeros_(mask.norm.weight)
    nn.init.constant_(mask.norm.bias, 100.0)


@pytest.mark.parametrize("before", [(8, 10, 14), (8, 9, 13), (40, 5, 7), (8, 3, 4), (8, 19, 27)])
def test_what_was_attended_before_is_brought_to_size(before) -> None:
    layer = module("task_attention", before=before, hidden_channels=6).eval()
    x, previous = torch.randn(2, 32, 5, 7), torch.randn(2, *before)
    out = layer(x, previous)
    mask = out / x
    assert out.shape == x.shape and (mask > 0).all() and (mask < 1).all()
    assert not torch.allclose(layer(x, previous.flip(0)), out)


def test_the_mask_is_the_papers() -> None:
    layer = module("task_attention", before=(8, 10, 14)).eval()
    assert layer.hidden.conv.out_channels == 8  # a quarter of 32
    for norm in (layer.carry.norm, layer.hidden.norm, layer.mask.norm):
        norm.running_mean.normal_()
    x, before = torch.randn(2, 32, 5, 7), torch.randn(2, 8, 10, 14)

    def normed(values: Tensor, norm: nn.BatchNorm2d) -> Tensor:
        return nn.functional.batch_norm(values, norm.running_mean, norm.running_var, norm.weight, norm.bias)

    carried = normed(
        nn.functional.conv2d(before, layer.carry.conv.weight, stride=2, padding=1), layer.carry.norm
    ).relu()
    hidden = torch.einsum("oc,nchw->nohw", layer.hidden.conv.weight.flatten(1), torch.cat((x, carried), 1))
    hidden = normed(hidden, layer.hidden.norm).relu()
    mask = normed(torch.einsum("oc,nchw->nohw", layer.mask.conv.weight.flatten(1), hidden), layer.mask.norm)
    torch.testing.assert_close(layer(x, before), x / (1 + torch.exp(-mask)))


def trunk_of(net: MultiTaskNetwork, prefix: str) -> list[nn.Module]:
    return [layer for layer_id, layer in net.layers.items() if layer_id.startswith(prefix)]


def test_masks_of_ones_are_hard_sharing(sketch) -> None:
    """MTAN's network with open masks: every task's head sits on the shared stages themselves."""
    drawn = sketch("kind", "count", "mask", image_size=64)
    net = compile_network(drawn.spec.with_network(template("mtan").build(drawn.spec))).eval()
    for layer in net.modules():
        if type(layer).__name__ == "TaskAttention":
            open_(layer.mask)
    x = torch.randn(2, 3, 64, 64)
    downs = []
    for stage in trunk_of(net, "down_"):
        downs.append(stage(downs[-1] if downs else x))
    up = downs[-1]
    for step, skip in zip(trunk_of(net, "up_"), downs[-2::-1], strict=True):
        up = step(up, skip)
    out = net({"image": x})
    for task in ("kind", "count"):
        torch.testing.assert_close(out[task], net.layers[f"{task}_linear_head"](downs[-1].mean((2, 3))))
    torch.testing.assert_close(out["mask"], net.layers["mask_dense_head"](up))


def test_a_mask_passes_on_what_it_took(sketch) -> None:
    """What a task took from the first stage changes what it takes from the last; another task does not notice."""
    drawn = sketch("kind", "count", image_size=32)
    net = compile_network(drawn.spec.with_network(template("mtan").build(drawn.spec))).eval()
    x = {"image": torch.randn(2, 3, 32, 32)}
    before = net(x)
    nn.init.constant_(net.layers["kind_attention_1"].mask.norm.bias, -3.0)
    after = net(x)
    assert torch.equal(after["count"], before["count"]) and not torch.equal(after["kind"], before["kind"])
