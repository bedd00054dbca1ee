"""Edits of connections and outputs."""

from __future__ import annotations

from dataclasses import replace

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import layer_of, refuse, refuse_circle, task_of, with_settled
from mtlstudio.project.edits.rewiring import settled
from mtlstudio.project.graph import INPUT_TYPE
from mtlstudio.project.spec import Connection, Output, ProjectSpec


def connect(spec: ProjectSpec, connection: Connection, *, variadic: bool = False) -> ProjectSpec:
    """Connects two layers.

    Args:
        variadic: the target port takes several connections; this one comes last. Otherwise it replaces the one there.

    Raises:
        EditRefused: unknown layers, into an input, already there, a circle, or no task has both of a dead layer's
            sources.
    """
    network = settled(spec.network, spec.task_ids)
    source, target = layer_of(network, connection.source), layer_of(network, connection.target)
    if target.type == INPUT_TYPE:
        refuse(mark("“{layer}” is where the pictures come in; nothing leads into it"), layer=target.name)
    if connection in network.connections:
        refuse(mark("“{source}” and “{target}” are connected so already"), source=source.name, target=target.name)
    port = (connection.target, connection.target_port)
    kept = [c for c in network.connections if variadic or (c.target, c.target_port) != port]
    network = replace(network, connections=(*kept, connection))
    refuse_circle(network, target)
    found = with_settled(spec, network)
    if connection not in found.network.connections:
        refuse(
            mark("“{target}” would need tasks that all its sources serve; “{source}” has none in common with the rest"),
            source=source.name,
            target=target.name,
        )
    return found


def disconnect(spec: ProjectSpec, connection: Connection) -> ProjectSpec:
    """Takes a connection away.

    Raises:
        EditRefused: there is no such connection.
    """
    if connection not in spec.network.connections:
        refuse(mark("There is no such connection"))
    kept = tuple(c for c in spec.network.connections if c != connection)
    return with_settled(spec, replace(spec.network, connections=kept))


def set_output(spec: ProjectSpec, task_id: str, layer_id: str, port: str = "out") -> ProjectSpec:
    """Takes the task's output from a layer.

    Raises:
        EditRefused: there is no such task or layer.
    """
    task_of(spec, task_id)
    layer_of(spec.network, layer_id)
    kept = tuple(output for output in spec.network.outputs if output.task != task_id)
    return with_settled(spec, replace(spec.network, outputs=(*kept, Output(task_id, layer_id, port))))
