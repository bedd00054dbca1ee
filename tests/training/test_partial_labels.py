"""Tasks without labels in a batch: no method on gradients stands still for them, and none lets them weigh on the others."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtlstudio.base.declare import defaults
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.settings import MethodSpec
from mtlstudio.runs.events import RunFinished, StepsMeasured
from mtlstudio.runs.folder import create_run
from mtlstudio.training import course, loop
from mtlstudio.training.balancing import balancing_methods
from mtlstudio.training.balancing.interface import Facts
from mtlstudio.training.balancing.on_gradients import GradientBalancer
from mtlstudio.training.gradients.engine import GradientEngine
from mtlstudio.training.trainer import Trainer
from tests.training.drawn import TASKS as DRAWN
from tests.training.drawn import batch, branching, compiled, loss_of
from tests.training.small import project

METHODS = {method.id: method for method in balancing_methods() if method.works_on == "gradients"}


@pytest.mark.parametrize("method_id", sorted(METHODS))
def test_the_trunk_learns_in_every_batch_that_has_any_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method_id: str
) -> None:
    """Four labels of five missing: most batches lack a task, some lack two. Plain descent moves as far as its gradient."""
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    stems: list[Tensor] = []
    save = course.save_checkpoint

    def kept(run: Any, parts: Any, progress: Any) -> Any:
        stems.append(torch.cat([p.detach().flatten().clone() for p in parts.network.parameters_of("stem")]))
        return save(run, parts, progress)

    monkeypatch.setattr(course, "save_checkpoint", kept)
    descent = MethodSpec("sgd", FrozenDict(learning_rate=0.02, momentum=0.0, nesterov=False, weight_decay=0.0))
    spec = project(
        epochs=2, missing=0.8, checkpoint_steps=1, optimizer=descent, balancing=MethodSpec(method_id), norm="none"
    )
    run = create_run(tmp_path, None, spec)
    events = list(Trainer(spec, tmp_path, run).run())
    assert isinstance(events[-1], RunFinished)
    rows = [
        row for event in events if isinstance(event, StepsMeasured) for row in zip(*event.losses.values(), strict=True)
    ]
    present = [sum(loss is not None for loss in row) for row in rows]
    assert {1, 2} <= set(present), "the batches prove nothing"
    moved = [float((after - before).norm()) for before, after in itertools.pairwise(stems)]
    assert len(moved) == len(present) == 8
    usual = sorted(moved)[len(moved) // 2]
    for tasks, far in zip(present, moved, strict=True):
        assert (far > 1e-3 * usual) if tasks else (far == 0), (present, moved)
        assert far < 1e3 * usual, "a task that is absent has made the others weigh too much"


@pytest.mark.parametrize("method_id", sorted(set(METHODS) - {"gradnorm"}))  # which looks at the losses too
def test_a_loss_without_any_present_element_counts_as_absent(method_id: str) -> None:
    """All of a task's elements unlabelled: its loss is a plain zero whose gradient is zero everywhere."""
    spec = branching()
    inputs, tasks = batch(spec), spec.task_ids
    assert set(tasks) <= set(DRAWN)

    def gradients(absent: bool) -> dict[str, Tensor]:
        network = compiled(spec)
        method = METHODS[method_id].built(defaults(METHODS[method_id].parameters), tasks, torch.device("cpu"))
        method.prepare(Facts(seed=3))
        assert isinstance(method, GradientBalancer)
        engine = GradientEngine(network, spec.network, method)
        passed = engine.forward(inputs, tasks)
        losses = {task: loss_of(task, passed.outputs[task]) for task in tasks}
        if absent:
            del losses["kind"]
        else:
            losses["kind"] = 0.0 * losses["kind"]
        engine.backward(passed, losses, dict.fromkeys(tasks, 1.0))
        found = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
        return {name: grad for name, grad in found.items() if float(grad.abs().max()) > 0}

    without, empty = gradients(absent=True), gradients(absent=False)
    assert without.keys() == empty.keys() and without
    for name, gradient in without.items():
        torch.testing.assert_close(empty[name], gradient, rtol=1e-4, atol=1e-6)
