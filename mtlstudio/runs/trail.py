"""A run epoch by epoch: what each epoch measured, and which of its checkpoints lie on the disk. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from mtlstudio.runs.events import EpochFinished, RunStarted
from mtlstudio.runs.folder import RunFolder

_SKIPPED = ("steps_measured", "preview_taken", "checkpoint_written")


@dataclass(frozen=True)
class Trail:
    """The epochs of a run.

    Attributes:
        epochs: those that count, oldest first.
        kept: step -> tags of the checkpoints that lie on the disk.
    """

    run: RunFolder
    name: str
    epochs: tuple[EpochFinished, ...]
    kept: dict[int, tuple[str, ...]]

    def value(self, epoch: EpochFinished, task: str, metric: str) -> float | None:
        """What an epoch measured on validation."""
        return epoch.metrics.get(task, {}).get(metric)


def read_trail(run: RunFolder) -> Trail:
    """The epochs of a run; where it was resumed at an earlier step, what came after that step does not count.

    Raises:
        StudioError: its files are damaged.
    """
    epochs: list[EpochFinished] = []
    for event in run.events(_SKIPPED):
        if isinstance(event, RunStarted):
            epochs = [one for one in epochs if one.step <= event.step]
        elif isinstance(event, EpochFinished):
            epochs.append(event)
    kept = {one.step: one.tags for one in run.checkpoints()}
    return Trail(run, run.info().name, tuple(epochs), kept)
