"""λ: as set, over time, by hand, normalised."""

from __future__ import annotations

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import TaskSpec
from mtlstudio.training.control import Control
from mtlstudio.training.weights import LossWeights


def tasks(**schedule: tuple[tuple[float, float], ...]) -> list[TaskSpec]:
    return [
        TaskSpec(name, name, "classification", loss_weight=weight, weight_schedule=schedule.get(name, ()))
        for name, weight in (("a", 1.0), ("b", 3.0))
    ]


def test_normalised_weights_sum_to_one_over_all_tasks() -> None:
    assert LossWeights(tasks(), normalise=True).used(0) == {"a": 0.25, "b": 0.75}
    assert LossWeights(tasks(), normalise=False).used(0) == {"a": 1.0, "b": 3.0}


def test_all_zero_stays_zero() -> None:
    weights = LossWeights(tasks(), normalise=True)
    weights.set({"a": 0.0, "b": 0.0})
    assert weights.used(0) == {"a": 0.0, "b": 0.0}


@pytest.mark.parametrize(("epoch", "expected"), [(0, 1.0), (2, 1.0), (3, 3.0), (4, 5.0), (9, 5.0)])
def test_a_schedule_joins_its_points_linearly(epoch: float, expected: float) -> None:
    weights = LossWeights(tasks(a=((2, 1.0), (4, 5.0))), normalise=False)
    assert weights.as_set(epoch)["a"] == expected
    assert weights.as_set(epoch)["b"] == 3.0


def test_by_hand_replaces_the_schedule_and_survives_a_resume() -> None:
    weights = LossWeights(tasks(a=((0, 1.0), (4, 5.0))), normalise=False)
    weights.set({"a": 9.0, "gone": 2.0})
    again = LossWeights(tasks(a=((0, 1.0), (4, 5.0))), normalise=False)
    again.load(weights.state())
    assert again.as_set(2) == {"a": 9.0, "b": 3.0}


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_nonsense_is_refused(weight: float) -> None:
    control = Control()
    with pytest.raises(StudioError):
        control.set_weights({"a": weight})
    assert control.take_weights() == {} and not control.asked


def test_the_newest_of_several_changes_counts() -> None:
    control = Control()
    control.set_weights({"a": 1.0, "b": 2.0})
    control.set_weights({"a": 5.0})
    assert control.take_weights() == {"a": 5.0, "b": 2.0}
    assert control.take_weights() == {}
