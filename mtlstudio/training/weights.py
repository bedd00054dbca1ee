"""λ, the weight of each task's loss: as set, over time, changed by hand, and as used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from mtlstudio.project.spec import TaskSpec


class LossWeights:
    """The loss weights of a run.

    A weight is the task's `loss_weight`, or follows its `weight_schedule`; one set by hand replaces both for the rest
    of the run. Normalised weights are divided by their sum over *all* tasks of the project, whether or not a batch has
    targets of each; where all are 0 they stay 0.

    Args:
        tasks: of the project.
        normalise: divide by the sum.
    """

    def __init__(self, tasks: Sequence[TaskSpec], normalise: bool) -> None:
        self._tasks = tuple(tasks)
        self._normalise = normalise
        self._by_hand: dict[str, float] = {}
        self.varies = any(task.weight_schedule for task in self._tasks)

    def set(self, weights: Mapping[str, float]) -> None:
        """Sets some by hand; tasks that do not exist are left out."""
        known = {task.id for task in self._tasks}
        self._by_hand.update({task: float(value) for task, value in weights.items() if task in known})

    def as_set(self, epoch: float) -> dict[str, float]:
        """Task id -> λ before normalisation. `epoch`: finished epochs, with the share of the current one."""
        return {task.id: self._by_hand.get(task.id, _scheduled(task, epoch)) for task in self._tasks}

    def used(self, epoch: float) -> dict[str, float]:
        """Task id -> λ as the losses are multiplied with."""
        weights = self.as_set(epoch)
        total = sum(weights.values())
        if not self._normalise or total <= 0:
            return weights
        return {task: weight / total for task, weight in weights.items()}

    def state(self) -> dict[str, float]:
        """What was set by hand."""
        return dict(self._by_hand)

    def load(self, state: Mapping[str, float]) -> None:
        """Goes on from a `state`."""
        self._by_hand = {}
        self.set(state)


def _scheduled(task: TaskSpec, epoch: float) -> float:
    points = sorted(task.weight_schedule)
    if not points:
        return task.loss_weight
    if epoch <= points[0][0]:
        return points[0][1]
    for (start, low), (end, high) in pairwise(points):
        if epoch < end:
            return low + (high - low) * (epoch - start) / (end - start)
    return points[-1][1]
