"""Which metrics of a task count in comparisons."""

from __future__ import annotations

from collections.abc import Iterable

from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.interface import MetricDeclaration
from mtlstudio.tasks.registry import task_type


def counted_metrics(task: TaskSpec) -> dict[str, MetricDeclaration]:
    """Metric id -> its declaration, the main one first: those that the task names, else all that its type offers."""
    offered = {metric.id: metric for metric in task_type(task.type).metrics_offered}
    named = {metric: offered[metric] for metric in task.metrics if metric in offered}
    return named or offered


def directions(tasks: Iterable[TaskSpec]) -> dict[str, dict[str, bool]]:
    """Task id -> metric id -> whether higher is better."""
    return {
        task.id: {metric: declared.higher_is_better for metric, declared in counted_metrics(task).items()}
        for task in tasks
    }


def main_metrics(tasks: Iterable[TaskSpec]) -> dict[str, dict[str, bool]]:
    """The same of each task's main metric alone."""
    return {task: dict([next(iter(metrics.items()))]) for task, metrics in directions(tasks).items() if metrics}
