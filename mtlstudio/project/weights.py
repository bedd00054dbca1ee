"""λ, the tasks' loss weights, as they are shown and turned: as shares of 1 where the project asks for that."""

from __future__ import annotations

from collections.abc import Mapping

from mtlstudio.base.texts import mark
from mtlstudio.project.edits import set_loss_weights
from mtlstudio.project.edits.common import refuse
from mtlstudio.project.spec import ProjectSpec


def shown_weights(spec: ProjectSpec) -> dict[str, float]:
    """λ by task id as every room shows it, where they change with the epochs those of the start: divided by their sum
    where they are to sum to 1, else as set."""
    weights = {
        task.id: min(task.weight_schedule)[1] if task.weight_schedule else task.loss_weight for task in spec.tasks
    }
    total = sum(weights.values())
    if spec.training.normalise_weights and total > 0:
        return {task: weight / total for task, weight in weights.items()}
    return weights


def rebalanced(weights: Mapping[str, float], task: str, value: float, normalised: bool) -> dict[str, float]:
    """The weights after one was set.

    Where they are to sum to 1, the others share what is left in their own proportions (equally where these are lost).
    """
    if not normalised:
        return {**weights, task: value}
    value = min(1.0, max(0.0, value))
    others = {name: weight for name, weight in weights.items() if name != task}
    total = sum(others.values())
    shares = {name: weight / total if total > 0 else 1.0 / len(others) for name, weight in others.items()}
    alone = 1.0 if not others else value
    return {name: alone if name == task else (1.0 - value) * shares[name] for name in weights}


def set_shown_weight(spec: ProjectSpec, task: str, value: float) -> ProjectSpec:
    """The project after the λ that is shown of one task was set.

    Raises:
        EditRefused: no such task, no number ≥ 0, or the task's λ follows points over the epochs.
    """
    if any(item.id == task and item.weight_schedule for item in spec.tasks):
        name = spec.task(task).name
        refuse(mark("λ of {task} changes with the epochs"), mark("Its points are set under Train."), task=name)
    if not value >= 0:  # the edit itself says what is wrong with it
        return set_loss_weights(spec, {task: value})
    return set_loss_weights(spec, rebalanced(shown_weights(spec), task, value, spec.training.normalise_weights))
