"""Balancing methods against autograd by hand and against TorchJD's scalarizers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtlstudio.base.declare import defaults
from mtlstudio.training.balancing import Balancer, balancing_methods

TASKS = ("a", "b", "c")
WEIGHTS = {"a": 0.2, "b": 0.5, "c": 0.3}


def balancer(method_id: str, **values: float) -> Balancer:
    method = next(item for item in balancing_methods() if item.id == method_id)
    assert method.build is not None
    return method.build({**defaults(method.parameters), **values}, TASKS, torch.device("cpu"))


def losses(weights: Tensor, tasks: tuple[str, ...] = TASKS) -> dict[str, Tensor]:
    """Three losses of one shared parameter vector."""
    full = {"a": weights.square().sum(), "b": weights.exp().mean(), "c": (weights - 1).abs().sum()}
    return {task: full[task] for task in tasks}


def gradients(weights: Tensor) -> dict[str, Tensor]:
    return {task: torch.autograd.grad(loss, weights, retain_graph=True)[0] for task, loss in losses(weights).items()}


@pytest.fixture
def shared() -> Tensor:
    return torch.tensor([0.3, -1.2, 2.0], requires_grad=True)


def test_declared_methods_are_complete() -> None:
    found = balancing_methods()
    assert [method.id for method in found[:2]] == ["equal", "fixed"]
    assert len(found) >= 22
    for method in found:
        assert method.name and method.summary and method.source


def test_fixed_adds_up_the_gradients_times_lambda(shared: Tensor) -> None:
    total = balancer("fixed").combine(losses(shared), WEIGHTS)
    expected = sum(WEIGHTS[task] * gradient for task, gradient in gradients(shared).items())
    torch.testing.assert_close(torch.autograd.grad(total, shared)[0], expected)


def test_equal_is_the_mean_whatever_lambda_says(shared: Tensor) -> None:
    from torchjd.scalarization import Mean

    total = balancer("equal").combine(losses(shared), WEIGHTS)
    torch.testing.assert_close(total, Mean()(torch.stack(list(losses(shared).values()))))


def test_a_task_weighs_the_same_in_a_batch_without_the_others(shared: Tensor) -> None:
    for method, factor in (("equal", 1 / 3), ("fixed", WEIGHTS["b"])):
        total = balancer(method).combine(losses(shared, ("b",)), WEIGHTS)
        torch.testing.assert_close(torch.autograd.grad(total, shared)[0], factor * gradients(shared)["b"])


def test_uncertainty_is_torchjds(shared: Tensor) -> None:
    from torchjd.scalarization import UW

    ours, theirs = balancer("uncertainty"), UW(3)
    start = torch.tensor([0.5, -1.0, 0.1])
    ours.load({"log_variances": start})
    theirs.log_var.data.copy_(start)
    total, reference = ours.combine(losses(shared), WEIGHTS), theirs(torch.stack(list(losses(shared).values())))
    torch.testing.assert_close(total, reference)
    for one, other in zip(
        torch.autograd.grad(total, [shared, *ours.parameters()]),
        torch.autograd.grad(reference, [shared, theirs.log_var]),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_uncertainty_leaves_absent_tasks_alone(shared: Tensor) -> None:
    method = balancer("uncertainty")
    (log_variances,) = method.parameters()
    gradient = torch.autograd.grad(method.combine(losses(shared, ("a", "c")), WEIGHTS), log_variances)[0]
    assert gradient[1] == 0 and gradient[0] != 0 and gradient[2] != 0


def test_uncertainty_settles_where_the_weight_is_the_inverse_loss() -> None:
    method = balancer("uncertainty")
    (log_variances,) = method.parameters()
    constant = {"a": torch.tensor(0.5), "b": torch.tensor(2.0), "c": torch.tensor(8.0)}
    optimizer = torch.optim.Adam([log_variances], lr=0.1)
    for _ in range(400):
        optimizer.zero_grad()
        method.combine(constant, WEIGHTS).backward()
        optimizer.step()
    effective = method.effective(WEIGHTS)
    assert effective == pytest.approx({task: 0.5 / float(loss) for task, loss in constant.items()}, rel=1e-3)


def test_state_goes_round() -> None:
    method = balancer("uncertainty", log_variance=0.7)
    other = balancer("uncertainty")
    other.load(method.state())
    assert torch.equal(other.parameters()[0], method.parameters()[0])
