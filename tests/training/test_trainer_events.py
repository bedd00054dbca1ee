"""What a run says: the order of its events, its folder, its reins."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from mtlstudio.base.files import Lock
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.project import ProjectData, open_data
from mtlstudio.project.spec import Connection, MethodSpec
from mtlstudio.runs.events import (
    CheckpointWritten,
    EpochFinished,
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
from mtlstudio.runs.folder import create_run
from mtlstudio.training import loop
from mtlstudio.training.checkpoints import load_network
from mtlstudio.training.control import Control
from mtlstudio.training.methods import balancing_methods, optimizers, schedules
from mtlstudio.training.trainer import Trainer
from tests.training.small import TASKS, losses, network, of_kind, project, trained


def test_the_stream_and_the_log_are_the_same(tmp_path: Path) -> None:
    spec = project()
    run = create_run(tmp_path, None, spec)
    said = list(Trainer(spec, tmp_path, run).run())
    assert list(run.events()) == said
    assert isinstance(said[0], RunStarted) and said[0].steps_per_epoch == 4 and said[0].tasks == TASKS
    assert isinstance(said[1], CheckpointWritten) and said[1].step == 0
    assert isinstance(said[-1], RunFinished) and said[-1].reason == "done"
    steps = of_kind(said, StepsMeasured)
    assert sum(len(event.total) for event in steps) == 12 and steps[-1].step == 12
    assert sum(event.images for event in steps) == 3 * len(open_data(spec, tmp_path).items("train"))
    assert [event.epoch for event in of_kind(said, EpochFinished)] == [1, 2, 3]


def test_run_json_tells_how_the_run_was_made(tmp_path: Path) -> None:
    spec = project(epochs=1)
    run = trained(tmp_path, spec, "宠物 eins")
    info = run.info()
    assert (info.name, info.id, info.status) == ("宠物 eins", "eins", "finished")
    assert (info.threads, info.device, info.precision, info.seed) == (1, "cpu", "fp32", 0)
    assert info.versions["torch"] == str(torch.__version__) and info.fingerprint
    assert run.spec() == spec
    assert json.loads((run.path / "run.json").read_text())["format"] == "mtlstudio-run"


def test_the_train_loss_is_the_mean_over_the_samples_that_have_a_target(tmp_path: Path) -> None:
    run = trained(tmp_path, project(epochs=1, missing=0.5))
    finished = of_kind(list(run.events()), EpochFinished)[0]
    rows = losses(run)
    assert any(None in row for row in rows) or len(rows) == 4
    for task, values in zip(TASKS, zip(*rows, strict=True), strict=False):
        known = [value for value in values if value is not None]
        assert min(known) <= finished.train_losses[task] <= max(known)


def test_pause_stands_still_until_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    spec, control = project(epochs=1), Control()
    run = create_run(tmp_path, None, spec)
    seen = []
    paused = threading.Event()

    def work() -> None:
        for event in Trainer(spec, tmp_path, run, control).run():
            seen.append(event)
            if isinstance(event, StepsMeasured) and event.step == 2:
                control.pause()
            if isinstance(event, Paused):
                paused.set()

    worker = threading.Thread(target=work)
    worker.start()
    assert paused.wait(30)
    worker.join(0.2)
    assert worker.is_alive() and isinstance(seen[-1], Paused) and seen[-1].step == 2
    assert isinstance(seen[-2], CheckpointWritten) and seen[-2].step == 2
    control.resume()
    worker.join(30)
    assert not worker.is_alive()
    assert [type(event) for event in seen if isinstance(event, Paused | Resumed)] == [Paused, Resumed]
    assert isinstance(seen[-1], RunFinished)
    assert losses(run) == losses(trained(tmp_path, spec, "straight"))


def test_lambda_is_taken_up_at_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    spec, control = project(epochs=1), Control()
    run = create_run(tmp_path, None, spec)
    seen = []
    for event in Trainer(spec, tmp_path, run, control).run():
        seen.append(event)
        if isinstance(event, StepsMeasured) and event.step == 2:
            control.set_weights({"mask": 6.0, "no such task": 1.0})
    (changed,) = of_kind(seen, WeightsChanged)
    assert changed.step == 2
    assert changed.before == dict.fromkeys(TASKS, 1.0) and changed.after == {"largest": 1.0, "mask": 6.0, "count": 1.0}
    for event in of_kind(seen, StepsMeasured):
        expected = {"largest": 1 / 3, "mask": 1 / 3, "count": 1 / 3}
        if event.step > 2:
            expected = {"largest": 1 / 8, "mask": 6 / 8, "count": 1 / 8}
        assert event.weights == pytest.approx(expected)
        total = sum(expected[task] * values[0] for task, values in event.losses.items())
        assert event.total[0] == pytest.approx(total, rel=1e-5)


def test_early_stopping_waits_its_epochs_and_no_longer(tmp_path: Path) -> None:
    spec = project(epochs=30, patience=2, optimizer=MethodSpec("sgd", {"learning_rate": 0.0}))
    run = trained(tmp_path, spec)
    finished = of_kind(list(run.events()), EpochFinished)
    end = list(run.events())[-1]
    # Batch norm's running statistics still move a little, so that a few epochs may count as better.
    best = max(event.epoch for event in finished if event.best)
    assert isinstance(end, RunFinished) and end.reason == "early" and end.epoch == best + 2 < 30


def test_without_validation_the_training_losses_judge_and_the_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = project(count=25, epochs=2, best="mask.mean_iou")  # a number of its own: loaded splits are kept
    items = ProjectData.items
    monkeypatch.setattr(ProjectData, "items", lambda self, split: () if split == "val" else items(self, split))
    events = list(Trainer(spec, tmp_path, create_run(tmp_path, None, spec)).run())
    assert [note.code for note in of_kind(events, Noted)] == ["training_no_validation"]
    finished = of_kind(events, EpochFinished)
    assert finished[0].score == 1.0 and finished[0].best
    assert set(finished[0].val_losses.values()) <= {None}


def test_previews_are_small_maps_and_words(tmp_path: Path) -> None:
    run = trained(tmp_path, project(epochs=1))
    (taken,) = of_kind(list(run.events()), PreviewTaken)
    assert 1 <= len(taken.images) <= 4
    for by_task in taken.images.values():
        assert set(by_task) == set(TASKS)
        with Image.open(run.path / by_task["mask"]) as image:
            assert image.size == (32, 32) and image.mode == "P"
        assert (run.path / by_task["largest"]).read_text()


def test_checkpoints_are_thinned_to_the_newest_two_and_the_best(tmp_path: Path) -> None:
    run = trained(tmp_path, project(epochs=6))
    kept = run.checkpoints()
    tagged = {info.step for info in kept if any(tag.startswith("best") for tag in info.tags)}
    assert {info.step for info in kept} == {20, 24} | tagged
    finished = of_kind(list(run.events()), EpochFinished)
    best = [event for event in finished if event.best][-1]
    assert run.store.find("best").step == best.step
    for task in TASKS:
        last = [event for event in finished if task in event.best_tasks][-1]
        assert run.store.find(f"best:{task}").step == last.step
    assert run.summary().best_epoch == best.epoch


def test_what_was_trained_can_be_loaded(tmp_path: Path) -> None:
    run = trained(tmp_path, project(epochs=1))
    before = torch.random.get_rng_state()
    loaded = load_network(run, "last")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert loaded.epoch == 1 and not loaded.network.training and loaded.tasks["count"].statistics
    stored = load_file(run.store.find("last").path / "network.safetensors")
    assert all(torch.equal(tensor, stored[name]) for name, tensor in loaded.network.state_dict().items())
    assert load_network(run, 0).epoch == 0


def test_frozen_layers_keep_their_weights(tmp_path: Path) -> None:
    spec = project(epochs=1)
    layers = tuple(replace(layer, frozen=layer.id == "stem") for layer in network().layers)
    run = trained(tmp_path, spec.with_network(replace(spec.network, layers=layers)))
    start, end = (load_file(run.store.find(step).path / "network.safetensors") for step in (0, 4))
    stem = [name for name in start if name.startswith("layers.stem.")]
    assert stem and all(torch.equal(start[name], end[name]) for name in stem)
    others = [name for name in start if name.startswith("layers.") and name not in stem]
    assert others and not any(torch.equal(start[name], end[name]) for name in others)


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    spec = project(epochs=1)
    run = create_run(tmp_path, None, spec)
    with Lock(run.lock().path):
        (event,) = list(Trainer(spec, tmp_path, run).run())
    assert isinstance(event, RunFailed) and "in use" in event.message
    assert not run.log.path.exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"precision": "bf16"},
        {"deterministic": True},
        {"clip_norm": 0.1},
        {"channels_last": False},
        {"weight_decay_schedule": "cosine", "weight_decay_end": 0.5},
        {"normalise_weights": False},
        *({"optimizer": MethodSpec(method.id)} for method in optimizers()),
        *({"schedule": MethodSpec(method.id)} for method in schedules()),
        *({"balancing": MethodSpec(method.id)} for method in balancing_methods()),
    ],
    ids=str,
)
def test_every_setting_trains(tmp_path: Path, settings: dict[str, Any]) -> None:
    run = trained(tmp_path, project(**{"epochs": 2, "missing": 0.3, **settings}))
    first, last = of_kind(list(run.events()), EpochFinished)
    assert run.info().status == "finished"
    assert all(value is not None and value < 10 for value in last.train_losses.values())
    assert first.train_losses != last.train_losses


def test_clipping_bounds_the_step(tmp_path: Path) -> None:
    plain = MethodSpec("sgd", FrozenDict(learning_rate=1.0, momentum=0.0, nesterov=False, weight_decay=0.0))
    spec = project(
        epochs=1, batch_size=100, clip_norm=0.01, optimizer=plain, schedule=MethodSpec("constant"), norm="none"
    )
    run = trained(tmp_path, spec)
    start, end = (load_file(run.store.find(step).path / "network.safetensors") for step in (0, 1))
    moved = torch.cat([(end[name] - start[name]).flatten() for name in start]).norm()
    assert float(moved) == pytest.approx(0.01, rel=1e-3)


def test_two_runs_of_one_seed_are_equal_and_of_another_are_not(tmp_path: Path) -> None:
    one, same, other = (
        losses(trained(tmp_path, project(epochs=1, seed=seed), f"run {number}"))
        for number, seed in enumerate((3, 3, 4))
    )
    assert one == same != other


def test_the_losses_are_those_of_a_loop_written_by_hand(tmp_path: Path) -> None:
    """Forward, losses, backward and steps as anybody would write them, on the same batches."""
    from mtlstudio.data.loading import Batches, image_statistics
    from mtlstudio.data.memory import load_split
    from mtlstudio.data.statistics import target_statistics
    from mtlstudio.network.compile import compile_network
    from mtlstudio.tasks.registry import bind_all

    plain = FrozenDict(learning_rate=0.1, momentum=0.9, nesterov=False, weight_decay=0.0)
    layers = tuple(layer for layer in network().layers if layer.id != "drop")
    constant = MethodSpec("constant")
    spec = project(epochs=2, optimizer=MethodSpec("sgd", plain), schedule=constant, channels_last=False)
    spec = spec.with_network(
        replace(
            spec.network, layers=layers,
            connections=(
                *(item for item in spec.network.connections if "drop" not in (item.source, item.target)),
                Connection("stem", "mask_head"), Connection("stem", "pool"),
            ),
        )
    )  # fmt: skip
    ours = losses(trained(tmp_path, spec))

    samples = load_split(open_data(spec, tmp_path), "train", bind_all(spec), spec.data)
    tasks = bind_all(spec, target_statistics(samples, bind_all(spec)))
    mean, std = image_statistics(samples)
    batches = Batches(samples, tasks, spec.data, 4, spec.training.seed, True, mean, std, True)
    torch.manual_seed(spec.training.seed)
    model = compile_network(spec).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    theirs = []
    for epoch in range(2):
        for batch in batches.epoch(epoch):
            outputs = model(batch.inputs)
            values = [
                task.loss(outputs[name], batch.targets[name], batch.present[name]).value for name, task in tasks.items()
            ]
            total = sum(values[1:], values[0]) / 3
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            theirs.append((*(value.item() for value in values), total.item()))
    assert len(ours) == len(theirs)
    for row, reference in zip(ours, theirs, strict=True):
        assert row == pytest.approx(reference, rel=1e-4, abs=1e-6)
