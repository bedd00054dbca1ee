"""Version 0, before the first release, to 1: a task's λ was called `weight`."""

from __future__ import annotations

from typing import Any


def migrate(values: dict[str, Any]) -> dict[str, Any]:
    """The JSON values of version 0 as those of version 1. What is not as version 0 had it is left for the reader."""
    tasks = values.get("tasks")
    return {**values, "tasks": [_task(task) for task in tasks]} if isinstance(tasks, list) else values


def _task(task: Any) -> Any:
    if not isinstance(task, dict) or "weight" not in task:
        return task
    return {"loss_weight" if key == "weight" else key: value for key, value in task.items()}
