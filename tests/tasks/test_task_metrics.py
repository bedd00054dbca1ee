"""Metrics against torchmetrics and scikit-learn, fed in several batches with absent samples and unknown entries."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn
from torchmetrics import classification as theirs
from torchmetrics.regression import MeanAbsolutePercentageError

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks import metrics as shared
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.registry import bind

NAN = float("nan")


def _bound(type_id: str, statistics: dict[str, Any] | None = None, **parameters: Any) -> BoundTask:
    return bind(TaskSpec("t", "T", type_id, parameters=FrozenDict(parameters)), statistics)


def _measured(task: BoundTask, output: torch.Tensor, target: torch.Tensor, present: torch.Tensor) -> dict[str, float]:
    measure = task.metrics()
    for part in torch.arange(len(output)).chunk(3):
        measure.update(output[part], target[part], present[part])
    return measure.compute()


@pytest.fixture
def draw() -> torch.Generator:
    return torch.Generator().manual_seed(7)


@pytest.mark.parametrize("largest", [shared.LARGEST_CONFUSION, 1], ids=["matrix", "margins"])
def test_classification(draw: torch.Generator, monkeypatch: pytest.MonkeyPatch, largest: int) -> None:
    monkeypatch.setattr(shared, "LARGEST_CONFUSION", largest)
    task = _bound("classification", class_names=("a", "b", "c", "d"))
    output, target = torch.randn((90, 4), generator=draw), torch.randint(0, 3, (90,), generator=draw)
    present = torch.rand(90, generator=draw) < 0.7
    found = _measured(task, output, target, present)
    true, said = target[present].numpy(), output.argmax(1)[present].numpy()
    assert found["accuracy"] == pytest.approx(sklearn.accuracy_score(true, said))
    recalls = sklearn.recall_score(true, said, labels=[0, 1, 2], average=None)
    assert found["balanced_accuracy"] == pytest.approx(recalls.mean())
    assert found["macro_f1"] == pytest.approx(sklearn.f1_score(true, said, average="macro"))
    assert [found[f"recall.{name}"] for name in "abc"] == pytest.approx(list(recalls))
    assert math.isnan(found["recall.d"])


def test_multilabel_with_everything_known(draw: torch.Generator) -> None:
    task = _bound("multilabel", class_names=("a", "b", "c"))
    output, target = torch.randn((60, 3), generator=draw), torch.randint(0, 2, (60, 3), generator=draw)
    present = torch.rand(60, generator=draw) < 0.7
    found = _measured(task, output, target.float(), present)
    arguments = output[present].sigmoid(), target[present]
    assert found["f1"] == pytest.approx(float(theirs.MultilabelF1Score(3)(*arguments)))
    assert found["accuracy"] == pytest.approx(float(theirs.MultilabelAccuracy(3)(*arguments)))
    assert found["exact_match"] == pytest.approx(float(theirs.MultilabelExactMatch(3)(*arguments)))


def test_multilabel_counts_only_known_entries(draw: torch.Generator) -> None:
    task = _bound("multilabel", class_names=("a", "b", "c"))
    output = torch.randn((60, 3), generator=draw)
    known = torch.rand((60, 3), generator=draw) < 0.5
    target = torch.where(known, torch.randint(0, 2, (60, 3), generator=draw).float(), NAN)
    found = _measured(task, output, target, torch.ones(60, dtype=torch.bool))
    said = (output > 0).numpy()
    pairs = [(target.numpy()[rows, i], said[rows, i]) for i, rows in enumerate(known.numpy().T)]
    assert found["f1"] == pytest.approx(np.mean([sklearn.f1_score(*pair) for pair in pairs]))
    assert found["accuracy"] == pytest.approx(np.mean([sklearn.accuracy_score(*pair) for pair in pairs]))
    wrong = (known & (torch.from_numpy(said) != (target > 0.5))).any(1)[known.any(1)]
    assert found["exact_match"] == pytest.approx(1 - float(wrong.float().mean()))


def test_regression_in_the_targets_own_unit(draw: torch.Generator) -> None:
    statistics = {"mean": [10.0, -3.0], "std": [4.0, 0.5], "counts": [50, 50]}
    task = _bound("regression", statistics, value_names=("a", "b"))
    output = torch.randn((50, 2), generator=draw)
    known = torch.rand((50, 2), generator=draw) < 0.7
    raw = torch.randn((50, 2), generator=draw) * 4 + 10
    present = torch.rand(50, generator=draw) < 0.8
    found = _measured(task, output, torch.where(known, raw, NAN), present)
    said = output * torch.tensor([4.0, 0.5]) + torch.tensor([10.0, -3.0])
    rows = (known & present[:, None]).T
    pairs = [(raw[r, i].double().numpy(), said[r, i].double().numpy()) for i, r in enumerate(rows)]
    for name, reference in (
        ("mae", sklearn.mean_absolute_error), ("rmse", sklearn.root_mean_squared_error), ("r2", sklearn.r2_score)
    ):  # fmt: skip
        each = [reference(*pair) for pair in pairs]
        assert found[name] == pytest.approx(np.mean(each), rel=1e-5)
        assert [found[f"{name}.a"], found[f"{name}.b"]] == pytest.approx(each, rel=1e-5)


@pytest.mark.parametrize("rows", [1, 5])
def test_r2_of_equal_values_cannot_be_said(rows: int) -> None:
    task = _bound("regression", {"mean": [7.0], "std": [1.3], "counts": [9]})
    found = _measured(task, torch.zeros((rows, 1)), torch.full((rows, 1), 8.1), torch.ones(rows, dtype=torch.bool))
    assert math.isnan(found["r2"]) and found["mae"] == pytest.approx(1.1, rel=1e-5)


def test_segmentation_is_of_the_whole_splits_confusion_matrix(draw: torch.Generator) -> None:
    names = ("a", "b", "c", "never")
    task = _bound("segmentation", class_names=names)
    output = torch.randn((8, 4, 6, 7), generator=draw)
    output[:, 3] = -99
    target = torch.randint(0, 3, (8, 6, 7), generator=draw)
    target[torch.rand(target.shape, generator=draw) < 0.2] = 255
    present = torch.tensor([True] * 6 + [False] * 2)
    found = _measured(task, output, target.to(torch.uint8), present)
    arguments = output[present].argmax(1), target[present]
    jaccard = theirs.MulticlassJaccardIndex(4, average="none", ignore_index=255)(*arguments)[:3]
    assert found["mean_iou"] == pytest.approx(float(jaccard.mean()))
    assert [found[f"iou.{name}"] for name in "abc"] == pytest.approx(jaccard.tolist())
    assert math.isnan(found["iou.never"])
    accuracy = theirs.MulticlassAccuracy(4, average="micro", ignore_index=255)(*arguments)
    assert found["pixel_accuracy"] == pytest.approx(float(accuracy))
    f1 = theirs.MulticlassF1Score(4, average="none", ignore_index=255)(*arguments)[:3]  # of pixels it is Dice
    assert found["dice"] == pytest.approx(float(f1.mean()))


def test_a_class_that_is_only_predicted_counts_as_zero() -> None:
    task = _bound("segmentation", class_names=("a", "b", "c"))
    output = torch.zeros((1, 3, 1, 2))
    output[0, 0, 0, 0] = output[0, 2, 0, 1] = 1
    found = _measured(task, output, torch.zeros((1, 1, 2), dtype=torch.uint8), torch.tensor([True]))
    assert found["iou.a"] == 0.5 and found["iou.c"] == 0 and math.isnan(found["iou.b"])
    assert found["mean_iou"] == 0.25


def test_an_ignored_class_is_left_out_of_the_mean() -> None:
    task = _bound("segmentation", class_names=("void", "a"), ignore_index=0)
    output = torch.zeros((1, 2, 1, 4))
    output[0, 1, 0, :2] = 1
    target = torch.tensor([[[1, 1, 1, 0]]], dtype=torch.uint8)
    assert _measured(task, output, target, torch.tensor([True]))["mean_iou"] == pytest.approx(2 / 3)


def test_depth(draw: torch.Generator) -> None:
    task = _bound("depth", {"mean": 5.0, "std": 2.0})
    output, depths = torch.randn((6, 1, 5, 5), generator=draw), torch.rand((6, 5, 5), generator=draw) * 9 + 0.5
    known = torch.rand(depths.shape, generator=draw) < 0.7
    present = torch.tensor([True, True, False, True, True, True])
    found = _measured(task, output, torch.where(known, depths, NAN), present)
    inside = known & present[:, None, None]
    said, true = (output[:, 0] * 2 + 5)[inside], depths[inside]
    assert found["abs_rel"] == pytest.approx(float(MeanAbsolutePercentageError()(said, true)), rel=1e-5)
    assert found["rmse"] == pytest.approx(sklearn.root_mean_squared_error(true.numpy(), said.numpy()), rel=1e-5)
    assert found["delta1"] == pytest.approx(
        sum(0.8 < s / t < 1.25 for s, t in zip(said, true, strict=True)) / len(true)
    )


def test_many_small_errors_do_not_vanish_in_large_sums() -> None:
    measure = _bound("depth", {"mean": 0.0, "std": 1.0}).metrics()
    output, target = torch.full((1, 1, 64, 64), 1.1), torch.full((1, 64, 64), 1.0)
    for _ in range(5000):
        measure.update(output, target, torch.tensor([True]))
    assert measure.compute()["rmse"] == pytest.approx(0.1, rel=1e-5)


@pytest.mark.parametrize(("metric", "unit"), [("mae", "kg"), ("rmse.a", "kg"), ("r2", "")])
def test_errors_of_plain_values_have_their_unit(metric: str, unit: str) -> None:
    assert _bound("regression", value_names=("a", "b"), units=("kg", "kg")).metric_unit(metric) == unit


@pytest.mark.parametrize(
    "task",
    [
        lambda: _bound("regression", value_names=("a", "b"), units=("kg", "m")),
        lambda: _bound("regression", value_names=("a",), roles=("x",)),
    ],
    ids=["mixed", "places"],
)
def test_errors_of_mixed_units_and_of_places_have_none(task: Callable[[], BoundTask]) -> None:
    assert task().metric_unit("mae") == ""
