"""Where a run stands: everything but tensors that exact resume needs, as plain numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        step: finished steps; `epoch`: finished epochs; `step_in_epoch`: finished steps of the one under way.
        seconds: spent so far, over all resumes.
        sums: task id -> [Σ loss x samples, Σ samples] of the epoch under way.
        first_losses: task id -> the validation loss that later ones are divided by.
        best_score, best_step: of the best epoch so far (lower is better), or None.
        best_tasks: task id -> [main metric, step] of the epoch that was best for it.
        waited: epochs since the best one.
        epoch_seconds: of the last epochs, for the estimate of what is left; `epoch_began`: `seconds` when the epoch
            under way began.
        weights: λ set by hand.
        learning_rate: state of the schedule.
        stage: number of the stage that was begun last, from 0.
        states: task id -> its state, where that is no longer the project's.
        task_waited: task id -> epochs without gain of its main metric, of tasks with a patience of their own.
    """

    step: int = 0
    epoch: int = 0
    step_in_epoch: int = 0
    seconds: float = 0.0
    sums: dict[str, list[float]] = field(default_factory=dict)
    first_losses: dict[str, float] = field(default_factory=dict)
    best_score: float | None = None
    best_step: int | None = None
    best_tasks: dict[str, list[float]] = field(default_factory=dict)
    waited: int = 0
    epoch_seconds: float = 0.0
    epoch_began: float = 0.0
    weights: dict[str, float] = field(default_factory=dict)
    learning_rate: dict[str, float] = field(default_factory=dict)
    stage: int = -1
    states: dict[str, str] = field(default_factory=dict)
    task_waited: dict[str, int] = field(default_factory=dict)

    def as_plain(self) -> dict[str, Any]:
        """Plain numbers, for `from_plain`."""
        return asdict(self)

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Progress:
        """What `as_plain` gave."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})

    def mean_losses(self) -> dict[str, float | None]:
        """Task id -> mean training loss of the epoch under way; None where no sample had a target."""
        return {task: total / count if count else None for task, (total, count) in self.sums.items()}
