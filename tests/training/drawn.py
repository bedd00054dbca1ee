"""Networks of all kinds of sharing, small, with losses that any output has."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.templates import template
from mtlstudio.project.graph import influences
from mtlstudio.project.spec import Connection, InputSpec, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec

_CLASSES = FrozenDict(class_names=("a", "b", "c"))
TASKS = {
    "kind": TaskSpec("kind", "Kind", "classification", parameters=_CLASSES),
    "labels": TaskSpec("labels", "Labels", "multilabel", parameters=_CLASSES),
    "count": TaskSpec("count", "Count", "regression", parameters=FrozenDict(value_names=("n",))),
    "mask": TaskSpec("mask", "Mask", "segmentation", parameters=_CLASSES),
    "depth": TaskSpec("depth", "Depth", "depth"),
}


def project(template_id: str, *tasks: str, size: int = 32, inputs: int = 1) -> ProjectSpec:
    """A project with a template's network."""
    spec = ProjectSpec("test", tasks=tuple(TASKS[task] for task in tasks))
    if inputs > 1:
        spec = replace(spec, inputs=(*spec.inputs, InputSpec("beside", "Beside", "map", 1)))
    spec = replace(spec, data=replace(spec.data, image_size=size))
    return spec.with_network(template(template_id).build(spec))


def branching(norm: str = "batch") -> ProjectSpec:
    """Two depths, a skip past the branch of two tasks, and a layer between tasks, in a few layers.

    stem -> {deep -> {kind; skip join -> mask}, count}; stem also reaches the join. count hangs on stem alone.
    """
    everyone, pair = frozenset(("kind", "mask", "count")), frozenset(("kind", "mask"))
    convolution = FrozenDict(out_channels=4, kernel_size=3, norm=norm)

    def own(task: str) -> frozenset[str]:
        return frozenset((task,))

    layers = (
        LayerSpec("input", "Input", "input", everyone, FrozenDict(input="image")),
        LayerSpec("stem", "Stem", "convolution", everyone, convolution),
        LayerSpec("deep", "Deep", "convolution", pair, convolution),
        LayerSpec("join", "Join", "add", own("mask")),
        LayerSpec("mask_out", "Mask", "dense_head", own("mask")),
        LayerSpec("kind_pool", "Pool", "global_pool", own("kind")),
        LayerSpec("kind_out", "Kind", "linear_head", own("kind")),
        LayerSpec("count_pool", "Pool", "global_pool", own("count")),
        LayerSpec("count_out", "Count", "linear_head", own("count")),
    )
    pairs = (
        ("input", "stem"), ("stem", "deep"), ("deep", "join"), ("stem", "join"), ("join", "mask_out"),
        ("deep", "kind_pool"), ("kind_pool", "kind_out"), ("stem", "count_pool"), ("count_pool", "count_out"),
    )  # fmt: skip
    outputs = (Output("kind", "kind_out"), Output("mask", "mask_out"), Output("count", "count_out"))
    spec = ProjectSpec("branching", tasks=tuple(TASKS[task] for task in ("kind", "mask", "count")))
    spec = replace(spec, data=replace(spec.data, image_size=16))
    network = NetworkSpec(layers, tuple(Connection(source, target) for source, target in pairs), outputs)
    return spec.with_network(network)


def trunk(*tasks: str) -> ProjectSpec:
    """One shared trunk, a head per task."""
    return project("shared", *tasks)


def batch(spec: ProjectSpec, count: int = 3) -> dict[str, Tensor]:
    """Random inputs."""
    size = spec.data.image_size
    generator = torch.Generator().manual_seed(1)
    channels = {item.id: 3 if item.type == "image" else item.channels for item in spec.inputs}
    return {name: torch.randn(count, number, size, size, generator=generator) for name, number in channels.items()}


def loss_of(task: str, output: Tensor) -> Tensor:
    """A loss that pulls each task to a value of its own."""
    return (output.float() - float(sum(map(ord, task)) % 7 - 3)).square().mean()


def by_hand(
    spec: ProjectSpec, network: MultiTaskNetwork, tasks: tuple[str, ...], inputs: dict[str, Tensor]
) -> dict[str, dict[str, Tensor]]:
    """Task -> parameter name -> gradient, one whole backward of the plain network per task."""
    outputs = network(inputs, tasks)
    named = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    found = {}
    for task in tasks:
        gradients = torch.autograd.grad(
            loss_of(task, outputs[task]), list(named.values()), retain_graph=True, allow_unused=True
        )
        found[task] = {name: g for name, g in zip(named, gradients, strict=True) if g is not None}
    return found


def shared_names(spec: ProjectSpec, network: MultiTaskNetwork) -> list[str]:
    """Names of the trained parameters that the gradients of two tasks or more reach."""
    reached = influences(spec.network)
    return [
        name
        for name, parameter in network.named_parameters()
        if parameter.requires_grad and len(reached[name.split(".")[1]]) > 1
    ]


def compiled(spec: ProjectSpec, seed: int = 0) -> MultiTaskNetwork:
    """Its network in training mode, with weights of that seed."""
    torch.manual_seed(seed)
    return compile_network(spec).train()
