"""The best epoch: by relative losses or by a metric."""

from __future__ import annotations

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.tasks.registry import bind_all
from mtlstudio.training.best import BestRule
from mtlstudio.training.progress import Progress
from tests.training.small import project

TASKS = bind_all(project())


def test_loss_rule_is_the_mean_of_the_ratios_to_the_first() -> None:
    rule, progress = BestRule("loss", TASKS), Progress(step=1)
    assert rule.judge({"largest": 2.0, "mask": 0.1, "count": None}, {}, progress).score == 1.0
    progress.step = 2
    better = rule.judge({"largest": 1.0, "mask": 0.11, "count": None}, {}, progress)
    assert better.score == pytest.approx((0.5 + 1.1) / 2) and better.best
    progress.step = 3
    worse = rule.judge({"largest": 1.0, "mask": 0.12, "count": None}, {}, progress)
    assert not worse.best and progress.best_step == 2 and progress.waited == 1


def test_metric_rule_knows_which_way_is_better() -> None:
    for rule, values in (("mask.mean_iou", (0.3, 0.5, 0.4)), ("count.mae", (3.0, 1.0, 2.0))):
        task, metric = rule.split(".")
        progress, found = Progress(), []
        for step, value in enumerate(values, 1):
            progress.step = step
            found.append(BestRule(rule, TASKS).judge({}, {task: {metric: value}}, progress))
        assert [verdict.best for verdict in found] == [True, True, False]
        assert [verdict.score for verdict in found] == list(values) and progress.best_step == 2


def test_each_task_keeps_its_own_best() -> None:
    rule, progress = BestRule("loss", TASKS), Progress(step=1)
    first = rule.judge({}, {"mask": {"mean_iou": 0.5}, "count": {"mae": 2.0}, "largest": {"accuracy": None}}, progress)
    assert set(first.best_tasks) == {"mask", "count"} and not first.best
    progress.step = 2
    second = rule.judge({}, {"mask": {"mean_iou": 0.4}, "count": {"mae": 1.0}}, progress)
    assert second.best_tasks == ("count",) and progress.best_tasks == {"mask": [0.5, 1], "count": [1.0, 2]}


def test_a_first_loss_of_zero_divides_nothing_by_zero() -> None:
    rule, progress = BestRule("loss", TASKS), Progress()
    assert rule.judge({"mask": 0.0}, {}, progress).score == 1.0
    assert rule.judge({"mask": 0.0}, {}, progress).score == 1.0


@pytest.mark.parametrize("rule", ["mask", "mask.accuracy", "nothing.mean_iou", ""])
def test_an_unknown_rule_is_refused_with_the_known_ones(rule: str) -> None:
    with pytest.raises(StudioError) as caught:
        BestRule(rule, TASKS)
    assert "mask.mean_iou" in caught.value.text()
