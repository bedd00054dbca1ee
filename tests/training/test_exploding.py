"""A task that explodes: named, with the step; the run ends on its last good checkpoint, or goes on where fp16 can."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.fields import set_fields
from mtlstudio.project.settings import MethodSpec
from mtlstudio.runs.events import EpochFinished, Noted, RunFailed, RunFinished, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import course, loop, precision
from mtlstudio.training.checkpoints import load_network
from mtlstudio.training.descent import Descent
from mtlstudio.training.exploding import PATIENCE, Explosions
from mtlstudio.training.methods import balancing_methods
from mtlstudio.training.trainer import Trainer
from tests.training.small import TASKS, losses, of_kind, project, trained

METHODS = [method.id for method in balancing_methods()]


@pytest.fixture(autouse=True)
def _measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)


def spoil(monkeypatch: pytest.MonkeyPatch, task: str, factor: float, at: range) -> None:
    """Multiplies the losses of a task in the batches of those numbers (0-based)."""
    losses_of, batches = Descent.losses, iter(range(10_000))

    def spoiled(self: Descent, fed: Any, tasks: Any, outputs: Any) -> Any:
        number = next(batches)
        found, counts = losses_of(self, fed, tasks, outputs)
        return {one: loss * factor if one == task and number in at else loss for one, loss in found.items()}, counts

    monkeypatch.setattr(Descent, "losses", spoiled)


def run_of(folder: Path, method: str, **values: Any) -> RunFolder:
    spec = project(**{"balancing": MethodSpec(method, FrozenDict()), "epochs": 2, **values})
    return create_run(folder, None, spec)


@pytest.mark.parametrize(
    ("method", "factor"),
    [*((method, math.inf) for method in METHODS), ("fixed", math.nan), ("mgda", math.nan), ("famo", math.nan)],
)
def test_the_task_and_step_are_named_and_the_last_good_checkpoint_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, factor: float
) -> None:
    run = run_of(tmp_path, method)
    with monkeypatch.context() as patch:
        spoil(patch, "mask", factor, range(5, 6))
        events = list(Trainer(run.spec(), tmp_path, run).run())
    end = events[-1]
    assert isinstance(end, RunFailed) and end.code == "nan"
    assert "of mask is no number any more (step 6)" in end.message and "mask" in end.fix
    assert end.checkpoint == 4 and run.info().status == "failed"
    calmer = set_fields(run.spec(), [(name, str(value)) for name, value in end.proposal.items()]).training
    assert calmer.clip_norm == 1.0 and calmer.optimizer.parameters["learning_rate"] == pytest.approx(3e-4)  # a tenth
    assert of_kind(events, StepsMeasured)[-1].losses["mask"] == (None,)
    assert all(bool(torch.isfinite(value).all()) for value in load_network(run, "last").network.state_dict().values())
    list(Trainer(run.spec(), tmp_path, run, resume=True).run())
    assert run.info().status == "finished"
    assert len(losses(run)) == 8
    if method in ("fixed", "gradnorm", "famo"):
        assert losses(run) == losses(trained(tmp_path, run.spec(), "whole"))


def test_where_all_losses_are_spoilt_the_one_that_grew_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One task's gradient spoils the shared layers, and then all tasks: the figures before tell whose it was."""
    losses_of, batches = Descent.losses, iter(range(10_000))

    def spoiled(self: Descent, fed: Any, tasks: Any, outputs: Any) -> Any:
        found, counts = losses_of(self, fed, tasks, outputs)
        number = next(batches)
        found["mask"] = found["mask"] * {5: 100.0, 6: 300.0}.get(number, 1.0)
        if number == 6:
            found["mask"] = found["mask"] + (0.0 * found["mask"]).sqrt()  # a number, whose slope is none
        return found, counts

    monkeypatch.setattr(Descent, "losses", spoiled)
    run = run_of(tmp_path, "fixed", optimizer=MethodSpec("sgd", FrozenDict(learning_rate=1e-2)), norm="none")
    end = list(Trainer(run.spec(), tmp_path, run).run())[-1]
    assert isinstance(end, RunFailed) and end.code == "nan"
    assert "of largest, mask, count is no number any more (step 8)" in end.message
    assert "that of mask had grown" in end.message and "targets of mask" in end.fix


def test_blame() -> None:
    found = Explosions(("a", "b"), forgiving=False)
    nan = math.nan
    assert found.end([[1.0, 1.0, 5.0], [1.0, 30.0, 5.0], [nan, nan, nan]]) == 2
    text = found.fault([nan, nan, nan], 3).text()
    assert "a, b" in text and "that of b had grown to 30 times" in text and "targets of b" in text
    assert "targets of b" in found.fault([1.0, nan, nan], 3).text()
    assert "weighted total" in found.fault([1.0, 1.0, nan], 3).text()
    together = Explosions(("a", "b"), forgiving=False)
    together.end([[1.0, 1.0, 5.0], [50.0, 30.0, 5.0], [nan, nan, nan]])
    plain = together.fault([nan, nan, nan], 3).text()
    assert "grown" not in plain and "targets of a, b" in plain


@pytest.fixture
def scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scaler of fp16, on the processor: losses and gradients are those of fp32, what it leaves out is the same."""
    made = precision.Precision.__init__

    def with_scaler(self: precision.Precision, wanted: str, device: torch.device) -> None:
        made(self, wanted, device)
        self.scaler = torch.amp.GradScaler(device.type, enabled=True, init_scale=16.0)

    monkeypatch.setattr(precision.Precision, "__init__", with_scaler)


@pytest.mark.usefixtures("scaled")
@pytest.mark.parametrize("method", METHODS)
def test_a_single_exploding_batch_is_passed_over_in_fp16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    spoil(monkeypatch, "mask", math.inf, range(5, 6))
    seen: list[dict[str, Tensor]] = []
    save = course.save_checkpoint

    def kept(run: RunFolder, parts: Any, progress: Any) -> Any:
        seen.append({name: value.clone() for name, value in parts.network.state_dict().items()})
        return save(run, parts, progress)

    monkeypatch.setattr(course, "save_checkpoint", kept)
    run = run_of(tmp_path, method, checkpoint_steps=1)  # a checkpoint right after it, too
    events = list(Trainer(run.spec(), tmp_path, run).run())
    assert isinstance(events[-1], RunFinished), events[-1]
    rows = [row for event in of_kind(events, StepsMeasured) for row in zip(*event.losses.values(), strict=True)]
    assert [None in row for row in rows] == [number == 5 for number in range(8)]
    notes = [event.values for event in of_kind(events, Noted) if event.code == "training_steps_passed_over"]
    assert notes == [{"n": 1}]
    for event in of_kind(events, StepsMeasured):
        assert all(weight is not None and math.isfinite(weight) for weight in event.weights.values())
    for end in of_kind(events, EpochFinished):
        assert all(value is not None and value < 20 for value in end.train_losses.values())
    weight = "layers.stem.0.weight" if "layers.stem.0.weight" in seen[0] else next(iter(seen[0]))
    assert torch.equal(seen[5][weight], seen[6][weight]) and not torch.equal(seen[6][weight], seen[7][weight])


@pytest.mark.usefixtures("scaled")
def test_a_task_that_goes_on_exploding_ends_the_run_in_fp16_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, "count", math.nan, range(2, 1000))
    run = run_of(tmp_path, "fixed", epochs=5)
    end = list(Trainer(run.spec(), tmp_path, run).run())[-1]
    assert isinstance(end, RunFailed) and "of count" in end.message and f"step {2 + PATIENCE}" in end.message
    assert TASKS[2] == "count" and end.checkpoint is not None
