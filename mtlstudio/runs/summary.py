"""A run in a few figures, for tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mtlstudio.runs.events import (
    EpochFinished,
    Event,
    RunFailed,
    RunFinished,
    RunStarted,
    StageStarted,
    TaskStateChanged,
    WeightsChanged,
)

Metrics = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class RunSummary:
    """What became of a run.

    Attributes:
        status: as in `RunInfo`.
        epochs: finished so far, of `total_epochs`.
        steps: finished at the end of the last finished epoch (or of the run).
        best_epoch: the epoch that "best" stands for (the last one where none can be judged), or None before the first; its `score`, `metrics` (task id ->
            metric id -> value on the validation split), `train_losses` and `val_losses` (task id -> value).
        seconds: spent training, over all its resumes.
        parameters: of the network.
        device: it was trained on.
        steered: how often λ was changed by hand.
        restated: how often a task was muted, frozen or trained again by hand.
        rested: tasks laid to rest because they gained nothing. stages: how many the training has, 0 without any.
        failure: what RunFailed says, or "".
        unread: lines of the log that are damaged, and left out.
    """

    status: str = ""
    epochs: int = 0
    total_epochs: int = 0
    steps: int = 0
    best_epoch: int | None = None
    score: float | None = None
    metrics: Metrics = field(default_factory=dict)
    train_losses: dict[str, float | None] = field(default_factory=dict)
    val_losses: dict[str, float | None] = field(default_factory=dict)
    seconds: float = 0.0
    parameters: int = 0
    device: str = ""
    steered: int = 0
    restated: int = 0
    rested: tuple[str, ...] = ()
    stages: int = 0
    failure: str = ""
    unread: int = 0


def summarise(events: Iterable[Event], status: str = "") -> RunSummary:
    """The summary of a run's events (those of steps are not needed)."""
    started: RunStarted | None = None
    last: EpochFinished | None = None
    best: EpochFinished | None = None
    steered, seconds, ended_at, failure = 0, 0.0, 0, ""
    restated, stages = 0, 0
    rested: list[str] = []
    for event in events:
        if isinstance(event, RunStarted):
            started, failure = event, ""
        elif isinstance(event, EpochFinished):
            last = event
            best = event if event.best or best is None or best.score is None else best
            seconds += event.seconds
        elif isinstance(event, WeightsChanged):
            steered += 1
        elif isinstance(event, TaskStateChanged):
            restated += event.cause == "hand"
            rested += [event.task] if event.cause != "hand" else []
        elif isinstance(event, StageStarted):
            stages = event.count
        elif isinstance(event, RunFinished):
            seconds, ended_at = event.seconds, event.step
        elif isinstance(event, RunFailed):
            failure, ended_at = event.message, event.step
    return RunSummary(
        status=status,
        epochs=last.epoch if last else 0,
        total_epochs=started.epochs if started else 0,
        steps=max(ended_at, last.step if last else 0),
        best_epoch=best.epoch if best else None,
        score=best.score if best else None,
        metrics=best.metrics if best else {},
        train_losses=best.train_losses if best else {},
        val_losses=best.val_losses if best else {},
        seconds=seconds,
        parameters=started.parameters if started else 0,
        device=started.device if started else "",
        steered=steered,
        restated=restated,
        rested=tuple(dict.fromkeys(rested)),
        stages=stages,
        failure=failure,
    )
