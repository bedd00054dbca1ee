"""Edits of layers between tasks: one layer over the ways of several, with a port (lane) for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import (
    layer_of,
    named,
    names,
    new_layer,
    refuse,
    refuse_circle,
    served_at,
    task_of,
    with_settled,
)
from mtlstudio.project.edits.matching import Ways
from mtlstudio.project.edits.rewiring import place, settled, with_layer
from mtlstudio.project.graph import carried, crossing, main_connection, reaches
from mtlstudio.project.lanes import lane, lane_of
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec


def insert_crossing(
    spec: ProjectSpec,
    layer_type: str,
    name: str,
    ways: Mapping[str, Connection | Output],
    parameters: Mapping[str, Any] | None = None,
) -> tuple[ProjectSpec, str]:
    """Puts one layer between tasks over the ways of several.

    Args:
        ways: for each task the place of its own way: a connection, or the end of the way (its Output).

    Returns:
        The project and the new layer's id.

    Raises:
        EditRefused: fewer than two tasks; no such place; a place that is another task's or shared by several; or a way
            would depend on itself through the layer.
    """
    network = settled(spec.network, spec.task_ids)
    rows = [task_id for task_id in spec.task_ids if task_id in ways]
    for task_id in sorted(ways):
        task_of(spec, task_id)
    if len(rows) < 2:
        refuse(mark("A layer between tasks needs the ways of at least two"))
    for task_id in rows:
        _require_own(spec, network, task_id, ways[task_id])
    layer = new_layer(network, layer_type, name, parameters, frozenset(rows))
    sources = {_source(at) for at in ways.values()}
    network = with_layer(network, layer, next(i.id for i in reversed(network.layers) if i.id in sources))
    for task_id in rows:
        network = place(network, ways[task_id], layer.id, lane(task_id), lane(task_id))
    refuse_circle(network, layer)
    return with_settled(spec, network, [layer.id]), layer.id


def extend_crossing(spec: ProjectSpec, layer_id: str, task_id: str, at: Connection | Output) -> ProjectSpec:
    """Leads the way of one task more through a layer between tasks.

    Args:
        at: the place of the task's own way.

    Raises:
        EditRefused: it is no layer between tasks, serves the task already or leads to no output; or as
            `insert_crossing`.
    """
    network = settled(spec.network, spec.task_ids)
    layer, task = layer_of(network, layer_id), task_of(spec, task_id)
    if layer_id not in crossing(network):
        refuse(mark("“{layer}” is no layer between tasks"), layer=layer.name)
    if task_id in layer.tasks:
        refuse(mark("“{layer}” serves {task} already"), layer=layer.name, task=task.name)
    if not reaches(network)[layer_id]:
        refuse(mark("“{layer}” leads to no output yet: connect it first"), layer=layer.name)
    _require_own(spec, network, task_id, at)
    network = place(network, at, layer_id, lane(task_id), lane(task_id))
    refuse_circle(network, layer)
    return with_settled(spec, network)


def lane_place(spec: ProjectSpec, network: NetworkSpec, layer: LayerSpec, task_id: str) -> Connection | Output:
    """Where a task's way could be led through a layer between tasks: behind what corresponds to a source of it.

    Raises:
        EditRefused: there is no such place, or more than one; says what was looked for.
    """
    task, ways = task_of(spec, task_id), Ways(network)
    into = [c for c in network.connections if c.target == layer.id and lane_of(c.target_port) is not None]
    into.sort(key=lambda c: spec.task_ids.index(lane_of(c.target_port) or ""))
    for connection in into:
        start = _counterpart(ways, connection.source, task_id)
        if start is None:
            continue
        found = _leaving(network, start, connection.source_port, task_id, layer.id)
        if len(found) != 1:
            refuse(
                mark("“{task}” leaves “{source}” on {count} ways, so there is no one place for “{layer}”"),
                mark("Drop it on one of them instead."),
                task=task.name,
                source=network.layer(start).name,
                count=len(found),
                layer=layer.name,
            )
        return found[0]
    refuse(
        mark("“{task}” has nothing like “{source}”, which leads into “{layer}”"),
        mark("Drop it on one of the task's connections instead."),
        task=task.name,
        source=", ".join(network.layer(c.source).name for c in into[:1]) or "—",
        layer=layer.name,
    )


def _counterpart(ways: Ways, source: str, task_id: str) -> str | None:
    """The layer on a task's way that does there what `source` does for another."""
    if task_id in ways.live[source]:
        return source
    found = [
        i for i in ways.candidates(source, task_id) if ways.related(source, i) or ways.same_column(source, i)
    ]  # fmt: skip
    return min(found, key=lambda other: ways.difference(source, other) is not None, default=None)


def _leaving(network: NetworkSpec, start: str, port: str, task_id: str, over: str) -> list[Connection | Output]:
    """The ways on which a task leaves a layer; of several only those that are the main way of what comes next."""
    reach = reaches(network)
    found = [
        c
        for c in network.connections
        if (c.source, c.source_port) == (start, port) and task_id in carried(c, reach[c.target]) and c.target != over
    ]
    ends = [o for o in network.outputs if (o.layer, o.port, o.task) == (start, port, task_id)]
    if len(found) + len(ends) > 1:
        found = [c for c in found if main_connection(network, c.target, task_id) == c]
    return [*found, *ends]


def _require_own(spec: ProjectSpec, network: NetworkSpec, task_id: str, at: Connection | Output) -> None:
    served = served_at(network, at)
    if served == {task_id}:
        return
    if task_id not in served:
        refuse(
            mark("Only {served} goes this way, not {wanted}"),
            served=names(spec, served) or "—",
            wanted=named(spec, task_id),
        )
    target = at.layer if isinstance(at, Output) else at.target
    refuse(
        mark("“{layer}” is shared by {served}: a layer between tasks needs a way that is {task}'s own"),
        mark("Split it first, or put the layer further on, where each task goes its own way."),
        layer=network.layer(target).name,
        served=names(spec, served),
        task=named(spec, task_id),
    )


def _source(at: Connection | Output) -> str:
    return at.layer if isinstance(at, Output) else at.source
