"""Every declared method on a branching network with labels missing, against a second statement of its paper.

Skips, tasks at two depths, tasks absent from batches, λ of different sizes, several steps: the gradients that a step
leaves are those of plain autograd, one backward per task, put together as `statements` says, to 1e-5.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from mtlstudio.base.declare import defaults
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.training.balancing import Balancer, balancing_methods
from mtlstudio.training.balancing.auto_lambda import AutoLambdaBalancer
from mtlstudio.training.balancing.famo import FAMOBalancer
from mtlstudio.training.balancing.interface import Facts
from mtlstudio.training.balancing.on_gradients import GradientBalancer
from mtlstudio.training.gradients.engine import GradientEngine
from tests.training.drawn import batch, branching, by_hand, compiled, loss_of, shared_names
from tests.training.statements import AFFINITY, LABELS, LAMBDA, RATE, SEED, STATEMENTS, TASKS, Step

METHODS = {method.id: method for method in balancing_methods()}
PRESENT = (TASKS, ("kind", "count"), ("mask",), TASKS, ("mask", "count"), TASKS)
"""The tasks with labels in each batch; two batches make an epoch."""

OWN_TEST = {"auto_lambda": "test_auto_lambda_is_the_gradient_of_the_validation_loss_after_the_step"}


def balancer(method_id: str, **values: Any) -> Balancer:
    method = METHODS[method_id]
    given = {**defaults(method.parameters), **({"affinity": AFFINITY} if method_id == "relation" else {}), **values}
    made = method.built(given, TASKS, torch.device("cpu"))
    made.prepare(Facts(seed=SEED, labels=LABELS))
    return made


class Stepped:
    """A branching network that takes the steps of a method."""

    def __init__(self, method_id: str) -> None:
        self.spec = branching()
        self.network: MultiTaskNetwork = compiled(self.spec)
        self.inputs = batch(self.spec)
        self.method = balancer(method_id)
        self.engine = (
            GradientEngine(self.network, self.spec.network, self.method)
            if isinstance(self.method, GradientBalancer) else None
        )  # fmt: skip

    def losses(self, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        outputs = copy.deepcopy(self.network)(self.inputs, tasks)
        return {task: loss_of(task, outputs[task]) for task in tasks}

    def gradients(self, step: int, tasks: tuple[str, ...]) -> dict[str, Tensor]:
        """What a step of the method leaves, by parameter; its own values have gone down their gradient."""
        self.network.zero_grad(set_to_none=True)
        self.method.begin(step)
        if self.engine is not None:
            passed = self.engine.forward(self.inputs, tasks)
            given = {task: loss_of(task, passed.outputs[task]) for task in tasks}
            self.engine.backward(passed, given, LAMBDA)
        else:
            outputs = self.network(self.inputs, tasks)
            total = self.method.combine({task: loss_of(task, outputs[task]) for task in tasks}, LAMBDA)
            total.backward()
        for value in self.method.parameters():
            assert value.grad is not None
            value.data -= RATE * value.grad
            value.grad = None
        return {name: p.grad.clone() for name, p in self.network.named_parameters() if p.grad is not None}

    def descend(self) -> None:
        with torch.no_grad():
            for parameter in self.network.parameters():
                if parameter.grad is not None:
                    parameter -= 0.02 * parameter.grad / parameter.grad.norm().clamp_min(1.0)


def test_every_declared_method_has_a_statement() -> None:
    assert set(STATEMENTS) | set(OWN_TEST) == set(METHODS), (
        "write down in `statements` what the new method's paper says"
    )
    assert all(test in globals() for test in OWN_TEST.values())


@pytest.mark.parametrize("method_id", sorted(STATEMENTS))
def test_updates_are_those_of_the_paper(method_id: str) -> None:
    stepped, statement = Stepped(method_id), STATEMENTS[method_id]()
    shared = shared_names(stepped.spec, stepped.network)
    sums: dict[str, list[float]] = {task: [] for task in TASKS}
    for number, tasks in enumerate(PRESENT):
        hand = by_hand(stepped.spec, copy.deepcopy(stepped.network), tasks, stepped.inputs)
        rows = [
            torch.cat([hand[task].get(name, torch.zeros_like(p)).flatten() for name, p in _named(stepped, shared)])
            for task in tasks
        ]
        before = torch.stack([loss.detach() for loss in stepped.losses(tasks).values()]).double()
        step = Step(number, tasks, before, torch.stack(rows).double())
        direction, own = statement.update(step)
        found = stepped.gradients(number, tasks)
        common = torch.cat([found.get(name, torch.zeros_like(p)).flatten() for name, p in _named(stepped, shared)])
        apart = float((common - direction).norm()) / max(float(step.rows.norm()), float(direction.norm()))
        assert apart <= 1e-5, (number, apart)
        for task in tasks:
            for name in hand[task].keys() - set(shared):
                wanted = hand[task][name] * own[task]
                torch.testing.assert_close(found[name], wanted, rtol=1e-4, atol=1e-5 * float(wanted.abs().max()))
        assert not {name for name in found if name not in shared} - {name for task in tasks for name in hand[task]}
        stepped.descend()
        after = stepped.losses(tasks)
        if isinstance(stepped.method, FAMOBalancer):
            stepped.method.look({task: loss.detach() for task, loss in after.items()})
        statement.after(step, torch.stack([loss.detach() for loss in after.values()]).double())
        for task, loss in zip(tasks, before.tolist(), strict=True):
            sums[task].append(loss)
        if number % 2:
            means = {task: sum(values) / len(values) for task, values in sums.items() if values}
            statement.end_epoch(means)
            stepped.method.end_epoch(means)
            sums = {task: [] for task in TASKS}


def test_no_two_statements_say_the_same() -> None:
    """On one and the same course of gradients in conflict every method goes a way of its own at some step."""
    draws = torch.Generator().manual_seed(2)
    statements = {method_id: made() for method_id, made in STATEMENTS.items()}
    found: dict[str, list[Tensor]] = {method_id: [] for method_id in statements}
    for number in range(12):
        rows = torch.randn((3, 8), generator=draws, dtype=torch.float64)
        rows[1] -= 3.0 * rows[0]  # the mean itself works against a task
        rows[2] -= 0.6 * rows[:2].sum(0)  # and all against each other
        losses = 2 * torch.rand(3, generator=draws, dtype=torch.float64) + 0.2
        step = Step(number, TASKS, losses, rows)
        for method_id, statement in statements.items():
            found[method_id].append(statement.update(step)[0])
        means = {
            task: loss / (number + place + 1)
            for place, (task, loss) in enumerate(zip(TASKS, losses.tolist(), strict=True))
        }
        for statement in statements.values():
            statement.after(step, losses * torch.tensor([0.5, 0.9, 1.0]))
            if number % 2:
                statement.end_epoch(means)
    ways = {method_id: torch.stack(updates) for method_id, updates in found.items()}
    units = {method_id: way / way.norm(dim=1, keepdim=True) for method_id, way in ways.items()}
    same = {
        (one, other) for one, other in itertools.combinations(units, 2)
        if float((units[one] - units[other]).norm(dim=1).max()) < 1e-2
    }  # fmt: skip
    twins = {("imtl_g", "config")}  # one direction, of two lengths
    assert same <= twins, same - twins
    assert float((ways["imtl_g"] - ways["config"]).norm(dim=1).max()) > 1e-2


def _named(stepped: Stepped, names: list[str]) -> list[tuple[str, Tensor]]:
    return [(name, stepped.network.get_parameter(name)) for name in names]


class _Smooth:
    """A laboratory in float64: a trunk of two values, one task that reads both depths of it, and one that reads the first."""

    learning_rate = 0.1

    def __init__(self) -> None:
        draws = torch.Generator().manual_seed(0)
        self.parameters = [
            torch.nn.Parameter(torch.randn(size, generator=draws, dtype=torch.float64)) for size in ((3, 2), (2, 2), 2)
        ]
        self.pictures = {split: torch.randn((5, 3), generator=draws, dtype=torch.float64) for split in ("train", "val")}

    def at(self, parameters: list[Tensor], split: str) -> dict[str, Tensor]:
        first = (self.pictures[split] @ parameters[0]).tanh()
        second = (first @ parameters[1]).tanh()
        return {
            "kind": ((first + second).sum(1) - 1).square().mean(),
            "mask": ((first * parameters[2]).sum(1) + 2).square().mean(),
        }

    def losses(self) -> dict[str, Tensor]:
        return self.at(list(self.parameters), "train")

    def validation(self) -> dict[str, Tensor]:
        return self.at(list(self.parameters), "val")

    def summed(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        return list(gradients)


def test_auto_lambda_is_the_gradient_of_the_validation_loss_after_the_step() -> None:
    """The paper's difference, and autograd through the step with its second derivatives; `count` is absent."""
    laboratory, method = _Smooth(), balancer("auto_lambda", start=0.3)
    assert isinstance(method, AutoLambdaBalancer)
    kept = [parameter.detach().clone() for parameter in laboratory.parameters]
    seen: list[tuple[Tensor, Tensor]] = []
    method.used = method.learned.value = method.learned.value.double()
    method.learned.step = lambda gradient, moves: seen.append((gradient, moves))  # type: ignore[method-assign]
    method.before_step(laboratory)

    parameters: list[Tensor] = list(laboratory.parameters)
    weights = torch.full((2,), 0.3, dtype=torch.float64, requires_grad=True)
    total = (weights * torch.stack(list(laboratory.losses().values()))).sum()
    slopes = torch.autograd.grad(total, parameters, create_graph=True)
    moved = [parameter - 0.1 * slope for parameter, slope in zip(parameters, slopes, strict=True)]
    after = torch.stack(list(laboratory.at(moved, "val").values())).sum()
    (exact,) = torch.autograd.grad(after, weights, retain_graph=True)
    towards = torch.autograd.grad(after, moved)
    small = 0.01 / torch.cat([part.flatten() for part in towards]).norm()
    ahead, behind = (
        torch.stack(list(laboratory.at([p + sign * small * h for p, h in zip(parameters, towards, strict=True)], "train").values()))
        for sign in (1, -1)
    )  # fmt: skip
    ((gradient, moves),) = seen
    torch.testing.assert_close(gradient[:2], (-0.1 * (ahead - behind) / (2 * small)).detach(), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(gradient[:2], exact, rtol=1e-3, atol=1e-6)  # what a difference of 0.01 can tell
    assert moves.tolist() == [True, True, False] and gradient[2] == 0
    for parameter, before in zip(laboratory.parameters, kept, strict=True):
        assert torch.equal(parameter.detach(), before)
