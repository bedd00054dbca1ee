"""Questions about a network as a graph. Pure; connections to layers that do not exist are passed over."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.lanes import lane, lane_of
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec

INPUT_TYPE = "input"
"""The layer type through which the project's inputs enter the network."""


class CycleError(StudioError):
    """The network goes round in circles.

    Attributes:
        layers: ids of the layers on one circle, in the direction of the connections.
    """

    def __init__(self, message: str, /, *, where: str = "", fix: str = "", **values: object) -> None:
        super().__init__(message, where=where, fix=fix, **values)
        circle = values.get("circle", ())
        self.layers: tuple[str, ...] = circle if isinstance(circle, tuple) else ()


def incoming(network: NetworkSpec) -> dict[str, list[Connection]]:
    """Connections into each layer, in the order of the list."""
    found: dict[str, list[Connection]] = {layer.id: [] for layer in network.layers}
    for connection in network.connections:
        if connection.target in found and connection.source in found:
            found[connection.target].append(connection)
    return found


def outgoing(network: NetworkSpec) -> dict[str, list[Connection]]:
    """Connections out of each layer, in the order of the list."""
    found: dict[str, list[Connection]] = {layer.id: [] for layer in network.layers}
    for connection in network.connections:
        if connection.target in found and connection.source in found:
            found[connection.source].append(connection)
    return found


def order(network: NetworkSpec) -> list[str]:
    """Ids of all layers so that each comes after its sources; among free choices, in the order of the list.

    Raises:
        CycleError: there is no such order.
    """
    position = {layer.id: index for index, layer in enumerate(network.layers)}
    after = outgoing(network)
    missing = {layer_id: len(connections) for layer_id, connections in incoming(network).items()}
    ready = [position[layer_id] for layer_id, count in missing.items() if not count]
    heapq.heapify(ready)
    ordered: list[str] = []
    while ready:
        layer_id = network.layers[heapq.heappop(ready)].id
        ordered.append(layer_id)
        for connection in after[layer_id]:
            missing[connection.target] -= 1
            if not missing[connection.target]:
                heapq.heappush(ready, position[connection.target])
    if len(ordered) < len(position):
        raise _cycle(network, set(position) - set(ordered))
    return ordered


def ancestors(network: NetworkSpec, layer_ids: str | Iterable[str]) -> set[str]:
    """All layers that the given ones depend on, themselves not included (unless one depends on another)."""
    before = incoming(network)
    return _closure(layer_ids, {key: [c.source for c in value] for key, value in before.items()})


def descendants(network: NetworkSpec, layer_ids: str | Iterable[str]) -> set[str]:
    """All layers that depend on the given ones, themselves not included (unless one depends on another)."""
    after = outgoing(network)
    return _closure(layer_ids, {key: [c.target for c in value] for key, value in after.items()})


def reaches(network: NetworkSpec) -> dict[str, frozenset[str]]:
    """For each layer the tasks whose way leads through it, empty for a dead one: who shares it.

    A way goes back from the task's output along all connections but those into the ports of other tasks (lanes).
    Without layers between tasks that is the same as `influences`.
    """
    return _reached(network, lanes=True)


def influences(network: NetworkSpec) -> dict[str, frozenset[str]]:
    """For each layer the tasks whose output depends on it, also through layers between tasks: whose gradient it gets."""
    return _reached(network, lanes=False)


def carried(connection: Connection, tasks: frozenset[str]) -> frozenset[str]:
    """Those of the target's tasks whose way a connection is: into the port of one task (a lane) that one alone."""
    own = lane_of(connection.target_port)
    return tasks if own is None else tasks & {own}


def crossing(network: NetworkSpec) -> set[str]:
    """Layers between tasks: those that give something at the port of a single task (a lane)."""
    found = {c.source for c in network.connections if lane_of(c.source_port) is not None}
    return found | {output.layer for output in network.outputs if lane_of(output.port) is not None}


def laned(network: NetworkSpec) -> set[str]:
    """Layers with ports of single tasks (lanes) in use: those between tasks, and such as take something of single
    tasks but give the same to all."""
    return crossing(network) | {c.target for c in network.connections if lane_of(c.target_port) is not None}


def mixed_lanes(network: NetworkSpec) -> list[Connection | Output]:
    """What leaves the port of a single task (a lane) for layers that serve others, or as the output of another."""
    found: list[Connection | Output] = []
    tasks: dict[str, frozenset[str]] | None = None
    for connection in network.connections:
        owner = lane_of(connection.source_port)
        if owner is None:
            continue
        tasks = tasks or {layer.id: layer.tasks for layer in network.layers}
        if not carried(connection, tasks.get(connection.target, frozenset())) <= {owner}:
            found.append(connection)
    return found + [output for output in network.outputs if lane_of(output.port) not in (None, output.task)]


def shared_behind(network: NetworkSpec, layer_ids: str | Iterable[str]) -> set[str]:
    """All layers that depend on the given ones otherwise than through the port of a single task (a lane).

    They are split along with these; what a lane leads into keeps its other lanes and stays whole.
    """
    after = outgoing(network)
    joined = {key: [c.target for c in value if lane_of(c.target_port) is None] for key, value in after.items()}
    return _closure(layer_ids, joined)


