"""Edits alone, without figures and picture: 200 layers of 40 tasks, and the split point of 200 layers of 4."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.edits.rewiring import settled
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec


def trunk_and_branches(tasks: int, shared: int, own: int) -> ProjectSpec:
    """So many shared layers, then so many of each task's own, all of one kind."""
    names = [f"t{number}" for number in range(tasks)]
    layers = [LayerSpec("image", "Image", "input", frozenset(), FrozenDict(input="image"))]
    connections: list[Connection] = []

    def way(start: str, ids: list[str]) -> str:
        for layer_id in ids:
            layers.append(LayerSpec(layer_id, layer_id, "conv", frozenset()))
            connections.append(Connection(start, layer_id))
            start = layer_id
        return start

    end = way("image", [f"s{number}" for number in range(shared)])
    outputs = tuple(Output(task, way(end, [f"{task}_{number}" for number in range(own)])) for task in names)
    network = settled(NetworkSpec(tuple(layers), tuple(connections), outputs), names)
    return ProjectSpec("grid", tasks=tuple(TaskSpec(task, task, "depth") for task in names), network=network)


def timed(work: Callable[[], object], times: int = 7) -> float:
    """Median milliseconds of processor time: an edit waits for nothing."""
    work()
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append((time.process_time() - start) * 1000)
    return statistics.median(spent)


def measure() -> list[tuple[str, float, str, str]]:
    """Edits of a grid that is full, and every place of the split point."""
    many = trunk_and_branches(40, 40, 4)
    ways = {task: Connection(f"{task}_1", f"{task}_2") for task in many.task_ids}
    works: dict[str, Callable[[], object]] = {
        "Insert a layer": lambda: edits.insert_on_connection(many, Connection("s3", "s4"), "conv", "Conv"),
        "Delete a layer": lambda: edits.delete_layers(many, ["s20"]),
        "Connect two layers": lambda: edits.connect(many, Connection("s3", "t3_2", "out", "skip")),
        "Split a task off": lambda: edits.unshare(many, "s30", "t7"),
        "Put a layer between 40 tasks": lambda: edits.insert_crossing(many, "stitch", "Stitch", ways),
    }
    rows = [(f"{name} (200 layers, 40 tasks)", timed(work), "ms", "<= 10") for name, work in works.items()]
    few = edits.set_split_point(trunk_and_branches(4, 66, 34), 33)
    places = range(0, 66, 6)
    dragged = max(timed(lambda place=place: edits.set_split_point(few, place), 3) for place in places)
    rows.append(("Move the split point, the slowest place (200 layers, 4 tasks)", dragged, "ms", "<= 33"))
    return rows


if __name__ == "__main__":
    for row in measure():
        print(row)
