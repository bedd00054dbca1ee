"""What classification, multilabel and regression say of raw labels, and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.registry import bind, task_type

FIT = Fit(40, 20, 16)
NAN = float("nan")


def _bound(type_id: str, statistics: dict[str, Any] | None = None, **parameters: Any) -> Any:
    return bind(TaskSpec("t", "T", type_id, parameters=FrozenDict(parameters)), statistics)


@pytest.mark.parametrize("raw", [None, -1, -5, NAN, float("-inf"), np.float32("nan"), np.int64(-1)])
def test_missing_classes(raw: Any) -> None:
    task = _bound("classification", class_names=("a", "b"))
    assert task.encode(raw, FIT) is None and task.truth(raw, FIT) is None


@pytest.mark.parametrize("raw", [2, 0.5, 99])
def test_wrong_classes_are_named(raw: Any) -> None:
    with pytest.raises(StudioError, match=str(raw)):
        _bound("classification", class_names=("a", "b")).encode(raw, FIT)


@pytest.mark.parametrize("raw", [1, 1.0, np.int16(1), True])
def test_classes_may_come_as_any_number(raw: Any) -> None:
    encoded = _bound("classification", class_names=("a", "b")).encode(raw, FIT)
    assert encoded.dtype == torch.int64 and encoded.shape == () and int(encoded) == 1


def test_a_classification_lists_its_classes_by_probability() -> None:
    task = _bound("classification", class_names=("cat", "dog", "bird"))
    prediction = task.decode(torch.tensor([[0.0, 2.0, 1.0]]), FIT)
    assert [row.label for row in task.rows(prediction)] == ["dog", "bird", "cat"]
    assert task.summary(prediction) == "dog"
    columns = task.columns(prediction)
    assert columns["class"] == "dog" and columns["index"] == 1
    assert columns["probability"] == columns["probabilities"]["dog"] == pytest.approx(0.66524, abs=1e-5)
    assert sum(columns["probabilities"].values()) == pytest.approx(1)


def test_balanced_class_weights_are_scikit_learns() -> None:
    spec = TaskSpec(
        "t", "T", "classification", parameters=FrozenDict(class_names=("a", "b", "never")),
        losses=(LossSpec("cross_entropy", 1.0, FrozenDict(class_weights="balanced")),),
    )  # fmt: skip
    labels = np.array([0] * 6 + [1] * 2)
    statistics = task_type("classification").statistics(spec, [torch.tensor(label) for label in labels])
    task = bind(spec, statistics)
    theirs = compute_class_weight("balanced", classes=np.array([0, 1]), y=labels)
    assert task.class_weights() == pytest.approx([*theirs, 1.0])
    output, target = torch.randn((8, 3)), torch.from_numpy(labels)
    loss = task.loss(output, target, torch.ones(8, dtype=torch.bool)).value
    expected = torch.nn.functional.cross_entropy(output, target, weight=torch.tensor([*theirs, 1.0]).float())
    assert torch.allclose(loss, expected)


def test_balanced_without_statistics_weighs_alike() -> None:
    losses = (LossSpec("cross_entropy", 1.0, FrozenDict(class_weights="balanced")),)
    spec = TaskSpec("t", "T", "classification", parameters=FrozenDict(class_names=("a", "b")), losses=losses)
    output, target = torch.randn((4, 2)), torch.tensor([0, 1, 1, 1])
    loss = bind(spec).loss(output, target, torch.ones(4, dtype=torch.bool)).value
    assert torch.allclose(loss, torch.nn.functional.cross_entropy(output, target))


def test_unknown_labels() -> None:
    task = _bound("multilabel", class_names=("a", "b", "c"))
    assert task.encode([1, -1, 0], FIT).isnan().tolist() == [False, True, False]
    assert task.encode([NAN, -np.inf, -1], FIT) is None
    truth = task.truth([1, NAN, 0], FIT)
    assert [(row.label, row.value) for row in task.rows(truth)] == [("a", "100%"), ("c", "0%"), ("b", "—")]
    assert task.columns(truth) == {"labels": ["a"], "probabilities": {"a": 1.0, "b": None, "c": 0.0}}
    assert task.summary(truth) == "a" and task.summary(task.truth([0, 0, 0], FIT)) == "none"


@pytest.mark.parametrize("raw", [[1, 0], [[1, 0, 1]], [2, 0, 0]])
def test_wrong_labels_are_refused(raw: Any) -> None:
    with pytest.raises(StudioError):
        _bound("multilabel", class_names=("a", "b", "c")).encode(raw, FIT)


def test_encoding_leaves_the_data_sets_own_array_alone() -> None:
    raw = np.array([1, -1, 0], np.float32)
    _bound("multilabel", class_names=("a", "b", "c")).encode(raw, FIT).fill_(9)
    assert raw.tolist() == [1, -1, 0]
    raw = np.array([1, -np.inf], np.float32)
    _bound("regression", value_names=("a", "b")).encode(raw, FIT).fill_(9)
    assert raw.tolist() == [1, -np.inf]


def test_weights_of_yes_are_no_over_yes() -> None:
    type_ = task_type("multilabel")
    spec = TaskSpec("t", "T", "multilabel", parameters=FrozenDict(class_names=("a", "b", "c", "d")))
    rows = [[1, 0, NAN, 0]] + [[0, 0, NAN, 1]] * 3
    task = bind(spec, type_.statistics(spec, [torch.tensor(row) for row in rows]))
    assert task.class_weights() == pytest.approx([3.0, 1.0, 1.0, 1 / 3])
    assert task.balance() == {"classes": {"a": 1, "b": 0, "c": 0, "d": 3}, "known": {"a": 4, "b": 4, "c": 0, "d": 4}}


def test_the_threshold_moves_what_is_said_and_counted() -> None:
    low, high = (_bound("multilabel", class_names=("a",), threshold=t) for t in (0.1, 0.9))
    output = torch.zeros((1, 1))
    assert low.summary(low.decode(output, FIT)) == "a" and high.summary(high.decode(output, FIT)) == "none"
    for task, right in ((low, 1.0), (high, 0.0)):
        measure = task.metrics()
        measure.update(output, torch.ones((1, 1)), torch.tensor([True]))
        assert measure.compute()["accuracy"] == right


def test_standardisation_is_undone_at_prediction() -> None:
    type_ = task_type("regression")
    spec = TaskSpec("t", "T", "regression", parameters=FrozenDict(value_names=("age", "length"), units=("a", "cm")))
    raws = np.array([[10, 100], [20, NAN], [60, 300], [NAN, 500]])
    plain = type_.bind(spec)
    encoded = [plain.encode(raw, FIT) for raw in raws]
    task = type_.bind(spec, type_.statistics(spec, encoded))
    standardised = task.standardised(torch.stack(encoded))
    assert torch.allclose(standardised.nanmean(0), torch.zeros(2), atol=1e-6)
    assert np.nanstd(standardised.numpy(), 0).tolist() == pytest.approx([1, 1], abs=1e-5)
    for raw, row in zip(raws, standardised, strict=True):
        assert task.decode(row[None], FIT).values.tolist() == pytest.approx(raw.tolist(), nan_ok=True)
    assert [row.value for row in task.rows(task.truth(raws[0], FIT))] == ["10 a", "100 cm"]


@pytest.mark.parametrize("values", [[5.0, 5.0, 5.0], [1234567.9] * 7, [NAN]])
def test_values_without_spread_do_not_explode(values: list[float]) -> None:
    type_ = task_type("regression")
    spec = TaskSpec("t", "T", "regression")
    statistics = type_.statistics(spec, [torch.tensor([value]) for value in values])
    standardised = type_.bind(spec, statistics).standardised(torch.tensor([[values[0]]]))
    assert standardised.isnan().all() or standardised.abs().max() < 1


def test_small_values_are_standardised_too() -> None:
    type_ = task_type("regression")
    spec = TaskSpec("t", "T", "regression")
    statistics = type_.statistics(spec, [torch.tensor([value]) for value in (1e-9, 3e-9)])
    assert float(type_.bind(spec, statistics).standardised(torch.tensor([[3e-9]]))) == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("raw", [[1.0], [1, 2, 3]])
def test_a_wrong_number_of_values_is_refused(raw: list[float]) -> None:
    with pytest.raises(StudioError, match="2"):
        _bound("regression", value_names=("a", "b")).encode(raw, FIT)


def test_one_value_may_come_as_a_number() -> None:
    task = _bound("regression")
    assert task.encode(np.float32(3), FIT).tolist() == [3] and task.encode(-np.inf, FIT) is None
    assert task.summary(task.truth(3, FIT)) == "3"


def test_a_box_is_drawn_only_when_all_of_it_is_known() -> None:
    names = ("x", "y", "w", "h")
    task = _bound("regression", value_names=names, roles=("x", "y", "width", "height"))
    assert task.paint(task.truth([10, 10, 4, 6], FIT)).boxes[0].bottom == 13
    assert task.paint(task.truth([10, 10, NAN, 6], FIT)) is None
    other = _bound("regression", value_names=names)
    assert other.paint(other.truth([10, 10, 4, 6], FIT)) is None
