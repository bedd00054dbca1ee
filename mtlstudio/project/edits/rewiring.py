"""The few ways in which all edits change the graph. They keep what must always hold (see `settled`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from mtlstudio.base.files import slug
from mtlstudio.project.edits.grouping import split_groups, tidy_groups
from mtlstudio.project.graph import CycleError, by_id, carried, incoming, lineage, order, reaches, shared_behind
from mtlstudio.project.lanes import lane_of
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output


def settled(network: NetworkSpec, all_tasks: Sequence[str]) -> NetworkSpec:
    """The network with every layer's tasks as they follow from the connections, and without double connections.

    A layer's tasks are those whose way leads through it. A dead layer (no output depends on it) keeps its own, as far
    as its sources serve them; where they serve none of them it takes theirs; a source that then has no task in common
    with it is cut off. So for every connection a → b the tasks of b that it carries are among those of a. Into the
    port of a single task only that task's way leads; such a port is cut off where the layer does not serve the task.

    A task without an output keeps its place in the layers that a dead layer of its own hangs on: what was begun for it
    stays its own when another task gets its output first.

    Groups lose layers that are gone, and vanish with the last one.
    """
    connections = tuple(dict.fromkeys(network.connections))
    network = replace(network, connections=connections, groups=tidy_groups(network))
    unfinished = frozenset(all_tasks) - {output.task for output in network.outputs}
    found = _settled(network, frozenset(all_tasks), unfinished)
    for _layer in network.layers if unfinished else ():
        if found == network:
            break
        network, found = found, _settled(found, frozenset(all_tasks), unfinished)  # a lost task holds no more layers
    return found


def _settled(network: NetworkSpec, all_tasks: frozenset[str], unfinished: frozenset[str]) -> NetworkSpec:
    reach, before, layers = reaches(network), incoming(network), by_id(network)
    try:
        ordered = order(network)
    except CycleError:  # edits must work on it too: one of them will cut it open
        ordered = [layer.id for layer in network.layers]
    claims = _claims(ordered, layers, before, reach, unfinished) if unfinished else {}
    tasks: dict[str, frozenset[str]] = {}
    cut: set[Connection] = set()
    for layer_id in ordered:
        into = before[layer_id]
        served = {c.source: tasks.get(c.source, layers[c.source].tasks) for c in into}
        tasks[layer_id] = reach[layer_id]
        if not reach[layer_id]:
            tasks[layer_id], lost = _dead_tasks(layers[layer_id], into, served, all_tasks)
            cut |= lost
        elif claims.get(layer_id):
            tasks[layer_id] |= {task for task in claims[layer_id] if _is_served(task, into, served)}
        cut |= {c for c in into if lane_of(c.target_port) not in (None, *tasks[layer_id])}
    return replace(
        network,
        layers=tuple(_with_tasks(layer, tasks[layer.id]) for layer in network.layers),
        connections=tuple(c for c in network.connections if c not in cut) if cut else network.connections,
    )


def _claims(
    ordered: Sequence[str],
    layers: Mapping[str, LayerSpec],
    before: Mapping[str, Sequence[Connection]],
    reach: Mapping[str, frozenset[str]],
    unfinished: frozenset[str],
) -> dict[str, set[str]]:
    """For each layer those of its unfinished tasks that a dead layer behind it was begun for."""
    claims: dict[str, set[str]] = {layer_id: set() for layer_id in ordered}
    for layer_id in reversed(ordered):
        if not reach[layer_id]:
            claims[layer_id] |= layers[layer_id].tasks & unfinished
        for c in before[layer_id]:
            own = lane_of(c.source_port)
            carried_on = carried(c, frozenset(claims[layer_id])) & layers[c.source].tasks
            claims[c.source] |= carried_on if own is None else carried_on & {own}
    return claims


def _is_served(task: str, into: Sequence[Connection], served: Mapping[str, frozenset[str]]) -> bool:
    """Whether a task's way can come through all the connections into a layer that carry it; an input has none."""
    ways = [c for c in into if lane_of(c.target_port) in (None, task)]
    fits = all(task in served[c.source] and lane_of(c.source_port) in (None, task) for c in ways)
    return fits and (bool(ways) or not into)


def _dead_tasks(
    layer: LayerSpec, into: Sequence[Connection], served: Mapping[str, frozenset[str]], all_tasks: frozenset[str]
) -> tuple[frozenset[str], set[Connection]]:
    """The tasks of a layer that leads to no output, and the connections into it that come from other tasks' layers."""
    offered, cut = all_tasks, set[Connection]()
    for connection in into:
        given, own = served[connection.source], lane_of(connection.source_port)
        given = given if own is None else given & {own}
        lane_task = lane_of(connection.target_port)
        if lane_task is not None:
            if lane_task not in given:
                cut.add(connection)
        elif offered & given or not offered:
            offered &= given
        else:
            cut.add(connection)
    return (layer.tasks & offered) or offered, cut


