"""What holds for every task type, the ragged one included."""

from __future__ import annotations

import copy
import json
import math
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtlstudio.base.declare import defaults
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.tasks.geometry import Fit, Geometry
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import ColourMap, IndexMap, ScalarMap, Shapes
from mtlstudio.tasks.registry import bind_all, task_types

MODES = ["stretch", "letterbox", "crop"]


def _loss(task: BoundTask, output: torch.Tensor, target: Any, present: torch.Tensor) -> tuple[Any, torch.Tensor]:
    output = output.clone().requires_grad_()
    loss = task.loss(output, target, present)
    loss.value.backward()
    assert output.grad is not None
    return replace(loss, value=loss.value.detach()), output.grad


def test_every_type_has_an_example(examples: dict[str, Any]) -> None:
    assert {type_.id for type_ in task_types(offered_only=False)} == set(examples)
    assert {type_.id for type_ in task_types()} == set(examples) - {"detection"}


def test_the_examples_are_without_problems(example: Any) -> None:
    assert example.type.check(example.spec) == []


def test_declared_defaults_fit_their_own_declarations(example: Any) -> None:
    for parameter in example.type.parameters:
        assert parameter.check(parameter.default) == parameter.default
    for loss in example.type.losses:
        for parameter in loss.parameters:
            assert parameter.check(parameter.default) == parameter.default
    assert {chosen.type for chosen in example.type.default_losses} <= {loss.id for loss in example.type.losses}


@pytest.mark.parametrize("mode", MODES)
def test_the_whole_way_from_raw_targets_to_tables(example: Any, mode: str) -> None:
    task, fit = example.bound(mode), example.fit(mode)
    change = Geometry((0.125, 0.25, 0.75, 0.5), flip_x=True, flip_y=True)
    encoded = [task.encode(raw, fit) for raw in example.raws]
    turned = [task.blank(32) if target is None else task.transform(target, change) for target in encoded]
    target, present = task.collate(turned), torch.tensor([target is not None for target in encoded])
    output = example.output(task)

    loss, gradient = _loss(task, output, target, present)
    assert loss.value.dtype == torch.float32 and loss.value.shape == ()
    assert math.isfinite(float(loss.value)) and float(loss.value) > 0
    assert gradient.isfinite().all()
    expected = sum(weight * loss.parts[name] for name, weight, _ in task.losses)
    assert torch.allclose(loss.value, expected)

    metrics = task.metrics()
    metrics.update(output, target, present)
    measured = metrics.compute()
    assert {metric.id for metric in task.type.metrics_offered} <= set(measured)
    assert all(isinstance(value, float) for value in measured.values())

    for prediction in (task.decode(task.to_size(output[:1], fit), fit), task.truth(example.raws[0], fit)):
        painting = task.paint(prediction)
        assert painting is None or isinstance(painting, IndexMap | ScalarMap | Shapes | ColourMap)
        assert all(isinstance(row.label, str) and isinstance(row.value, str) for row in task.rows(prediction))
        assert all(row.fraction is None or 0 <= row.fraction <= 1 for row in task.rows(prediction))
        assert isinstance(task.summary(prediction), str) and isinstance(task.at(prediction, 49, 39), str)
        json.dumps(task.columns(prediction), allow_nan=False)
        dense = task.dense(prediction)
        assert dense is None or (dense[0].shape[:2] == (40, 50) and dense[0].dtype in (np.uint8, np.uint16))
        assert 0 <= task.score(prediction, task.truth(example.raws[0], fit)) <= 1


def test_a_missing_target_is_none_everywhere(example: Any) -> None:
    task, fit = example.bound(), example.fit()
    assert task.encode(None, fit) is None and task.truth(None, fit) is None and task.full_target(None, fit) is None


def test_absent_samples_get_no_gradient_whatever_their_output_says(example: Any) -> None:
    task = example.bound()
    target, present = example.batch(task)
    present[0] = False  # it has a target; this batch says that it does not count
    output = example.output(task)
    _, quiet = _loss(task, output, target, present)
    output[~present] = float("inf") if task.type.kind == "vector" else 1e30
    output[0] = float("nan") if task.type.kind == "vector" else -1e30
    loss, gradient = _loss(task, output, target, present)
    assert (gradient[~present] == 0).all()
    assert torch.equal(gradient, quiet)
    assert float(loss.count) == float(task.loss(example.output(task), target, present).count)


