"""The few ways in which all edits change the graph. They keep what must always hold (see `settled`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from mtlstudio.base.files import slug
from mtlstudio.project.graph import CycleError, by_id, descendants, incoming, lineage, main_connection, order, reaches
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output


def settled(network: NetworkSpec, all_tasks: Sequence[str]) -> NetworkSpec:
    """The network with every layer's tasks as they follow from the connections, and without double connections.

    A layer's tasks are those whose output depends on it. A dead layer (no output depends on it) keeps its own, as far
    as its sources serve them; where they serve none of them it takes theirs; a source that then has no task in common
    with it is cut off. So for every connection a → b the tasks of b are among those of a.
    """
    connections = tuple(dict.fromkeys(network.connections))
    network = replace(network, connections=connections)
    reach, before, layers = reaches(network), incoming(network), by_id(network)
    try:
        ordered = order(network)
    except CycleError:  # edits must work on it too: one of them will cut it open
        ordered = [layer.id for layer in network.layers]
    tasks: dict[str, frozenset[str]] = {}
    cut: set[Connection] = set()
    for layer_id in ordered:
        if reach[layer_id]:
            tasks[layer_id] = reach[layer_id]
            continue
        offered = frozenset(all_tasks)
        for connection in before[layer_id]:
            common = offered & tasks.get(connection.source, layers[connection.source].tasks)
            if common or not offered:
                offered = common
            else:
                cut.add(connection)
        tasks[layer_id] = (layers[layer_id].tasks & offered) or offered
    return replace(
        network,
        layers=tuple(_with_tasks(layer, tasks[layer.id]) for layer in network.layers),
        connections=tuple(connection for connection in connections if connection not in cut),
    )


def split(
    network: NetworkSpec, roots: Iterable[str], parts: Sequence[frozenset[str]]
) -> tuple[NetworkSpec, dict[str, list[str]]]:
    """Gives each of the `parts` (disjoint sets of tasks) copies of the layers `roots`, and of all layers after them
    that it shares with other tasks.

    The originals keep the other tasks, inputs, ids (where none is left, the last part). Copies take their inputs from
    the same places. Nothing any task computes changes. Dead layers after them are not copied.

    Returns:
        The network, not settled, and for each copied layer the ids of its copies, in the order of the parts.
    """
    roots = list(roots)
    after, reach = descendants(network, roots), reaches(network)
    taken = taken_ids(network)
    instances: dict[str, list[LayerSpec]] = {}
    for layer in network.layers:
        instances[layer.id] = [layer]
        if layer.id in roots or (layer.id in after and reach[layer.id]):
            instances[layer.id] = _instances(layer, parts, lineage(network, layer.id)[-1], taken)
    connections: list[Connection] = []
    for connection in network.connections:
        if connection.target not in instances:
            connections.append(connection)
        for target in instances.get(connection.target, ()):
            source = _serving(instances.get(connection.source, ()), target.tasks)
            connections.append(replace(connection, source=source or connection.source, target=target.id))
    outputs: list[Output] = []
    for output in network.outputs:
        source = _serving(instances.get(output.layer, ()), frozenset({output.task}))
        outputs.append(replace(output, layer=source or output.layer))
    layers = tuple(instance for layer in network.layers for instance in instances[layer.id])
    copies = {layer_id: [copy.id for copy in found[1:]] for layer_id, found in instances.items() if len(found) > 1}
    return NetworkSpec(layers, tuple(connections), tuple(outputs)), copies


def merge(network: NetworkSpec, into: Mapping[str, str]) -> NetworkSpec:
    """Lets one layer do the work of another that is equal to it and takes its inputs from the same places.

    Args:
        into: id of each layer that goes -> id of the one that takes its place.

    Returns:
        The network, not settled.
    """
    connections = [
        replace(connection, source=into.get(connection.source, connection.source))
        for connection in network.connections
        if connection.target not in into
    ]
    outputs = tuple(replace(output, layer=into.get(output.layer, output.layer)) for output in network.outputs)
    return _without(NetworkSpec(network.layers, tuple(connections), outputs), into)


def heal(network: NetworkSpec, layer_id: str) -> NetworkSpec:
    """Takes a layer out; what came after it is joined to its main source.

    Consumers keep the place of their connection, so variadic ports keep their order. Without a source the consumers'
    connections, and the outputs it gave, go too.

    Returns:
        The network, not settled.
    """
    way = main_connection(network, layer_id)
    connections: list[Connection] = []
    for connection in network.connections:
        if connection.target == layer_id:
            continue
        if connection.source != layer_id:
            connections.append(connection)
        elif way is not None:
            connections.append(replace(connection, source=way.source, source_port=way.source_port))
    outputs: list[Output] = []
    for output in network.outputs:
        if output.layer != layer_id:
            outputs.append(output)
        elif way is not None:
            outputs.append(replace(output, layer=way.source, port=way.source_port))
    return _without(NetworkSpec(network.layers, tuple(dict.fromkeys(connections)), tuple(outputs)), {layer_id})


def place(
    network: NetworkSpec, at: Connection | Output, layer_id: str, input_port: str, output_port: str
) -> NetworkSpec:
    """Leads a connection, or the end of a task's way, through a layer.

    Returns:
        The network, not settled.
    """
    connections = list(network.connections)
    if isinstance(at, Output):
        connections.append(Connection(at.layer, layer_id, at.port, input_port))
        outputs = tuple(Output(at.task, layer_id, output_port) if item == at else item for item in network.outputs)
        return NetworkSpec(network.layers, tuple(connections), outputs)
    index = connections.index(at)
    connections[index : index + 1] = [
        Connection(at.source, layer_id, at.source_port, input_port),
        replace(at, source=layer_id, source_port=output_port),
    ]
    return replace(network, connections=tuple(connections))


def with_layer(network: NetworkSpec, layer: LayerSpec, after: str | None = None) -> NetworkSpec:
    """The network with one layer more, listed behind `after` or last."""
    layers = list(network.layers)
    index = next((i + 1 for i, other in enumerate(layers) if other.id == after), len(layers))
    return replace(network, layers=(*layers[:index], layer, *layers[index:]))


def _with_tasks(layer: LayerSpec, tasks: frozenset[str]) -> LayerSpec:
    return layer if layer.tasks == tasks else replace(layer, tasks=tasks)


def _instances(layer: LayerSpec, parts: Sequence[frozenset[str]], stem: str, taken: set[str]) -> list[LayerSpec]:
    """The layer with the tasks it keeps, then its copies; `taken` learns their ids."""
    kept, copies = layer.tasks, list[LayerSpec]()
    for part in parts:
        if kept & part and kept - part:
            copy_id = new_id(taken, stem)
            taken.add(copy_id)
            copies.append(replace(layer, id=copy_id, tasks=kept & part, origin=layer.id))
            kept -= part
    return [_with_tasks(layer, kept), *copies]


def _serving(instances: Sequence[LayerSpec], tasks: frozenset[str]) -> str | None:
    """Id of the instance that serves all these tasks; else of the original."""
    found = (instance.id for instance in instances if tasks <= instance.tasks)
    return next(found, instances[0].id if instances else None)


def _without(network: NetworkSpec, layer_ids: Collection[str]) -> NetworkSpec:
    """Drops layers. What was copied from them now counts as copied from what they were copied from."""
    layers = by_id(network)

    def origin(layer: LayerSpec) -> str | None:
        found = layer.origin
        while found is not None and found in layer_ids and layers[found].origin is not None:
            found = layers[found].origin
        return found

    kept = (layer for layer in network.layers if layer.id not in layer_ids)
    return replace(
        network,
        layers=tuple(
            layer if origin(layer) == layer.origin else replace(layer, origin=origin(layer)) for layer in kept
        ),
    )


def new_id(taken: Collection[str], stem: str) -> str:
    """A slug made of `stem` that is not taken: `stage4`, else `stage4_2`, `stage4_3` …"""
    return slug(stem, taken)


def taken_ids(network: NetworkSpec) -> set[str]:
    """Ids that a new layer must not take: those of layers, and those that layers were once copied from."""
    return {layer.id for layer in network.layers} | {layer.origin for layer in network.layers if layer.origin}
