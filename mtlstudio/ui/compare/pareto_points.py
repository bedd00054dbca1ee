"""The points of the Pareto view: every epoch of every run by two metrics. Pure, no Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.runs.checkpoints import BEST, CHOSEN, LAST
from mtlstudio.runs.folder import RunFolder
from mtlstudio.runs.pareto import front
from mtlstudio.runs.trail import Trail
from mtlstudio.studies.metrics import counted_metrics


@dataclass(frozen=True)
class Metric:
    """A metric of a task that can be an axis; `higher`: higher is better."""

    task: str
    metric: str
    words: str
    colour: str
    higher: bool

    @property
    def key(self) -> str:
        """Unique."""
        return f"{self.task}.{self.metric}"


@dataclass(frozen=True)
class ParetoPoint:
    """An epoch of a run.

    Attributes:
        x, y: the two metrics on validation.
        tags: of its checkpoint; None where that is not on the disk (any more).
    """

    run: RunFolder
    name: str
    epoch: int
    step: int
    x: float
    y: float
    tags: tuple[str, ...] | None

    @property
    def usable(self) -> bool:
        """Its checkpoint is there."""
        return self.tags is not None

    @property
    def words(self) -> str:
        """`pcgrad · epoch 34`."""
        return tr("{run} · epoch {epoch}", run=self.name, epoch=self.epoch)


@dataclass(frozen=True)
class Cloud:
    """All points, and the places of those on the front, from left to right."""

    x: Metric
    y: Metric
    points: tuple[ParetoPoint, ...]
    front: tuple[int, ...]


def metrics_of(tasks: Iterable[TaskSpec]) -> list[Metric]:
    """The metrics that count, task by task; tasks of a type that is not known here have none."""
    found = []
    for task in tasks:
        try:
            metrics = counted_metrics(task)
        except KeyError:
            continue
        for metric, declared in metrics.items():
            words = f"{task.name} · {tr(declared.short or declared.name)}"
            found.append(Metric(task.id, metric, words, task.colour, declared.higher_is_better))
    return found


def cloud_of(trails: Sequence[Trail], x: Metric, y: Metric) -> Cloud:
    """Every epoch that measured both metrics; runs of single tasks have none of two tasks."""
    points = []
    for trail in trails:
        for epoch in trail.epochs:
            across, up = trail.value(epoch, x.task, x.metric), trail.value(epoch, y.task, y.metric)
            if across is None or up is None or not (math.isfinite(across) and math.isfinite(up)):
                continue
            tags = trail.kept.get(epoch.step)
            points.append(ParetoPoint(trail.run, trail.name, epoch.epoch, epoch.step, across, up, tags))
    best = front([(point.x, point.y) for point in points], (x.higher, y.higher))
    return Cloud(x, y, tuple(points), tuple(best))


def why_not(point: ParetoPoint) -> str:
    """Why a checkpoint cannot be used, or "" where it can."""
    if point.usable:
        return ""
    return tr(
        "The checkpoint of this epoch was thinned out: a run keeps its newest two, the best, the best of each task, and "
        "the chosen one."
    )


def tag_words(point: ParetoPoint) -> str:
    """What its checkpoint is kept for."""
    known = {BEST: tr("best"), LAST: tr("newest"), CHOSEN: tr("chosen")}
    found = []
    for tag in point.tags or ():
        task = tag.partition(":")[2]
        found.append(tr("best of {task}", task=task) if task else known.get(tag, tag))
    return ", ".join(found)
