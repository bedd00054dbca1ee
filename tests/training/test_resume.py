"""A run that was broken off anywhere and resumed equals one that was not."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mtlstudio.runs.events import (
    CheckpointWritten,
    EpochFinished,
    Event,
    Noted,
    Paused,
    PreviewTaken,
    Resumed,
    RunFailed,
    RunFinished,
    RunStarted,
    StepsMeasured,
    WeightsChanged,
)
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import loop
from mtlstudio.training.control import Control
from mtlstudio.training.trainer import Trainer
from tests.training.small import losses, of_kind, project, trained

# Moments, and what depends on how fast the machine is just then.
_TIMES = {"time", "seconds", "eta", "loading", "images", "memory"}


@pytest.fixture(autouse=True)
def _measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is measured by itself, so that a kill can fall between any two."""
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)


def story(run: RunFolder) -> list[tuple[str, dict[str, Any]]]:
    """What a run's log tells, without times, resumes and what takes place only where time allows."""
    left_out = (RunStarted, PreviewTaken, Paused, Resumed)
    return [
        (event.kind, {name: value for name, value in vars(event).items() if name not in _TIMES | {"run"}})
        for event in run.events()
        if not isinstance(event, left_out)
    ]


def weights(run: RunFolder, which: str = "last") -> dict[str, torch.Tensor]:
    return load_file(run.store.find(which).path / "network.safetensors")


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def broken_off(folder: Path, spec: Any, moments: list[int], name: str = "broken") -> RunFolder:
    """A run that is broken off after so many events, again and again, and then finished."""
    run = create_run(folder, name, spec)
    for number, moment in enumerate(moments):
        events = Trainer(spec, folder, run, resume=number > 0).run()
        for _ in range(moment):
            next(events, None)
        events.close()
    list(Trainer(spec, folder, run, resume=True).run())
    return run


@pytest.mark.parametrize(
    "settings",
    [
        {"balancing": "uncertainty", "optimizer": "adamw", "schedule": "one_cycle"},
        {"balancing": "fixed", "optimizer": "sgd", "schedule": "plateau"},
        {"balancing": "equal", "optimizer": "rmsprop", "schedule": "cosine"},
    ],
    ids=["uncertainty", "plateau", "equal"],
)
def test_broken_off_anywhere_equals_unbroken(tmp_path: Path, settings: dict[str, str]) -> None:
    from mtlstudio.project.spec import MethodSpec

    spec = project(missing=0.4, checkpoint_steps=2, **{key: MethodSpec(name) for key, name in settings.items()})
    whole = trained(tmp_path, spec, "whole")
    dice = random.Random(0)
    broken = broken_off(tmp_path, spec, [dice.randint(1, 14) for _ in range(6)])
    assert len(losses(whole)) == 3 * 4
    assert story(broken) == story(whole)
    assert equal(weights(broken), weights(whole))
    assert equal(weights(broken, "best"), weights(whole, "best"))
    assert [(info.step, info.tags) for info in broken.checkpoints()] == [
        (info.step, info.tags) for info in whole.checkpoints()
    ]


def test_killed_before_the_first_checkpoint_starts_again(tmp_path: Path) -> None:
    spec = project(epochs=1)
    run = create_run(tmp_path, "broken", spec)
    events = Trainer(spec, tmp_path, run).run()
    next(events)
    events.close()
    assert run.checkpoints() == []
    assert run.info().status == "interrupted"
    list(Trainer(spec, tmp_path, run, resume=True).run())
    assert losses(run) == losses(trained(tmp_path, spec, "whole"))


def test_a_damaged_newest_checkpoint_is_passed_over(tmp_path: Path) -> None:
    spec = project(epochs=3)
    whole = trained(tmp_path, spec, "whole")
    run = create_run(tmp_path, "broken", spec)
    events = Trainer(spec, tmp_path, run).run()
    while not isinstance(event := next(events), EpochFinished) or event.epoch < 2:
        pass
    next(events)
    next(events)
    events.close()
    newest = run.checkpoints()[-1]
    (newest.path / "training.pt").write_bytes(b"half")
    resumed = list(Trainer(spec, tmp_path, run, resume=True).run())
    assert [note.code for note in of_kind(resumed, Noted)] == ["training_checkpoint_skipped"]
    assert losses(run) == losses(whole)


def test_stopped_and_resumed_within_an_epoch(tmp_path: Path) -> None:
    spec = project(epochs=2)
    whole = trained(tmp_path, spec, "whole")
    run, control = create_run(tmp_path, "stopped", spec), Control()
    events = []
    for event in Trainer(spec, tmp_path, run, control).run():
        events.append(event)
        if isinstance(event, StepsMeasured) and event.step == 2:
            control.stop()
    finished = events[-1]
    assert isinstance(finished, RunFinished) and (finished.reason, finished.step) == ("stopped", 2)
    assert isinstance(events[-2], CheckpointWritten) and events[-2].step == 2
    assert run.info().status == "stopped"
    list(Trainer(spec, tmp_path, run, resume=True).run())
    assert run.info().status == "finished"
    assert losses(run) == losses(whole)
    assert equal(weights(run), weights(whole))


