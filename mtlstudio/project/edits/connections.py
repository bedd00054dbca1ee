"""Edits of connections and outputs."""

from __future__ import annotations

from dataclasses import replace as with_changes

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import layer_of, named, refuse, refuse_circle, task_of, with_settled
from mtlstudio.project.edits.rewiring import settled
from mtlstudio.project.graph import INPUT_TYPE
from mtlstudio.project.lanes import lane_of
from mtlstudio.project.spec import Connection, LayerSpec, Output, ProjectSpec


def connect(spec: ProjectSpec, connection: Connection, *, variadic: bool = False, replace: bool = False) -> ProjectSpec:
    """Connects two layers.

    Args:
        variadic: the target port takes several connections; this one comes last.
        replace: where something leads into a port that takes one, this takes its place. Otherwise that is refused.

    Raises:
        EditRefused: unknown layers, into an input, already there, the port is taken, a circle; no task has both of a
            dead layer's sources; or a port of a single task is meant for another.
    """
    network = settled(spec.network, spec.task_ids)
    source, target = layer_of(network, connection.source), layer_of(network, connection.target)
    if target.type == INPUT_TYPE:
        refuse(mark("“{layer}” is where the pictures come in; nothing leads into it"), layer=target.name)
    if connection in network.connections:
        refuse(mark("“{source}” and “{target}” are connected so already"), source=source.name, target=target.name)
    _refuse_lane(spec, connection, source, target)
    port = (connection.target, connection.target_port)
    there = [] if variadic else [c for c in network.connections if (c.target, c.target_port) == port]
    if there and not replace:
        refuse(
            mark("“{source}” leads into “{target}” there already, and only one can"),
            mark("Remove that connection first, or join the two with a layer that adds or concatenates."),
            source=", ".join(
                network.layer(c.source).name for c in there if any(c.source == i.id for i in network.layers)
            ),
            target=target.name,
        )
    kept = [c for c in network.connections if c not in there]
    network = with_changes(network, connections=(*kept, connection))
    refuse_circle(network, target)
    found = with_settled(spec, network)
    if connection not in found.network.connections:
        refuse(
            mark("“{target}” would need tasks that all its sources serve; “{source}” has none in common with the rest"),
            source=source.name,
            target=target.name,
        )
    return found


def _refuse_lane(spec: ProjectSpec, connection: Connection, source: LayerSpec, target: LayerSpec) -> None:
    into, out_of = lane_of(connection.target_port), lane_of(connection.source_port)
    if into is not None and into not in target.tasks:
        refuse(
            mark("“{target}” does not serve {task}, so it has no port for it"),
            mark("Lead the task's way through it: drop it on one of the task's connections."),
            target=target.name,
            task=named(spec, into),
        )
    if out_of is not None and into not in (None, out_of):
        refuse(
            mark("What leaves “{source}” there belongs to {owner}, and the port of “{target}” to {task}"),
            source=source.name,
            target=target.name,
            owner=named(spec, out_of),
            task=named(spec, into),
        )


def disconnect(spec: ProjectSpec, connection: Connection) -> ProjectSpec:
    """Takes a connection away.

    Raises:
        EditRefused: there is no such connection.
    """
    if connection not in spec.network.connections:
        refuse(mark("There is no such connection"))
    kept = tuple(c for c in spec.network.connections if c != connection)
    return with_settled(spec, with_changes(spec.network, connections=kept))


def set_output(spec: ProjectSpec, task_id: str, layer_id: str, port: str = "out") -> ProjectSpec:
    """Takes the task's output from a layer.

    Raises:
        EditRefused: there is no such task or layer.
    """
    task_of(spec, task_id)
    layer_of(spec.network, layer_id)
    kept = tuple(output for output in spec.network.outputs if output.task != task_id)
    return with_settled(spec, with_changes(spec.network, outputs=(*kept, Output(task_id, layer_id, port))))
