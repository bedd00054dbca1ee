"""What ends a run, ends it in plain words, with the last good checkpoint kept."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import MethodSpec, ProjectSpec
from mtlstudio.runs import log
from mtlstudio.runs.events import EpochFinished, Event, Noted, RunFailed, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import course, loop
from mtlstudio.training.checkpoints import load_network
from mtlstudio.training.control import Control
from mtlstudio.training.devices import arithmetic, default_threads, resolve_device
from mtlstudio.training.failures import explain
from mtlstudio.training.trainer import Trainer
from tests.training.small import of_kind, project


@pytest.fixture(autouse=True)
def _measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)


def failed(folder: Path, spec: ProjectSpec) -> tuple[RunFailed, list[Event], RunFolder]:
    """A run that must end with a failure; nothing is raised."""
    run = create_run(folder, None, spec)
    events = list(Trainer(spec, folder, run).run())
    assert isinstance(events[-1], RunFailed)
    return events[-1], events, run


def at_step(step: int, act: Callable[[Any], Any]) -> Callable[..., Any]:
    """A replacement of the forward pass's loss that acts at one step."""
    combine = loop.Stepper._prepare

    def prepare(self: loop.Stepper) -> None:
        combine(self)
        if self.progress.step + 1 == step:
            act(self)

    return prepare


def poison(stepper: loop.Stepper) -> None:
    with torch.no_grad():
        stepper.parts.network.parameters_of("mask_head")[0].fill_(float("nan"))


def test_a_loss_that_is_no_number_names_task_and_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop.Stepper, "_prepare", at_step(6, poison))
    end, events, run = failed(tmp_path, project())
    assert end.code == "nan" and "mask" in end.message and "6" in end.message and "count" not in end.message
    assert end.checkpoint == 4 and run.info().status == "failed" and run.summary().failure == end.message
    assert of_kind(events, StepsMeasured)[-1].losses["mask"] == (None,)
    network = load_network(run, "last").network
    assert all(bool(torch.isfinite(tensor).all()) for tensor in network.state_dict().values())


def test_weights_that_are_no_numbers_are_never_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save = course.save_checkpoint

    def spoiled(run: RunFolder, parts: Any, progress: Any) -> Any:
        if progress.step == 8:
            with torch.no_grad():
                parts.network.parameters_of("stem")[0].fill_(float("inf"))
        return save(run, parts, progress)

    monkeypatch.setattr(course, "save_checkpoint", spoiled)
    end, _, run = failed(tmp_path, project())
    assert end.code == "nan" and "stem" in end.message and end.checkpoint == 4
    assert run.store.steps()[-1] == 4 and not list(run.store.folder.glob(".*"))


def test_exploding_training_ends_as_nan_and_can_be_mended(tmp_path: Path) -> None:
    spec = project(norm="none", optimizer=MethodSpec("sgd", FrozenDict(learning_rate=100.0)), epochs=20)
    end, _, _ = failed(tmp_path, spec)
    assert end.code == "nan" and end.fix


def test_out_of_memory_proposes_a_smaller_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(stepper: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loop.Stepper, "_prepare", at_step(2, burst))
    end, _, _ = failed(tmp_path, project(batch_size=4))
    assert end.code == "memory" and "2" in end.fix and end.checkpoint == 0


@pytest.mark.parametrize("place", ["log", "checkpoint"])
def test_a_full_disk_ends_the_run_with_its_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    def act(stepper: Any) -> None:
        if place == "log":
            monkeypatch.setattr(log.os, "fsync", full)
        else:
            monkeypatch.setattr(Path, "write_bytes", full)

    monkeypatch.setattr(loop.Stepper, "_prepare", at_step(6, act))
    end, _, run = failed(tmp_path, project())
    monkeypatch.undo()
    assert end.code == "disk" and end.checkpoint == 4 and not list(run.store.folder.glob(".*"))
    assert run.log.path.read_bytes().endswith(b"}\n")
    list(Trainer(project(), tmp_path, run, resume=True).run())
    assert run.info().status == "finished"


