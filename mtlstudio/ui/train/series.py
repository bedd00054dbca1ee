"""A run as the Train workspace shows it, made from its events: curves, marks, epochs, where it stands. No Qt.

Fed with the events of a session, in order and in any portions; a `RunStarted` of a later step takes back what had come
after that step, one of step 0 everything.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.advice import Evidence
from mtlstudio.runs.events import (
    CheckpointWritten,
    EpochFinished,
    Event,
    Noted,
    Paused,
    PreviewTaken,
    Resumed,
    RunFailed,
    RunFinished,
    RunStarted,
    StageStarted,
    StepsMeasured,
    TaskStateChanged,
    WeightsChanged,
)  # fmt: skip
from mtlstudio.runs.interactions import Interactions
from mtlstudio.training.notes import SOLVER_FAILED
from mtlstudio.ui.train.growing import Curve, Growing
from mtlstudio.ui.train.stage_track import StageTrack

TOTAL = ""
"""Stands for the total where otherwise a task's id stands."""
_ONE_DRAG = 1.5
_RECENT_SECONDS = 3.0
_SAME = 1e-9
_JUMP = 0.05
"""Share by which a learning rate has to change at once to be worth a mark."""


@dataclass(frozen=True)
class WeightMark:
    """λ was changed by hand: after which step, and each changed task's (before, after), as shares where λ sum to 1.

    A drag of the slider is one mark; `time` is that of its last move.
    """

    step: int
    epoch: int
    time: float
    changes: dict[str, tuple[float, float]]

    @property
    def main(self) -> str:
        """The task that changed most."""
        return max(self.changes, key=lambda task: abs(self.changes[task][1] - self.changes[task][0]))


@dataclass(frozen=True)
class RateMark:
    """The learning rate has jumped after having stood still: after which step, from what to what."""

    step: int
    before: float
    after: float


@dataclass(frozen=True)
class Best:
    """The best value of a task's main metric so far."""

    value: float
    epoch: int
    step: int


@dataclass
class Validation:
    """Losses at the epochs' ends: `step`, `seconds` and the loss of each."""

    step: Growing = field(default_factory=Growing)
    seconds: Growing = field(default_factory=Growing)
    loss: Growing = field(default_factory=Growing)

    def add(self, step: int, seconds: float, loss: float) -> None:
        """Adds an epoch."""
        for numbers, value in ((self.step, step), (self.seconds, seconds), (self.loss, loss)):
            numbers.extend([value])

    def cut(self, step: int) -> None:
        """Forgets what came after a step."""
        size = int((self.step.values <= step).sum())
        for numbers in (self.step, self.seconds, self.loss):
            numbers.cut(size)

    def last(self) -> float | None:
        """The newest loss."""
        return float(self.loss.values[-1]) if len(self.loss) else None


