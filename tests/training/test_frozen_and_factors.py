"""A frozen layer stays as it is through a whole training; the factor of a layer scales its steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.checkpoints import NETWORK_FILE
from mtlstudio.runs.folder import RunFolder
from tests.training import small


def with_layer(spec: ProjectSpec, layer_id: str, **changes: object) -> ProjectSpec:
    layers = tuple(replace(item, **changes) if item.id == layer_id else item for item in spec.network.layers)
    return spec.with_network(replace(spec.network, layers=layers))


def weights(run: RunFolder, which: int | str) -> dict[str, torch.Tensor]:
    return safetensors.torch.load((run.store.find(which).path / NETWORK_FILE).read_bytes())


@pytest.mark.parametrize("method", ["adamw", "sgd"])
def test_a_frozen_layer_ends_a_training_as_it_began_statistics_included(tmp_path: Path, method: str) -> None:
    spec = with_layer(small.project(epochs=1, optimizer=MethodSpec(method)), "stem", frozen=True)
    run = small.trained(tmp_path, spec)
    before, after = weights(run, 0), weights(run, "last")
    stem = [name for name in before if name.startswith("layers.stem.")]
    assert {name.rpartition(".")[2] for name in stem} >= {"weight", "running_mean", "running_var"}
    for name in stem:
        assert torch.equal(before[name], after[name]), name
    heads = [name for name in before if name.startswith("layers.mask_head.") and name.endswith("weight")]
    assert heads and not any(torch.equal(before[name], after[name]) for name in heads)
    thawed = small.trained(tmp_path, with_layer(spec, "stem", frozen=False), "thawed")
    assert not any(torch.equal(weights(thawed, "last")[name], before[name]) for name in stem)


@pytest.mark.parametrize("factor", [0.1, 3.0])
def test_the_factor_of_a_layer_scales_its_step_and_no_other(tmp_path: Path, factor: float) -> None:
    """One step of plain gradient descent, from the same weights on the same pictures."""
    plain = MethodSpec("sgd", FrozenDict(learning_rate=0.1, momentum=0.0, nesterov=False, weight_decay=0.0))
    spec = small.project(epochs=1, batch_size=64, optimizer=plain, schedule=MethodSpec("constant"))
    usual = small.trained(tmp_path, spec, "usual")
    scaled = small.trained(tmp_path, with_layer(spec, "stem", learning_rate_factor=factor), "scaled")
    assert usual.store.steps() == scaled.store.steps() == [0, 1]
    for name, start in weights(usual, 0).items():
        if name.endswith((".weight", ".bias")):
            step, other = weights(usual, 1)[name] - start, weights(scaled, 1)[name] - start
            expected = factor if name.startswith("layers.stem.") else 1.0
            torch.testing.assert_close(other, expected * step, rtol=1e-3, atol=1e-6)
            assert step.abs().max() > 0
