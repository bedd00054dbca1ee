"""Optimizers: torch's own, with weight decay only where it belongs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from mtlstudio.base.declare import defaults
from mtlstudio.base.errors import StudioError
from mtlstudio.network.compile import compile_network
from mtlstudio.project.spec import MethodSpec
from mtlstudio.training.declarations import chosen
from mtlstudio.training.optimizers import optimizers, parameter_groups
from tests.training.small import project

CPU = torch.device("cpu")


def after_steps(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> torch.Tensor:
    for step in range(5):
        optimizer.zero_grad()
        (parameter.sin() * (step + 1)).sum().backward()
        optimizer.step()
    return parameter.detach().clone()


@pytest.mark.parametrize(
    ("method", "torch_class", "options"),
    [
        ("sgd", torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-4}),
        ("adam", torch.optim.Adam, {"lr": 3e-3}),
        ("adamw", torch.optim.AdamW, {"lr": 3e-3, "weight_decay": 0.01}),
        ("adagrad", torch.optim.Adagrad, {"lr": 0.01}),
        ("adadelta", torch.optim.Adadelta, {"lr": 1.0}),
        ("rmsprop", torch.optim.RMSprop, {"lr": 1e-3}),
    ],
)
def test_defaults_are_torchs(method: str, torch_class: Any, options: dict[str, Any]) -> None:
    start = torch.linspace(-2, 2, 7)
    declared = next(item for item in optimizers() if item.id == method)
    values = defaults(declared.parameters)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    group = {"params": [ours], "weight_decay": values["weight_decay"]}
    expected = after_steps(torch_class([theirs], **options), theirs)
    torch.testing.assert_close(after_steps(declared.build([group], values, CPU), ours), expected)


def test_norms_biases_and_log_variances_do_not_decay() -> None:
    network = compile_network(project())
    own = nn.Parameter(torch.zeros(3))
    groups = parameter_groups(network, 0.1, [own])
    decaying = {id(p) for group in groups if group["weight_decay"] > 0 for p in group["params"]}
    named = dict(network.named_parameters())
    assert decaying == {id(p) for name, p in named.items() if p.ndim > 1}
    assert {id(p) for group in groups for p in group["params"]} == {id(p) for p in [*named.values(), own]}
    assert all(group["decays"] == (group["weight_decay"] > 0) for group in groups)


def test_a_layers_learning_rate_factor_makes_its_own_group() -> None:
    from dataclasses import replace

    spec = project()
    layers = tuple(
        replace(item, learning_rate_factor=0.1 if item.id == "stem" else 1.0) for item in spec.network.layers
    )
    network = compile_network(spec.with_network(replace(spec.network, layers=layers)))
    slow = {id(p) for group in parameter_groups(network, 0.0) if group["factor"] == 0.1 for p in group["params"]}
    assert slow == {id(p) for p in network.parameters_of("stem")}


def test_nesterov_without_momentum_is_refused() -> None:
    method, values = chosen(optimizers(), MethodSpec("sgd", {"momentum": 0.0}), "training.optimizer")
    with pytest.raises(StudioError, match="momentum"):
        method.build([{"params": [nn.Parameter(torch.zeros(2))]}], values, CPU)


def test_what_does_not_fit_is_named_with_its_place() -> None:
    with pytest.raises(StudioError) as unknown:
        chosen(optimizers(), MethodSpec("lion"), "training.optimizer")
    assert "lion" in unknown.value.text() and "adamw" in unknown.value.text()
    with pytest.raises(StudioError) as wrong:
        chosen(optimizers(), MethodSpec("adam", {"learning_rate": -1.0}), "training.optimizer")
    assert wrong.value.where == "training.optimizer" and "learning_rate" in wrong.value.text()
