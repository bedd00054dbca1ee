"""Edits of who shares a layer. None changes what the network of any task but the named one computes, unless the layer
stands between tasks: there those that share it see one another's features."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import layer_of, names, only_port, refuse, refuse_circle, task_of, with_settled
from mtlstudio.project.edits.crossing import lane_place
from mtlstudio.project.edits.matching import Difference, Ways
from mtlstudio.project.edits.rewiring import merge, place, settled, split
from mtlstudio.project.graph import INPUT_TYPE, ancestors, carried, crossing, main_connection, reaches, shared_behind
from mtlstudio.project.lanes import lane, lane_of
from mtlstudio.project.spec import LayerSpec, NetworkSpec, ProjectSpec


def unshare(spec: ProjectSpec, layer_id: str, task_id: str) -> ProjectSpec:
    """Gives a task its own copy of a layer that it shares (`split_off` for one task).

    Raises:
        EditRefused: as `split_off`.
    """
    return split_off(spec, layer_id, {task_id})


def split_off(spec: ProjectSpec, layer_id: str, tasks: Collection[str]) -> ProjectSpec:
    """Gives some of a layer's tasks a copy that they share among themselves.

    The layer keeps its other tasks. Layers behind it that both parts share are split the same way. A copy has a new
    id, the same name and inputs, and remembers its `origin`, so that it inherits trained weights.

    Raises:
        EditRefused: it is an input; a task does not use it; or no task would be left.
    """
    return _split_into(spec, layer_id, [frozenset(tasks)])


def each_its_own(spec: ProjectSpec, layer_id: str) -> ProjectSpec:
    """Gives each of a layer's tasks its own copy; the layer itself stays with the first in the order of the rows.

    Raises:
        EditRefused: as `split_off`.
    """
    tasks = layer_of(settled(spec.network, spec.task_ids), layer_id).tasks
    rows = [task_id for task_id in spec.task_ids if task_id in tasks]
    return _split_into(spec, layer_id, [frozenset({task_id}) for task_id in rows[1:]])


def share_among(spec: ProjectSpec, layer_id: str, tasks: Collection[str]) -> ProjectSpec:
    """Lets exactly these tasks share a layer: joins those that do not yet, splits the others off.

    Tasks that are split off stay together where they share a layer further on; otherwise each gets its own copy.

    Raises:
        EditRefused: as `share` and `split_off`.
    """
    wanted = frozenset(tasks)
    if not wanted:
        refuse(mark("A layer needs at least one task"))
    for task_id in (task_id for task_id in spec.task_ids if task_id in wanted):
        spec = share(spec, layer_id, task_id)
    network = settled(spec.network, spec.task_ids)
    layer = layer_of(network, layer_id)
    for task_id in sorted(wanted - layer.tasks):
        task_of(spec, task_id)
    rest = held_together(spec, network, [layer_id], layer.tasks - wanted, shared_behind(network, layer_id))
    return _split_into(spec, layer_id, rest) if rest else spec


def share(spec: ProjectSpec, layer_id: str, task_id: str) -> ProjectSpec:
    """Lets a layer serve one task more.

    The task's way has a counterpart of the layer, of equal type and parameters, fed from the same places or from
    equal layers: then the two become one, and so do the layers before them. The layer named survives; other tasks
    that used the counterpart keep it. Or the task passes by where the layer starts: then its way is led through the
    layer (and through those before it). Whoever has the layer already is served as before.

    Through a layer between tasks the task's way is led by a port of its own, behind what corresponds on it to a source
    of the layer (`extend_crossing` names the place). What comes behind such a layer is each task's own.

    Raises:
        EditRefused: the counterpart differs (both layers and the difference are named); or there is no place where the
            task's way could be led through.
    """
    task = task_of(spec, task_id)
    network = settled(spec.network, spec.task_ids)
    layer = layer_of(network, layer_id)
    if task_id in layer.tasks:
        return spec.with_network(network)
    if not reaches(network)[layer_id]:
        refuse(mark("“{layer}” leads to no output yet: connect it first"), layer=layer.name)
    if network.output_of(task_id) is None:
        refuse(mark("“{task}” has no output yet: give it a head first"), task=task.name)
    port = lane(task_id) if layer_id in crossing(network) else only_port(network, layer)
    return with_settled(spec, _shared(spec, network, layer, task_id, port))


def held_together(
    spec: ProjectSpec, network: NetworkSpec, roots: Collection[str], tasks: frozenset[str], after: Collection[str]
) -> list[frozenset[str]]:
    """The tasks in groups that share a living layer among `after` (roots left out), in the order of the rows."""
    reach = reaches(network)
    groups = [frozenset({task_id}) for task_id in spec.task_ids if task_id in tasks]
    for layer_id in after:
        if layer_id in roots or len(reach[layer_id] & tasks) < 2:
            continue
        touched = [group for group in groups if group & reach[layer_id]]
        first = groups.index(touched[0])
        rest = [group for group in groups if group not in touched]
        groups = [*rest[:first], frozenset().union(*touched), *rest[first:]]
    return groups


def _split_into(spec: ProjectSpec, layer_id: str, parts: list[frozenset[str]]) -> ProjectSpec:
    network = settled(spec.network, spec.task_ids)
    layer, away = layer_of(network, layer_id), frozenset[str]().union(*parts)
    if layer.type == INPUT_TYPE:
        refuse(mark("“{layer}” is the same for all tasks; there is nothing to split"), layer=layer.name)
    for task_id in sorted(away - layer.tasks):
        refuse(mark("“{task}” does not use “{layer}”"), task=task_of(spec, task_id).name, layer=layer.name)
    if not away or away == layer.tasks:
        refuse(
            mark("“{layer}” is {tasks}'s own already; there is nothing to split"),
            layer=layer.name,
            tasks=names(spec, layer.tasks),
        )
    return with_settled(spec, split(network, [layer_id], parts)[0])


def _shared(spec: ProjectSpec, network: NetworkSpec, layer: LayerSpec, task_id: str, port: str) -> NetworkSpec:
    """The network, not settled, in which the layer serves the task too, and the task's way may go on from `port`."""
    joined, unlike, apart = _joined(network, layer, task_id)
    if joined is not None:
        return joined
    if unlike is not None:
        refuse(unlike.message, "" if apart else mark("Make them equal first."), **unlike.values)
    if layer.id in crossing(network):
        at = lane_place(spec, network, layer, task_id)
        network = place(network, at, layer.id, lane(task_id), lane(task_id))
        refuse_circle(network, layer)
        return network
    return _extended(spec, network, layer, task_id, port)