def test_nothing_present_is_zero_without_gradient(example: Any) -> None:
    task = example.bound()
    target, present = example.batch(task)
    loss, gradient = _loss(task, example.output(task), target, torch.zeros_like(present))
    assert float(loss.value) == 0 and float(loss.count) == 0
    assert all(float(part) == 0 for part in loss.parts.values())
    assert (gradient == 0).all()
    metrics = task.metrics()
    metrics.update(example.output(task), target, torch.zeros_like(present))
    assert all(math.isnan(value) for value in metrics.compute().values())


def test_blanks_that_are_called_present_by_mistake_do_no_harm(example: Any) -> None:
    task = example.bound()
    blanks = task.collate([task.blank(32)] * 3)
    loss, gradient = _loss(task, example.output(task, 3), blanks, torch.ones(3, dtype=torch.bool))
    assert gradient.isfinite().all()
    if example.spec.type not in ("detection", "reconstruction"):  # no box, a black picture are statements
        assert float(loss.value) == 0 and (gradient == 0).all() and float(loss.count) == 0


def test_absent_samples_change_neither_loss_nor_metrics(example: Any) -> None:
    task = example.bound()
    encoded, present = example.encoded(task)
    target, output = task.collate(encoded), example.output(task)
    kept = [index for index, there in enumerate(present.tolist()) if there]
    alone = task.collate([encoded[index] for index in kept])
    ones = torch.ones(len(kept), dtype=torch.bool)
    assert torch.allclose(task.loss(output, target, present).value, task.loss(output[kept], alone, ones).value)
    whole, part = task.metrics(), task.metrics()
    whole.update(output, target, present)
    part.update(output[kept], alone, ones)
    assert whole.compute() == pytest.approx(part.compute(), nan_ok=True)


def test_metrics_add_up_over_batches_and_processes(example: Any) -> None:
    task = example.bound()
    encoded, present = example.encoded(task)
    target, output = task.collate(encoded), example.output(task)
    whole, one, other = task.metrics(), task.metrics(), task.metrics()
    whole.update(output, target, present)
    one.update(output[:1], task.collate(encoded[:1]), present[:1])
    other.update(output[1:], task.collate(encoded[1:]), present[1:])
    for name in one.sums:
        one.sums[name] += other.sums[name]
    assert one.compute() == pytest.approx(whole.compute(), nan_ok=True, abs=1e-6)


def test_metrics_that_saw_nothing_have_the_same_sums_as_others(example: Any) -> None:
    task = example.bound()
    target, present = example.batch(task)
    unused, used = task.metrics(), task.metrics()
    used.update(example.output(task), target, present)
    assert {name: s.shape for name, s in unused.sums.items()} == {name: s.shape for name, s in used.sums.items()}
    assert all(math.isnan(value) for value in unused.compute().values())


def test_loss_and_metrics_never_ask_the_device(example: Any) -> None:
    """Tensors on the meta device hold no numbers: whoever asks for one fails."""
    task = example.bound()
    target, present = example.batch(task)
    output = example.output(task).to("meta").requires_grad_()
    target = task.move(target, "meta")
    loss = task.loss(output, target, present.to("meta"))
    if example.spec.type != "sequence":  # torch's CTC has no gradient on the meta device
        loss.value.backward()
    task.metrics().update(output.detach(), target, present.to("meta"))
    assert loss.value.is_meta and loss.count.is_meta


@pytest.mark.gpu
def test_loss_and_metrics_on_cuda_do_not_synchronise(example: Any) -> None:
    if example.spec.type == "sequence":
        pytest.skip("torch's CTC moves the lengths of the strings")
    task = example.bound()
    target, present = example.batch(task)
    expected = task.loss(example.output(task), target, present)
    output, target, present = example.output(task).cuda(), task.move(target, "cuda"), present.cuda()
    metrics = task.metrics()
    task.loss(output, target, present)  # the first call moves constants
    metrics.update(output, target, present)
    torch.cuda.set_sync_debug_mode("error")
    try:
        output.requires_grad_()
        loss = task.loss(output, target, present)
        loss.value.backward()
        metrics.update(output.detach(), target, present)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert float(loss.value) == pytest.approx(float(expected.value), rel=1e-4)


def test_under_autocast_losses_are_computed_in_float32(example: Any) -> None:
    task = example.bound()
    target, present = example.batch(task)
    output = example.output(task).bfloat16()
    plain = task.loss(output.float(), target, present)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = task.loss(output, target, present)
    assert loss.value.dtype == torch.float32
    assert torch.equal(loss.value, plain.value)


@pytest.mark.parametrize("mode", MODES)
def test_the_truth_scores_best_against_itself(example: Any, mode: str) -> None:
    task, fit = example.bound(), example.fit(mode)
    truth = task.truth(example.raws[0], fit)
    assert task.score(truth, truth) == 1
    noise = task.decode(task.to_size(example.output(task, 1), fit), fit)
    assert task.score(noise, truth) < 1


