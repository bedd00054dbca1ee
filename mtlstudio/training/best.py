"""What "best" means, and when to stop early."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.registry import task_type
from mtlstudio.training.progress import Progress

_LEAST = 1e-8

Metrics = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Verdict:
    """How an epoch went.

    Attributes:
        score: what "best" is judged by, as shown.
        judged: the same, lower is better.
        best: the best so far.
        best_tasks: tasks whose main metric is the best so far.
    """

    score: float | None
    judged: float | None
    best: bool
    best_tasks: tuple[str, ...]


class BestRule:
    """Judges epochs.

    Rule `loss`: the mean over tasks of the loss divided by its value after the first epoch; lower is better.
    Rule `TASK.METRIC`: that metric.

    Args:
        rule: `loss` or `TASK.METRIC`.
        tasks: of the project.

    Raises:
        StudioError: there is no such task or metric.
    """

    def __init__(self, rule: str, tasks: Mapping[str, BoundTask]) -> None:
        self._tasks = tasks
        self._task = self._metric = ""
        self._sign = 1.0
        if rule != "loss":
            _check(rule, [task.spec for task in tasks.values()])
            self._task, _, self._metric = rule.partition(".")
            self._sign = -1.0 if tasks[self._task].type.metric(self._metric).higher_is_better else 1.0

    def judge(self, losses: Mapping[str, float | None], metrics: Metrics, progress: Progress) -> Verdict:
        """Judges an epoch and notes it in `progress`.

        Args:
            losses: task id -> loss of the validation (of the training where there is no validation).
            metrics: of the validation.
            progress: `first_losses`, `best_…` and `waited` are brought up to date.
        """
        if self._task:
            score = _finite(metrics.get(self._task, {}).get(self._metric))
        else:
            score = _relative(losses, progress.first_losses)
        judged = None if score is None else self._sign * score
        best = judged is not None and (progress.best_score is None or judged < progress.best_score)
        if best:
            progress.best_score, progress.best_step, progress.waited = judged, progress.step, 0
        else:
            progress.waited += 1
        return Verdict(score, judged, best, self._best_tasks(metrics, progress))

    def _best_tasks(self, metrics: Metrics, progress: Progress) -> tuple[str, ...]:
        found = []
        for task_id, task in self._tasks.items():
            main = task.type.main_metric()
            value = _finite(metrics.get(task_id, {}).get(main.id))
            if value is None:
                continue
            before = progress.best_tasks.get(task_id)
            better = before is None or (value > before[0] if main.higher_is_better else value < before[0])
            if better:
                progress.best_tasks[task_id] = [value, progress.step]
                found.append(task_id)
        return tuple(found)


def _check(rule: str, tasks: list[TaskSpec]) -> None:
    known = [f"{task.id}.{metric.id}" for task in tasks for metric in task_type(task.type).metrics_offered]
    if rule not in known:
        raise StudioError(
            mark("there is no metric {rule!r}"),
            where="training.best",
            fix=mark("Known: {known}."),
            rule=rule,
            known=", ".join(["loss", *known]),
        )


def _relative(losses: Mapping[str, float | None], first: dict[str, float]) -> float | None:
    ratios = []
    for task, loss in losses.items():
        if loss is None or not math.isfinite(loss):
            continue
        start = first.setdefault(task, loss)
        ratios.append(max(loss, _LEAST) / max(start, _LEAST))
    return sum(ratios) / len(ratios) if ratios else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