def _joined(network: NetworkSpec, layer: LayerSpec, task_id: str) -> tuple[NetworkSpec | None, Difference | None, bool]:
    """The network with the layer and its counterpart made one; or what keeps the likeliest counterpart from it, and
    whether that is a layer between tasks before them, so that nothing can be done."""
    unlike: Difference | None = None
    apart = False
    ways = Ways(network)
    for other_id in ways.candidates(layer.id, task_id):
        related = ways.related(layer.id, other_id)
        placed = related or ways.same_column(layer.id, other_id)
        if layer.id in ways.laned and not ways.wirings[layer.id] and not placed:
            continue  # nothing but their place tells that two layers between tasks are the same
        trial, own_id = _own(network, other_id, task_id)
        found = (ways if trial is network else Ways(trial)).match(layer.id, own_id)
        if found.difference is None:
            merged = merge(trial, {other: one for one, other in found.pairs.items()})
            if not ways.laned or layer.id not in ancestors(merged, layer.id):
                return merged, None, False
        elif found.fits or found.apart or related:
            apart = found.apart if unlike is None else apart
            unlike = unlike or found.difference
    return None, unlike, apart


def _own(network: NetworkSpec, layer_id: str, task_id: str) -> tuple[NetworkSpec, str]:
    """The network with a copy of the layer for the task alone, and the copy's id; both as they are where it is."""
    if network.layer(layer_id).tasks == {task_id}:
        return network, layer_id
    found, copies = split(network, [layer_id], [frozenset({task_id})])
    return found, copies[layer_id][0]


def _extended(spec: ProjectSpec, network: NetworkSpec, layer: LayerSpec, task_id: str, port: str) -> NetworkSpec:
    """The network in which the task's way, where it leaves the layer's source, goes through the layer."""
    task, way = spec.task(task_id), main_connection(network, layer.id)
    if way is None:
        refuse(mark("“{task}” does not use “{layer}”: connect it"), task=task.name, layer=layer.name)
    if any(output.layer == layer.id for output in network.outputs):
        refuse(
            mark("“{layer}” gives the output of {tasks}; “{task}” has no equal one"),
            layer=layer.name,
            tasks=names(spec, {output.task for output in network.outputs if output.layer == layer.id}),
            task=task.name,
        )
    source = network.layer(way.source)
    if lane_of(way.source_port) is not None:
        refuse(
            mark("“{layer}” comes after “{source}”, which gives each task features of its own"),
            layer=layer.name,
            source=source.name,
        )
    if task_id not in source.tasks:
        network = settled(_shared(spec, network, source, task_id, way.source_port), spec.task_ids)
        return _shared(spec, network, layer, task_id, port)  # now it may have a counterpart
    start = (way.source, way.source_port)
    reach = reaches(network)
    leaving = [
        c for c in network.connections if (c.source, c.source_port) == start and task_id in carried(c, reach[c.target])
    ]
    ends = [o for o in network.outputs if (o.layer, o.port) == start and o.task == task_id]
    if len(leaving) + len(ends) != 1:
        refuse(
            mark("“{task}” leaves “{source}” on {count} ways, so there is no one place for “{layer}”"),
            mark("Drop a layer on one of them instead."),
            task=task.name,
            source=source.name,
            count=len(leaving) + len(ends),
            layer=layer.name,
        )
    if ends:
        end = replace(ends[0], layer=layer.id, port=port)
        return replace(network, outputs=tuple(end if o == ends[0] else o for o in network.outputs))
    target = network.layer(leaving[0].target)
    if carried(leaving[0], target.tasks) != {task_id}:
        refuse(
            mark("“{target}”, which comes next for “{task}”, is shared by {tasks}"),
            mark("Split it first, or share “{layer}” with all of them."),
            target=target.name,
            task=task.name,
            tasks=names(spec, target.tasks),
            layer=layer.name,
        )
    through = replace(leaving[0], source=layer.id, source_port=port)
    return replace(network, connections=tuple(through if c == leaving[0] else c for c in network.connections))
