"""A run made of synthetic events, for the tests of the Train workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.runs.events import (
    AffinityMeasured,
    CheckpointWritten,
    EpochFinished,
    Event,
    GradientsMeasured,
    RunFinished,
    RunStarted,
    StepsMeasured,
    WeightsChanged,
)
from mtlstudio.runs.folder import RunFolder

TASKS = ("largest", "count", "mask")
START = 1_700_000_000.0
PER_EPOCH = 20


def with_tasks(spec: ProjectSpec, count: int) -> ProjectSpec:
    """The project with that many tasks, all regressions."""
    tasks = tuple(TaskSpec(f"t{n}", f"Task {n}", "regression", "#4C9BE8") for n in range(count))
    return replace(spec, tasks=tasks)


def losses(task: int, steps: np.ndarray) -> np.ndarray:
    """A falling, noisy loss."""
    random = np.random.default_rng(task)
    return 0.1 * (task + 1) + np.exp(-steps / 40) * (1 + 0.2 * random.standard_normal(len(steps)))


def measured(spec: ProjectSpec, first: int, count: int, missing: Sequence[str] = ()) -> StepsMeasured:
    """`count` steps from `first` (1-based); the total is the weighted sum over the tasks that are there."""
    steps = np.arange(first, first + count)
    total_weight = sum(task.loss_weight for task in spec.tasks)
    weights = {task.id: task.loss_weight / total_weight for task in spec.tasks}
    values = {task.id: losses(number, steps) for number, task in enumerate(spec.tasks)}
    there = {task: column for task, column in values.items() if task not in missing}
    total = sum(weights[task] * column for task, column in there.items())
    return StepsMeasured(
        time=START + 0.05 * (first + count - 1), step=first + count - 1, epoch=(first - 1) // PER_EPOCH,
        losses={task: tuple(map(float, there[task])) if task in there else (None,) * count for task in values},
        total=tuple(map(float, total)), weights=weights, learning_rate=0.003, seconds=0.05 * count, loading=0.001 * count,
        images=8 * count,
    )  # fmt: skip


def epoch_finished(spec: ProjectSpec, epoch: int, best: Sequence[str] = ()) -> EpochFinished:
    """The end of an epoch; the tasks in `best` have their best metric now."""
    step = epoch * PER_EPOCH
    value = 0.5 + 0.05 * epoch
    return EpochFinished(
        time=START + 0.05 * step + 0.01, step=step, epoch=epoch, epochs=spec.training.epochs,
        train_losses={task.id: 0.5 for task in spec.tasks},
        val_losses={task.id: 0.6 / epoch + 0.01 * n for n, task in enumerate(spec.tasks)},
        metrics={
            "largest": {"accuracy": value}, "count": {"mae": 1 / epoch, "rmse": 2.0}, "mask": {"mean_iou": value + 0.1},
        },
        score=1.0 / epoch, best=True, best_tasks=tuple(best), seconds=1.0, eta=1.0 * (spec.training.epochs - epoch),
    )  # fmt: skip


def started(spec: ProjectSpec, step: int = 0, time: float = START) -> RunStarted:
    """The first event."""
    return RunStarted(
        time=time, run="run", step=step, epoch=step // PER_EPOCH, epochs=spec.training.epochs,
        steps_per_epoch=PER_EPOCH, device="cpu", threads=1, precision="fp32", tasks=spec.task_ids, parameters=123456,
    )  # fmt: skip


def whole_run(spec: ProjectSpec, epochs: int = 2) -> list[Event]:
    """A run of some epochs, five steps an event."""
    events: list[Event] = [started(spec)]
    for epoch in range(1, epochs + 1):
        for first in range((epoch - 1) * PER_EPOCH + 1, epoch * PER_EPOCH + 1, 5):
            events.append(measured(spec, first, 5))
        events.append(epoch_finished(spec, epoch, spec.task_ids if epoch == 1 else ("mask",)))
        step = epoch * PER_EPOCH
        events.append(
            CheckpointWritten(time=START + 0.05 * step + 0.02, step=step, epoch=epoch, path=f"checkpoints/{step}")
        )
    return events


def gradients_measured(
    spec: ProjectSpec, step: int, cosines: Mapping[str, Mapping[tuple[int, int], float]],
    lengths: Sequence[float] | None = None, rest: float = 0.3,
) -> GradientsMeasured:  # fmt: skip
    """Gradients of these lengths, with these cosines by layer and pair of rows; `rest` between the others."""
    tasks = spec.task_ids
    sizes = np.asarray(lengths or [1.0] * len(tasks))
    products = {}
    for layer, pairs in cosines.items():
        matrix = np.full((len(tasks), len(tasks)), rest)
        np.fill_diagonal(matrix, 1.0)
        for (i, j), value in pairs.items():
            matrix[i, j] = matrix[j, i] = value
        products[layer] = tuple(tuple(map(float, line)) for line in matrix * np.outer(sizes, sizes))
    return GradientsMeasured(
        time=START + 0.05 * step, step=step, epoch=(step - 1) // PER_EPOCH, tasks=tasks,
        weights=dict.fromkeys(tasks, 1.0), products=products,
    )  # fmt: skip


def affinity_measured(spec: ProjectSpec, step: int, affinity: Sequence[Sequence[float]]) -> AffinityMeasured:
    """Z of the project's tasks."""
    return AffinityMeasured(
        time=START + 0.05 * step, step=step, epoch=(step - 1) // PER_EPOCH, tasks=spec.task_ids,
        losses=dict.fromkeys(spec.task_ids, 1.0), affinity=tuple(map(tuple, affinity)),
    )  # fmt: skip


def finished(spec: ProjectSpec, epochs: int, reason: str = "done") -> RunFinished:
    """The last event."""
    step = epochs * PER_EPOCH
    return RunFinished(time=START + 0.05 * step + 1, step=step, epoch=epochs, reason=reason, seconds=72.0)


def weights_changed(step: int, before: dict[str, float], after: dict[str, float], time: float) -> WeightsChanged:
    """λ set by hand."""
    return WeightsChanged(time=time, step=step, epoch=step // PER_EPOCH, before=before, after=after)


def record(run: RunFolder, events: Sequence[Event], status: str) -> None:
    """Writes a run as a trainer would have."""
    for event in events:
        run.record(event)
    run.log.close()
    run.update(status=status)
