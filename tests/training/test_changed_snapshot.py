"""A run whose snapshot or checkpoints were changed by hand: what fits is told, what does not is refused in words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mtlstudio.project.codec import to_json
from mtlstudio.project.fields import set_fields
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Noted, RunFailed, RunFinished
from mtlstudio.runs.folder import RunFolder
from mtlstudio.training.trainer import Trainer
from tests.training.small import losses, of_kind, project, trained


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return trained(tmp_path, project(epochs=2), "run")


def snapshot(run: RunFolder, spec: ProjectSpec) -> None:
    path = run.path / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "project": to_json(spec)}))


def resume(run: RunFolder, epochs: int = 3) -> list[Any]:
    spec = set_fields(run.spec(), [("training.epochs", str(epochs))])
    return list(Trainer(spec, run.project_folder, run, resume=True).run())


def refused(run: RunFolder) -> RunFailed:
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    (end,) = resume(run)
    assert isinstance(end, RunFailed) and "Details" not in end.message, end
    after = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    assert before == after, "a run that cannot go on stays as it was"
    return end


def test_another_network_is_refused_with_the_layers_that_do_not_fit_and_a_way_on(
    run: RunFolder, tmp_path: Path
) -> None:
    wider = set_fields(run.spec(), [("network.layers.stem.parameters.out_channels", "12")])
    snapshot(run, wider)
    end = refused(run)
    assert "0 layers fit" in end.message
    for layer in ("stem", "mask_head", "largest_head", "count_head"):
        assert layer in end.message
    assert "training.start_from=run" in end.fix
    snapshot(run, project(epochs=2))
    on = set_fields(wider, [("training.start_from", "run"), ("training.epochs", "1")])
    fresh = trained(tmp_path, on, "on")
    codes = [event.code for event in of_kind(list(fresh.events()), Noted)]
    assert "training_inherited" in codes and fresh.info().status == "finished"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("training.optimizer.method", "sgd", ("optimizer", "sgd", "adamw")),
        ("training.balancing.method", "gradnorm", ("balancing", "gradnorm", "fixed")),
        ("training.schedule.method", "plateau", ("schedule", "plateau", "one_cycle")),
    ],
)
def test_other_methods_are_refused_by_name(run: RunFolder, field: str, value: str, told: tuple[str, ...]) -> None:
    snapshot(run, set_fields(run.spec(), [(field, value)]))
    end = refused(run)
    assert all(word in end.message for word in told) and "start_from" in end.fix


def test_settings_that_carry_nothing_over_may_be_changed(run: RunFolder) -> None:
    snapshot(
        run, set_fields(run.spec(), [("training.optimizer.learning_rate", "0.0001"), ("tasks.mask.loss_weight", "2")])
    )
    assert isinstance(resume(run)[-1], RunFinished)


def test_checkpoint_files_that_were_mixed_up_are_passed_over(run: RunFolder, tmp_path: Path) -> None:
    whole = trained(tmp_path, project(epochs=3), "whole")
    first, second = run.store.steps()[-2:]
    for name in ("network.safetensors", "training.pt"):
        kept = run.store.path(second) / name
        good = kept.read_bytes()
        shutil.copy(run.store.path(first) / name, kept)
        copy = RunFolder(shutil.copytree(run.path, run.path.with_name(f"mixed-{name[:3]}")))
        events = resume(copy)
        assert next((note.code, note.values) for note in of_kind(events, Noted)) == (
            "training_checkpoint_skipped", {"step": second},
        )  # fmt: skip
        assert copy.info().status == "finished" and len(losses(copy)) == 12
        kept.write_bytes(good)
    assert isinstance(resume(run)[-1], RunFinished)
    assert len(losses(run)) == len(losses(whole)) == 12


@pytest.mark.parametrize("name", ["network.safetensors", "training.pt"])
@pytest.mark.parametrize("cut", [0, 7, 100, -1])
def test_cut_off_files_are_passed_over(run: RunFolder, name: str, cut: int) -> None:
    newest = run.store.steps()[-1]
    path = run.store.path(newest) / name
    path.write_bytes(path.read_bytes()[:cut])
    events = resume(run)
    assert ("training_checkpoint_skipped", {"step": newest}) in [(n.code, n.values) for n in of_kind(events, Noted)]
    assert isinstance(events[-1], RunFinished)


def test_without_any_readable_checkpoint_the_run_is_left_as_it_is(run: RunFolder) -> None:
    for step in run.store.steps():
        (run.store.path(step) / "training.pt").write_bytes(b"nothing")
    end = refused(run)
    assert "no checkpoint of this run can be read" in end.message and end.fix
    assert len(losses(run)) == 8
