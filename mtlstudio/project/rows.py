"""Rows of the sharing grid: in which order the tasks stand, and which rows a layer spans."""

from __future__ import annotations

from collections.abc import Sequence

from mtlstudio.project.graph import groups
from mtlstudio.project.spec import ProjectSpec


def row_order(spec: ProjectSpec) -> list[str]:
    """An order of the tasks in which every layer spans neighbouring rows, as near to the project's own as can be.

    It exists for trees of tasks. Where groups overlap, the larger ones are kept together first. The rows of a group of
    tasks stay neighbours before all else.
    """
    nested: list[frozenset[str]] = []
    for group in [*(frozenset(group.tasks) & frozenset(spec.task_ids) for group in spec.task_groups), *groups(spec)]:
        if all(group <= other or other <= group or not group & other for other in nested):
            nested.append(group)
    return _ordered(list(spec.task_ids), nested)


def spans(spec: ProjectSpec, layer_id: str, rows: Sequence[str] | None = None) -> list[tuple[int, int]]:
    """The rows that a layer spans, as (first, last) of each unbroken piece.

    Args:
        rows: ids of the tasks from top to bottom; default: the project's order.

    Raises:
        KeyError: there is no such layer.
    """
    tasks = spec.network.layer(layer_id).tasks
    pieces: list[tuple[int, int]] = []
    for row, task_id in enumerate(spec.task_ids if rows is None else rows):
        if task_id not in tasks:
            continue
        if pieces and pieces[-1][1] == row - 1:
            pieces[-1] = (pieces[-1][0], row)
        else:
            pieces.append((row, row))
    return pieces


def _ordered(tasks: list[str], nested: list[frozenset[str]]) -> list[str]:
    """The tasks with each group in one block, which stands where its first member stood."""
    inside = [group for group in nested if group < frozenset(tasks)]
    largest = [group for group in inside if not any(group < other for other in inside)]
    placed: list[str] = []
    for task in tasks:
        if task in placed:
            continue
        group = next((group for group in largest if task in group), None)
        if group is None:
            placed.append(task)
        else:
            placed += _ordered([member for member in tasks if member in group], inside)
    return placed
