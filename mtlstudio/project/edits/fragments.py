"""Copy, paste and duplicate: layers with the connections between them, within a project and from one to another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import layer_of, only_port, refuse, served_at, task_of, with_settled
from mtlstudio.project.edits.grouping import inner_connections, new_group_id
from mtlstudio.project.edits.rewiring import new_id, place, settled, taken_ids, with_layer
from mtlstudio.project.graph import INPUT_TYPE, crossing, main_connection, order, ports_used
from mtlstudio.project.lanes import lane, lane_of
from mtlstudio.project.spec import Connection, LayerGroup, LayerSpec, NetworkSpec, Output, ProjectSpec


@dataclass(frozen=True)
class Fragment:
    """Layers that were copied, with the connections between them (`mtlstudio.project.codec` makes JSON of it).

    Attributes:
        layers: each after its sources. Their tasks are those of the project they come from.
        input_port: port of the first layer that the way comes in through.
        output_port: port of the last layer that the way goes on from.
        groups: groups of which all layers were copied.
    """

    layers: tuple[LayerSpec, ...] = ()
    connections: tuple[Connection, ...] = ()
    input_port: str = "in"
    output_port: str = "out"
    groups: tuple[LayerGroup, ...] = ()

    @property
    def starts(self) -> tuple[str, ...]:
        """Layers that nothing in the fragment leads into."""
        inner = {connection.target for connection in self.connections}
        return tuple(layer.id for layer in self.layers if layer.id not in inner)

    @property
    def ends(self) -> tuple[str, ...]:
        """Layers that nothing in the fragment comes after."""
        inner = {connection.source for connection in self.connections}
        return tuple(layer.id for layer in self.layers if layer.id not in inner)

    @property
    def lanes(self) -> tuple[str, ...]:
        """Tasks that layers between tasks in it have ports for."""
        ports = [port for c in self.connections for port in (c.source_port, c.target_port)]
        return tuple(sorted({task_id for port in ports if (task_id := lane_of(port)) is not None}))

    @property
    def is_way(self) -> bool:
        """Whether it fits on a connection: one start, one end, no layer between tasks."""
        ports = (self.input_port, self.output_port)
        return len(self.starts) == len(self.ends) == 1 and not self.lanes and not any(map(lane_of, ports))


def extract(spec: ProjectSpec, layer_ids: Collection[str]) -> Fragment:
    """Copies layers, with the connections between them and the groups that lie within. Inputs are left out.

    Raises:
        EditRefused: there are none but inputs, or one does not exist.
        CycleError: the network goes round in circles.
    """
    network = settled(spec.network, spec.task_ids)
    for layer_id in layer_ids:
        layer_of(network, layer_id)
    inputs = {layer.id for layer in network.layers if layer.type == INPUT_TYPE}
    chosen = [layer_id for layer_id in order(network) if layer_id in layer_ids and layer_id not in inputs]
    if not chosen:
        refuse(mark("Inputs cannot be copied") if layer_ids else mark("There are no layers to copy"))
    fragment = Fragment(
        tuple(network.layer(layer_id) for layer_id in chosen),
        inner_connections(network, chosen),
        groups=tuple(group for group in network.groups if set(group.layers) <= set(chosen)),
    )
    way = main_connection(network, fragment.starts[0])
    used = ports_used(network, fragment.ends[-1])
    return replace(
        fragment,
        input_port=way.target_port if way else "in",
        output_port=used[0] if used and "out" not in used else "out",
    )


def paste(spec: ProjectSpec, fragment: Fragment, at: Connection | Output) -> tuple[ProjectSpec, tuple[str, ...]]:
    """Puts copied layers on a connection, or at the end of a task's way. They serve whom the connection serves.

    Returns:
        The project and the ids of the new layers, in order.

    Raises:
        EditRefused: there is no such connection, or the layers are not one way with one start and one end.
    """
    network = settled(spec.network, spec.task_ids)
    tasks = served_at(network, at)
    _require_way(fragment)
    after = at.layer if isinstance(at, Output) else at.source
    network, ids = _added(network, fragment, {layer.id: tasks for layer in fragment.layers}, {}, after)
    first, last = ids[fragment.starts[0]], ids[fragment.ends[0]]
    # Put in as one layer, the last; then the way into it is led to the first instead.
    inner = {c for c in network.connections if c.target == last}
    network = place(network, at, last, fragment.input_port, fragment.output_port)
    into_last = next(c for c in network.connections if c.target == last and c not in inner)
    network = replace(
        network,
        connections=tuple(replace(c, target=first) if c == into_last else c for c in network.connections),
    )
    new = tuple(ids.values())
    return with_settled(spec, network, new if not fragment.groups else ()), new


def paste_loose(spec: ProjectSpec, fragment: Fragment, tasks: Collection[str]) -> tuple[ProjectSpec, tuple[str, ...]]:
    """Puts copied layers into rows, connected to nothing but one another.

    Layers whose tasks are all among `tasks` keep their rows, so that parallel parts stay parallel. Where tasks of the
    fragment are not there, its layers between tasks get the given tasks in order, and other layers all of them.

    Args:
        tasks: the rows.

    Returns:
        The project and the ids of the new layers, in order.

    Raises:
        EditRefused: there is nothing to paste, no task or an unknown one, or there are too few for the layers between
            tasks.
    """
    if not fragment.layers:
        refuse(mark("There are no layers to paste"))
    if not tasks:
        refuse(mark("A layer needs at least one task"))
    for task_id in tasks:
        task_of(spec, task_id)
    rows = [task_id for task_id in spec.task_ids if task_id in tasks]
    network = settled(spec.network, spec.task_ids)
    known = {task_id for layer in fragment.layers for task_id in layer.tasks} | set(fragment.lanes)
    into = {task_id: task_id for task_id in known} if known <= set(rows) else _lanes_into(fragment, rows)
    served = {
        layer.id: frozenset(into[task_id] for task_id in layer.tasks if task_id in into) or frozenset(rows)
        for layer in fragment.layers
    }
    network, ids = _added(network, fragment, served, into)
    return with_settled(spec, network), tuple(ids.values())


def duplicate(spec: ProjectSpec, layer_ids: Collection[str]) -> tuple[ProjectSpec, tuple[str, ...]]:
    """Puts copies of layers behind them: a way in series, a layer between tasks too; others beside, unconnected.

    Returns:
        The project and the ids of the copies, in order.

    Raises:
        EditRefused: as `extract`; or the last layer has several outputs in use.
        CycleError: the network goes round in circles.
    """
    network = settled(spec.network, spec.task_ids)
    fragment = extract(spec, layer_ids)
    last = network.layer(fragment.layers[-1].id)
    if not ports_used(network, last.id) or (not fragment.is_way and (len(fragment.layers) > 1)):
        tasks = frozenset[str]().union(*(layer.tasks for layer in fragment.layers))
        return paste_loose(spec, fragment, tasks)
    if last.id in crossing(network):
        return _duplicate_crossing(spec, network, last)
    if not fragment.is_way:
        return paste_loose(spec, fragment, last.tasks)
    port = only_port(network, last)
    fragment = replace(fragment, output_port=port)
    grown, ids = _added(network, fragment, {layer.id: last.tasks for layer in fragment.layers}, {}, last.id)
    grown = _behind(grown, network, (last.id, port), (ids[fragment.ends[0]], port))
    entering = Connection(last.id, ids[fragment.starts[0]], port, fragment.input_port)
    grown = replace(grown, connections=(*grown.connections, entering))
    new = tuple(ids.values())
    return with_settled(spec, grown, new if not fragment.groups else ()), new


def _duplicate_crossing(
    spec: ProjectSpec, network: NetworkSpec, layer: LayerSpec
) -> tuple[ProjectSpec, tuple[str, ...]]:
    copy = replace(layer, id=new_id(taken_ids(network), layer.id), origin=None)
    grown = with_layer(network, copy, layer.id)
    into = {c.target_port for c in network.connections if c.target == layer.id}
    for port in ports_used(network, layer.id):
        if port in into or lane_of(port) is None:
            grown = _behind(grown, network, (layer.id, port), (copy.id, port))
    more = [Connection(layer.id, copy.id, port, port) for port in sorted(into) if lane_of(port) is not None]
    grown = replace(grown, connections=(*grown.connections, *more))
    return with_settled(spec, grown, [copy.id]), (copy.id,)


def _behind(grown: NetworkSpec, before: NetworkSpec, old: tuple[str, str], new: tuple[str, str]) -> NetworkSpec:
    """What was connected to one (layer, port) before takes from another."""
    moved = {c for c in before.connections if (c.source, c.source_port) == old}
    return replace(
        grown,
        connections=tuple(
            replace(c, source=new[0], source_port=new[1]) if c in moved else c for c in grown.connections
        ),
        outputs=tuple(Output(o.task, *new) if (o.layer, o.port) == old else o for o in grown.outputs),
    )


def _added(
    network: NetworkSpec,
    fragment: Fragment,
    tasks: Mapping[str, frozenset[str]],
    into: Mapping[str, str],
    after: str | None = None,
) -> tuple[NetworkSpec, dict[str, str]]:
    """The network with the fragment's layers, connected to one another alone, and their new ids.

    Args:
        into: task of the fragment -> the one that takes its place in ports of single tasks.
    """
    ids: dict[str, str] = {}
    for layer in fragment.layers:
        ids[layer.id] = new_id(taken_ids(network), layer.id)
        network = with_layer(network, replace(layer, id=ids[layer.id], tasks=tasks[layer.id], origin=None), after)
        after = ids[layer.id] if after is not None else None

    def port(name: str) -> str:
        own = lane_of(name)
        return name if own is None else lane(into.get(own, own))

    connections = (
        Connection(ids[c.source], ids[c.target], port(c.source_port), port(c.target_port)) for c in fragment.connections
    )
    network = replace(network, connections=(*network.connections, *connections))
    for group in fragment.groups:
        layers = tuple(ids[layer_id] for layer_id in group.layers)
        fresh = replace(group, id=new_group_id(network, group.name), layers=layers)
        network = replace(network, groups=(*network.groups, fresh))
    return network, ids


def _lanes_into(fragment: Fragment, rows: list[str]) -> dict[str, str]:
    lanes = fragment.lanes
    if len(lanes) > len(rows):
        refuse(
            mark("The copied layers stand between {count} tasks; {given} were given"),
            mark("Choose as many rows."),
            count=len(lanes),
            given=len(rows),
        )
    return dict(zip(lanes, rows, strict=False))


def _require_way(fragment: Fragment) -> None:
    if not fragment.layers:
        refuse(mark("There are no layers to paste"))
    if not fragment.is_way:
        refuse(
            mark("Only layers that follow one another fit on a connection: one way with one start and one end"),
            mark("Paste these beside the network and connect them."),
        )
