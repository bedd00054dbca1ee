"""Which of many tasks deserve a plot of their own: the worst ones, by a rule that is named. No Qt."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from mtlstudio.base.texts import mark
from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.train.growing import Numbers
from mtlstudio.ui.train.series import RunSeries

MANY = 8
"""Up to so many tasks, each has its plot."""
COUNTS = (3, 7, 11, 15, 0)
"""How many of the worst can be asked for; 0: all tasks."""
RULES = {
    "start": mark("Loss relative to its start"),
    "gap": mark("Validation over training loss"),
    "progress": mark("Least progress lately"),
}
_FIRST = 8
_LATELY = 0.75


def relative(series: RunSeries, task: str) -> float:
    """The loss as shown over the mean of its first eight; NaN while there is none."""
    return _ratio(series.current(task), first_loss(series, task))


def first_loss(series: RunSeries, task: str) -> float:
    """The mean of the first eight losses; NaN while there is none."""
    found = _finite(series.curves[task].raw.values[: 8 * _FIRST])[:_FIRST]
    return float(found.mean()) if len(found) else math.nan


def gap(series: RunSeries, task: str) -> float:
    """The validation loss over the training loss as shown; NaN while there is none."""
    return _ratio(series.validation[task].last(), series.current(task))


def stagnation(series: RunSeries, task: str) -> float:
    """The loss as shown over that at three quarters of the steps so far: near 1 or above, it has not fallen lately."""
    shown = series.curves[task].shown.values
    before = _finite(shown[: max(1, int(_LATELY * len(shown)))])
    return _ratio(series.current(task), float(before[-1]) if len(before) else None)


_SCORES: dict[str, Callable[[RunSeries, str], float]] = {"start": relative, "gap": gap, "progress": stagnation}


def ranked(series: RunSeries, rule: str) -> list[str]:
    """All task ids, the worst first; those without a figure last."""
    scores = {task: _SCORES[rule](series, task) for task in series.spec.task_ids}
    return sorted(scores, key=lambda task: -math.inf if math.isnan(scores[task]) else scores[task], reverse=True)


@dataclass
class Selection:
    """The tasks that have a plot.

    They are chosen anew at the end of each epoch, not at every step: plots that change places cannot be read.

    Attributes:
        rule: of `RULES`. count: how many of the worst; 0: all.
        opened: tasks that somebody asked for; they keep their plot.
    """

    rule: str = "start"
    count: int = 7
    opened: list[str] = field(default_factory=list)
    _made: tuple[object, ...] = ()
    _chosen: tuple[str, ...] = ()

    def is_partial(self, series: RunSeries) -> bool:
        """Whether some tasks have no plot."""
        return len(series.spec.tasks) > MANY and 0 < self.count < len(series.spec.tasks)

    def tasks(self, series: RunSeries) -> list[TaskSpec]:
        """The tasks that have a plot now."""
        if not self.is_partial(series):
            return list(series.spec.tasks)
        begun = len(series.step) > 0
        made = (id(series), self.rule, self.count, len(series.epochs), begun)
        if made != self._made:
            self._made, self._chosen = made, tuple(ranked(series, self.rule)[: self.count])
        known = set(series.spec.task_ids)
        opened = [task for task in self.opened if task in known and task not in self._chosen]
        return [series.spec.task(task) for task in (*opened, *self._chosen)]

    def open(self, task: str) -> None:
        """Gives a task a plot, before all others."""
        self.opened = [task, *(other for other in self.opened if other != task)]


def _ratio(value: float | None, base: float | None) -> float:
    if value is None or base is None or not base > 0:
        return math.nan
    return value / base


def _finite(values: Numbers) -> Numbers:
    return values[np.isfinite(values)]
