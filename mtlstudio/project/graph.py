"""Questions about a network as a graph. Pure; connections to layers that do not exist are passed over."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.lanes import carries, lane_of
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, ProjectSpec

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


def _reached(network: NetworkSpec, lanes: bool) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {layer.id: set() for layer in network.layers}
    before = incoming(network)
    everywhere = {key: [c.source for c in value] for key, value in before.items()}
    laned = {key for key, value in before.items() if lanes and any(lane_of(c.target_port) for c in value)}
    for output in network.outputs:
        if output.layer not in found:
            continue
        following: Mapping[str, Collection[str]] = everywhere
        if laned:
            own = {key: [c.source for c in before[key] if carries(c.target_port, output.task)] for key in laned}
            following = everywhere | own
        for layer_id in {output.layer, *_closure(output.layer, following)}:
            found[layer_id].add(output.task)
    return {layer_id: frozenset(tasks) for layer_id, tasks in found.items()}


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

    Raises:
        CycleError: the network goes round in circles.
    """
    all_tasks = frozenset(task_ids)
    shared = {layer_id for layer_id, tasks in reaches(network).items() if all_tasks and tasks >= all_tasks}
    return [layer_id for layer_id in order(network) if layer_id in shared]


def groups(spec: ProjectSpec) -> list[frozenset[str]]:
    """The different sets of tasks that share layers: largest first, then in the order of the rows."""
    row = {task_id: index for index, task_id in enumerate(spec.task_ids)}
    found = {layer.tasks for layer in spec.network.layers if layer.tasks}
    return sorted(found, key=lambda tasks: (-len(tasks), sorted(row.get(task, len(row)) for task in tasks)))


def main_connection(network: NetworkSpec, layer_id: str) -> Connection | None:
    """The connection that a layer's way comes through: the first into port `in`, else the first; None without any."""
    into = [c for c in network.connections if c.target == layer_id]
    return next((c for c in into if c.target_port == "in"), into[0] if into else None)


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
