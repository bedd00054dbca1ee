"""All task types there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtlstudio.base.rooms import by_id, declared_in
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.tasks.interface import BoundTask, TaskType


def task_types(offered_only: bool = True) -> tuple[TaskType, ...]:
    """The task types, by default those that the window offers."""
    types: tuple[TaskType, ...] = declared_in("mtlstudio.tasks", "TYPE")
    return tuple(type_ for type_ in types if type_.offered or not offered_only)


def task_type(type_id: str) -> TaskType:
    """The task type of that id. Raises KeyError where there is none."""
    type_: TaskType = by_id("mtlstudio.tasks", "TYPE", type_id)
    return type_


def bind(spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
    """A task of a project, ready for work."""
    return task_type(spec.type).bind(spec, statistics)


def bind_all(project: ProjectSpec, statistics: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, BoundTask]:
    """All tasks of a project by id, in order; `statistics` by task id."""
    return {task.id: bind(task, (statistics or {}).get(task.id)) for task in project.tasks}
