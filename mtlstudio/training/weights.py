"""λ, the weight of each task's loss: as set, over time, changed by hand, and as used."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from mtlstudio.project.spec import TaskSpec


class LossWeights:
    """The loss weights of a run.

    A weight is the task's `loss_weight`, or follows its `weight_schedule`; one set by hand replaces both for the rest
    of the run. Normalised weights are divided by their sum over all tasks that count, whether or not a batch has
    targets of each; where all are 0 they stay 0. Where tasks take turns they are as many times larger as tasks count, so
    that a round adds up to as much as steps of all at once.

    Args:
        tasks: of the project.
        normalise: divide by the sum.
    """

    def __init__(self, tasks: Sequence[TaskSpec], normalise: bool) -> None:
        self._tasks = tuple(tasks)
        self._normalise = normalise
        self._by_hand: dict[str, float] = {}
        self._counted = {task.id for task in self._tasks}
        self._in_turn = False
        self.varies = any(task.weight_schedule for task in self._tasks)

    def set(self, weights: Mapping[str, float]) -> None:
        """Sets some by hand; tasks that do not exist are left out."""
        known = {task.id for task in self._tasks}
        self._by_hand.update({task: float(value) for task, value in weights.items() if task in known})

    def count(self, tasks: Collection[str], in_turn: bool = False) -> None:
        """Says whose losses count, and whether one at a time; the others weigh 0."""
        self._counted, self._in_turn = set(tasks), in_turn

    def as_set(self, epoch: float) -> dict[str, float]:
        """Task id -> λ before normalisation. `epoch`: finished epochs, with the share of the current one."""
        return {task.id: self._by_hand.get(task.id, _scheduled(task, epoch)) for task in self._tasks}

    def used(self, epoch: float) -> dict[str, float]:
        """Task id -> λ as the losses are multiplied with."""
        weights = {task: weight if task in self._counted else 0.0 for task, weight in self.as_set(epoch).items()}
        total = sum(weights.values())
        if not self._normalise or total <= 0:
            return weights
        turns = len(self._counted) if self._in_turn else 1
        return {task: turns * weight / total for task, weight in weights.items()}

    def told(self, epoch: float) -> dict[str, float]:
        """Task id -> λ as sliders show it: of all tasks, whether or not they count just now."""
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