def test_data_that_is_gone_is_named(tmp_path: Path) -> None:
    spec = project()
    gone = replace(spec.datasets[0], layout="oxford_pet", path="no/such/folder", parameters=FrozenDict())
    end, _, _ = failed(tmp_path, replace(spec, datasets=(gone,)))
    assert end.code == "data" and "no/such/folder" in end.message and end.checkpoint is None


def test_a_network_with_errors_is_refused(tmp_path: Path) -> None:
    spec = project()
    broken = replace(spec.network, outputs=spec.network.outputs[:1])
    end, _, _ = failed(tmp_path, spec.with_network(broken))
    assert end.code == "error" and "log" not in end.message


def test_a_missing_device_is_refused(tmp_path: Path) -> None:
    if torch.backends.mps.is_available():
        pytest.skip("Apple's device is here")
    end, _, _ = failed(tmp_path, project(device="mps"))
    assert end.code == "device" and "mps" in end.message and "cpu" in end.fix


def test_half_precision_on_the_processor_is_refused(tmp_path: Path) -> None:
    end, _, _ = failed(tmp_path, project(precision="fp16"))
    assert "fp16" in end.message and "fp32" in end.fix


def test_tasks_without_any_label_are_told(tmp_path: Path) -> None:
    spec = project(epochs=1)
    data = replace(spec.datasets[0], targets=spec.datasets[0].targets.without("count"))
    some = replace(spec, datasets=(data,))
    run = create_run(tmp_path, "some", some)
    events = list(Trainer(some, tmp_path, run).run())
    assert [(note.code, note.values) for note in of_kind(events, Noted)] == [("training_no_labels", {"task": "count"})]
    finished = of_kind(events, EpochFinished)[0]
    assert finished.train_losses["count"] is None and finished.val_losses["count"] is None
    none = replace(spec, datasets=(replace(data, targets=FrozenDict()),))
    assert failed(tmp_path, none)[0].code == "data"


def test_a_batch_larger_than_the_set_is_cut(tmp_path: Path) -> None:
    run = create_run(tmp_path, None, project(epochs=1, batch_size=1000))
    events = list(Trainer(run.spec(), tmp_path, run).run())
    assert [note.code for note in of_kind(events, Noted)] == ["training_batch_cut"]
    assert len(of_kind(events, StepsMeasured)[0].total) == 1


def test_batch_norm_on_a_single_value_is_explained() -> None:
    norm = torch.nn.BatchNorm1d(3)
    with pytest.raises(ValueError) as caught:
        norm(torch.zeros(1, 3))
    failure = explain(caught.value, 1, reading_data=False)
    assert failure.code == "data" and "Batch norm" in failure.message and failure.fix


def test_an_unexpected_error_names_its_log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(stepper: Any) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(loop.Stepper, "_prepare", at_step(1, stumble))
    end, _, _ = failed(tmp_path, project())
    path = Path(end.message.split("Details: ")[1].rstrip("."))
    assert end.code == "error" and "surprise" in path.read_text()


def test_a_sticky_device_error_asks_for_a_restart() -> None:
    failure = explain(RuntimeError("CUDA error: an illegal memory access was encountered"), 4, reading_data=False)
    assert failure.code == "device" and "Restart" in failure.fix


def test_stopped_while_reading_the_data(tmp_path: Path) -> None:
    control = Control()
    control.stop()
    spec = project(count=26, epochs=1)
    run = create_run(tmp_path, None, spec)
    events = list(Trainer(spec, tmp_path, run, control).run())
    assert not of_kind(events, RunFailed) and run.info().status == "stopped"


def test_threads_and_kernels_are_put_back() -> None:
    before = torch.get_num_threads(), torch.backends.cudnn.benchmark, torch.are_deterministic_algorithms_enabled()
    with arithmetic(before[0] + 1, deterministic=True):
        assert torch.get_num_threads() == before[0] + 1 and torch.are_deterministic_algorithms_enabled()
    after = torch.get_num_threads(), torch.backends.cudnn.benchmark, torch.are_deterministic_algorithms_enabled()
    assert before == after and default_threads() >= 1


def test_the_device_is_chosen_or_refused() -> None:
    assert resolve_device("cpu").type == "cpu"
    assert resolve_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(StudioError, match="abacus"):
        resolve_device("abacus")
