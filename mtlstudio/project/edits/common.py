"""The refusal of an edit, and what several edits ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.edits.grouping import placed_in_groups
from mtlstudio.project.edits.rewiring import new_id, settled, taken_ids
from mtlstudio.project.graph import INPUT_TYPE, ancestors, carried, mixed_lanes, ports_used
from mtlstudio.project.lanes import lane_of
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec


class EditRefused(StudioError):
    """An edit that makes no sense here; the sentence says why. The project stays as it was."""


def refuse(message: str, fix: str = "", /, **values: Any) -> NoReturn:
    """Raises EditRefused with a marked sentence and its values."""
    raise EditRefused(message, fix=fix, **values)


def layer_of(network: NetworkSpec, layer_id: str) -> LayerSpec:
    """The layer of that id.

    Raises:
        EditRefused: there is none.
    """
    try:
        return network.layer(layer_id)
    except KeyError:
        refuse(mark("There is no layer {layer!r}"), layer=layer_id)


def task_of(spec: ProjectSpec, task_id: str) -> TaskSpec:
    """The task of that id.

    Raises:
        EditRefused: there is none.
    """
    try:
        return spec.task(task_id)
    except KeyError:
        refuse(mark("There is no task {task!r}"), task=task_id)


def names(spec: ProjectSpec, task_ids: Iterable[str]) -> str:
    """The tasks' names in the order of the rows, for a sentence."""
    wanted = set(task_ids)
    return ", ".join(task.name for task in spec.tasks if task.id in wanted)


def with_settled(spec: ProjectSpec, network: NetworkSpec, placed: Collection[str] = ()) -> ProjectSpec:
    """The project with that network, its layers' tasks brought up to date.

    Args:
        placed: layers that were put somewhere; they belong to the group that is around them, if any.

    Raises:
        EditRefused: what a layer between tasks gives one task would be used by others.
    """
    found = placed_in_groups(settled(network, spec.task_ids), placed)
    mixed = mixed_lanes(found)
    if mixed:
        known = mixed_lanes(settled(spec.network, spec.task_ids))
        for use in mixed:
            if use not in known:
                _refuse_mixed(spec, found, use)
    return spec.with_network(found)


def _refuse_mixed(spec: ProjectSpec, network: NetworkSpec, use: Connection | Output) -> NoReturn:
    if isinstance(use, Output):
        refuse(
            mark("What leaves “{source}” there belongs to {owner} alone; it cannot be the output of {task}"),
            source=network.layer(use.layer).name,
            owner=named(spec, lane_of(use.port)),
            task=named(spec, use.task),
        )
    refuse(
        mark("“{target}” serves {tasks}, but what leaves “{source}” there belongs to {owner} alone"),
        mark("Give each task its own layer there."),
        target=network.layer(use.target).name,
        tasks=names(spec, carried(use, network.layer(use.target).tasks)),
        source=network.layer(use.source).name,
        owner=named(spec, lane_of(use.source_port)),
    )


def named(spec: ProjectSpec, task_id: str | None) -> str:
    """A task's name; its id where it is not there."""
    return names(spec, [task_id or ""]) or str(task_id)


def served_at(network: NetworkSpec, at: Connection | Output) -> frozenset[str]:
    """The tasks whose way goes through there.

    Raises:
        EditRefused: there is no such connection or output.
    """
    if isinstance(at, Output) and at in network.outputs:
        return frozenset({at.task})
    if isinstance(at, Connection) and at in network.connections:
        return carried(at, layer_of(network, at.target).tasks)
    refuse(mark("There is no such connection"))


def new_layer(
    network: NetworkSpec, layer_type: str, name: str, parameters: Mapping[str, Any] | None, tasks: frozenset[str]
) -> LayerSpec:
    """A layer with an id that is free.

    Raises:
        EditRefused: it would be an input, or the name is empty.
    """
    if layer_type == INPUT_TYPE:
        refuse(mark("Inputs are set up with the data, not added as layers"))
    shown = checked_name(name)
    layer_id = new_id(taken_ids(network), layer_stem(layer_type, shown))
    return LayerSpec(layer_id, shown, layer_type, tasks, FrozenDict(parameters))


def checked_name(name: str) -> str:
    """The name without spaces around it.

    Raises:
        EditRefused: it is empty.
    """
    if not name.strip():
        refuse(mark("A name cannot be empty"))
    return name.strip()


def layer_stem(layer_type: str, name: str) -> str:
    """What a layer's id is made from: its name, or its type where the name has no letter for an id."""
    return name if slug(name) != "item" else layer_type


def only_port(network: NetworkSpec, layer: LayerSpec) -> str:
    """The one output port of a layer that is in use; `out` where none is, or `out` among several.

    Raises:
        EditRefused: it is not clear which is meant.
    """
    used = ports_used(network, layer.id)
    if len(used) > 1 and "out" not in used:
        refuse(mark("“{layer}” has several outputs in use: choose one of its connections"), layer=layer.name)
    return used[0] if len(used) == 1 else "out"


def refuse_circle(network: NetworkSpec, layer: LayerSpec) -> None:
    """Raises EditRefused where a layer depends on itself."""
    if layer.id in ancestors(network, layer.id):
        refuse(mark("“{layer}” would depend on its own output"), layer=layer.name)