def test_stopped_while_validating_validates_after_the_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mtlstudio.training import course

    spec = project(epochs=2)
    whole = trained(tmp_path, spec, "whole")
    run, control = create_run(tmp_path, "stopped", spec), Control()
    validate = course.validate

    def stopping(*args: Any) -> Any:
        control.stop()
        return validate(*args)

    monkeypatch.setattr(course, "validate", stopping)
    first = list(Trainer(spec, tmp_path, run, control).run())
    assert of_kind(first, EpochFinished) == []
    monkeypatch.setattr(course, "validate", validate)
    list(Trainer(spec, tmp_path, run, resume=True).run())
    kept = [item for item in story(run) if item[0] in ("epoch_finished", "steps_measured")]
    assert kept == [item for item in story(whole) if item[0] in ("epoch_finished", "steps_measured")]


def test_lambda_set_by_hand_survives_a_kill(tmp_path: Path) -> None:
    def steered(run: RunFolder, control: Control, until: int, resume: bool) -> list[Event]:
        seen = []
        events = Trainer(project(), tmp_path, run, control, resume=resume).run()
        for event in events:
            seen.append(event)
            if isinstance(event, StepsMeasured) and event.step == 2 and not resume:
                control.set_weights({"mask": 8.0})
            if isinstance(event, StepsMeasured) and event.step >= until:
                events.close()
        return seen

    whole = create_run(tmp_path, "whole", project())
    steered(whole, Control(), 10_000, resume=False)
    broken = create_run(tmp_path, "broken", project())
    steered(broken, Control(), 6, resume=False)
    resumed = steered(broken, Control(), 10_000, resume=True)
    assert of_kind(resumed, WeightsChanged) == []
    assert story(broken) == story(whole)
    assert sum(isinstance(event, WeightsChanged) for event in broken.events()) == 1


def test_a_finished_run_can_be_extended(tmp_path: Path) -> None:
    spec = project(epochs=1)
    run = trained(tmp_path, spec)
    longer = replace(spec, training=replace(spec.training, epochs=2))
    events = list(Trainer(longer, tmp_path, run, resume=True).run())
    assert [note.code for note in of_kind(events, Noted)] == ["training_extended"]
    assert [event.epoch for event in of_kind(list(run.events()), EpochFinished)] == [1, 2]
    assert run.spec().training.epochs == 2 and run.info().status == "finished"


def test_a_complete_run_says_so(tmp_path: Path) -> None:
    spec = project(epochs=1)
    run = trained(tmp_path, spec)
    before = losses(run)
    events = list(Trainer(spec, tmp_path, run, resume=True).run())
    assert [note.code for note in of_kind(events, Noted)] == ["training_complete"]
    assert isinstance(events[-1], RunFinished) and losses(run) == before


def test_a_run_is_not_started_twice(tmp_path: Path) -> None:
    spec = project(epochs=1)
    run = trained(tmp_path, spec)
    log = run.log.path.read_bytes()
    (event,) = list(Trainer(spec, tmp_path, run).run())
    assert isinstance(event, RunFailed) and "Resume" in event.fix
    assert run.log.path.read_bytes() == log and run.info().status == "finished"


def test_the_thread_count_of_the_run_is_restored(tmp_path: Path) -> None:
    spec = project(epochs=1, threads=None)
    run = create_run(tmp_path, "threads", replace(spec, training=replace(spec.training, threads=2)))
    list(Trainer(spec, tmp_path, run).run())
    longer = replace(spec, training=replace(spec.training, epochs=2))
    started = of_kind(list(Trainer(longer, tmp_path, run, resume=True).run()), RunStarted)[0]
    assert started.threads == 2 and torch.get_num_threads() == 1


def test_a_run_that_cannot_be_resumed_stays_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mtlstudio.base.errors import StudioError
    from mtlstudio.training import trainer

    spec = project(epochs=1)
    run = trained(tmp_path, spec)
    before = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}

    def gone(*_: Any) -> Any:
        raise StudioError("the data set is gone")

    monkeypatch.setattr(trainer, "load_data", gone)
    longer = replace(spec, training=replace(spec.training, epochs=2))
    (event,) = list(Trainer(longer, tmp_path, run, resume=True).run())
    assert isinstance(event, RunFailed) and event.code == "data" and event.checkpoint == 4
    assert {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()} == before