class RunSeries:
    """All that is shown of one run.

    Args:
        spec: the run's snapshot.
        main_metrics: task id -> id of its main metric.
        smoothing: factor of the moving average, 0 … below 1.

    Attributes:
        step, seconds: of each measured step; `seconds` is time spent training, pauses and breaks left out.
        curves, validation: by task id, `TOTAL` for the total.
        extra: what the balancing method adds to the weighted sum of the losses (0 for most).
        epochs: those finished. weights, best_epoch, best: see `StepsMeasured`, `EpochFinished`.
        track: its stages and the states of its tasks.
        complete: every task had a target in the last measured step.
        rate_marks: jumps of the learning rate; what a smooth schedule does is none.
        interactions: what the tasks do to one another. evidence: what advice rests on.
    """

    def __init__(self, spec: ProjectSpec, main_metrics: Mapping[str, str], smoothing: float = 0.0) -> None:
        self.spec, self._main, self.smoothing = spec, dict(main_metrics), smoothing
        self._takers: dict[type[Event], Callable[..., None]] = {
            RunStarted: self._start, EpochFinished: self._epoch, CheckpointWritten: self._checkpoint,
            WeightsChanged: self._weights_changed, Paused: self._paused, Resumed: self._resumed,
            PreviewTaken: self._preview, Noted: self._noted, RunFinished: self._finished, RunFailed: self._failed,
            StageStarted: self._tracked, TaskStateChanged: self._tracked,
        }  # fmt: skip
        self.interactions = Interactions(spec.task_ids)
        self.evidence = Evidence(spec, self.interactions)
        self._reset()

    def _reset(self) -> None:
        names = (TOTAL, *self.spec.task_ids)
        self.step, self.seconds = Growing(), Growing()
        self.curves = {name: Curve(self.smoothing) for name in names}
        self.validation = {name: Validation() for name in names}
        self.started: RunStarted | None = None
        self.finished: RunFinished | None = None
        self.failed: RunFailed | None = None
        self.epochs: list[EpochFinished] = []
        self.best: dict[str, Best] = {}
        self.best_epoch: EpochFinished | None = None
        self.marks: list[WeightMark] = []
        self.rate_marks: list[RateMark] = []
        self.track = StageTrack(self.spec)
        self.checkpoints: list[CheckpointWritten] = []
        self.previews: list[PreviewTaken] = []
        self.notes: list[Noted] = []
        self.weights: dict[str, float] = {}
        self.extra, self.complete = 0.0, True
        self.learning_rate = 0.0
        self._rate_stood = False
        self.memory = 0
        self.paused = False
        self._zero = self._latest = self._pause_began = 0.0
        self._recent: deque[StepsMeasured] = deque()
        self._columns: dict[str, list[float | None]] = {name: [] for name in names}
        self._waiting: list[StepsMeasured] = []

    # --- taking events ----------------------------------------------------------------------------------------

    def take(self, events: Iterable[Event]) -> None:
        """Takes further events."""
        for event in events:
            if isinstance(event, StepsMeasured):
                self._steps(event)
            else:
                self._store()
                taker = self._takers.get(type(event))
                if taker is not None:
                    taker(event)
                self.interactions.take((event,))
            self.evidence.take((event,))
            self._latest = max(self._latest, event.time)
        self._store()

    def smooth(self, factor: float) -> None:
        """Averages the curves with another factor."""
        self.smoothing = factor
        for curve in self.curves.values():
            curve.smooth(factor)

    def _start(self, event: RunStarted) -> None:
        if event.step == 0:
            self._reset()
            self._zero = event.time
        elif self.started is None:
            self._zero = event.time
        else:
            self._take_back(event.step)
            self._zero += event.time - self._latest  # less than nothing where the clock was set back meanwhile
            self._latest = event.time
        self.started, self.finished, self.failed, self.paused = event, None, None, False
        self._recent.clear()

    def _take_back(self, step: int) -> None:
        size = int((self.step.values <= step).sum())
        self.step.cut(size)
        self.seconds.cut(size)
        for curve in self.curves.values():
            curve.cut(size)
        for validation in self.validation.values():
            validation.cut(step)
        self.epochs = [item for item in self.epochs if item.step <= step]
        self.marks = [item for item in self.marks if item.step <= step]
        self.rate_marks = [item for item in self.rate_marks if item.step <= step]
        self.track.cut(step)
        self.checkpoints = [item for item in self.checkpoints if item.step <= step]
        self.previews = [item for item in self.previews if item.step <= step]
        self.best, self.best_epoch = {}, None
        for item in self.epochs:
            self._judge(item)

    def _steps(self, event: StepsMeasured) -> None:
        self._waiting.append(event)
        self._recent.append(event)
        while len(self._recent) > 1 and sum(item.seconds for item in self._recent) > _RECENT_SECONDS:
            self._recent.popleft()
        self._look_at_rate(event)
        self.weights, self.learning_rate, self.memory = event.weights, event.learning_rate, event.memory
        last = {task: values[-1] for task, values in event.losses.items()}
        self.complete = all(value is not None for value in last.values())
        if self.complete and event.total[-1] is not None:
            weighted = sum(event.weights.get(task, 0.0) * (value or 0.0) for task, value in last.items())
            rest = event.total[-1] - weighted
            self.extra = rest if abs(rest) > 1e-3 * max(abs(event.total[-1]), 1e-6) else 0.0

    def _look_at_rate(self, event: StepsMeasured) -> None:
        before, after = self.learning_rate, event.learning_rate
        jumped = before > 0 and abs(after - before) > _JUMP * before
        if jumped and self._rate_stood:
            self.rate_marks.append(RateMark(event.step - len(event.total), before, after))
        self._rate_stood = before == after

    def _store(self) -> None:
        """Moves waiting steps into the arrays, all at once."""
        if not self._waiting:
            return
        steps: list[float | None] = []
        seconds: list[float | None] = []
        for event in self._waiting:
            count = len(event.total)
            end, each = event.time - self._zero, event.seconds / count
            steps += range(event.step - count + 1, event.step + 1)
            seconds += [end - each * (count - 1 - number) for number in range(count)]
            self._columns[TOTAL] += event.total
            for task in self.spec.task_ids:
                self._columns[task] += event.losses.get(task, (None,) * count)
        self.step.extend(steps)
        self.seconds.extend(seconds)
        for name, column in self._columns.items():
            self.curves[name].extend(column)
            column.clear()
        self._waiting.clear()

    def _epoch(self, event: EpochFinished) -> None:
        self.epochs.append(event)
        at = event.time - self._zero
        known = {task: loss for task, loss in event.val_losses.items() if loss is not None}
        for task, loss in known.items():
            if task in self.validation:
                self.validation[task].add(event.step, at, loss)
        if known and self.weights:
            total = sum(self.weights.get(task, 0.0) * loss for task, loss in known.items())
            self.validation[TOTAL].add(event.step, at, total + self.extra)
        self._judge(event)

    def _judge(self, event: EpochFinished) -> None:
        if event.best:
            self.best_epoch = event
        for task in event.best_tasks:
            value = event.metrics.get(task, {}).get(self._main.get(task, ""))
            if value is not None:
                self.best[task] = Best(value, event.epoch, event.step)

    def _weights_changed(self, event: WeightsChanged) -> None:
        before, after = self._shares(event.before), self._shares(event.after)
        changes = {
            task: (before[task], after[task]) for task in after if abs(after[task] - before.get(task, 0.0)) > _SAME
        }
        last = self.marks[-1] if self.marks else None
        if last is not None and event.time - last.time < _ONE_DRAG:
            self.marks.pop()
            first = {**{task: pair[0] for task, pair in changes.items()}, **{t: p[0] for t, p in last.changes.items()}}
            changes = {t: (value, after[t]) for t, value in first.items() if abs(after[t] - value) > _SAME}
        if changes:
            self.marks.append(WeightMark(event.step, event.epoch, event.time, changes))

    def _checkpoint(self, event: CheckpointWritten) -> None:
        self.checkpoints.append(event)

    def _tracked(self, event: Event) -> None:
        self.track.take(event)

    def _paused(self, event: Paused) -> None:
        self.paused, self._pause_began = True, event.time

    def _resumed(self, event: Resumed) -> None:
        if self.paused:
            self._zero += max(0.0, event.time - self._pause_began)
        self.paused = False

    def _preview(self, event: PreviewTaken) -> None:
        self.previews.append(event)

    def _noted(self, event: Noted) -> None:
        self.notes.append(event)

    def _finished(self, event: RunFinished) -> None:
        self.finished, self.paused = event, False

    def _failed(self, event: RunFailed) -> None:
        self.failed, self.paused = event, False

    # --- questions --------------------------------------------------------------------------------------------

    def _shares(self, weights: Mapping[str, float]) -> dict[str, float]:
        total = sum(weights.values())
        if not self.spec.training.normalise_weights or total <= 0:
            return dict(weights)
        return {task: weight / total for task, weight in weights.items()}

    @property
    def last_step(self) -> int:
        """Steps finished."""
        known = [int(self.step.values[-1])] if len(self.step) else [self.started.step if self.started else 0]
        return max(known + [event.step for event in (self.finished, self.failed) if event is not None])

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch; at least 1."""
        return max(1, self.started.steps_per_epoch if self.started else 1)

    @property
    def total_epochs(self) -> int:
        """Epochs the run is to have."""
        return self.started.epochs if self.started else self.spec.training.epochs

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0 … 1."""
        return min(1.0, self.last_step / max(1, self.total_epochs * self.steps_per_epoch))

    @property
    def solver_failures(self) -> int:
        """Steps in which the method's problem had no solution, as far as they were told."""
        return sum(int(note.values.get("n", 0)) for note in self.notes if note.code == SOLVER_FAILED)

    def main_value(self, task: str) -> float | None:
        """The task's main metric at the last finished epoch."""
        return self.epochs[-1].metrics.get(task, {}).get(self._main.get(task, "")) if self.epochs else None

    def rates(self) -> tuple[float, float, float] | None:
        """Steps per second, pictures per second, share of the time spent waiting for data, over the last seconds."""
        seconds = sum(event.seconds for event in self._recent)
        if seconds <= 0:
            return None
        steps = sum(len(event.total) for event in self._recent)
        images = sum(event.images for event in self._recent)
        return steps / seconds, images / seconds, sum(event.loading for event in self._recent) / seconds

    def seconds_left(self) -> float | None:
        """Estimated time to the end of the run."""
        if self.started is None:
            return None
        left = self.total_epochs - self.last_step / self.steps_per_epoch
        last = self.epochs[-1] if self.epochs else None
        if last is not None and last.epochs > last.epoch and math.isfinite(last.eta):
            return max(0.0, left * last.eta / (last.epochs - last.epoch))
        rates = self.rates()
        return left * self.steps_per_epoch / rates[0] if rates is not None and rates[0] > 0 else None

    def seconds_at(self, step: float) -> float:
        """Training time at a step."""
        import numpy as np

        if not len(self.step):
            return 0.0
        return float(np.interp(step, self.step.values, self.seconds.values))

    def current(self, name: str = TOTAL) -> float | None:
        """The newest loss as the curve shows it."""
        return self.curves[name].last()


def weighted_sum(series: RunSeries, tasks: Sequence[str]) -> list[tuple[str, float, float]]:
    """(task id, λ, loss) of the terms of the total, as shown now; tasks without a loss so far are left out."""
    terms = []
    for task in tasks:
        loss = series.current(task)
        if loss is not None:
            terms.append((task, series.weights.get(task, 0.0), loss))
    return terms
