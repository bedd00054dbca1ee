"""Curves of several runs by one quantity. Smoothing makes a second array; what was measured is never touched. No Qt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.runs.events import EpochFinished, RunStarted, StepsMeasured
from mtlstudio.runs.folder import RunFolder
from mtlstudio.ui.compare.pareto_points import metrics_of

Floats = NDArray[np.float64]
TRAINING, VALIDATION, METRIC = "train", "val", "metric"
STEP, EPOCH = "step", "epoch"
_SKIPPED = ("preview_taken", "checkpoint_written")


@dataclass(frozen=True)
class Quantity:
    """What is drawn.

    Attributes:
        kind: loss of training, loss on validation, or a metric on validation.
        task: id, or "" for the total of training.
        metric: id, of metrics.
    """

    kind: str
    task: str
    metric: str
    words: str
    colour: str

    @property
    def key(self) -> str:
        """Unique."""
        return f"{self.kind}:{self.task}:{self.metric}"


@dataclass(frozen=True)
class RunCurves:
    """All that a run measured, as it stands in its log.

    Attributes:
        steps: (S,) steps measured; `losses`: task id ("" for the total) -> (S,), NaN where there was none.
        steps_per_epoch: at least 1.
        epochs: those finished.
    """

    run: RunFolder
    name: str
    steps: Floats
    losses: dict[str, Floats]
    steps_per_epoch: int
    epochs: tuple[EpochFinished, ...]

    def points(self, quantity: Quantity, unit: str) -> tuple[Floats, Floats]:
        """x and y of a quantity; without points that say nothing."""
        if quantity.kind == TRAINING:
            x, y = self.steps, self.losses.get(quantity.task, np.zeros(0))
        else:
            x = np.asarray([epoch.step for epoch in self.epochs], np.float64)
            y = np.asarray([_value(epoch, quantity) for epoch in self.epochs], np.float64)
        if len(y) != len(x):
            return np.zeros(0), np.zeros(0)
        known = np.isfinite(y)
        return x[known] / (self.steps_per_epoch if unit == EPOCH else 1), y[known]


def read_curves(run: RunFolder) -> RunCurves:
    """What a run measured; where it was resumed, what came after that step is taken back.

    Raises:
        StudioError: its files are damaged.
    """
    steps: list[int] = []
    rows: dict[str, list[float]] = {"": []}
    epochs: list[EpochFinished] = []
    per_epoch = 1
    for event in run.events(_SKIPPED):
        if isinstance(event, RunStarted):
            per_epoch = max(1, event.steps_per_epoch)
            kept = sum(step <= event.step for step in steps)
            del steps[kept:]
            for values in rows.values():
                del values[kept:]
            epochs = [one for one in epochs if one.step <= event.step]
        elif isinstance(event, StepsMeasured):
            _take(event, steps, rows)
        elif isinstance(event, EpochFinished):
            epochs.append(event)
    losses = {task: np.asarray(values, np.float64) for task, values in rows.items()}
    return RunCurves(run, run.info().name, np.asarray(steps, np.float64), losses, per_epoch, tuple(epochs))


def quantities(tasks: Iterable[TaskSpec]) -> list[Quantity]:
    """The total, then each task's losses and metrics."""
    tasks = list(tasks)
    found = [Quantity(TRAINING, "", "", tr("Total loss, training"), "")]
    metrics = metrics_of(tasks)
    for task in tasks:
        found.append(Quantity(VALIDATION, task.id, "", tr("{task} · loss, validation", task=task.name), task.colour))
        found.append(Quantity(TRAINING, task.id, "", tr("{task} · loss, training", task=task.name), task.colour))
        found += [
            Quantity(METRIC, one.task, one.metric, tr("{metric}, validation", metric=one.words), one.colour)
            for one in metrics if one.task == task.id
        ]  # fmt: skip
    return found


def smoothed(values: Floats, factor: float) -> Floats:
    """The exponential moving average, freed of its start's bias; a new array.

    Args:
        values: (N,).
        factor: 0 gives the values themselves; towards 1 smoother.
    """
    if factor <= 0:
        return values.copy()
    found, running, weight = np.empty_like(values), 0.0, 0.0
    for place, value in enumerate(values):
        running = factor * running + (1 - factor) * float(value)
        weight = factor * weight + (1 - factor)
        found[place] = running / weight
    return found


def thinned(x: Floats, y: Floats, most: int) -> tuple[Floats, Floats]:
    """At most `most` points that keep every bucket's lowest and highest: the picture stays the same."""
    if len(x) <= most:
        return x, y
    bounds = np.linspace(0, len(x), most // 2 + 1).astype(int)
    places: list[int] = []
    for start, end in itertools.pairwise(bounds):
        if end > start:
            part = y[start:end]
            places += sorted({start + int(part.argmin()), start + int(part.argmax())})
    return x[places], y[places]


def _take(event: StepsMeasured, steps: list[int], rows: dict[str, list[float]]) -> None:
    count, before = len(event.total), len(steps)
    steps.extend(range(event.step - count + 1, event.step + 1))
    for task in event.losses:
        rows.setdefault(task, [math.nan] * before)
    for task, values in rows.items():
        told: Sequence[float | None] = event.total if not task else event.losses.get(task, (None,) * count)
        values.extend(math.nan if value is None else value for value in told)


def _value(epoch: EpochFinished, quantity: Quantity) -> float:
    if quantity.kind == VALIDATION:
        value = epoch.val_losses.get(quantity.task)
    else:
        value = epoch.metrics.get(quantity.task, {}).get(quantity.metric)
    return math.nan if value is None else value
