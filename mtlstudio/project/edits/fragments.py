"""Copy and paste of layers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import layer_of, only_port, refuse, with_settled
from mtlstudio.project.edits.rewiring import new_id, place, settled, taken_ids, with_layer
from mtlstudio.project.graph import INPUT_TYPE, main_connection, order
from mtlstudio.project.spec import Connection, LayerSpec, Output, ProjectSpec


@dataclass(frozen=True)
class Fragment:
    """Layers that were copied, with the connections between them (`mtlstudio.project.codec` makes JSON of it).

    Attributes:
        input_port: port of the first layer that the way comes in through.
        output_port: port of the last layer that the way goes on from.
    """

    layers: tuple[LayerSpec, ...] = ()
    connections: tuple[Connection, ...] = ()
    input_port: str = "in"
    output_port: str = "out"


def extract(spec: ProjectSpec, layer_ids: Collection[str]) -> Fragment:
    """Copies layers: in their order on the way, with the connections between them.

    Raises:
        EditRefused: there are none, one is an input, or they do not form one way with one start and one end.
    """
    network = spec.network
    for layer_id in layer_ids:
        if layer_of(network, layer_id).type == INPUT_TYPE:
            refuse(mark("Inputs cannot be copied"))
    chosen = [layer_id for layer_id in order(network) if layer_id in layer_ids]
    inner = tuple(c for c in network.connections if c.source in chosen and c.target in chosen)
    starts = [layer_id for layer_id in chosen if all(c.target != layer_id for c in inner)]
    ends = [layer_id for layer_id in chosen if all(c.source != layer_id for c in inner)]
    if len(starts) != 1 or len(ends) != 1:
        refuse(mark("Choose layers that follow one another: one way with one start and one end"))
    way = main_connection(network, starts[0])
    return Fragment(
        tuple(network.layer(layer_id) for layer_id in chosen),
        inner,
        way.target_port if way else "in",
        only_port(network, network.layer(ends[0])),
    )


def paste(spec: ProjectSpec, fragment: Fragment, at: Connection | Output) -> tuple[ProjectSpec, tuple[str, ...]]:
    """Puts copied layers on a connection, or at the end of a task's way. They serve whom the connection serves.

    Returns:
        The project and the ids of the new layers, in order.

    Raises:
        EditRefused: there is no such connection.
    """
    network = settled(spec.network, spec.task_ids)
    if not fragment.layers or at not in (*network.connections, *network.outputs):
        refuse(mark("There is no such connection"))
    tasks = frozenset({at.task}) if isinstance(at, Output) else network.layer(at.target).tasks
    ids: dict[str, str] = {}
    after = at.layer if isinstance(at, Output) else at.source
    for layer in fragment.layers:
        ids[layer.id] = new_id(taken_ids(network), layer.id)
        network = with_layer(network, replace(layer, id=ids[layer.id], tasks=tasks, origin=None), after)
        after = ids[layer.id]
    new = list(ids.values())
    # Put in as one layer, the last; then the way into it is led to the first instead.
    network = place(network, at, new[-1], fragment.input_port, fragment.output_port)
    into_last = next(c for c in network.connections if c.target == new[-1])
    network = replace(
        network,
        connections=(
            *(replace(c, target=new[0]) if c == into_last else c for c in network.connections),
            *(replace(c, source=ids[c.source], target=ids[c.target]) for c in fragment.connections),
        ),
    )
    return with_settled(spec, network), tuple(new)
