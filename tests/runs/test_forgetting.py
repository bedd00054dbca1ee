"""Forgetting of old tasks and intransigence towards new ones, from the logs of runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import DatasetSpec, ProjectSpec, TaskSpec
from mtlstudio.runs.events import EpochFinished, Noted
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.runs.forgetting import account_of

MAINS = {"a": ("accuracy", True), "b": ("mae", False), "c": ("accuracy", True)}


def spec(*tasks: str, start: str = "", **data: Any) -> ProjectSpec:
    made = ProjectSpec(
        "p", datasets=(DatasetSpec("d", "D", "scenes", parameters=FrozenDict(count=9)),),
        tasks=tuple(TaskSpec(task, task.upper(), "classification") for task in tasks),
    )  # fmt: skip
    training = replace(made.training, start_from=start)
    return replace(made, training=training, data=replace(made.data, **data))


def run(
    folder: Path, name: str, project: ProjectSpec, *epochs: dict[str, float], best: int = -1, took: int = 0
) -> RunFolder:
    """A run of some epochs, ten steps each, with the main metric of each task; `best`: place of its best epoch."""
    made = create_run(folder, name, project)
    if took:
        made.record(Noted(0.0, "training_inherited", {"run": project.training.start_from, "step": took}))
    for number, values in enumerate(epochs):
        metrics = {task: {MAINS[task][0]: value, "other": 0.5} for task, value in values.items()}
        made.record(
            EpochFinished(
                time=1.0 * number, step=10 * (number + 1), epoch=number + 1, epochs=len(epochs), train_losses={},
                val_losses={}, metrics=metrics, score=0.0, best=number == best % len(epochs), best_tasks=(), seconds=1.0,
                eta=0.0,
            )
        )  # fmt: skip
    made.log.close()
    return made


def test_what_is_lost_and_what_falls_short_by_hand(tmp_path: Path) -> None:
    run(tmp_path, "old", spec("a", "b"), {"a": 0.9, "b": 2.0}, {"a": 0.8, "b": 1.0}, best=0)
    run(tmp_path, "joint", spec("a", "b", "c"), {"a": 0.7, "b": 1.0, "c": 0.75})
    run(tmp_path, "alone", spec("c"), {"c": 0.95})
    added = run(tmp_path, "added", spec("a", "b", "c", start="old"), {"a": 0.85, "b": 2.5, "c": 0.6}, took=10)
    account = account_of(added, MAINS)
    assert account is not None and account.start == "old" and account.same_data
    assert [(one.task, one.before, one.after) for one in account.old] == [("a", 0.9, 0.85), ("b", 2.0, 2.5)]
    assert [one.forgetting for one in account.old] == pytest.approx([0.05, 0.5])
    (new,) = account.new
    assert (new.task, new.value, new.reference, new.kind, new.run) == ("c", 0.6, 0.75, "joint", "joint")
    assert new.intransigence == pytest.approx(0.15)
    told = account.as_json()
    assert told["old"]["b"]["forgetting"] == pytest.approx(0.5) and told["new"]["c"]["reference_run"] == "joint"


def test_before_is_the_checkpoint_whose_weights_were_taken(tmp_path: Path) -> None:
    run(tmp_path, "old", spec("a"), {"a": 0.9}, {"a": 0.5}, best=0)
    added = run(tmp_path, "added", spec("a", "c", start="old"), {"a": 0.6, "c": 0.1}, took=20)
    account = account_of(added, MAINS)
    assert account is not None and account.old[0].before == 0.5 and account.old[0].forgetting == pytest.approx(-0.1)


def test_without_a_joint_run_the_best_one_alone_counts_and_no_run_that_started_elsewhere(tmp_path: Path) -> None:
    run(tmp_path, "old", spec("a"), {"a": 0.9})
    run(tmp_path, "worse", spec("c"), {"c": 0.5})
    run(tmp_path, "better", spec("c"), {"c": 0.7})
    run(tmp_path, "other_size", spec("c", image_size=32), {"c": 1.0})
    run(tmp_path, "tuned", spec("a", "c", start="old"), {"a": 0.9, "c": 0.99}, took=10)
    added = run(tmp_path, "added", spec("a", "c", start="old"), {"a": 0.9, "c": 0.8}, took=10)
    account = account_of(added, MAINS)
    assert account is not None
    assert (account.new[0].run, account.new[0].kind) == ("better", "alone")
    assert account.new[0].intransigence == pytest.approx(-0.1), "it is better than the task alone"


def test_no_account_where_nothing_was_added_or_the_old_run_is_gone(tmp_path: Path) -> None:
    run(tmp_path, "old", spec("a", "b"), {"a": 0.9, "b": 1.0})
    assert account_of(run(tmp_path, "plain", spec("a", "b"), {"a": 0.9, "b": 1.0}), MAINS) is None
    again = run(tmp_path, "again", spec("a", "b", start="old"), {"a": 0.9, "b": 1.0}, took=10)
    assert account_of(again, MAINS) is None
    assert account_of(run(tmp_path, "lost", spec("a", "c", start="nope"), {"a": 0.9, "c": 1.0}), MAINS) is None


def test_other_pictures_are_told(tmp_path: Path) -> None:
    run(tmp_path, "old", spec("a"), {"a": 0.9})
    added = run(tmp_path, "added", spec("a", "c", start="old", split_seed=7), {"a": 0.6, "c": 0.1}, took=10)
    account = account_of(added, MAINS)
    assert account is not None and not account.same_data and account.new[0].reference is None
