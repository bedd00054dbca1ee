"""Edits of layers: put in, take out, move."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import (
    layer_of,
    names,
    new_layer,
    only_port,
    refuse,
    refuse_circle,
    served_at,
    task_of,
    with_settled,
)
from mtlstudio.project.edits.rewiring import heal, place, settled, with_layer
from mtlstudio.project.graph import INPUT_TYPE, carried, crossing, main_connection, reaches
from mtlstudio.project.lanes import lane, lane_of
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec


def insert_on_connection(
    spec: ProjectSpec,
    at: Connection | Output,
    layer_type: str,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    tasks: Collection[str] | None = None,
    *,
    input_port: str = "in",
    output_port: str = "out",
) -> tuple[ProjectSpec, str]:
    """Puts a new layer on a connection, or at the end of a task's way (`at` is its Output).

    Args:
        tasks: who shall share it; default and only possibility: the tasks of the connection's target. Given by a
            drop into one row, so that a drop on a shared part is refused with a sentence that says so.
        input_port, output_port: the new layer's ports that the way goes through.

    Returns:
        The project and the new layer's id.

    Raises:
        EditRefused: no such connection, or it leads to a layer that other tasks share.
    """
    network = settled(spec.network, spec.task_ids)
    served = served_at(network, at)
    if tasks is not None and frozenset(tasks) != served:
        _refuse_part(spec, network, at, frozenset(tasks), served)
    layer = new_layer(network, layer_type, name, parameters, served)
    source = at.layer if isinstance(at, Output) else at.source
    network = place(with_layer(network, layer, source), at, layer.id, input_port, output_port)
    return with_settled(spec, network, [layer.id]), layer.id


def insert_after(
    spec: ProjectSpec,
    layer_id: str,
    layer_type: str,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    tasks: Collection[str] | None = None,
    *,
    port: str | None = None,
    input_port: str = "in",
    output_port: str = "out",
) -> tuple[ProjectSpec, str]:
    """Puts a new layer behind another, on the ways of some of its tasks (default: of all); skips go through it too.

    Args:
        tasks: whose ways go through the new layer; the others go on as before.
        port: the output port it is put on; may be left out where only one is in use.

    Returns:
        The project and the new layer's id.

    Raises:
        EditRefused: a layer behind it is shared by some of the tasks and others; or the port is not clear.
    """
    network = settled(spec.network, spec.task_ids)
    source = layer_of(network, layer_id)
    between = layer_id in crossing(network)
    if port is None and between and len(source.tasks) == 1:
        port = lane(min(source.tasks))
    port = port or only_port(network, source)
    owner = lane_of(port)
    offered = source.tasks if owner is None else source.tasks & {owner}
    wanted = offered if tasks is None else frozenset(tasks)
    if not wanted <= offered or not wanted:
        refuse(mark("“{layer}” does not serve {tasks}"), layer=source.name, tasks=names(spec, wanted - offered) or "—")
    moved = _consumers(spec, network, (layer_id, port), wanted)
    layer = new_layer(network, layer_type, name, parameters, wanted)
    network = with_layer(network, layer, layer_id)
    network = replace(
        network,
        connections=(
            *(replace(c, source=layer.id, source_port=output_port) if c in moved else c for c in network.connections),
            Connection(layer_id, layer.id, port, input_port),
        ),
        outputs=tuple(
            Output(o.task, layer.id, output_port) if (o.layer, o.port) == (layer_id, port) and o.task in wanted else o
            for o in network.outputs
        ),
    )
    return with_settled(spec, network, [layer.id]), layer.id


def add_layer(
    spec: ProjectSpec, layer_type: str, name: str, parameters: Mapping[str, Any] | None, tasks: Collection[str]
) -> tuple[ProjectSpec, str]:
    """Adds a layer that nothing is connected to yet, in the rows of `tasks`.

    Raises:
        EditRefused: no task is given, or an unknown one.
    """
    if not tasks:
        refuse(mark("A layer needs at least one task"))
    for task_id in tasks:
        task_of(spec, task_id)
    network = settled(spec.network, spec.task_ids)
    layer = new_layer(network, layer_type, name, parameters, frozenset(tasks))
    return with_settled(spec, with_layer(network, layer)), layer.id


def delete_layers(spec: ProjectSpec, layer_ids: Collection[str]) -> ProjectSpec:
    """Takes layers out and joins what came after each to its main source; a task's output moves there too.

    Raises:
        EditRefused: one of them is an input of the project, or does not exist.
    """
    network = spec.network
    for layer_id in dict.fromkeys(layer_ids):
        layer = layer_of(network, layer_id)
        if layer.type == INPUT_TYPE and not _is_spare(spec, network, layer):
            refuse(mark("“{layer}” is where the pictures come in; it cannot be deleted"), layer=layer.name)
        network = heal(network, layer_id)
    return with_settled(spec, network)


def move_layer(spec: ProjectSpec, layer_id: str, at: Connection | Output) -> ProjectSpec:
    """Takes a layer out of its place, heals that, and puts it on another connection. Its side inputs stay connected.

    Raises:
        EditRefused: it is an input or stands between tasks, nothing leads through it, or the new place depends on itself
            through it.
    """
    network = settled(spec.network, spec.task_ids)
    layer = layer_of(network, layer_id)
    served_at(network, at)
    way = main_connection(network, layer_id)
    if layer.type == INPUT_TYPE or way is None:
        refuse(mark("“{layer}” has nothing before it and cannot be moved"), layer=layer.name)
    if layer_id in ((at.layer,) if isinstance(at, Output) else (at.source, at.target)):
        return spec
    if layer_id in crossing(network) or lane_of(way.target_port) is not None:
        refuse(
            mark("“{layer}” stands between tasks and cannot be moved as a whole"),
            mark("Delete it, and put it in at its new place."),
            layer=layer.name,
        )
    port = only_port(network, layer)
    side = [c for c in network.connections if c.target == layer_id and c != way]
    network = with_layer(heal(network, layer_id), layer, at.layer if isinstance(at, Output) else at.source)
    network = replace(network, connections=(*network.connections, *side))
    network = place(network, at, layer_id, way.target_port, port)
    refuse_circle(network, layer)
    return with_settled(spec, network, [layer_id])


def shift_layer(spec: ProjectSpec, layer_id: str, steps: int) -> ProjectSpec:
    """Swaps a layer with the one after it (`steps` 1) or before it (−1) on its way; one between tasks on each of them.

    Raises:
        EditRefused: there is none, or the ways of tasks part between the two.
    """
    if abs(steps) != 1:
        raise ValueError(steps)
    network = settled(spec.network, spec.task_ids)
    layer = layer_of(network, layer_id)
    lanes = _lane_ways(network, layer_id, steps) if layer_id in crossing(network) else {}
    if lanes:
        for task_id in lanes:
            spec = _swap(spec, network, _lane_ways(network, layer_id, steps)[task_id])
            network = spec.network
        return spec
    if steps < 0:
        way = main_connection(network, layer_id)
        if way is None or network.layer(way.source).type == INPUT_TYPE:
            refuse(mark("Nothing before “{layer}” can be swapped with it"), layer=layer.name)
        return _swap(spec, network, way)
    after = [c for c in network.connections if c.source == layer_id]
    if not after:
        refuse(mark("Nothing comes after “{layer}”"), layer=layer.name)
    return _swap(spec, network, after[0])


def _consumers(
    spec: ProjectSpec, network: NetworkSpec, start: tuple[str, str], wanted: frozenset[str]
) -> list[Connection]:
    """The connections from a layer's port that serve these tasks alone; refuses where one serves others too."""
    found, reach = [], reaches(network)
    for connection in network.connections:
        if (connection.source, connection.source_port) != start:
            continue
        served = carried(connection, network.layer(connection.target).tasks)
        if served <= wanted:
            found.append(connection)
        elif served & wanted and reach[connection.target]:
            _refuse_part(spec, network, connection, wanted, served)
    return found