def _reached(network: NetworkSpec, lanes: bool) -> dict[str, frozenset[str]]:
    """Walks back from the outputs, a set of tasks being one number; round circles until nothing changes."""
    bits = {task_id: 1 << place for place, task_id in enumerate(dict.fromkeys(o.task for o in network.outputs))}
    masks = {layer.id: 0 for layer in network.layers}
    for output in network.outputs:
        if output.layer in masks:
            masks[output.layer] |= bits[output.task]
    before = incoming(network)
    try:
        backwards, again = order(network)[::-1], False
    except CycleError:
        backwards, again = [layer.id for layer in reversed(network.layers)], True
    while _pass_back(backwards, before, masks, bits if lanes else None) and again:
        pass
    names = {mask: frozenset(task for task, bit in bits.items() if mask & bit) for mask in set(masks.values())}
    return {layer_id: names[mask] for layer_id, mask in masks.items()}


def _pass_back(
    backwards: Sequence[str],
    before: Mapping[str, Sequence[Connection]],
    masks: dict[str, int],
    bits: Mapping[str, int] | None,
) -> bool:
    """Hands each layer's tasks on to its sources, through lanes only their own; tells whether anything changed."""
    changed = False
    for layer_id in backwards:
        for connection in before[layer_id]:
            mask = masks[layer_id]
            own = lane_of(connection.target_port) if bits is not None else None
            if own is not None and bits is not None:
                mask &= bits.get(own, 0)
            if mask & ~masks[connection.source]:
                masks[connection.source] |= mask
                changed = True
    return changed


def dead(network: NetworkSpec) -> list[str]:
    """Layers that no task's output depends on, in the order of the list."""
    reach = reaches(network)
    return [layer.id for layer in network.layers if not reach[layer.id]]


def depths(network: NetworkSpec) -> dict[str, int]:
    """Longest way from a layer without sources: the column of the grid.

    Raises:
        CycleError: the network goes round in circles.
    """
    before = incoming(network)
    found: dict[str, int] = {}
    for layer_id in order(network):
        found[layer_id] = max((found[c.source] + 1 for c in before[layer_id]), default=0)
    return found


def trunk(network: NetworkSpec, task_ids: Collection[str]) -> list[str]:
    """Layers that all the given tasks share, in order; empty where there are no tasks.

    Layers between tasks, which give each task features of its own, are no part of it.

    Raises:
        CycleError: the network goes round in circles.
    """
    all_tasks, between = frozenset(task_ids), crossing(network)
    shared = {layer_id for layer_id, tasks in reaches(network).items() if all_tasks and tasks >= all_tasks}
    return [layer_id for layer_id in order(network) if layer_id in shared - between]


def groups(spec: ProjectSpec) -> list[frozenset[str]]:
    """The different sets of tasks that share layers: largest first, then in the order of the rows."""
    row = {task_id: index for index, task_id in enumerate(spec.task_ids)}
    found = {layer.tasks for layer in spec.network.layers if layer.tasks}
    return sorted(found, key=lambda tasks: (-len(tasks), sorted(row.get(task, len(row)) for task in tasks)))


def main_connection(network: NetworkSpec, layer_id: str, task_id: str = "") -> Connection | None:
    """The connection that a layer's way comes through: the first into port `in`, else the first; None without any.

    Args:
        task_id: whose way is meant; the one into that task's own port, where there is one, comes first then.
    """
    into = [c for c in network.connections if c.target == layer_id]
    wanted = [lane(task_id), "in"] if task_id else ["in"]
    found = (c for port in wanted for c in into if c.target_port == port)
    return next(found, into[0] if into else None)


def ports_used(network: NetworkSpec, layer_id: str) -> list[str]:
    """Output ports of a layer that something is connected to, in the order of first use."""
    used = [c.source_port for c in network.connections if c.source == layer_id]
    used += [output.port for output in network.outputs if output.layer == layer_id]
    return list(dict.fromkeys(used))


def lineage(network: NetworkSpec, layer_id: str) -> list[str]:
    """Ids whose trained weights a layer may inherit, nearest first: itself, what it was copied from, and so on.

    The last ones may have left the network; a checkpoint may still hold them.
    """
    origins = {layer.id: layer.origin for layer in network.layers}
    found: list[str] = []
    current: str | None = layer_id
    while current is not None and current not in found:
        found.append(current)
        current = origins.get(current)
    return found


def by_id(network: NetworkSpec) -> dict[str, LayerSpec]:
    """All layers by id."""
    return {layer.id: layer for layer in network.layers}


def _closure(start: str | Iterable[str], following: Mapping[str, Collection[str]]) -> set[str]:
    """All that can be reached in one step or more."""
    found: set[str] = set()
    waiting = [start] if isinstance(start, str) else list(start)
    while waiting:
        for layer_id in following.get(waiting.pop(), ()):
            if layer_id not in found:
                found.add(layer_id)
                waiting.append(layer_id)
    return found


def _cycle(network: NetworkSpec, among: set[str]) -> CycleError:
    """Names one circle: walking up the sources within what has no order must come back."""
    before = incoming(network)
    current = next(layer.id for layer in network.layers if layer.id in among)
    way: list[str] = []
    while current not in way:
        way.append(current)
        current = next(c.source for c in before[current] if c.source in among)
    circle = tuple(reversed(way[way.index(current) :]))
    return CycleError(
        mark("These layers go round in a circle: {layers}"),
        fix=mark("Remove one of the connections between them."),
        layers=" → ".join([*circle, circle[0]]),
        circle=circle,
    )
