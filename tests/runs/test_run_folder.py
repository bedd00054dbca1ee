"""Runs of a project: names, ids, states, summaries."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.runs.events import EpochFinished, RunFailed, RunFinished, RunStarted, StepsMeasured, WeightsChanged
from mtlstudio.runs.folder import RunFolder, create_run, find_run, runs_of

SPEC = ProjectSpec("Zoo", tasks=(TaskSpec("species", "种类", "classification"),))


def test_unnamed_runs_are_counted(tmp_path: Path) -> None:
    assert [create_run(tmp_path, None, SPEC).id for _ in range(3)] == ["run-001", "run-002", "run-003"]
    assert create_run(tmp_path, "宠物", SPEC).id == "run-004"
    assert create_run(tmp_path, " First try! ", SPEC).id == "first_try"
    assert [run.id for run in runs_of(tmp_path)] == ["run-001", "run-002", "run-003", "run-004", "first_try"]


def test_a_run_is_found_by_id_and_by_name(tmp_path: Path) -> None:
    create_run(tmp_path, "宠物", SPEC)
    create_run(tmp_path, "First try", SPEC)
    assert find_run(tmp_path, "宠物").id == find_run(tmp_path, "run-001").id == "run-001"
    assert find_run(tmp_path, "First try").id == "first_try"
    with pytest.raises(StudioError) as caught:
        find_run(tmp_path, "second")
    assert "first_try" in caught.value.text() and "run-001" in caught.value.text()


def test_a_name_is_given_once(tmp_path: Path) -> None:
    create_run(tmp_path, "first", SPEC)
    with pytest.raises(StudioError, match="'first' already"):
        create_run(tmp_path, "first", SPEC)
    assert create_run(tmp_path, "First", SPEC).id == "first_2"


def test_the_snapshot_is_the_projects(tmp_path: Path) -> None:
    run = create_run(tmp_path, None, replace(SPEC, training=replace(SPEC.training, epochs=7, seed=3)))
    assert run.spec().training.epochs == run.info().epochs == 7
    assert run.spec().task("species").name == "种类" and run.info().seed == 3
    assert run.project_folder == tmp_path


def test_a_run_without_a_living_writer_is_interrupted(tmp_path: Path) -> None:
    run = create_run(tmp_path, None, SPEC)
    assert run.info().status == "interrupted"
    with run.lock():
        assert run.info().status == "running"
    code = (
        "import os, sys; from pathlib import Path; from mtlstudio.runs.folder import RunFolder\n"
        "RunFolder(Path(sys.argv[1])).lock().acquire(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(run.path)], check=True)
    assert run.lock().path.exists() and run.info().status == "interrupted"
    run.update(status="finished")
    assert run.info().status == "finished"


def test_damaged_and_newer_runs_are_told_and_left_out_of_the_list(tmp_path: Path) -> None:
    good, damaged, newer = (create_run(tmp_path, None, SPEC) for _ in range(3))
    (damaged.path / "run.json").write_text("{")
    newer.update(version=99)
    (tmp_path / "runs" / "notes.txt").write_text("mine")
    with pytest.raises(StudioError, match="damaged"):
        damaged.info()
    with pytest.raises(StudioError, match="newer"):
        newer.info()
    assert [run.id for run in runs_of(tmp_path)] == [good.id]
    assert runs_of(tmp_path / "nowhere") == []


def test_the_user_may_add_to_run_json(tmp_path: Path) -> None:
    run = create_run(tmp_path, None, SPEC)
    run.update(note="更好", colour="red")
    assert run.info().note == "更好"
    assert json.loads((run.path / "run.json").read_text(encoding="utf-8"))["colour"] == "red"


def epoch(number: int, score: float, best: bool) -> EpochFinished:
    return EpochFinished(
        0.0,
        4 * number,
        number,
        3,
        {"a": score},
        {"a": score},
        {"a": {"accuracy": 1 - score}},
        score,
        best,
        (),
        10.0,
        0.0,
    )


def recorded(run: RunFolder, *events: object) -> RunFolder:
    for event in events:
        run.record(event)  # type: ignore[arg-type]
    return run


def test_the_summary_tells_the_best_epoch(tmp_path: Path) -> None:
    started = RunStarted(0.0, "r", 0, 0, 3, 4, "cpu", 1, "fp32", ("a",), 77)
    steps = StepsMeasured(0.0, 4, 0, {"a": (1.0,)}, (1.0,), {"a": 1.0}, 0.1, 1.0)
    changed = WeightsChanged(0.0, 4, 0, {"a": 1.0}, {"a": 2.0})
    run = recorded(
        create_run(tmp_path, None, SPEC), started, steps, epoch(1, 0.5, True), changed, epoch(2, 0.2, True),
        epoch(3, 0.3, False), RunFinished(0.0, 12, 3, "done", 31.0),
    )  # fmt: skip
    found = run.summary()
    assert (found.epochs, found.total_epochs, found.steps, found.best_epoch, found.score) == (3, 3, 12, 2, 0.2)
    assert found.metrics == {"a": {"accuracy": 0.8}} and found.val_losses == {"a": 0.2}
    assert (found.seconds, found.parameters, found.steered, found.device, found.failure) == (31.0, 77, 1, "cpu", "")


def test_the_summary_of_a_run_under_way_and_of_a_failed_one(tmp_path: Path) -> None:
    assert create_run(tmp_path, "empty", SPEC).summary().best_epoch is None
    run = recorded(create_run(tmp_path, "half", SPEC), epoch(1, 0.5, True), epoch(2, 0.6, False))
    assert (run.summary().seconds, run.summary().steps) == (20.0, 8)
    run.record(RunFailed(0.0, 9, 2, "nan", "the loss is no number", "lower the rate"))
    assert run.summary().failure == "the loss is no number" and run.summary().steps == 9


def test_no_torch_is_needed() -> None:
    code = "import sys, mtlstudio.runs.folder as f; assert not {'torch', 'PySide6'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_summary_tells_stages_and_states_changed_by_hand() -> None:
    from mtlstudio.runs.events import StageStarted, TaskStateChanged
    from mtlstudio.runs.summary import summarise

    found = summarise(
        [
            StageStarted(0.0, 0, 0, 1, 2, "Joint", 3, ("a", "b")), TaskStateChanged(1.0, 4, 1, "a", "trained", "muted"),
            StageStarted(2.0, 9, 3, 2, 2, "Alone", 3, ("b",)),
            TaskStateChanged(3.0, 12, 4, "b", "trained", "frozen", "patience"),
        ]
    )  # fmt: skip
    assert (found.stages, found.restated, found.rested) == (2, 1, ("b",))
