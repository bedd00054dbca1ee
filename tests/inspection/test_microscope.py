"""A value taken apart is the value that the network computed; activations are what the layers gave."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.inspection.activations import activations, describe
from mtlstudio.inspection.microscope import convolutions, magnify
from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.templates import template
from mtlstudio.project.spec import Connection, DataSettings, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec

TASK = TaskSpec("kind", "Kind", "classification", parameters=FrozenDict(class_names=("a", "b")))


def network_of(**parameters: object) -> MultiTaskNetwork:
    def layer(id_: str, type_: str, **own: object) -> LayerSpec:
        return LayerSpec(id_, id_, type_, frozenset({"kind"}), FrozenDict(own))

    layers = (
        layer("image", "input", input="image"),
        layer("first", "convolution", out_channels=4, kernel_size=3, norm="none", activation="none"),
        layer("second", "convolution", out_channels=8, **parameters),
        layer("pool", "global_pool"),
        layer("head", "linear_head"),
    )
    ways = tuple(Connection(a.id, b.id) for a, b in itertools.pairwise(layers))
    spec = ProjectSpec(
        "p",
        tasks=(TASK,),
        data=DataSettings(image_size=16),
        network=NetworkSpec(layers, ways, (Output("kind", "head"),)),
    )
    torch.manual_seed(0)
    return compile_network(spec).eval()


def picture() -> dict[str, torch.Tensor]:
    return {"image": torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))}


@pytest.mark.parametrize(
    "parameters",
    [
        {"kernel_size": 3}, {"kernel_size": 5, "stride": 2}, {"kernel_size": 3, "dilation": 2},
        {"kernel_size": 3, "groups": 2}, {"kernel_size": 4}, {"kernel_size": 3, "norm": "none"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("place", [(0, 0, 0), (5, 3, 4), (7, 7, 7)])
def test_the_sum_over_the_window_is_the_value_of_the_convolution(
    parameters: dict[str, object], place: tuple[int, int, int]
) -> None:
    network = network_of(**parameters)
    found = magnify(network, picture(), "second", "conv", *place)
    conv = network.layers["second"].conv
    seen: list[torch.Tensor] = []
    handle = conv.register_forward_hook(lambda _m, _a, out: seen.append(out.detach().clone()))
    with torch.no_grad():
        network(picture())
    handle.remove()
    truth = float(seen[0][(0, *place)])
    assert found.value == pytest.approx(truth, abs=1e-5)
    assert found.module_value == pytest.approx(truth, abs=1e-6)
    assert float(found.shares.sum()) + found.bias == pytest.approx(truth, abs=1e-5)


def test_what_follows_ends_at_the_output_of_the_layer() -> None:
    network = network_of(kernel_size=3)
    found = magnify(network, picture(), "second", "conv", 2, 5, 6)
    names = [name for name, _value in found.after]
    assert names == ["BatchNorm2d", "ReLU"]
    normed, active = (value for _name, value in found.after)
    assert active == pytest.approx(max(0.0, normed))
    assert network.eval() is network
    layer = activations(network, picture())["second"]
    assert layer.high >= active >= 0.0


def test_the_border_lies_outside() -> None:
    found = magnify(network_of(kernel_size=3), picture(), "second", "conv", 0, 0, 0)
    assert found.inside.tolist() == [[False, False, False], [False, True, True], [False, True, True]]
    assert not found.window[:, 0].any()


def test_a_place_outside_the_output_is_refused() -> None:
    with pytest.raises(StudioError, match="no value"):
        magnify(network_of(kernel_size=3), picture(), "second", "conv", 0, 16, 0)
    with pytest.raises(StudioError, match="no convolution"):
        magnify(network_of(kernel_size=3), picture(), "pool", "conv", 0, 0, 0)


def test_activations_are_the_outputs_of_the_layers() -> None:
    spec = ProjectSpec("p", tasks=(TASK,), data=DataSettings(image_size=32))
    spec = spec.with_network(template("shared").build(spec))
    network = compile_network(spec).eval()
    inputs = {"image": torch.randn(1, 3, 32, 32)}
    found = activations(network, inputs)
    assert set(found) == set(network.layers)
    with torch.no_grad():
        output = network(inputs)["kind"]
    head = spec.network.output_of("kind")
    assert head is not None
    np.testing.assert_allclose(found[head.layer].picture, output.numpy(), atol=1e-6)
    assert convolutions(network, head.layer) == ()


def test_a_described_map_names_its_strongest_channels_and_the_silent_ones() -> None:
    value = torch.zeros(20, 4, 4)
    value[7] = torch.arange(16.0).reshape(4, 4)
    value[3, 0, 0] = 1.0
    found = describe(value)
    assert found.numbers[:2] == (7, 3) and found.channels.shape == (16, 4, 4)
    assert found.silent == pytest.approx(18 / 20) and (found.low, found.high) == (0.0, 15.0)
    assert not describe(torch.tensor([1.0, float("nan")])).finite
