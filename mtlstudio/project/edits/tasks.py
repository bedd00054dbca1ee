"""Edits of tasks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from mtlstudio.base.files import slug
from mtlstudio.base.frozen import freeze
from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import checked_name, layer_of, new_layer, refuse, task_of, with_settled
from mtlstudio.project.edits.rewiring import settled, with_layer
from mtlstudio.project.edits.stages import tidy_stages
from mtlstudio.project.edits.task_groups import with_task_groups
from mtlstudio.project.graph import INPUT_TYPE, dead
from mtlstudio.project.spec import Connection, Output, ProjectSpec, TaskSpec
from mtlstudio.project.stages import TASK_STATES

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def add_task(spec: ProjectSpec, task: TaskSpec, row: int | None = None) -> ProjectSpec:
    """Adds a task, without a network (see `attach_head`), at a row or last; between rows of a group it joins that.

    Raises:
        EditRefused: its id is taken or no slug, or something in it is out of bounds.
    """
    if task.id in spec.task_ids:
        refuse(mark("There is a task {task!r} already"), task=task.id)
    if slug(task.id) != task.id:
        refuse(mark("{task!r} is no id: small letters, digits and _ are allowed"), task=task.id)
    check_task(task)
    tasks = list(spec.tasks)
    tasks.insert(len(tasks) if row is None else row, task)
    spec = with_task_groups(spec, tasks, spec.task_groups, task.id)
    return with_settled(spec, spec.network)


def remove_task(spec: ProjectSpec, task_id: str) -> ProjectSpec:
    """Removes a task, its own layers, and what data sets and settings say of it. Shared layers stay for the others.

    Raises:
        EditRefused: there is no such task.
    """
    task_of(spec, task_id)
    network = spec.network
    dead_before = set(dead(network))
    kept = replace(network, outputs=tuple(output for output in network.outputs if output.task != task_id))
    gone = {layer_id for layer_id in dead(kept) if layer_id not in dead_before}
    gone |= {layer.id for layer in network.layers if layer.tasks == {task_id} and layer.id in dead_before}
    gone -= {layer.id for layer in network.layers if layer.type == INPUT_TYPE}
    network = replace(
        kept,
        layers=tuple(replace(layer, tasks=layer.tasks - {task_id}) for layer in kept.layers if layer.id not in gone),
        connections=tuple(c for c in kept.connections if c.source not in gone and c.target not in gone),
    )
    training = spec.training
    if training.best.startswith(f"{task_id}."):
        training = replace(training, best="loss")
    spec = with_task_groups(spec, (task for task in spec.tasks if task.id != task_id), spec.task_groups)
    spec = replace(
        spec,
        datasets=tuple(replace(dataset, targets=dataset.targets.without(task_id)) for dataset in spec.datasets),
        training=training,
    )
    return tidy_stages(with_settled(spec, network))


def rename_task(spec: ProjectSpec, task_id: str, name: str) -> ProjectSpec:
    """Gives a task another name; its id stays.

    Raises:
        EditRefused: the name is empty.
    """
    return set_task(spec, task_id, name=name.strip())


def set_task(spec: ProjectSpec, task_id: str, **changes: Any) -> ProjectSpec:
    """Changes fields of a task (`TaskSpec`), all but its id.

    Raises:
        EditRefused: there is no such task or field, or a value is out of bounds.
    """
    task = task_of(spec, task_id)
    known = [field.name for field in fields(TaskSpec) if field.name != "id"]
    for name in changes:
        if name not in known:
            refuse(mark("A task has no {field!r}"), mark("Known: {known}."), field=name, known=", ".join(known))
    changed = replace(task, **{name: freeze(value) for name, value in changes.items()})
    check_task(changed)
    return replace(spec, tasks=tuple(changed if other.id == task_id else other for other in spec.tasks))


def set_loss_weights(spec: ProjectSpec, weights: Mapping[str, float]) -> ProjectSpec:
    """Sets λ of several tasks at once.

    Raises:
        EditRefused: there is no such task, or a weight is negative or no number.
    """
    for task_id, weight in weights.items():
        spec = set_task(spec, task_id, loss_weight=float(weight))
    return spec


def move_task(spec: ProjectSpec, task_id: str, row: int) -> ProjectSpec:
    """Moves a task to another row (beyond the last: to the last).

    Out of the rows of its group it leaves that; between two of another group's rows it joins that.
    """
    task = task_of(spec, task_id)
    tasks = [other for other in spec.tasks if other.id != task_id]
    tasks.insert(max(row, 0), task)
    return with_task_groups(spec, tasks, spec.task_groups, task_id)


def attach_head(
    spec: ProjectSpec,
    task_id: str,
    source: str,
    layers: Sequence[tuple[str, str, Mapping[str, Any]]],
    source_port: str = "out",
) -> tuple[ProjectSpec, tuple[str, ...]]:
    """Gives a task without an output one: a chain of new layers behind a layer.

    Args:
        source: id of the layer that the chain starts from; all it depends on serves the task too from now on.
        layers: (layer type, name, parameters) of each layer; none: the source itself gives the output.

    Returns:
        The project and the ids of the new layers.

    Raises:
        EditRefused: no such task or layer, or the task has an output already.
    """
    task = task_of(spec, task_id)
    network = settled(spec.network, spec.task_ids)
    layer_of(network, source)
    if network.output_of(task_id) is not None:
        refuse(mark("“{task}” has an output already"), task=task.name)
    ids: list[str] = []
    port = source_port
    for layer_type, name, parameters in layers:
        layer = new_layer(network, layer_type, name, parameters, frozenset({task_id}))
        layer_id = layer.id
        network = with_layer(network, layer)
        network = replace(network, connections=(*network.connections, Connection(source, layer_id, port)))
        source, port = layer_id, "out"
        ids.append(layer_id)
    network = replace(network, outputs=(*network.outputs, Output(task_id, source, port)))
    return with_settled(spec, network), tuple(ids)


def check_task(task: TaskSpec) -> None:
    """Raises EditRefused where a field of the task is out of bounds."""
    checked_name(task.name)
    if not _COLOUR.fullmatch(task.colour):
        refuse(mark("{colour!r} is no colour like #4C9BE8"), colour=task.colour)
    if not math.isfinite(task.loss_weight) or task.loss_weight < 0:
        refuse(mark("A loss weight must be a number ≥ 0, not {value}"), value=task.loss_weight)
    if task.state not in TASK_STATES:
        refuse(
            mark("A task cannot be {state!r}"), mark("Known: {known}."), state=task.state, known=", ".join(TASK_STATES)
        )
    if task.patience is not None and task.patience < 1:
        refuse(mark("A task cannot rest after {patience} epochs"), patience=task.patience)