def _refuse_part(
    spec: ProjectSpec, network: NetworkSpec, at: Connection | Output, wanted: frozenset[str], served: frozenset[str]
) -> NoReturn:
    if isinstance(at, Output) or not wanted & served:
        refuse(
            mark("Only {served} goes this way, not {wanted}"), served=names(spec, served), wanted=names(spec, wanted)
        )
    refuse(
        mark("“{layer}” is shared by {served}: a layer before it serves them all"),
        mark("Share it among all of them, or drop it where {wanted} goes its own way."),
        layer=network.layer(at.target).name,
        served=names(spec, served),
        wanted=names(spec, wanted & served),
    )


def _is_spare(spec: ProjectSpec, network: NetworkSpec, layer: LayerSpec) -> bool:
    """Whether an input layer can go: no output depends on it, and it is not the last, or reads no input there is."""
    unknown = layer.parameters.get("input") not in [item.id for item in spec.inputs]
    last = all(other == layer or other.type != INPUT_TYPE for other in network.layers)
    return not reaches(network)[layer.id] and (unknown or not last)


def _lane_ways(network: NetworkSpec, layer_id: str, steps: int) -> dict[str, Connection]:
    """For each task the connection into its port of a layer between tasks (`steps` −1), or the first out of it (1)."""
    found: dict[str, Connection] = {}
    for connection in network.connections:
        here, port = (
            (connection.target, connection.target_port)
            if steps < 0
            else (connection.source, connection.source_port)
        )  # fmt: skip
        own = lane_of(port)
        if here == layer_id and own is not None:
            found.setdefault(own, connection)
    return found


def _swap(spec: ProjectSpec, network: NetworkSpec, between: Connection) -> ProjectSpec:
    """p → first → second → rest becomes p → second → first → rest; through a layer between tasks in one lane."""
    first, second = network.layer(between.source), network.layer(between.target)
    own = lane_of(between.target_port) or lane_of(between.source_port) or ""
    before = main_connection(network, first.id, own)
    if before is None or main_connection(network, second.id, own) != between:
        refuse(mark("“{second}” does not follow “{first}”"), first=first.name, second=second.name)
    crossed = crossing(network) & {first.id, second.id}
    if len(crossed) == 2 or (own and not crossed):
        refuse(mark("“{first}” and “{second}” cannot be swapped"), first=first.name, second=second.name)
    given = lane(own) if first.id in crossed else None
    leaving = [c for c in network.connections if c.source == first.id and given in (None, c.source_port)]
    ends = [o for o in network.outputs if o.layer == first.id and given in (None, o.port)]
    if len(leaving) > 1 or ends:
        refuse(
            mark("Several ways leave “{first}”; it cannot be swapped with “{second}”"),
            first=first.name,
            second=second.name,
        )
    port = lane(own) if second.id in crossed else only_port(network, second)
    connections: list[Connection] = []
    for connection in network.connections:
        if connection == before:
            connections.append(Connection(before.source, second.id, before.source_port, between.target_port))
        elif connection == between:
            connections.append(Connection(second.id, first.id, port, before.target_port))
        elif connection.source == second.id and (second.id not in crossed or connection.source_port == port):
            connections.append(replace(connection, source=first.id, source_port=between.source_port))
        else:
            connections.append(connection)
    outputs = tuple(
        Output(output.task, first.id, between.source_port)
        if output.layer == second.id and (second.id not in crossed or output.port == port)
        else output
        for output in network.outputs
    )
    return with_settled(spec, replace(network, connections=tuple(connections), outputs=outputs))
