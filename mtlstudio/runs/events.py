"""What a training says while it runs: frozen, picklable events, the one stream of which the command line, the run
folder and the window are three readers.

Each event becomes one line of `metrics.jsonl` (`to_json`, `from_json`). Non-finite numbers are stored as None.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mtlstudio.base.typed import faults


@dataclass(frozen=True)
class Event:
    """Something that happened; `time`: seconds since the epoch of the clock."""

    kind: ClassVar[str] = ""
    time: float


@dataclass(frozen=True)
class RunStarted(Event):
    """The first event of a run, and again of each resume (`step`, `epoch` > 0 then)."""

    kind: ClassVar[str] = "run_started"
    run: str
    step: int
    epoch: int
    epochs: int
    steps_per_epoch: int
    device: str
    threads: int
    precision: str
    tasks: tuple[str, ...]
    parameters: int


@dataclass(frozen=True)
class StepsMeasured(Event):
    """k consecutive steps, the last of which is `step` (1-based count of finished steps).

    Attributes:
        losses: task id -> k losses (unweighted; None where the task had no target in that batch).
        total: k weighted totals.
        weights: task id -> what its loss was multiplied with at the last of them: λ (normalised if so set), or what the
            balancing method made of it; where tasks take turns the mean over a round, 0 where a loss does not count.
        lambdas: task id -> λ then, where `weights` are something else; else empty.
        learning_rate: at the last of them.
        seconds: wall time of the k steps; `loading` of it spent waiting for data.
        images: pictures seen in them.
    """

    kind: ClassVar[str] = "steps_measured"
    step: int
    epoch: int
    losses: dict[str, tuple[float | None, ...]]
    total: tuple[float | None, ...]
    weights: dict[str, float]
    learning_rate: float
    seconds: float
    loading: float = 0.0
    images: int = 0
    memory: int = 0
    lambdas: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class EpochFinished(Event):
    """An epoch with its validation.

    Attributes:
        epoch: count of finished epochs (1-based).
        train_losses, val_losses: task id -> mean over present samples; None where there were none.
        metrics: task id -> metric id -> value on the validation split (at the network's size).
        score: what "best" is judged by (lower is better for the loss rule; the metric itself otherwise).
        best: this is the best epoch so far; `best_tasks`: tasks whose main metric is the best so far.
    """

    kind: ClassVar[str] = "epoch_finished"
    step: int
    epoch: int
    epochs: int
    train_losses: dict[str, float | None]
    val_losses: dict[str, float | None]
    metrics: dict[str, dict[str, float | None]]
    score: float | None
    best: bool
    best_tasks: tuple[str, ...]
    seconds: float
    eta: float


@dataclass(frozen=True)
class CheckpointWritten(Event):
    """A checkpoint is whole on disk. `tags`: last, best, best:<task id>."""

    kind: ClassVar[str] = "checkpoint_written"
    step: int
    epoch: int
    path: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class WeightsChanged(Event):
    """λ was changed while training; taken up at the step after `step`; `before` and `after`: task id -> λ as set."""

    kind: ClassVar[str] = "weights_changed"
    step: int
    epoch: int
    before: dict[str, float]
    after: dict[str, float]


@dataclass(frozen=True)
class GradientsMeasured(Event):
    """How the tasks' gradients of the shared layers stood to one another in one step.

    Attributes:
        step: count of finished steps with it (1-based); `epoch`: finished epochs before it.
        tasks: ids of the rows and columns: those with targets in that batch whose gradient reaches a shared layer.
        weights: task id -> what its gradient was multiplied with in that step.
        products: layer id -> T × T inner products of the gradients of the tasks' unweighted losses by the layer's
            weights; only layers that two tasks or more share. None: no number.
    """

    kind: ClassVar[str] = "gradients_measured"
    step: int
    epoch: int
    tasks: tuple[str, ...]
    weights: dict[str, float | None]
    products: dict[str, tuple[tuple[float | None, ...], ...]]


@dataclass(frozen=True)
class AffinityMeasured(Event):
    """What a step along one task's gradient of the shared layers alone does to the losses of all, on one batch.

    Attributes:
        step, epoch, tasks: as in `GradientsMeasured`.
        losses: task id -> its loss before.
        affinity: Z, T × T: Z[i][j] = 1 - (loss of j after a step for i) / (loss of j before). None: no number.

    Source: Fifty et al. 2021, "Efficiently Identifying Task Groupings for Multi-Task Learning", arXiv 2109.04617.
    """

    kind: ClassVar[str] = "affinity_measured"
    step: int
    epoch: int
    tasks: tuple[str, ...]
    losses: dict[str, float | None]
    affinity: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class StageStarted(Event):
    """A stage of the training begins after `step`.

    Attributes:
        epoch: finished before it; `epochs`: how many it has.
        number: from 1, of `count`.
        tasks: ids of those whose losses it counts; `order`, `trains`: as in `StageSpec`.
        layers: ids of those that are trained.
    """

    kind: ClassVar[str] = "stage_started"
    step: int
    epoch: int
    number: int
    count: int
    name: str
    epochs: int
    tasks: tuple[str, ...]
    order: str = "joint"
    trains: str = "all"
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskStateChanged(Event):
    """A task is trained, muted or frozen from the step after `step` on; `cause`: hand, or patience (it gained nothing)."""

    kind: ClassVar[str] = "task_state_changed"
    step: int
    epoch: int
    task: str
    before: str
    after: str
    cause: str = "hand"


@dataclass(frozen=True)
class Paused(Event):
    """The run stands still after `step`."""

    kind: ClassVar[str] = "paused"
    step: int


@dataclass(frozen=True)
class Resumed(Event):
    """The run goes on after a pause."""

    kind: ClassVar[str] = "resumed"
    step: int


@dataclass(frozen=True)
class PreviewTaken(Event):
    """What the network sees in the preview samples after an epoch: files under the run folder.

    `images`: sample key -> {task id -> path of a PNG or a text}."""

    kind: ClassVar[str] = "preview_taken"
    step: int
    epoch: int
    images: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Noted(Event):
    """Something worth knowing, as a declared problem code with values (`mtlstudio.project.problems`)."""

    kind: ClassVar[str] = "noted"
    code: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunFinished(Event):
    """The last event of a run that ended well. `reason`: done, stopped, early (early stopping)."""

    kind: ClassVar[str] = "run_finished"
    step: int
    epoch: int
    reason: str
    seconds: float


@dataclass(frozen=True)
class RunFailed(Event):
    """The last event of a run that could not go on: what, and what to do, in plain words (already translated),
    and the checkpoint that is left (step, or None). `code`: nan, memory, disk, data, device, rank (another process of the
    run), error. `proposal`: what a new run could try instead: path of a project's field -> value."""

    kind: ClassVar[str] = "run_failed"
    step: int
    epoch: int
    code: str
    message: str
    fix: str
    checkpoint: int | None = None
    proposal: dict[str, Any] = field(default_factory=dict)


_KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        RunStarted, StepsMeasured, EpochFinished, CheckpointWritten, WeightsChanged, StageStarted, TaskStateChanged,
        Paused, Resumed, PreviewTaken, Noted, RunFinished, RunFailed, GradientsMeasured, AffinityMeasured,
    )
}  # fmt: skip


def to_json(event: Event) -> dict[str, Any]:
    """The event as a JSON object with its `kind` first; non-finite numbers become None."""
    values = {item.name: _plain(getattr(event, item.name)) for item in dataclasses.fields(event)}
    return {"kind": event.kind, **values}


def from_json(values: Mapping[str, Any]) -> Event | None:
    """The event of a JSON object; None for a kind this version does not know. Unknown fields are left out.

    Raises:
        TypeError: a field is missing, or of another type.
    """
    cls = _KINDS.get(values.get("kind", ""))
    if cls is None:
        return None
    if wrong := faults(cls, values):
        raise TypeError(", ".join(wrong))
    known = {item.name for item in dataclasses.fields(cls)}
    return cls(**{name: _tupled(value) for name, value in values.items() if name in known})


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _tupled(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_tupled(item) for item in value)
    if isinstance(value, dict):
        return {key: _tupled(item) for key, item in value.items()}
    return value
