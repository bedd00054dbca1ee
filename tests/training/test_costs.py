"""What methods cost: the estimate agrees with counted arithmetic, the measurement leaves no traces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.analyze import analyze
from mtlstudio.network.templates.registry import template
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import create_run
from mtlstudio.training import costs
from mtlstudio.training.balancing import balancing_methods
from mtlstudio.training.costs import estimated, measured, scaled
from mtlstudio.training.feed import Fed
from mtlstudio.training.loop import Stepper
from mtlstudio.training.progress import Progress
from mtlstudio.training.setup import build
from mtlstudio.training.slices import load_slice
from mtlstudio.training.trainer import Trainer
from tests.training.small import losses, project, trained

METHODS = {method.id: method for method in balancing_methods()}


@pytest.fixture(scope="module")
def shared() -> ProjectSpec:
    """Three tasks on a trunk of some depth."""
    spec = project()
    return spec.with_network(template("shared").build(spec))


def with_method(spec: ProjectSpec, method: str, **values: object) -> ProjectSpec:
    """The project, balanced so."""
    return replace(spec, training=replace(spec.training, balancing=MethodSpec(method, FrozenDict(values))))


class Counter(TorchDispatchMode):
    """Adds up the operations of convolutions and matrix products, forward and backward."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=found)
        return found


def flops(spec: ProjectSpec, folder: Path) -> int:
    """Operations of one step, as torch counts them."""
    loaded, _ = load_slice(spec, folder, spec.training.batch_size)
    parts = build(spec, folder, loaded, torch.device("cpu"), fresh=True)
    parts.network.train()
    fed = next(iter(parts.train.epoch(0)))
    with Counter() as counter:
        Stepper(parts, Progress()).step(fed)
    return counter.total


@pytest.mark.parametrize("method", ["pcgrad", "famo"])
def test_the_estimate_agrees_with_the_operations_that_torch_counts(
    shared: ProjectSpec, tmp_path: Path, method: str
) -> None:
    analysis = analyze(shared)
    counted = flops(with_method(shared, method), tmp_path) / flops(with_method(shared, "equal"), tmp_path)
    assert estimated(shared, analysis, METHODS[method]).ratio == pytest.approx(counted, rel=0.1)
    assert estimated(shared, analysis, METHODS["equal"]).ratio == 1.0


def test_every_so_many_steps_is_cheaper(shared: ProjectSpec) -> None:
    analysis = analyze(shared)
    each = estimated(with_method(shared, "pcgrad"), analysis, METHODS["pcgrad"]).ratio
    seldom = estimated(with_method(shared, "pcgrad", every=10), analysis, METHODS["pcgrad"]).ratio
    assert seldom - 1 == pytest.approx((each - 1) / 10)
    features = estimated(with_method(shared, "pcgrad", level="features"), analysis, METHODS["pcgrad"]).ratio
    assert features == 1.0


@pytest.mark.parametrize("level", ["parameters", "features"])
def test_the_matrix_of_gradients_is_as_large_as_estimated(shared: ProjectSpec, tmp_path: Path, level: str) -> None:
    spec = with_method(shared, "pcgrad", level=level)
    found = {cost.method: cost for cost in measured(spec, tmp_path, ["pcgrad"])}
    assert found["pcgrad"].memory == estimated(spec, analyze(spec), METHODS["pcgrad"]).memory > 0


def test_equal_weights_are_the_measure_of_all(shared: ProjectSpec, tmp_path: Path) -> None:
    first, *others = measured(shared, tmp_path, ["pcgrad", "uncertainty"])
    assert (first.method, first.ratio, first.memory) == ("equal", 1.0, 0)
    assert [cost.method for cost in others] == ["pcgrad", "uncertainty"]
    assert first.seconds is not None and first.run_seconds is not None
    for cost in others:
        assert cost.measured and cost.seconds == pytest.approx(cost.ratio * first.seconds)
    steps = 3 * len(range(0, _training_pictures(shared, tmp_path), 4))
    assert first.run_seconds >= steps * first.seconds


def test_the_steps_lead_nowhere(shared: ProjectSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[torch.Tensor]] = []
    step = Stepper.step

    def watched(self: Stepper, fed: Fed) -> None:
        seen.append([parameter.detach().clone() for parameter in self.parts.network.parameters()])
        step(self, fed)

    monkeypatch.setattr(Stepper, "step", watched)
    list(measured(shared, tmp_path, ["auto_lambda"]))
    assert len(seen) > 20
    assert all(torch.allclose(a, b, atol=1e-8) for weights in seen for a, b in zip(weights, seen[0], strict=True))


def test_an_estimate_becomes_seconds_once_equal_weights_were_measured(shared: ProjectSpec) -> None:
    guess = costs.MethodCost("pcgrad", 1.5, 100)
    assert scaled(guess, None) == guess
    found = scaled(guess, costs.MethodCost("equal", 1.0, 0, 0.2, 30.0, 150, measured=True))
    assert found.seconds == pytest.approx(0.3) and found.run_seconds == pytest.approx(45.0) and not found.measured


def test_nothing_is_written_and_no_number_is_drawn(shared: ProjectSpec, tmp_path: Path) -> None:
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    assert len(list(measured(shared, tmp_path, ["graddrop"]))) == 2
    assert torch.equal(torch.rand(3), wanted)
    assert not list(tmp_path.iterdir())


def test_a_training_in_the_same_process_is_not_changed(tmp_path: Path) -> None:
    spec = project()
    wanted = losses(trained(tmp_path / "a", spec))
    run = create_run(tmp_path / "b", "disturbed", spec)
    looked = measured(spec, tmp_path, ["pcgrad", "random"])
    for event in Trainer(spec, tmp_path / "b", run).run():
        if event.kind == "steps_measured":
            next(looked, None)
    assert losses(run) == wanted


def test_it_can_be_cancelled(shared: ProjectSpec, tmp_path: Path) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 12

    assert len(list(measured(shared, tmp_path, list(METHODS), cancelled))) < 3


def test_a_method_that_fails_ends_no_other(
    shared: ProjectSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    broken = replace(METHODS["mgda"], build=full)  # type: ignore[arg-type]
    methods = tuple(broken if method.id == "mgda" else method for method in METHODS.values())
    monkeypatch.setattr(costs, "balancing_methods", lambda: methods)
    monkeypatch.setattr("mtlstudio.training.setup.balancing_methods", lambda: methods)
    found = {cost.method: cost for cost in measured(shared, tmp_path, ["mgda", "pcgrad"])}
    assert "memory" in found["mgda"].failure and not found["mgda"].measured
    assert found["pcgrad"].measured


def _training_pictures(spec: ProjectSpec, folder: Path) -> int:
    return load_slice(spec, folder, 1)[1]


def test_a_slice_holds_few_pictures_that_most_tasks_have_targets_in(tmp_path: Path) -> None:
    spec = project(missing=0.5)
    loaded, whole = load_slice(spec, tmp_path, 4)
    assert len(loaded.train) == 4 < whole
    assert sum(int(loaded.train.present[task].sum()) for task in spec.task_ids) > 6
