"""New figures after an edit of a network of 200 layers."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.compile import compile_network
from mtlstudio.network.patterns import Sketch
from mtlstudio.project.edits import set_split_point
from mtlstudio.project.files import create, load
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec

LAYERS = 200


def chain(count: int = LAYERS) -> ProjectSpec:
    """An image, `count` convolutions that all differ, a pool and a head."""
    tasks = frozenset(("kind",))
    layers = [LayerSpec("image", "Image", "input", tasks, FrozenDict(input="image"))]
    for number in range(count):
        # every layer has a width of its own, so that no two share an entry of the memo
        parameters = FrozenDict(out_channels=16 + number, kernel_size=3)
        layers.append(LayerSpec(f"conv_{number}", f"Conv {number}", "convolution", tasks, parameters))
    layers.append(LayerSpec("pool", "Pool", "global_pool", tasks))
    layers.append(LayerSpec("head", "Head", "linear_head", tasks))
    connections = tuple(Connection(first.id, second.id) for first, second in pairwise(layers))
    task = TaskSpec("kind", "Kind", "classification", parameters=FrozenDict(class_names=("a", "b", "c")))
    network = NetworkSpec(tuple(layers), connections, (Output("kind", "head"),))
    return ProjectSpec("chain", tasks=(task,), network=network)


def edited(spec: ProjectSpec, number: int, **values: object) -> ProjectSpec:
    """The same chain with another parameter in one of its layers."""
    layers = tuple(
        replace(layer, parameters=layer.parameters.with_(**values)) if layer.id == f"conv_{number}" else layer
        for layer in spec.network.layers
    )
    return spec.with_network(replace(spec.network, layers=layers))


def milliseconds(spec: ProjectSpec, memo: Memo) -> float:
    """Wall time of one analysis."""
    started = time.perf_counter()
    analysis = analyze(spec, memo)
    elapsed = 1000 * (time.perf_counter() - started)
    assert not analysis.problems, [problem.line() for problem in analysis.problems]
    return elapsed


def trunk_of_three(count: int = LAYERS) -> ProjectSpec:
    """Three tasks that share all of a chain; half-way split it has `count` layers."""
    names = ("a", "b", "c")
    tasks = [TaskSpec(f"t{n}", f"T{n}", "classification", parameters=FrozenDict(class_names=names)) for n in range(3)]
    sketch = Sketch(ProjectSpec("split", tasks=tuple(tasks)))
    layer = sketch.input()
    for number in range(count // 2):
        layer = sketch.add("convolution", f"Conv {number}", layer, out_channels=16)
    for task in tasks:
        sketch.head(task, layer)
    return sketch.spec.with_network(sketch.network())


def drag(spec: ProjectSpec, memo: Memo) -> float:
    """Milliseconds from one place of the split point to the next, with the figures of the new network."""
    elapsed = []
    for index in (50, 51, 50, 49, 48, 49, 51, 52):
        started = time.perf_counter()
        moved = set_split_point(spec, index)
        analyze(moved, memo)
        elapsed.append(1000 * (time.perf_counter() - started))
    return statistics.median(elapsed)


def opened(spec: ProjectSpec, folder: Path) -> float:
    """Milliseconds to read a project and reckon its figures, layers never seen before."""
    create(folder, spec)
    started = time.perf_counter()
    analyze(load(folder), Memo())
    return 1000 * (time.perf_counter() - started)


def measure() -> list[tuple[str, float, str, str]]:
    """Edits that keep and that change what is downstream."""
    memo = Memo()
    spec = chain()
    compile_network(chain(2))
    first = milliseconds(spec, memo)
    keeping = [milliseconds(edited(spec, 100, kernel_size=size), memo) for size in (5, 7, 9, 11, 1)]
    changing = [milliseconds(edited(spec, 3, stride=stride), memo) for stride in (2, 3, 4)]
    resized = [milliseconds(replace(spec, data=replace(spec.data, image_size=size)), memo) for size in (160, 192, 224)]
    shared = trunk_of_three()
    analyze(set_split_point(shared, 50), memo)
    dragged = drag(shared, memo)
    with tempfile.TemporaryDirectory() as place:
        reading = [opened(spec, Path(place) / name) for name in "abc"]
    return [
        (f"{LAYERS} layers: split point dragged, with costs", 1000 / dragged, "/s", ">= 30"),
        (f"{LAYERS} layers: a project opened, figures reckoned", statistics.median(reading), "ms", "<= 300"),
        (f"{LAYERS} layers: edit that keeps downstream shapes", statistics.median(keeping), "ms", "<= 50"),
        (f"{LAYERS} layers: edit that changes downstream shapes", statistics.median(changing), "ms", "<= 500"),
        (f"{LAYERS} layers: another image size", statistics.median(resized), "ms", "<= 500"),
        (f"{LAYERS} layers: the first time", first, "ms", ""),
    ]
