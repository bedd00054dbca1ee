"""The memory estimate against what torch really keeps, and against torch's own optimizers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.propose import propose
from mtlstudio.network.analyze import analyze
from mtlstudio.network.compile import compile_network
from mtlstudio.network.memory import CONTEXT, optimizer_states, training_memory
from mtlstudio.network.templates.registry import template
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.optimizers import optimizers


def scenes(template_id: str, tmp_path: Path) -> ProjectSpec:
    spec = propose("x", [], tmp_path)
    spec = replace(spec, data=replace(spec.data, image_size=64))
    return spec.with_network(template(template_id).build(spec))


def measured(spec: ProjectSpec, batch: int) -> int:
    """Bytes that autograd keeps for the way back, weights left out, each storage once."""
    network = compile_network(spec).train()
    weights = {value.untyped_storage().data_ptr() for value in [*network.parameters(), *network.buffers()]}
    kept: dict[int, int] = {}
    alive = []

    def pack(value: torch.Tensor) -> torch.Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(value)
        return value

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value):
        network({item.id: torch.rand(batch, item.channels, 64, 64) for item in spec.inputs})
    return sum(kept.values())


@pytest.mark.parametrize("template_id", ["shared", "unet", "separate"])
def test_kept_activations_are_near_what_autograd_keeps(template_id: str, tmp_path: Path) -> None:
    spec, batch = scenes(template_id, tmp_path), 2
    estimate = training_memory(spec, analyze(spec), batch, "fp32")
    real = measured(spec, batch)
    assert 0.7 * real <= estimate.activations <= 2 * real


def test_weights_and_gradients_are_exact_and_frozen_layers_cost_no_gradient(tmp_path: Path) -> None:
    spec = scenes("shared", tmp_path)
    weights = sum(value.numel() for value in compile_network(spec).parameters())
    estimate = training_memory(spec, analyze(spec), precision="fp32")
    assert estimate.weights == 4 * weights == estimate.gradients
    frozen = spec.with_network(
        replace(spec.network, layers=tuple(replace(layer, frozen=True) for layer in spec.network.layers))
    )
    still = training_memory(frozen, analyze(frozen), precision="fp32")
    assert still.gradients == still.optimizer == 0
    assert still.per_sample < estimate.per_sample / 2


@pytest.mark.parametrize("method", [item.id for item in optimizers()])
def test_the_states_of_every_optimizer_are_those_of_torch(method: str) -> None:
    declared = next(item for item in optimizers() if item.id == method)
    weight = torch.nn.Parameter(torch.ones(100))
    values: dict[str, Any] = {item.name: item.default for item in declared.parameters}
    optimizer = declared.build([{"params": [weight]}], values, torch.device("cpu"))
    weight.grad = torch.ones(100)
    optimizer.step()
    real = sum(value.numel() for value in optimizer.state[weight].values() if isinstance(value, torch.Tensor)) // 100
    assert optimizer_states(MethodSpec(method)) == real
    if "momentum" in values:
        assert optimizer_states(MethodSpec(method, FrozenDict(momentum=0.0))) < optimizer_states(
            MethodSpec(method, FrozenDict(momentum=0.9))
        )


def test_the_largest_batch_just_fits(tmp_path: Path) -> None:
    spec = scenes("unet", tmp_path)
    analysis, room = analyze(spec), 2_000_000_000
    estimate = training_memory(spec, analysis, device="cuda")
    assert estimate.context == CONTEXT["cuda"] > 0
    largest = estimate.largest_batch(room)
    assert training_memory(spec, analysis, largest, device="cuda").total <= room
    assert training_memory(spec, analysis, largest + 1, device="cuda").total > room
    assert estimate.largest_batch(estimate.fixed) == 0


def test_half_precision_takes_less_for_pictures_and_more_for_weights(tmp_path: Path) -> None:
    spec = scenes("unet", tmp_path)
    analysis = analyze(spec)
    full, half = (training_memory(spec, analysis, 16, name) for name in ("fp32", "bf16"))
    assert half.per_sample < full.per_sample and half.weights > full.weights
