"""Random networks: the compiled plan gives what walking back from each output gives."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor

from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.patterns import Sketch
from mtlstudio.project.spec import Connection, ProjectSpec


def grown(drawn: Sketch, dice: random.Random) -> ProjectSpec:
    """Layers that take whatever came before: one, several in any order, some twice; then a head per task."""
    made = [drawn.input()]
    for number in range(dice.randint(3, 14)):
        kind = dice.choice(["convolution", "convolution", "concatenate", "unet_decoder", "activation", "resnet"])
        if kind == "concatenate":
            layer = drawn.add(kind, f"L{number}")
            sources = dice.choices(made, k=dice.randint(1, 3))
            drawn.connections += [Connection(source, layer) for source in dict.fromkeys(sources)]
        elif kind == "unet_decoder":
            skip = dice.choice([*made, ""])
            layer = drawn.add("max_pool", f"P{number}", dice.choice(made), kernel_size=2)
            layer = drawn.add(kind, f"L{number}", layer, skip=skip, out_channels=3, convolutions=1)
        elif kind == "resnet":  # one layer with several outputs, brought back to size
            body = drawn.add("resnet", f"B{number}", made[0])
            layer = drawn.add("unet_decoder", f"L{number}", "", out_channels=2, convolutions=1)
            port = dice.choice(["stage1", "stage3", "out"])
            drawn.connections += [Connection(body, layer, port), Connection(made[0], layer, target_port="skip")]
        else:
            parameters = {"out_channels": dice.randint(1, 4)} if kind == "convolution" else {}
            layer = drawn.add(kind, f"L{number}", dice.choice(made), **parameters)
        made.append(layer)
    for task in drawn.spec.tasks:
        drawn.head(task, dice.choice(made))
    return drawn.spec.with_network(drawn.network())


def walked_back(net: MultiTaskNetwork, spec: ProjectSpec, task: str, x: Tensor) -> Tensor:
    """The output of a task by recursion, each layer anew wherever it is needed."""

    def value(layer: str, port: str) -> Tensor:
        arriving = [c for c in spec.network.connections if c.target == layer]
        module = net.layers[layer]
        type_ = spec.network.layer(layer).type
        if type_ == "input":
            return x
        if type_ == "concatenate":
            return module([value(c.source, c.source_port) for c in arriving])
        by_port = {c.target_port: value(c.source, c.source_port) for c in arriving}
        out = module(by_port["in"], by_port.get("skip")) if type_ == "unet_decoder" else module(by_port["in"])
        return out[port] if isinstance(out, dict) else out

    output = spec.network.output_of(task)
    assert output is not None
    return value(output.layer, output.port)


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_walking_back_from_each_output(sketch, seed) -> None:
    dice = random.Random(seed)
    spec = grown(sketch("kind", "mask", "depth", image_size=32), dice)
    assert not analyze(spec, Memo()).errors
    net = compile_network(spec).eval()
    x = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        together = net({"image": x})
        for task in spec.task_ids:
            torch.testing.assert_close(together[task], walked_back(net, spec, task, x))
            torch.testing.assert_close(net({"image": x}, [task])[task], together[task])
