"""Lanes: the ports of a layer between tasks that belong to one task each.

A cross-stitch unit has, for every task that it mixes, an input port and an output port of the name `task:<task id>`.
What leads into such a port is that task's own way, although all that leave the layer depend on it: the layers before it
stay in the task's row, and are counted and split as its own.
"""

from __future__ import annotations

_PREFIX = "task:"


def lane(task_id: str) -> str:
    """Name of the port of that task."""
    return _PREFIX + task_id


def lane_of(port: str) -> str | None:
    """Id of the task that a port belongs to; None for a port of all tasks."""
    return port.removeprefix(_PREFIX) if port.startswith(_PREFIX) else None