def test_two_mirrorings_undo_each_other(example: Any) -> None:
    task = example.bound()
    for raw in example.raws:
        target = task.encode(raw, example.fit())
        if target is None:
            continue
        for flip in (Geometry(flip_x=True), Geometry(flip_y=True)):
            back = task.transform(task.transform(target, flip), flip)
            assert torch.allclose(back.double(), target.double(), atol=1e-6, equal_nan=True)


def test_statistics_are_plain_and_of_no_target_as_well(example: Any) -> None:
    task = example.bound()
    assert json.loads(json.dumps(task.statistics, allow_nan=False)) == task.statistics
    empty = example.type.statistics(example.spec, [])
    json.dumps(empty, allow_nan=False)
    without = example.type.bind(example.spec, empty)
    target, present = example.batch(without)
    assert math.isfinite(float(without.loss(example.output(without), target, present).value))
    json.dumps(without.balance(), allow_nan=False)
    json.dumps(task.balance(), allow_nan=False)
    assert all(row.fraction is None or 0 <= row.fraction <= 1 for row in task.balance_rows())


def test_bound_tasks_travel_to_other_processes(example: Any) -> None:
    task = example.bound()
    target, present = example.batch(task)
    value = task.loss(example.output(task), target, present).value
    for twin in (pickle.loads(pickle.dumps(task)), copy.deepcopy(task)):
        assert torch.equal(twin.loss(example.output(task), target, present).value, value)


def test_a_perfect_network_gets_back_the_truth(example: Any) -> None:
    """Outputs that say exactly the encoded target decode to the truth, at the picture's own size."""
    task, fit = example.bound(), Fit(32, 32, 32)
    kind = example.spec.type
    if kind in ("segmentation", "depth"):
        raw = example.raws[0][:32, :32]
        target = task.encode(raw, fit)
        if kind == "depth":
            output = ((target - task.centre) / task.scale)[None, None]
        else:
            output = torch.nn.functional.one_hot(target.long(), 3).permute(2, 0, 1)[None] * 20.0
    elif kind == "reconstruction":
        raw = example.raws[0][:32, :32]
        output = ((task.encode(raw, fit) / 255 - task.centre) / task.scale)[None]
    elif kind == "sequence":
        raw = "4071"
        path = torch.tensor([0, 5, 0, 1, 1, 8, 0, 2, 0])
        output = torch.nn.functional.one_hot(path, 11).T[None] * 20.0
    elif kind == "detection":
        raw = example.raws[0]
        classes, sides = task.assigned([task.encode(raw, fit := example.fit())], 32)
        output = torch.cat([torch.nn.functional.one_hot(classes, 3).permute(0, 3, 1, 2) * 20.0, sides], 1)
    else:
        raw, fit = example.raws[0], example.fit()
        target = task.encode(raw, fit)
        outputs = {
            "classification": lambda: torch.nn.functional.one_hot(target, 3) * 20.0,
            "multilabel": lambda: (target - 0.5) * 40,
            "regression": lambda: task.standardised(target),
        }
        output = outputs[kind]()[None]
    prediction = task.decode(task.to_size(output, fit), fit)
    assert task.score(prediction, task.truth(raw, fit)) == pytest.approx(1, abs=1e-3)


def test_bind_all_keeps_order_and_statistics() -> None:
    specs = tuple(TaskSpec(name, name, "depth") for name in ("b", "a"))
    bound = bind_all(ProjectSpec("P", tasks=specs), {"a": {"mean": 2.0, "std": 3.0}})
    assert list(bound) == ["b", "a"]
    assert bound["a"].statistics == {"mean": 2.0, "std": 3.0} and bound["b"].statistics == {}


def test_unknown_parameters_do_not_stop_a_task_from_being_bound(example: Any) -> None:
    spec = TaskSpec("one", "One", example.spec.type, parameters=example.spec.parameters.with_(from_the_future=1))
    assert example.type.bind(spec).parameters.keys() == defaults(example.type.parameters).keys()


def test_declaring_and_checking_needs_no_torch() -> None:
    code = (
        "import sys; from mtlstudio.tasks.registry import task_types, bind; from mtlstudio.project.spec import TaskSpec\n"
        "for type_ in task_types(False):\n"
        "    spec = TaskSpec('t', 'T', type_.id); type_.check(spec); bind(spec).output_channels\n"
        "assert not {'torch', 'torchvision', 'PySide6'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])
