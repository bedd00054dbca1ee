"""What is wrong with a network as a graph. Shapes and layer types are the network's own to check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.graph import INPUT_TYPE, CycleError, by_id, carried, incoming, mixed_lanes, order, reaches
from mtlstudio.project.lanes import lane_of
from mtlstudio.project.problems import Place, Problem, Severity, declare
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec

Variadic = Callable[[LayerSpec, str], bool]
"""Whether an input port of a layer takes several connections."""

CYCLE = declare(
    "network.cycle",
    mark("These layers go round in a circle: {layers}."),
    mark("Remove one of the connections between them."),
)
DUPLICATE_LAYER = declare(
    "network.duplicate_layer", mark("{count} layers have the id {id!r}."), mark("Give each its own id.")
)
NO_TASKS = declare("network.no_tasks", mark("“{name}” serves no task."), mark("Delete it, or connect it."))
UNKNOWN_TASK = declare(
    "network.unknown_task",
    mark("“{name}” names the task {task!r}, which is not there."),
    mark("Recompute who shares what."),
)
SHARING = declare(
    "network.sharing",
    mark("“{name}” says that it serves {said}, but the outputs of {actual} depend on it."),
    mark("Recompute who shares what."),
)
NOT_SERVED = declare(
    "network.not_served",
    mark("“{target}” serves {tasks}, but “{source}” before it does not."),
    mark("Recompute who shares what."),
)
DEAD = declare(
    "network.dead_layer", mark("Nothing comes of “{name}”: no output depends on it."), mark("Connect it, or delete it.")
)
NO_SOURCE = declare("network.no_source", mark("Nothing goes into “{name}”."), mark("Connect a layer to it."))
LANE_NOT_SERVED = declare(
    "network.lane_not_served",
    mark("The connection leads to a port of “{task}”, which “{name}” does not serve."),
    mark("Recompute who shares what."),
)
LANE_MIXED = declare(
    "network.lane_mixed",
    mark("What leaves “{source}” there belongs to “{owner}” alone, but “{target}” serves {tasks}."),
    mark("Give each task its own layer there."),
)
LANE_OUTPUT = declare(
    "network.lane_output",
    mark("“{task}” takes its output from a port of “{source}” that belongs to “{owner}”."),
    mark("Take it from another layer."),
)
GROUP_LAYER = declare(
    "network.group_layer",
    mark("The group “{name}” names the layer {layer!r}, which is not there."),
    mark("Leave it out."),
)
GROUP_OVERLAP = declare(
    "network.group_overlap",
    mark("“{layer}” is in the group “{name}” and in an earlier one."),
    mark("Leave it in the first."),
)
GROUP_EMPTY = declare("network.group_empty", mark("The group “{name}” is empty."), mark("Remove it."))
GROUP_ID = declare("network.group_id", mark("{count} groups of layers have the id {id!r}."), mark("Give each its own."))
UNKNOWN_LAYER = declare(
    "network.unknown_layer", mark("The connection names the layer {layer!r}, which is not there."), mark("Remove it.")
)
DUPLICATE_CONNECTION = declare(
    "network.duplicate_connection", mark("The connection is there {count} times."), mark("Remove all but one.")
)
INTO_INPUT = declare(
    "network.into_input", mark("“{name}” is where the pictures come in; nothing can lead into it."), mark("Remove it.")
)
PORT_TAKEN = declare(
    "network.port_taken",
    mark("{count} connections lead into “{name}” at {port!r}, which takes one."),
    mark("Remove all but one, or join them with a layer that adds or concatenates."),
)
UNKNOWN_INPUT = declare(
    "network.unknown_input",
    mark("“{name}” reads the input {input!r}, which the project does not have."),
    mark("Inputs there are: {known}."),
)
NO_OUTPUT = declare("network.no_output", mark("“{task}” has no output."), mark("Give it a head."))
SEVERAL_OUTPUTS = declare("network.several_outputs", mark("“{task}” has {count} outputs."), mark("Keep one of them."))
OUTPUT_UNKNOWN_LAYER = declare(
    "network.output_unknown_layer",
    mark("The output of {task!r} comes from the layer {layer!r}, which is not there."),
    mark("Take it from another layer."),
)
OUTPUT_UNKNOWN_TASK = declare(
    "network.output_unknown_task",
    mark("There is an output for the task {task!r}, which is not there."),
    mark("Remove it."),
)


def connection_place(connection: Connection) -> Place:
    """The place of a problem with a connection: its id reads `source:port->target:port`."""
    return Place(
        "connection",
        f"{connection.source}:{connection.source_port}->{connection.target}:{connection.target_port}",
    )


def network_problems(spec: ProjectSpec, variadic: Variadic | None = None) -> Iterator[Problem]:
    """All that is wrong with the network as a graph.

    Args:
        variadic: tells input ports that take several connections; None: that is not checked.
    """
    network = spec.network
    yield from _layers(spec)
    yield from _connections(network)
    yield from _outputs(spec)
    yield from _groups(network)
    if variadic is not None:
        yield from _ports(network, variadic)
    try:
        order(network)
    except CycleError as error:
        for layer_id in error.layers[:1]:
            yield _error(CYCLE, Place("layer", layer_id), layers=str(error.values["layers"]))
        return
    yield from _sharing(spec)
    yield from _lanes(spec)


def _layers(spec: ProjectSpec) -> Iterator[Problem]:
    network, into, reach = spec.network, incoming(spec.network), reaches(spec.network)
    for layer_id, count in Counter(layer.id for layer in network.layers).items():
        if count > 1:
            yield _error(DUPLICATE_LAYER, Place("layer", layer_id), id=layer_id, count=count)
    inputs, tasks = [item.id for item in spec.inputs], frozenset(spec.task_ids)
    for layer in network.layers:
        if not layer.tasks <= tasks:
            for task_id in sorted(layer.tasks - tasks):
                place = Place("layer", layer.id)
                yield _error(UNKNOWN_TASK, place, mend="recompute_sharing", name=layer.name, task=task_id)
        if layer.type != INPUT_TYPE:
            if not into[layer.id]:
                severity = Severity.ERROR if reach[layer.id] else Severity.WARNING  # put there, not connected yet
                yield Problem(NO_SOURCE, severity, Place("layer", layer.id), FrozenDict(name=layer.name))
        elif layer.parameters.get("input") not in inputs:
            known, named = ", ".join(inputs) or "—", str(layer.parameters.get("input", ""))
            yield _error(UNKNOWN_INPUT, Place("layer", layer.id, "input"), name=layer.name, input=named, known=known)


def _connections(network: NetworkSpec) -> Iterator[Problem]:
    layers = by_id(network)
    for connection, count in Counter(network.connections).items():
        target = layers.get(connection.target)
        if count == 1 and connection.source in layers and target is not None and target.type != INPUT_TYPE:
            continue
        place = connection_place(connection)
        for layer_id in dict.fromkeys((connection.source, connection.target)):
            if layer_id not in layers:
                yield _error(UNKNOWN_LAYER, place, mend="remove_connection", layer=layer_id)
        if count > 1:
            yield _error(DUPLICATE_CONNECTION, place, mend="recompute_sharing", count=count)
        if target is not None and target.type == INPUT_TYPE:
            yield _error(INTO_INPUT, place, mend="remove_connection", name=target.name)


def _outputs(spec: ProjectSpec) -> Iterator[Problem]:
    layers, counts = by_id(spec.network), Counter(output.task for output in spec.network.outputs)
    for task in spec.tasks:
        place = Place("task", task.id)
        if not counts[task.id]:
            yield _error(NO_OUTPUT, place, task=task.name)
        elif counts[task.id] > 1:
            yield _error(SEVERAL_OUTPUTS, place, task=task.name, count=counts[task.id])
    for output in spec.network.outputs:
        place = Place("task", output.task)
        if output.layer not in layers:
            yield _error(OUTPUT_UNKNOWN_LAYER, place, mend="remove_output", task=output.task, layer=output.layer)
        if output.task not in spec.task_ids:
            yield _error(OUTPUT_UNKNOWN_TASK, place, mend="remove_output", task=output.task)


def _ports(network: NetworkSpec, variadic: Variadic) -> Iterator[Problem]:
    layers = by_id(network)
    for (layer_id, port), count in Counter((c.target, c.target_port) for c in network.connections).items():
        layer = layers.get(layer_id)
        if layer is not None and count > 1 and not variadic(layer, port):
            yield _error(PORT_TAKEN, Place("layer", layer_id, port), name=layer.name, port=port, count=count)


def _sharing(spec: ProjectSpec) -> Iterator[Problem]:
    network, layers, reach = spec.network, by_id(spec.network), reaches(spec.network)
    tasks = frozenset(spec.task_ids)
    unfinished = tasks - {output.task for output in network.outputs}
    for layer in network.layers:
        actual = reach[layer.id] & tasks
        if actual and actual == layer.tasks - unfinished:
            continue
        place = Place("layer", layer.id)
        if not actual:
            mend = "" if layer.type == INPUT_TYPE else "remove_dead_layer"
            yield Problem(DEAD, Severity.WARNING, place, FrozenDict(name=layer.name), mend)
        elif actual != (layer.tasks & tasks) - unfinished:
            said, real = _names(spec, layer.tasks), _names(spec, actual)
            yield _error(SHARING, place, mend="recompute_sharing", name=layer.name, said=said, actual=real)
        if not layer.tasks and spec.tasks:
            yield _error(NO_TASKS, place, mend="recompute_sharing", name=layer.name)
    for connection in network.connections:
        source, target = layers.get(connection.source), layers.get(connection.target)
        served = frozenset[str]() if target is None else carried(connection, target.tasks)
        if source is None or target is None or served <= source.tasks:
            continue
        without = _names(spec, served - source.tasks)
        yield _error(
            NOT_SERVED, connection_place(connection), mend="recompute_sharing",
            source=source.name, target=target.name, tasks=without,
        )  # fmt: skip


def _lanes(spec: ProjectSpec) -> Iterator[Problem]:
    """Ports of single tasks: only of tasks that the layer serves, and only for them."""
    layers = by_id(spec.network)
    for connection in spec.network.connections:
        own, target = lane_of(connection.target_port), layers.get(connection.target)
        if target is not None and own is not None and own not in target.tasks:
            place, task = connection_place(connection), _names(spec, frozenset({own}))
            yield _error(LANE_NOT_SERVED, place, mend="recompute_sharing", name=target.name, task=task)
    for use in mixed_lanes(spec.network):
        source = layers.get(use.layer if isinstance(use, Output) else use.source)
        if source is None:
            continue
        owner = lane_of(use.port if isinstance(use, Output) else use.source_port) or ""
        values = {"source": source.name, "owner": _names(spec, frozenset({owner}))}
        if isinstance(use, Output):
            task = _names(spec, frozenset({use.task}))
            yield _error(LANE_OUTPUT, Place("task", use.task), **values, task=task)
        elif use.target in layers:
            target = layers[use.target]
            tasks, place = _names(spec, carried(use, target.tasks)), connection_place(use)
            yield _error(LANE_MIXED, place, mend="remove_connection", **values, target=target.name, tasks=tasks)


def _groups(network: NetworkSpec) -> Iterator[Problem]:
    layers, taken = by_id(network), set[str]()
    for group_id, count in Counter(group.id for group in network.groups).items():
        if count > 1:
            yield _error(GROUP_ID, Place("group", group_id), id=group_id, count=count)
    for group in network.groups:
        place = Place("group", group.id)
        if not group.layers:
            yield _error(GROUP_EMPTY, place, mend="tidy_groups", name=group.name)
        for layer_id in group.layers:
            if layer_id not in layers:
                yield _error(GROUP_LAYER, place, mend="tidy_groups", name=group.name, layer=layer_id)
            elif layer_id in taken:
                layer = layers[layer_id].name
                yield _error(GROUP_OVERLAP, place, mend="tidy_groups", name=group.name, layer=layer)
            taken.add(layer_id)


def _names(spec: ProjectSpec, task_ids: frozenset[str]) -> str:
    names = [task.name for task in spec.tasks if task.id in task_ids]
    return ", ".join([*names, *sorted(task_ids - set(spec.task_ids))]) or "—"


def _error(code: str, place: Place, *, mend: str = "", **values: object) -> Problem:
    return Problem(code, Severity.ERROR, place, FrozenDict(values), mend)