def split(
    network: NetworkSpec, roots: Iterable[str], parts: Sequence[frozenset[str]]
) -> tuple[NetworkSpec, dict[str, list[str]]]:
    """Gives each of the `parts` (disjoint sets of tasks) copies of the layers `roots`, and of all layers after them
    that it shares with other tasks.

    The originals keep the other tasks, inputs, ids (where none is left, the last part). Copies take their inputs from
    the same places, those of single tasks from that task's. Nothing any task computes changes, unless a root is a layer
    between tasks: its copy mixes only the tasks of the part. Dead layers after the roots are not copied, and neither are
    layers between tasks that only single tasks' ports lead to.

    Copies join the group of their original while a layer of it still serves the part; else they form a group of their
    own, of the same name.

    Returns:
        The network, not settled, and for each copied layer the ids of its copies, in the order of the parts.
    """
    roots = list(roots)
    after, reach = shared_behind(network, roots), reaches(network)
    taken = taken_ids(network)
    instances: dict[str, list[LayerSpec]] = {}
    for layer in network.layers:
        instances[layer.id] = [layer]
        if layer.id in roots or (layer.id in after and reach[layer.id]):
            instances[layer.id] = _instances(layer, parts, lineage(network, layer.id)[-1], taken)
    connections: list[Connection] = []
    for connection in network.connections:
        connections += _copied_connection(connection, instances)
    outputs: list[Output] = []
    for output in network.outputs:
        source = _serving(instances.get(output.layer, ()), frozenset({output.task}))
        outputs.append(replace(output, layer=source or output.layer))
    layers = tuple(instance for layer in network.layers for instance in instances[layer.id])
    copies = {layer_id: [copy.id for copy in found[1:]] for layer_id, found in instances.items() if len(found) > 1}
    groups = split_groups(network, instances, parts)
    return NetworkSpec(layers, tuple(connections), tuple(outputs), groups), copies


def _copied_connection(connection: Connection, instances: Mapping[str, Sequence[LayerSpec]]) -> list[Connection]:
    """The connection for each instance of its target, from the instance of its source that serves that one."""
    if connection.target not in instances:
        return [connection]
    targets, own = instances[connection.target], lane_of(connection.target_port)
    if own is not None:
        targets = [target for target in targets if own in target.tasks] or targets[:1]
    given = lane_of(connection.source_port)
    found: list[Connection] = []
    for target in targets:
        wanted = carried(connection, target.tasks) if given is None else frozenset({given})
        source = _serving(instances.get(connection.source, ()), wanted)
        found.append(replace(connection, source=source or connection.source, target=target.id))
    return found


def merge(network: NetworkSpec, into: Mapping[str, str]) -> NetworkSpec:
    """Lets one layer do the work of another that is equal to it and takes its inputs from the same places.

    What leads into the ports of single tasks leads into the same ports of the layer that stays.

    Args:
        into: id of each layer that goes -> id of the one that takes its place.

    Returns:
        The network, not settled.
    """
    connections = [
        replace(c, source=into.get(c.source, c.source), target=into.get(c.target, c.target))
        for c in network.connections
        if c.target not in into or lane_of(c.target_port) is not None
    ]
    outputs = tuple(replace(output, layer=into.get(output.layer, output.layer)) for output in network.outputs)
    return _without(replace(network, connections=tuple(connections), outputs=outputs), into)


def heal(network: NetworkSpec, layer_id: str) -> NetworkSpec:
    """Takes a layer out; what came after it is joined to its main source, after a single task's port to that task's.

    Consumers keep the place of their connection, so variadic ports keep their order. Without a source the consumers'
    connections, and the outputs it gave, go too. So does the connection to a port where its like (a layer of its type
    with its inputs) leads too: of several experts side by side one is gone, and nothing takes its place.

    Returns:
        The network, not settled.
    """
    into = [c for c in network.connections if c.target == layer_id]
    besides = _joined_by_its_like(network, layer_id)
    tasks = {layer.id: layer.tasks for layer in network.layers}
    connections: list[Connection] = []
    for connection in network.connections:
        if connection.target == layer_id:
            continue
        if connection.source != layer_id:
            connections.append(connection)
            continue
        if (connection.target, connection.target_port) in besides:
            continue
        served = carried(connection, tasks.get(connection.target, frozenset()))
        way = _way_before(into, connection.source_port, served)
        if way is not None:
            connections.append(replace(connection, source=way.source, source_port=way.source_port))
    outputs: list[Output] = []
    for output in network.outputs:
        if output.layer != layer_id:
            outputs.append(output)
            continue
        way = _way_before(into, output.port, frozenset({output.task}))
        if way is not None:
            outputs.append(replace(output, layer=way.source, port=way.source_port))
    healed = replace(network, connections=tuple(dict.fromkeys(connections)), outputs=tuple(outputs))
    return _without(healed, {layer_id})


def _joined_by_its_like(network: NetworkSpec, layer_id: str) -> set[tuple[str, str]]:
    """The input ports (layer, port) that a layer leads into beside another of its type with the very same inputs."""
    types = {layer.id: layer.type for layer in network.layers}
    before = incoming(network)

    def inputs(one: str) -> list[tuple[str, str, str]]:
        return [(c.source, c.source_port, c.target_port) for c in before[one]]

    like = {
        other
        for other, type_ in types.items()
        if other != layer_id and type_ == types[layer_id] and before[other] and inputs(other) == inputs(layer_id)
    }
    return {(c.target, c.target_port) for c in network.connections if c.source in like}


def _way_before(into: Sequence[Connection], port: str, tasks: frozenset[str]) -> Connection | None:
    """Of the connections into a layer the one that the way out of `port`, of those tasks, came through."""
    common = sorted((c for c in into if lane_of(c.target_port) is None), key=lambda c: c.target_port != "in")
    own = [c for c in into if tasks == {lane_of(c.target_port)}]
    ways = common + own if lane_of(port) is None else own + common
    return ways[0] if ways else None


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
        return replace(network, connections=tuple(connections), outputs=outputs)
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
