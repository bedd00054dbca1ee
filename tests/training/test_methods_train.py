"""Every balancing method trains a project with half its labels missing, and goes on after a stop as if there was none."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.compile import compile_network
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import Connection, LayerSpec, ProjectSpec
from mtlstudio.runs.events import EpochFinished, Noted, RunFinished, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import loop
from mtlstudio.training.methods import balancing_methods
from mtlstudio.training.trainer import Trainer
from tests.training.small import TASKS, losses, of_kind, project, trained

METHODS = balancing_methods()
GRADIENTS = [method.id for method in METHODS if method.works_on == "gradients"]
_CUT = 5
"""The step after which a run is broken off; checkpoints are written after every third."""


def settings(method: str, **values: Any) -> dict[str, Any]:
    return {"balancing": MethodSpec(method, FrozenDict(values)), "epochs": 2, "missing": 0.5, "checkpoint_steps": 3}


def broken_off(folder: Path, name: str, spec: Any) -> RunFolder:
    """A run that ends after a few steps as a killed process does, and is resumed."""
    run = create_run(folder, name, spec)
    events = Trainer(spec, folder, run).run()
    for event in events:
        if isinstance(event, StepsMeasured) and event.step >= _CUT:
            break
    events.close()  # type: ignore[attr-defined]
    list(Trainer(spec, folder, run, resume=True).run())
    return run


@pytest.mark.parametrize(
    "chosen",
    [
        *(settings(method.id) for method in METHODS),
        settings("pcgrad", every=4), settings("mgda", every=4), settings("gradvac", level="features"),
        settings("graddrop", level="features"), settings("cagrad", level="features", every=3),
        settings("free_weights", sum_to_one=False), settings("auto_lambda", every=2),
    ],
    ids=lambda chosen: " ".join(map(str, [chosen["balancing"].method, *chosen["balancing"].parameters.values()])),
)  # fmt: skip
def test_method_trains_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: dict[str, Any]) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    spec = project(**chosen)
    whole = trained(tmp_path, spec, "whole")
    events = list(whole.events())
    assert isinstance(events[-1], RunFinished)
    ends = of_kind(events, EpochFinished)
    assert all(value is not None and value < 20 for end in ends for value in end.train_losses.values())
    assert any(None in row for event in of_kind(events, StepsMeasured) for row in event.losses.values())
    for event in of_kind(events, StepsMeasured):
        assert set(event.weights) == set(TASKS) and all(weight == weight for weight in event.weights.values())
    resumed = broken_off(tmp_path, "resumed", spec)
    assert losses(resumed) == losses(whole)
    one, other = (load_file(run.store.find("last").path / "network.safetensors") for run in (whole, resumed))
    assert all(torch.equal(one[name], other[name]) for name in one)


def apart(method: str) -> ProjectSpec:
    """A project in which no method has reason to do what another does: λ that differ, a measured affinity, three epochs
    (the dynamic weight average is equal in the first two), and an optimizer that feels the length of a step."""
    values = {"affinity": (1.0, 0.4, 0.2, 0.1, 1.0, 0.0, -0.2, 0.0, 1.0)} if method == "relation" else {}
    optimizer = MethodSpec("sgd", FrozenDict(learning_rate=0.02))
    spec = project(**{**settings(method, **values), "epochs": 3, "optimizer": optimizer})
    weights = dict(zip(TASKS, (0.2, 0.5, 0.3), strict=True))
    return replace(spec, tasks=tuple(replace(task, loss_weight=weights[task.id]) for task in spec.tasks))


def test_methods_end_at_different_weights(tmp_path: Path) -> None:
    """From the same start and batches no two methods leave the same network."""
    found: dict[str, torch.Tensor] = {}
    for method in METHODS:
        run = trained(tmp_path, apart(method.id), method.id)
        torch.manual_seed(run.spec().training.seed)
        first, last = compile_network(run.spec()), load_file(run.store.find("last").path / "network.safetensors")
        moved = [(last[name] - parameter.detach()).flatten() for name, parameter in first.named_parameters()]
        found[method.id] = torch.cat(moved)
    size = found["equal"].norm()
    assert all(float(way.norm()) > 0.01 * float(size) for way in found.values()), "a method that does not learn"
    same = {
        frozenset((one, other))
        for one, other in itertools.combinations(found, 2)
        if float((found[one] - found[other]).norm()) < 1e-3 * float(size)
    }
    assert not same, same


def test_features_fall_back_where_the_tasks_part_at_two_places(tmp_path: Path) -> None:
    spec = project(**settings("pcgrad", level="features"))
    run = trained(tmp_path, spec, "clean")
    assert "training_no_clean_split" not in [event.code for event in of_kind(list(run.events()), Noted)]
    join = LayerSpec("join", "Join", "add", frozenset(("mask",)))  # mask reads the stem past the place where all part
    others = tuple(item for item in spec.network.connections if item.target != "mask_head")
    joined = (Connection("stem", "join"), Connection("drop", "join"), Connection("join", "mask_head"))
    changed = replace(spec.network, layers=(*spec.network.layers, join), connections=(*others, *joined))
    spec = spec.with_network(changed)
    run = trained(tmp_path, spec, "unclean")
    assert "training_no_clean_split" in [event.code for event in of_kind(list(run.events()), Noted)]


@pytest.mark.parametrize("method", ["famo", "auto_lambda"])
def test_experiments_leave_no_traces(tmp_path: Path, method: str) -> None:
    """With weights that are never learned, the second looks change nothing: not weights, statistics or dropout."""
    frozen = {"famo": {"learning_rate": 0.0, "decay": 0.0}, "auto_lambda": {"learning_rate": 0.0, "every": 1}}[method]
    looked = trained(tmp_path, project(**settings(method, **frozen)), "looked")
    if method == "auto_lambda":
        blind = trained(tmp_path, project(**settings(method, **{**frozen, "every": 10000})), "blind")
        # the first step is looked at in both
    else:
        blind = trained(tmp_path, project(**settings(method, **frozen)), "blind")
    one, other = (load_file(run.store.find("last").path / "network.safetensors") for run in (looked, blind))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("precision", ["bf16"])
@pytest.mark.parametrize("method", ["pcgrad", "graddrop", "gradnorm", "famo", "auto_lambda", "config"])
def test_methods_train_in_half_precision(tmp_path: Path, method: str, precision: str) -> None:
    run = trained(tmp_path, project(precision=precision, clip_norm=1.0, **settings(method)))
    assert isinstance(list(run.events())[-1], RunFinished)


def test_the_log_tells_lambda_beside_what_the_method_made_of_it(tmp_path: Path) -> None:
    for method, told in (("fixed", False), ("pcgrad", True)):
        run = trained(tmp_path, project(**settings(method)), method)
        for event in of_kind(list(run.events()), StepsMeasured):
            assert bool(event.lambdas) is told
            if told:
                assert event.lambdas == pytest.approx(dict.fromkeys(TASKS, 1 / 3)) and min(event.weights.values()) >= 1
