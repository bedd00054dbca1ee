"""Metrics at the pictures' own size, against scikit-learn on the predictions themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, jaccard_score, mean_absolute_error

from mtlstudio.base.errors import StudioError
from mtlstudio.data.project import ProjectData, open_data
from mtlstudio.inspection.evaluate import evaluate
from mtlstudio.inspection.predictor import Predictor
from mtlstudio.network.trained import load_network
from mtlstudio.runs.folder import RunFolder
from tests.training.small import TASKS, project, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("project"), project(count=60, epochs=2, missing=0.3))


def truths_and_predictions(run: RunFolder, split: str) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    predictor = Predictor(load_network(run), "cpu")
    data = open_data(run.spec(), run.project_folder)
    truths: dict[str, list[Any]] = {task: [] for task in TASKS}
    said: dict[str, list[Any]] = {task: [] for task in TASKS}
    for item in data.items(split):
        reading = data.read(item)
        found: Any = predictor.predict(reading.image)
        for task, value in reading.targets.items():
            truths[task].append(np.asarray(value))
            said[task].append(
                {"largest": lambda p: p.index, "mask": lambda p: p.indices, "count": lambda p: p.values}[task](
                    found[task]
                )
            )
    return truths, said


@pytest.mark.parametrize("split", ["val", "test"])
def test_metrics_are_scikit_learns(run: RunFolder, split: str) -> None:
    found = evaluate(run.project_folder, run, split)
    truths, said = truths_and_predictions(run, split)
    assert found.present == {task: len(values) for task, values in truths.items()}
    assert 0 < min(found.present.values()) < found.samples
    assert found.metrics["largest"]["accuracy"] == pytest.approx(accuracy_score(truths["largest"], said["largest"]))
    assert found.metrics["count"]["mae"] == pytest.approx(
        mean_absolute_error(np.ravel(truths["count"]), np.ravel(said["count"])), rel=1e-4
    )
    true, predicted = (
        np.concatenate([m.ravel() for m in truths["mask"]]),
        np.concatenate([m.ravel() for m in said["mask"]]),
    )
    known = true != 255
    present = np.union1d(true[known], predicted[known])
    reference = jaccard_score(true[known], predicted[known], labels=present, average="macro")
    assert found.metrics["mask"]["mean_iou"] == pytest.approx(reference, rel=1e-4)


def test_as_json_is_json(run: RunFolder) -> None:
    found = evaluate(run.project_folder, run, "test", "last").as_json()
    text = json.loads(json.dumps(found, allow_nan=False))
    assert (text["run"], text["checkpoint"], text["split"], text["epoch"]) == ("run", "last", "test", 2)
    assert set(text["tasks"]) == set(TASKS) and "accuracy" in text["tasks"]["largest"]


def test_what_cannot_be_read_is_named_and_the_rest_is_measured(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = evaluate(run.project_folder, run, "test")
    read_image, read_target = ProjectData.read_image, ProjectData.read_target
    items = open_data(run.spec(), run.project_folder).items("test")
    blind, unlabelled = items[0].key, next(
        item.key for item in items[1:] if "mask" in open_data(run.spec(), run.project_folder).present(item)
    )  # fmt: skip

    def picture(self: ProjectData, item: Any) -> Any:
        if item.key == blind:
            raise StudioError("cut short")
        return read_image(self, item)

    def target(self: ProjectData, item: Any, task: str, *size: int) -> Any:
        if item.key == unlabelled and task == "mask":
            raise StudioError("of another shape")
        return read_target(self, item, task, *size)

    monkeypatch.setattr(ProjectData, "read_image", picture)
    monkeypatch.setattr(ProjectData, "read_target", target)
    found = evaluate(run.project_folder, run, "test")
    assert found.samples == whole.samples - 1 and found.present["mask"] < whole.present["mask"]
    assert len(found.failures) == 2
    assert "cut short" in found.failures[0] and blind in found.failures[0]
    assert "of another shape" in found.failures[1] and "mask" in found.failures[1]


def test_progress_is_told_and_a_cancel_heard(run: RunFolder) -> None:
    told: list[tuple[int, int]] = []
    evaluate(run.project_folder, run, "train", progress=lambda done, of: told.append((done, of)))
    assert told[-1][0] == told[-1][1] and len(told) > 1
    part = evaluate(run.project_folder, run, "train", cancelled=lambda: True)
    assert 0 < part.samples < told[-1][1]


def test_an_empty_split_is_told(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no picture in the split"):
        evaluate(run.project_folder, run, "holiday")
