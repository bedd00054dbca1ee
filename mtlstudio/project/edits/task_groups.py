"""Edits of groups of tasks, whose rows the grid shows as one while they are folded. Their rows are neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from mtlstudio.base.files import slug
from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import checked_name, refuse, task_of
from mtlstudio.project.spec import ProjectSpec, TaskGroup, TaskSpec

MANY = 8
"""So many neighbouring tasks of one type are worth folding."""


def group_tasks(spec: ProjectSpec, task_ids: Collection[str], name: str) -> tuple[ProjectSpec, str]:
    """Makes a group of tasks, folded. They leave the groups they were in; their rows move to the first of them.

    Returns:
        The project and the group's id.

    Raises:
        EditRefused: fewer than two tasks, an unknown one, or the name is empty.
    """
    for task_id in task_ids:
        task_of(spec, task_id)
    chosen = tuple(task_id for task_id in spec.task_ids if task_id in task_ids)
    if len(chosen) < 2:
        refuse(mark("A group needs at least two tasks"))
    shown = checked_name(name)
    others = _without(spec.task_groups, chosen)
    group = TaskGroup(slug(name, {other.id for other in spec.task_groups}), shown, chosen)
    return with_task_groups(spec, spec.tasks, (*others, group)), group.id


def ungroup_tasks(spec: ProjectSpec, group_id: str) -> ProjectSpec:
    """Dissolves a group of tasks; the tasks stay where they are.

    Raises:
        EditRefused: there is no such group.
    """
    _group_of(spec, group_id)
    return replace(spec, task_groups=tuple(group for group in spec.task_groups if group.id != group_id))


def fold_tasks(spec: ProjectSpec, group_id: str, folded: bool) -> ProjectSpec:
    """Folds the rows of a group of tasks into one, or opens them.

    Raises:
        EditRefused: there is no such group.
    """
    return _changed(spec, replace(_group_of(spec, group_id), folded=folded))


def rename_task_group(spec: ProjectSpec, group_id: str, name: str) -> ProjectSpec:
    """Gives a group of tasks another name.

    Raises:
        EditRefused: there is no such group, or the name is empty.
    """
    return _changed(spec, replace(_group_of(spec, group_id), name=checked_name(name)))


def move_task_group(spec: ProjectSpec, group_id: str, row: int) -> ProjectSpec:
    """Moves the rows of a group so that the first stands at `row` among the other tasks' rows.

    It is never put between the rows of another group.

    Raises:
        EditRefused: there is no such group.
    """
    group = _group_of(spec, group_id)
    moved = [task for task in spec.tasks if task.id in group.tasks]
    others = [task for task in spec.tasks if task.id not in group.tasks]
    row = min(max(row, 0), len(others))
    while 0 < row < len(others) and _together(spec, others[row - 1].id, others[row].id):
        row += 1
    return with_task_groups(spec, (*others[:row], *moved, *others[row:]), spec.task_groups)


def suggest_task_groups(
    spec: ProjectSpec, type_names: Mapping[str, str] | None = None, least: int = MANY
) -> tuple[TaskGroup, ...]:
    """Groups that would make a long list of tasks short: neighbours of one type that are in no group yet.

    Args:
        type_names: what each task type is called; default: its id.
        least: fewer neighbours are no group.
    """
    grouped = {task_id for group in spec.task_groups for task_id in group.tasks}
    found: list[TaskGroup] = []
    taken = {group.id for group in spec.task_groups}
    for run in _runs(spec.tasks, grouped):
        if len(run) < least:
            continue
        shown = (type_names or {}).get(run[0].type, run[0].type)
        group_id = slug(run[0].type, taken)
        taken.add(group_id)
        found.append(TaskGroup(group_id, f"{shown} × {len(run)}", tuple(task.id for task in run)))
    return tuple(found)


def with_task_groups(
    spec: ProjectSpec, tasks: Iterable[TaskSpec], groups: Iterable[TaskGroup], moved: str = ""
) -> ProjectSpec:
    """The project with those tasks and groups, made sound: of known tasks, in the order of the rows, without overlap,
    none empty, and the rows of each neighbours.

    Args:
        moved: a task that was put at its row by itself: it joins the group whose rows it stands between, and leaves its
            own group where it stands apart from that.
    """
    tasks = tuple(tasks)
    rows = {task.id: row for row, task in enumerate(tasks)}
    groups = tuple(_settled(groups, rows))
    if moved in rows:
        groups = _after_move(groups, list(rows), rows[moved])
    home = {task_id: group.id for group in groups for task_id in group.tasks}
    first: dict[str, int] = {}
    for task in tasks:
        first.setdefault(home.get(task.id, ""), rows[task.id])
    ordered = sorted(tasks, key=lambda task: first[home[task.id]] if task.id in home else rows[task.id])
    return replace(spec, tasks=tuple(ordered), task_groups=groups)


def _settled(groups: Iterable[TaskGroup], rows: Mapping[str, int]) -> list[TaskGroup]:
    free = set(rows)
    found: list[TaskGroup] = []
    for group in groups:
        kept = tuple(sorted((i for i in dict.fromkeys(group.tasks) if i in free), key=rows.__getitem__))
        free.difference_update(kept)
        if kept:
            found.append(group if kept == group.tasks else replace(group, tasks=kept))
    return found


def _after_move(groups: tuple[TaskGroup, ...], rows: list[str], row: int) -> tuple[TaskGroup, ...]:
    moved = rows[row]
    home = {task_id: group.id for group in groups for task_id in group.tasks}
    near = [home.get(rows[i]) for i in (row - 1, row + 1) if 0 <= i < len(rows)]
    own = home.get(moved)
    alone = own is not None and not any(own == home.get(other) for other in rows if other != moved)
    if alone or (own is not None and own in near):
        return groups
    groups = tuple(_without(groups, (moved,)))
    if len(near) == 2 and near[0] is not None and near[0] == near[1]:
        groups = tuple(replace(g, tasks=(*g.tasks, moved)) if g.id == near[0] else g for g in groups)
    return tuple(_settled(groups, {task_id: place for place, task_id in enumerate(rows)}))


def _runs(tasks: Iterable[TaskSpec], grouped: Collection[str]) -> list[list[TaskSpec]]:
    """Neighbouring tasks of one type, those in a group left out."""
    runs: list[list[TaskSpec]] = [[]]
    for task in tasks:
        if task.id in grouped:
            runs.append([])
        elif runs[-1] and runs[-1][-1].type == task.type:
            runs[-1].append(task)
        else:
            runs.append([task])
    return [run for run in runs if run]


def _together(spec: ProjectSpec, one: str, other: str) -> bool:
    return any(one in group.tasks and other in group.tasks for group in spec.task_groups)


def _without(groups: Iterable[TaskGroup], task_ids: Collection[str]) -> list[TaskGroup]:
    kept = (replace(group, tasks=tuple(i for i in group.tasks if i not in task_ids)) for group in groups)
    return [group for group in kept if group.tasks]


def _group_of(spec: ProjectSpec, group_id: str) -> TaskGroup:
    for group in spec.task_groups:
        if group.id == group_id:
            return group
    refuse(mark("There is no group of tasks {group!r}"), group=group_id)


def _changed(spec: ProjectSpec, changed: TaskGroup) -> ProjectSpec:
    return replace(spec, task_groups=tuple(changed if g.id == changed.id else g for g in spec.task_groups))
