"""Networks for the tests of the project: small ones in a few words, random ones, and what a task's network computes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.edits.rewiring import settled
from mtlstudio.project.graph import dead, descendants, incoming, order
from mtlstudio.project.spec import Connection, InputSpec, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec


def project(ways: dict[str, str], **parameters: dict[str, Any]) -> ProjectSpec:
    """A project from the ways of its tasks, as lists of layer ids.

    `project({"a": "image t1 a1", "b": "image t1 b1"})` has two tasks that share t1. A layer's type is its id without
    digits and without `_…`, so `conv1_a` is a conv; `keyword=` gives a layer parameters. `image` is the input.
    """
    layers: dict[str, LayerSpec] = {}
    connections: dict[Connection, None] = {}
    outputs = []
    for task, way in ways.items():
        ids = way.split()
        for source, target in pairwise(ids):
            connections[Connection(source, target)] = None
        for layer_id in ids:
            layers.setdefault(layer_id, _layer(layer_id, parameters.get(layer_id, {})))
        outputs.append(Output(task, ids[-1]))
    tasks = tuple(TaskSpec(task, task.upper(), "classification") for task in ways)
    network = NetworkSpec(tuple(layers.values()), tuple(connections), tuple(outputs))
    return ProjectSpec("p", tasks=tasks, network=settled(network, list(ways)))


def _layer(layer_id: str, parameters: dict[str, Any]) -> LayerSpec:
    if layer_id == "image":
        return LayerSpec("image", "Image", "input", frozenset(), FrozenDict(input="image"))
    kind = layer_id.partition("_")[0].rstrip("0123456789")
    return LayerSpec(layer_id, layer_id, kind, frozenset(), FrozenDict(parameters))


def stitched() -> ProjectSpec:
    """Three tasks over a common stage, each with two stages of its own, a layer between tasks over all after the first
    and over two after the second; an input beside the picture leads into one; a decoder with a skip."""
    spec = project(
        {
            "a": "image stem stage1_a stage2_a head_a",
            "b": "image stem stage1_b stage2_b head_b",
            "c": "image stem stage1_c stage2_c up_c head_c",
        }
    )
    spec = replace(spec, inputs=(*spec.inputs, InputSpec("depth", "Depth", "map", 1)))
    spec = edits.connect(spec, Connection("stem", "up_c", "out", "skip"))
    spec, depth = edits.add_input_layer(spec, "depth")
    spec, joined = edits.insert_on_connection(spec, Connection("stage2_b", "head_b"), "concat", "Concat")
    spec = edits.connect(spec, Connection(depth, joined), variadic=True)
    after = {task: Connection(f"stage1_{task}", f"stage2_{task}") for task in "abc"}
    spec, _ = edits.insert_crossing(spec, "stitch", "Stitch", after)
    spec, _ = edits.insert_crossing(
        spec, "stitch", "Stitch", {"a": Connection("stage2_a", "head_a"), "c": Connection("stage2_c", "up_c")}
    )
    return spec


def pattern(spec: ProjectSpec) -> set[tuple[str, frozenset[str]]]:
    """Which tasks share what: (type, tasks) of every layer, and how often; ids do not matter."""
    counted: dict[tuple[str, frozenset[str]], int] = {}
    for layer in spec.network.layers:
        key = (layer.type, layer.tasks)
        counted[key] = counted.get(key, 0) + 1
    return {(f"{count} {kind}", tasks) for (kind, tasks), count in counted.items()}


def spans_of(spec: ProjectSpec) -> dict[str, str]:
    """Layer id -> its tasks, sorted and joined."""
    return {layer.id: "".join(sorted(layer.tasks)) for layer in spec.network.layers}


def functions(spec: ProjectSpec, known: dict[Hashable, int]) -> dict[str, tuple[int, int]]:
    """What each task's network computes, whoever shares it: a number that is equal for equal computations, and how
    many layers it takes. `known` makes numbers of several projects comparable."""
    network, before = spec.network, incoming(spec.network)
    numbers: dict[str, int] = {}
    needs: dict[str, frozenset[str]] = {}
    for layer_id in order(network):
        layer = network.layer(layer_id)
        ports: dict[str, list[tuple[int, str]]] = {}
        for c in before[layer_id]:
            ports.setdefault(c.target_port, []).append((numbers[c.source], c.source_port))
        wiring = tuple(sorted((port, tuple(sources)) for port, sources in ports.items()))
        numbers[layer_id] = known.setdefault((layer.type, layer.parameters, layer.bypassed, wiring), len(known))
        needs[layer_id] = frozenset({layer_id}).union(*(needs[c.source] for c in before[layer_id]))
    return {
        o.task: (known.setdefault((numbers[o.layer], o.port), len(known)), len(needs[o.layer])) for o in network.outputs
    }


def assert_sound(spec: ProjectSpec) -> None:
    """The invariants that every edit keeps, checked in another way than the program computes them."""
    network = spec.network
    ids = [layer.id for layer in network.layers]
    assert len(ids) == len(set(ids))
    placed = {layer_id: index for index, layer_id in enumerate(order(network))}  # raises for a circle
    assert len(set(network.connections)) == len(network.connections)
    tasks = {layer.id: layer.tasks for layer in network.layers}
    into: dict[str, list[Connection]] = {layer_id: [] for layer_id in ids}
    for c in network.connections:
        assert placed[c.source] < placed[c.target]
        own, given = c.target_port.partition("task:")[2], c.source_port.partition("task:")[2]
        assert (tasks[c.target] & {own} if own else tasks[c.target]) <= (
            tasks[c.source] & {given} if given else tasks[c.source]
        )
        assert not own or own in tasks[c.target]
        into[c.target].append(c)
    assert len({o.task for o in network.outputs}) == len(network.outputs)
    reached: dict[str, set[str]] = {layer_id: set() for layer_id in ids}
    for output in network.outputs:
        assert output.task in spec.task_ids and output.port.partition("task:")[2] in ("", output.task)
        waiting = [output.layer]
        while waiting:
            here = waiting.pop()
            if output.task not in reached[here]:
                reached[here].add(output.task)
                waiting += [c.source for c in into[here] if c.target_port.partition("task:")[2] in ("", output.task)]
    unfinished = set(spec.task_ids) - {output.task for output in network.outputs}
    for layer in network.layers:
        kept = layer.tasks - reached[layer.id]
        assert not reached[layer.id] or (kept <= unfinished and kept <= _begun_behind(spec, layer.id))
        assert layer.tasks >= reached[layer.id] if reached[layer.id] else layer.tasks <= set(spec.task_ids)
        assert layer.tasks or not spec.tasks
    _assert_groups(spec)


def _begun_behind(spec: ProjectSpec, layer_id: str) -> set[str]:
    """Tasks of the dead layers behind a layer."""
    after = descendants(spec.network, layer_id)
    lost = set(dead(spec.network))
    return {task for layer in spec.network.layers if layer.id in after & lost for task in layer.tasks}


def _assert_groups(spec: ProjectSpec) -> None:
    """Of known things, without overlap, none empty; the rows of a group of tasks are neighbours."""
    grouped = [layer_id for group in spec.network.groups for layer_id in group.layers]
    assert len(grouped) == len(set(grouped)) and set(grouped) <= {layer.id for layer in spec.network.layers}
    together = [task_id for group in spec.task_groups for task_id in group.tasks]
    assert len(together) == len(set(together)) and set(together) <= set(spec.task_ids)
    for group in spec.task_groups:
        first = spec.task_ids.index(group.tasks[0])
        assert spec.task_ids[first : first + len(group.tasks)] == group.tasks
    for groups in (spec.network.groups, spec.task_groups):
        assert len({group.id for group in groups}) == len(groups)
    assert all(group.layers for group in spec.network.groups)


@st.composite
def projects(draw: st.DrawFn, least_tasks: int = 1) -> ProjectSpec:
    """Random networks: ways that leave one another anywhere, with skips into merges; few types, so that many layers
    are equal; most have a head, some tasks have none yet, some layers lead nowhere."""
    count = draw(st.integers(least_tasks, 4))
    tasks = [f"t{i}" for i in range(count)]
    layers = [_layer("image", {})]
    connections: list[Connection] = []
    outputs: list[Output] = []

    def add(source: str, kind: str, task: str) -> str:
        layer_id = f"{kind}{len(layers)}"
        parameters = {"c": draw(st.integers(1, 2))} if kind == "conv" else {}
        layers.append(LayerSpec(layer_id, kind, kind, frozenset({task}), FrozenDict(parameters)))
        connections.append(Connection(source, layer_id))
        if kind == "add":
            other = draw(st.sampled_from([layer.id for layer in layers[:-1]]))
            if other != source:
                connections.append(Connection(other, layer_id))
        if kind == "up" and draw(st.booleans()):
            connections.append(
                Connection(draw(st.sampled_from([layer.id for layer in layers[:-1]])), layer_id, "out", "skip")
            )
        return layer_id

    for task in tasks:
        here = draw(st.sampled_from([layer.id for layer in layers]))
        for kind in draw(st.lists(st.sampled_from(["conv", "conv", "pool", "add", "up"]), max_size=4)):
            here = add(here, kind, task)
        if draw(st.integers(0, 9)):
            outputs.append(Output(task, add(here, "head", task)))
    network = NetworkSpec(tuple(layers), tuple(connections), tuple(outputs))
    names = tuple(TaskSpec(task, task.upper(), "classification") for task in tasks)
    return ProjectSpec("random", tasks=names, network=settled(network, tasks))


@st.composite
def families(draw: st.DrawFn) -> ProjectSpec:
    """Networks as templates make them: equal stages, shared up to somewhere as nested groups, then heads; the stages
    may feed skips of their own task's decoder."""
    count, depth = draw(st.integers(2, 4)), draw(st.integers(1, 5))
    tasks = [f"t{i}" for i in range(count)]
    groups = [frozenset(tasks)]
    layers = [_layer("image", {})]
    connections: list[Connection] = []
    outputs: list[Output] = []
    here = dict.fromkeys(tasks, "image")
    passed: dict[str, list[str]] = {task: [] for task in tasks}
    for level in range(depth):
        for group in list(groups):
            if len(group) > 1 and not draw(st.integers(0, 2)):
                cut = draw(st.integers(1, len(group) - 1))
                groups.remove(group)
                groups += [frozenset(sorted(group)[:cut]), frozenset(sorted(group)[cut:])]
        for number, group in enumerate(sorted(groups, key=sorted)):
            layer_id, source = f"stage{level}_{number}", here[min(group)]
            layers.append(LayerSpec(layer_id, f"Stage {level}", "stage", group, FrozenDict(c=level)))
            connections.append(Connection(source, layer_id))
            for task in group:
                here[task] = layer_id
                passed[task].append(layer_id)
    for task in tasks:
        for level in range(draw(st.integers(0, 2))):
            layer_id = f"up{level}_{task}"
            layers.append(LayerSpec(layer_id, "Up", "up", frozenset({task}), FrozenDict(task=task)))
            connections.append(Connection(here[task], layer_id))
            connections.append(Connection(draw(st.sampled_from(passed[task])), layer_id, "out", "skip"))
            here[task] = layer_id
        layers.append(LayerSpec(f"head_{task}", "Head", "head", frozenset({task}), FrozenDict()))
        connections.append(Connection(here[task], f"head_{task}"))
        outputs.append(Output(task, f"head_{task}"))
    network = NetworkSpec(tuple(layers), tuple(connections), tuple(outputs))
    names = tuple(TaskSpec(task, task.upper(), "classification") for task in tasks)
    return ProjectSpec("family", tasks=names, network=settled(network, tasks))
