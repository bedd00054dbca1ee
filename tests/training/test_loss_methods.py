"""Methods on losses: against TorchJD's scalarizers, and by what their papers promise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtlstudio.base.declare import defaults
from mtlstudio.training.balancing import Balancer, balancing_methods
from mtlstudio.training.balancing.adam import SomeAdam
from mtlstudio.training.balancing.auto_lambda import AutoLambdaBalancer
from mtlstudio.training.balancing.famo import FAMOBalancer
from mtlstudio.training.balancing.interface import Facts

TASKS = ("a", "b", "c")
LAMBDA = {"a": 0.2, "b": 0.5, "c": 0.3}
METHODS = {method.id: method for method in balancing_methods() if method.works_on == "losses"}


def balancer(method_id: str, tasks: Sequence[str] = TASKS, **values: Any) -> Balancer:
    method = METHODS[method_id]
    made = method.built({**defaults(method.parameters), **values}, tasks, torch.device("cpu"))
    made.prepare(Facts(seed=1, labels={"a": 100, "b": 10, "c": 1}))
    made.begin(0)
    return made


def losses(*values: float) -> dict[str, Tensor]:
    given = values or (0.4, 2.0, 0.9)
    return {task: torch.tensor(value, requires_grad=True) for task, value in zip(TASKS, given, strict=False)}


def slopes(method: Balancer, given: Mapping[str, Tensor]) -> dict[str, float]:
    """What each loss is multiplied with."""
    total = method.combine(given, LAMBDA)
    found = torch.autograd.grad(total, list(given.values()))
    return {task: float(slope) for task, slope in zip(given, found, strict=True)}


def assert_same(ours: Balancer, theirs: Any) -> None:
    given = losses()
    other = losses()
    torch.testing.assert_close(ours.combine(given, LAMBDA), theirs(torch.stack(list(other.values()))))
    wanted = torch.autograd.grad(theirs(torch.stack(list(other.values()))), list(other.values()))
    assert list(slopes(ours, given).values()) == pytest.approx([float(value) for value in wanted], rel=1e-5)


def test_geometric_is_torchjds_and_does_not_feel_scales() -> None:
    from torchjd.scalarization import GeometricMean

    assert_same(balancer("geometric"), GeometricMean())
    one, other = losses(0.4, 2.0, 0.9), losses(4000.0, 2.0, 0.0009)
    first, second = slopes(balancer("geometric"), one), slopes(balancer("geometric"), other)
    for task in TASKS:  # the share by which a loss falls counts, whatever its scale: the total's logarithm moves alike
        assert first[task] * float(one[task].detach()) / math.prod(float(v.detach()) for v in one.values()) ** (
            1 / 3
        ) == pytest.approx(1 / 3)
        assert second[task] * float(other[task].detach()) / math.prod(float(v.detach()) for v in other.values()) ** (
            1 / 3
        ) == pytest.approx(1 / 3)


def test_imtl_l_is_torchjds_and_settles_at_the_inverse() -> None:
    from torchjd.scalarization import IMTLL

    assert_same(balancer("imtl_l"), IMTLL(3))
    method = balancer("imtl_l")
    optimizer = torch.optim.Adam(method.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        method.combine(losses(), LAMBDA).backward()
        optimizer.step()
    scaled = [weight * loss for weight, loss in zip(method.effective(LAMBDA).values(), (0.4, 2.0, 0.9), strict=True)]
    assert scaled == pytest.approx([1.0, 1.0, 1.0], rel=1e-3)


def test_stch_is_torchjds_and_near_the_maximum() -> None:
    from torchjd.scalarization import STCH

    assert_same(balancer("stch", mu=0.3), STCH(0.3, weights=torch.tensor(list(LAMBDA.values()))))
    sharp = slopes(balancer("stch", mu=1e-3), losses())
    assert sharp["b"] == pytest.approx(LAMBDA["b"]) and sharp["a"] == sharp["c"] == 0.0


def test_dwa_is_torchjds() -> None:
    from torchjd.scalarization import DWA

    ours, theirs = balancer("dwa"), DWA(2.0)
    for values in ((1.0, 2.0, 3.0), (0.5, 1.9, 3.3), (0.4, 1.0, 3.2), (0.1, 1.0, 3.1)):
        given = losses(*values)
        torch.testing.assert_close(ours.combine(given, LAMBDA), theirs(torch.tensor(values)))
        ours.end_epoch(dict(zip(TASKS, values, strict=True)))
        theirs.step()
    weights = ours.effective(LAMBDA)
    assert sum(weights.values()) == pytest.approx(3.0) and weights["b"] > weights["c"] > weights["a"]


def test_dwa_is_equal_where_an_epoch_had_no_targets() -> None:
    method = balancer("dwa")
    method.end_epoch({"a": 1.0, "b": None, "c": 1.0})
    method.end_epoch({"a": 0.5, "b": 1.0, "c": 1.0})
    weights = method.effective(LAMBDA)
    assert weights["b"] == pytest.approx(weights["c"]) and weights["a"] < weights["b"]


def test_famo_is_torchjds() -> None:
    from torchjd.scalarization import FAMO

    ours, theirs = balancer("famo"), FAMO(3)
    assert isinstance(ours, FAMOBalancer)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        before = torch.rand(3, generator=generator) + 0.2
        after = before * (0.7 + 0.5 * torch.rand(3, generator=generator))
        given, other = losses(*before.tolist()), before.clone().requires_grad_()
        slope = torch.autograd.grad(theirs(other), other)[0]
        assert list(slopes(ours, given).values()) == pytest.approx(slope.tolist(), rel=1e-5)
        ours.look(losses(*after.tolist()))
        theirs.update(after)
    torch.testing.assert_close(ours.logits.value, theirs._w.detach(), rtol=1e-4, atol=1e-6)


def test_famo_leaves_absent_tasks_alone() -> None:
    method = balancer("famo")
    assert isinstance(method, FAMOBalancer)
    given = {"a": torch.tensor(1.0), "c": torch.tensor(2.0)}
    method.combine(given, LAMBDA)
    method.look({"a": torch.tensor(0.5), "c": torch.tensor(2.0)})
    moved = method.logits.value
    assert moved[1] == 0 and moved[0] < 0 < moved[2]  # who fell less weighs more


def test_random_is_torchjds_distribution_and_a_function_of_the_step() -> None:
    method, weights = balancer("random"), []
    for step in range(400):
        method.begin(step)
        weights.append(list(slopes(method, losses()).values()))
        assert list(method.effective(LAMBDA).values()) == pytest.approx(weights[-1])
    drawn = torch.tensor(weights)
    torch.testing.assert_close(drawn.sum(1), torch.ones(400))
    torch.testing.assert_close(drawn.mean(0), torch.full((3,), 1 / 3), atol=0.05, rtol=0)
    assert float(drawn.std()) > 0.1
    method.begin(7)
    assert list(slopes(method, losses()).values()) == weights[7]


def test_data_amount() -> None:
    by_labels = slopes(balancer("data_amount"), losses())
    assert by_labels == pytest.approx({"a": 100 / 111, "b": 10 / 111, "c": 1 / 111}, rel=1e-5)
    roots = slopes(balancer("data_amount", temperature=2.0), losses())
    assert roots["a"] / roots["c"] == pytest.approx(10.0, rel=1e-4)
    assert slopes(balancer("data_amount", temperature=2.0), {"b": losses()["b"]}) == pytest.approx({"b": roots["b"]})


def test_relation() -> None:
    method = METHODS["relation"]
    unmeasured = method.built(defaults(method.parameters), TASKS, torch.device("cpu"))
    assert [code for code, _ in unmeasured.prepare(Facts())] == ["training_no_affinity"]
    assert slopes(unmeasured, losses()) == pytest.approx(dict.fromkeys(TASKS, 1 / 3))
    affinity = (1.0, 0.4, 0.2, 0.1, 1.0, 0.0, -0.2, 0.0, 1.0)  # a helps the others, c harms
    weights = slopes(balancer("relation", affinity=affinity, temperature=0.5), losses())
    wanted = torch.softmax(torch.tensor([0.75, 0.125, -0.25]) / 0.5, 0)
    assert list(weights.values()) == pytest.approx(wanted.tolist(), rel=1e-5)
    wrong = method.built({**defaults(method.parameters), "affinity": (1.0, 2.0)}, TASKS, torch.device("cpu"))
    assert wrong.prepare(Facts()) == [("training_wrong_affinity", {"n": 2, "wanted": 9})]


@pytest.mark.parametrize("sum_to_one", [True, False])
def test_free_weights_collapse_and_say_so(sum_to_one: bool) -> None:
    method = balancer("free_weights", sum_to_one=sum_to_one)
    assert list(method.effective(LAMBDA).values()) == pytest.approx([1 / 3] * 3)
    assert method.end_epoch({}) == []
    optimizer = torch.optim.Adam(method.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        method.combine(losses(), LAMBDA).backward()
        optimizer.step()
    ((code, values),) = method.end_epoch({})
    assert code == "training_weights_collapsed"
    if sum_to_one:
        assert values["task"] == "a" and values["share"] > 80  # the smallest loss takes all
    else:
        assert values["total"] < 0.5
    assert method.end_epoch({}) == []  # told once


class _Line:
    """A laboratory of one weight: the losses are (w - c)² with a c per task, the validation wants w = 3."""

    learning_rate = 0.1

    def __init__(self) -> None:
        self.weight = nn.Parameter(torch.tensor([0.0]))

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [self.weight]

    def losses(self) -> dict[str, Tensor]:
        return {task: (self.weight - aim).square().sum() for task, aim in (("a", 3.0), ("b", -3.0))}

    def validation(self) -> dict[str, Tensor]:
        return {"a": (self.weight - 3.0).square().sum()}

    def summed(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        return list(gradients)


def test_auto_lambda_finds_the_gradient_of_the_validation_loss() -> None:
    """With the second derivative written out by hand: d/dw_t of L_val(θ - η Σ w_t g_t) = -η g_t · ∇L_val(θ')."""
    laboratory, method = _Line(), balancer("auto_lambda", ("a", "b", "c"))
    assert isinstance(method, AutoLambdaBalancer)
    steps: list[Tensor] = []
    method.learned.step = lambda gradient, moves: steps.append(gradient)  # type: ignore[method-assign]
    method.before_step(laboratory)
    after = 0.0 - 0.1 * (0.1 * -6.0 + 0.1 * 6.0)
    towards = 2 * (after - 3.0)
    assert steps[0].tolist() == pytest.approx([-0.1 * -6.0 * towards, -0.1 * 6.0 * towards, 0.0], rel=1e-3)
    assert float(laboratory.weight.detach()) == 0.0 and laboratory.weight.grad is None


def test_auto_lambda_favours_what_helps_the_validation() -> None:
    laboratory, method = _Line(), balancer("auto_lambda", every=2)
    for step in range(12):
        method.begin(step)
        method.before_step(laboratory)
    weights = method.effective(LAMBDA)
    assert weights["a"] > 0.1 > weights["b"] >= 0.0 and weights["c"] == pytest.approx(0.1)  # c never took part


def test_some_adam_is_torchs_and_rests_where_nothing_moves() -> None:
    parameter = nn.Parameter(torch.tensor([1.0, -2.0]))
    theirs, ours = torch.optim.Adam([parameter], lr=0.1, weight_decay=0.01), SomeAdam(parameter.detach(), 0.1, 0.01)
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        gradient = torch.randn(2, generator=generator)
        parameter.grad = gradient.clone()
        theirs.step()
        ours.step(gradient, torch.tensor([True, True]))
    torch.testing.assert_close(ours.value, parameter.detach())
    before = ours.value.clone()
    ours.step(torch.tensor([1.0, float("nan")]), torch.tensor([False, True]))
    assert torch.equal(ours.value, before)


@pytest.mark.parametrize("method_id", sorted(METHODS))
def test_a_batch_without_some_tasks(method_id: str) -> None:
    method = balancer(method_id)
    found = slopes(method, {"b": losses()["b"]})
    assert math.isfinite(found["b"]) and found["b"] > 0
    assert all(math.isfinite(weight) for weight in method.effective(LAMBDA).values())


@pytest.mark.parametrize("method_id", sorted(METHODS))
def test_losses_of_zero_stay_finite(method_id: str) -> None:
    found = slopes(balancer(method_id), losses(0.0, 0.0, 1.0))
    assert all(math.isfinite(value) for value in found.values())


@pytest.mark.parametrize("method_id", sorted(METHODS))
def test_state_goes_round(method_id: str) -> None:
    one, other = balancer(method_id), balancer(method_id)
    for epoch in range(2):
        one.begin(epoch)
        one.combine(losses(), LAMBDA)
        if isinstance(one, FAMOBalancer):
            one.look(losses(0.1, 1.9, 0.8))
        for parameter in one.parameters():
            parameter.data += 0.1 * torch.arange(3.0)
        one.end_epoch({"a": 1.0 / (epoch + 1), "b": 1.0, "c": 2.0})
    other.load(one.state())
    one.begin(9), other.begin(9)
    assert slopes(one, losses()) == slopes(other, losses())
    assert one.end_epoch({"a": 0.3, "b": 1.0, "c": 2.0}) == other.end_epoch({"a": 0.3, "b": 1.0, "c": 2.0})
    assert one.effective(LAMBDA) == other.effective(LAMBDA)
