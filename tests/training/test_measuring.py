"""Measuring what the tasks do to one another: right figures, and a training that does not notice it."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.project.edits import set_strategy
from mtlstudio.project.settings import TrainingSettings
from mtlstudio.project.spec import MethodSpec, ProjectSpec, StageSpec
from mtlstudio.runs.events import AffinityMeasured, GradientsMeasured, StepsMeasured
from mtlstudio.runs.folder import RunFolder
from mtlstudio.training import loop, measuring
from mtlstudio.training.gradients.levels import Level
from mtlstudio.training.gradients.watch import Watch
from mtlstudio.training.measuring import affinity_every, look_ahead, measures_every
from tests.training.drawn import batch, branching, by_hand, compiled, loss_of, shared_names
from tests.training.drawn import project as drawn
from tests.training.small import losses, project, trained
from tests.training.test_gradient_engine import NETWORKS, engine_of
from tests.training.test_resume import broken_off, equal, story, weights

ON_LOSSES = (
    "fixed", "equal", "uncertainty", "imtl_l", "dwa", "geometric", "stch", "famo", "random", "free_weights", "auto_lambda",
)  # fmt: skip


def run_of(folder: Path, name: str, every: int, method: MethodSpec, affinity: int = 0, **settings: Any) -> RunFolder:
    spec = project(missing=0.3, measure_every=every, affinity_every=affinity, balancing=method, **settings)
    return trained(folder, spec, name)


def assert_close(one: RunFolder, other: RunFolder, tolerance: float) -> None:
    for first, second in zip(losses(one), losses(other), strict=True):
        for a, b in zip(first, second, strict=True):
            assert (a is None) == (b is None)
            assert a is None or b is None or a == pytest.approx(b, rel=tolerance, abs=tolerance)


# --- a measured step is the step ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ON_LOSSES)
def test_methods_on_losses_train_as_if_nothing_were_measured(tmp_path: Path, method: str) -> None:
    plain = run_of(tmp_path, "plain", 0, MethodSpec(method))
    measured = run_of(tmp_path, "measured", 1, MethodSpec(method))
    assert_close(plain, measured, 2e-4)
    kinds = [event.kind for event in measured.events()]
    assert kinds.count("gradients_measured") >= 10 and "gradients_measured" not in [e.kind for e in plain.events()]


def test_gathered_batches_are_measured_one_by_one(tmp_path: Path) -> None:
    plain = run_of(tmp_path, "plain", 0, MethodSpec("uncertainty"), accumulate=3)
    measured = run_of(tmp_path, "measured", 1, MethodSpec("uncertainty"), accumulate=3)
    assert_close(plain, measured, 2e-4)


@pytest.mark.parametrize("method", ["pcgrad", "mgda", "graddrop", "gradnorm"])
def test_methods_on_gradients_train_bit_by_bit_as_if_nothing_were_measured(tmp_path: Path, method: str) -> None:
    plain = run_of(tmp_path, "plain", 0, MethodSpec(method))
    measured = run_of(tmp_path, "measured", 1, MethodSpec(method), affinity=1)
    assert losses(plain) == losses(measured) and equal(weights(plain), weights(measured))


@pytest.mark.parametrize("values", [{"level": "features"}, {"every": 3}, {"level": "features", "every": 3}])
def test_steps_that_do_without_the_single_gradients_stay_what_they_are(
    tmp_path: Path, values: dict[str, object]
) -> None:
    method = MethodSpec("mgda", FrozenDict(values))
    plain, measured = run_of(tmp_path, "plain", 0, method), run_of(tmp_path, "measured", 1, method)
    assert_close(plain, measured, 2e-4)
    assert any(isinstance(event, GradientsMeasured) for event in measured.events())


@pytest.mark.parametrize("method", ["fixed", "mgda"])
def test_layers_that_thaw_later_are_measured_and_trained_from_then_on(tmp_path: Path, method: str) -> None:
    def run(every: int) -> RunFolder:
        spec = project(epochs=3, measure_every=every, balancing=MethodSpec(method))
        stages = [StageSpec("branches", 1, trains="branches"), StageSpec("all", 2)]
        return trained(tmp_path, set_strategy(spec, stages), f"every-{every}")

    plain, measured = run(0), run(1)
    assert_close(plain, measured, 2e-4)
    told = [event for event in measured.events() if isinstance(event, GradientsMeasured)]
    assert told and min(event.epoch for event in told) == 1 and all("stem" in event.products for event in told)


def test_looking_ahead_leaves_no_trace(tmp_path: Path) -> None:
    without = run_of(tmp_path, "without", 1, MethodSpec("fixed"))
    looking = run_of(tmp_path, "looking", 1, MethodSpec("fixed"), affinity=1)
    assert any(isinstance(event, AffinityMeasured) for event in looking.events())
    assert losses(without) == losses(looking) and equal(weights(without), weights(looking))


def test_broken_off_anywhere_equals_unbroken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    spec = project(missing=0.4, checkpoint_steps=2, measure_every=2, affinity_every=2)
    whole = trained(tmp_path, spec, "whole")
    dice = random.Random(1)
    broken = broken_off(tmp_path, spec, [dice.randint(1, 14) for _ in range(4)])
    assert losses(whole) == losses(broken) and equal(weights(whole), weights(broken))
    assert story(whole) == story(broken)


def test_half_precision_is_measured_too(tmp_path: Path) -> None:
    run = run_of(tmp_path, "bf16", 1, MethodSpec("fixed"), affinity=1, precision="bf16")
    for event in run.events():
        if isinstance(event, GradientsMeasured):
            assert all(value is not None for matrix in event.products.values() for row in matrix for value in row)


# --- what is measured -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("level", ["parameters", "features"])
def test_products_are_those_of_plain_autograd(name: str, level: Level) -> None:
    spec = NETWORKS[name]()
    network, inputs = compiled(spec), batch(spec)
    plain = copy.deepcopy(network)
    watch, shown = watched(spec, network, inputs, level)
    torch.manual_seed(5)
    hand = by_hand(spec, plain, spec.task_ids, inputs)
    shared = shared_names(spec, plain)
    if not shared:
        assert not watch.tasks or not watch.layers
        return
    layers = {key.split(".")[1] for key in shared}
    assert set(shown) == layers
    for layer, products in shown.items():
        names = [key for key in shared if key.split(".")[1] == layer]
        rows = torch.stack(
            [torch.cat([hand[t].get(key, torch.zeros_like(plain.get_parameter(key))).flatten() for key in names])
             for t in watch.tasks]
        )  # fmt: skip
        scale = float(rows.square().sum()) or 1.0
        torch.testing.assert_close(products, rows @ rows.T, rtol=1e-4, atol=1e-5 * scale)


def watched(
    spec: ProjectSpec, network: MultiTaskNetwork, inputs: dict[str, Tensor], level: Level = "parameters"
) -> tuple[Watch, dict[str, Tensor]]:
    """A step with unequal λ and a loss scale, watched; and the products by layer."""
    engine, _balancer = engine_of(spec, network, level)
    watch = Watch()
    torch.manual_seed(5)
    passed = engine.forward(inputs, spec.task_ids)
    found = {task: loss_of(task, passed.outputs[task]) for task in spec.task_ids}
    lambdas = {task: 1.0 + 0.5 * place for place, task in enumerate(spec.task_ids)}
    engine.backward(passed, found, lambdas, torch.tensor(64.0), watch)
    return watch, dict(zip(watch.layers, watch.products(), strict=True)) if watch.layers else {}


@pytest.mark.parametrize("make", [branching, lambda: drawn("shared", "kind", "mask", "count")])
def test_affinity_is_what_single_steps_of_a_copy_do(make: Any) -> None:
    spec = make()
    network, inputs = compiled(spec), batch(spec)
    plain = copy.deepcopy(network)
    before = copy.deepcopy(network.state_dict())
    watch, _shown = watched(spec, network, inputs)
    ran = copy.deepcopy(network.state_dict())

    def losses_now() -> dict[str, Tensor]:
        outputs = network(inputs, spec.task_ids)
        return {task: loss_of(task, outputs[task]) for task in spec.task_ids}

    with torch.no_grad():
        torch.manual_seed(5)
        base = {task: loss for task, loss in losses_now().items() if task in watch.tasks}
        network.load_state_dict(ran)
    names = shared_names(spec, plain)
    hand = by_hand(spec, plain, spec.task_ids, inputs)
    ways = {
        task: {key: hand[task].get(key, torch.zeros_like(plain.get_parameter(key))) for key in names}
        for task in watch.tasks
    }
    norms = {task: float(torch.cat([part.flatten() for part in way.values()]).norm()) for task, way in ways.items()}
    found = look_ahead(
        watch, torch.stack(list(base.values())), torch.tensor(list(norms.values())),
        SimpleNamespace(losses=losses_now),  # type: ignore[arg-type]
    )  # fmt: skip
    for key, value in network.named_parameters():
        assert torch.equal(value, before[key])

    whole = float(torch.cat([plain.get_parameter(key).detach().flatten() for key in names]).norm())
    length = min(0.02 * whole, *(0.01 * float(base[task]) / norms[task] for task in watch.tasks))
    own = []
    for row, task in enumerate(watch.tasks):
        moved = copy.deepcopy(plain)
        moved.load_state_dict(before)
        with torch.no_grad():
            for key, part in ways[task].items():
                moved.get_parameter(key).sub_(part * length / norms[task])
            outputs = moved(inputs, spec.task_ids)
        for column, other in enumerate(watch.tasks):
            expected = 1 - float(loss_of(other, outputs[other]) / base[other])
            assert float(found[row, column]) == pytest.approx(expected, abs=2e-6)
        own.append(float(found[row, row]))
    assert max(own) == pytest.approx(0.01, rel=0.3)  # the most sensitive task's own step makes 1 %


def test_the_event_tells_what_each_gradient_was_multiplied_with(tmp_path: Path) -> None:
    run = run_of(tmp_path, "run", 1, MethodSpec("fixed"), normalise_weights=False)
    told = [event for event in run.events() if isinstance(event, GradientsMeasured)]
    assert told and all(weight == 1.0 for event in told for weight in event.weights.values())
    assert all(set(event.products) == {"stem"} for event in told)


def test_measurements_come_with_the_losses_and_at_their_steps(tmp_path: Path) -> None:
    run = run_of(tmp_path, "run", 2, MethodSpec("fixed"), affinity=2)
    seen = 0
    for event in run.events():
        if isinstance(event, StepsMeasured):
            seen = event.step
        elif isinstance(event, GradientsMeasured):
            assert event.step % 2 == 0 and event.step <= seen
        elif isinstance(event, AffinityMeasured):
            assert event.step % 4 == 0


def test_nothing_is_measured_where_nothing_is_shared(tmp_path: Path) -> None:
    spec = project(measure_every=1)
    everything = spec.network
    for layer in [item for item in everything.layers if len(item.tasks) > 1 and item.type != "input"]:
        everything = replace(
            everything, layers=tuple(replace(x, frozen=True) if x == layer else x for x in everything.layers)
        )
    run = trained(tmp_path, spec.with_network(everything), "run")
    kinds = {event.kind for event in run.events()}
    assert "run_finished" in kinds and "gradients_measured" not in kinds


def test_automatic_intervals_grow_with_the_tasks() -> None:
    settings = TrainingSettings()
    assert [measures_every(settings, tasks) for tasks in (2, 3, 10, 40)] == [50, 60, 200, 800]
    assert affinity_every(settings) == measuring.EVERY_FOURTH
    assert measures_every(replace(settings, measure_every=0), 3) == 0
