"""Random arguments for the edits of a project."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from mtlstudio.project import edits
from mtlstudio.project.codec import fragment_from_json, fragment_to_json
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from tests.project.building import stitched

NAMES = ("Conv", "卷积", "", " ", "Stage 1", "α" * 40, "image")
TYPES = ("conv", "pool", "add", "up", "stitch", "input")


class Hand:
    """Random arguments for the edits of a project, one in twelve of them nonsense."""

    def __init__(self, random_: random.Random, spec: ProjectSpec) -> None:
        self.random, self.spec = random_, spec
        self.pasted: edits.Fragment | None = None

    def any(self, choices: Any, nonsense: Any) -> Any:
        """One of the choices."""
        found = list(choices)
        return self.random.choice(found) if found and self.random.random() < 11 / 12 else nonsense

    @property
    def layer(self) -> str:
        return str(self.any((layer.id for layer in self.spec.network.layers), "nowhere"))

    @property
    def layers(self) -> list[str]:
        return [self.layer for _ in range(self.random.randint(0, 5))]

    @property
    def neighbours(self) -> list[str]:
        """Layers that follow one another, or lie beside one another."""
        found = [self.layer]
        for _ in range(self.random.randint(0, 3)):
            found += [c.target for c in self.spec.network.connections if c.source == found[-1]][:1]
        return found

    @property
    def task(self) -> str:
        return str(self.any(self.spec.task_ids, "nobody"))

    @property
    def tasks(self) -> set[str]:
        return {self.task for _ in range(self.random.randint(0, 4))}

    @property
    def some_of(self) -> tuple[str, set[str]]:
        """A shared layer and some of its tasks."""
        shared = [layer for layer in self.spec.network.layers if len(layer.tasks) > 1]
        if not shared:
            return self.layer, self.tasks
        layer = self.random.choice(shared)
        return layer.id, set(self.random.sample(sorted(layer.tasks), self.random.randint(1, len(layer.tasks))))

    @property
    def place(self) -> Connection | Output:
        places: list[Connection | Output] = [*self.spec.network.connections, *self.spec.network.outputs]
        found: Connection | Output = self.any(places, Connection("nowhere", "x"))
        return found

    @property
    def ways(self) -> dict[str, Connection | Output]:
        """A place for some tasks, mostly on ways of their own."""
        tasks = {layer.id: layer.tasks for layer in self.spec.network.layers}
        found: dict[str, Connection | Output] = {}
        for task in self.tasks:
            own = [c for c in self.spec.network.connections if tasks[c.target] == {task}]
            ends = [o for o in self.spec.network.outputs if o.task == task]
            found[task] = self.any([*own, *ends], self.place)
        return found

    @property
    def port(self) -> str:
        return str(self.any(["in", "in", "out", "skip", "wide", lane(self.task)], ""))

    @property
    def connection(self) -> Connection:
        source = self.random.choice(["out", "out", "out", lane(self.task), self.port])
        return Connection(self.layer, self.layer, source, self.random.choice(["in", "in", lane(self.task), self.port]))

    @property
    def name(self) -> str:
        return str(self.any(NAMES[:2], self.random.choice(NAMES)))

    @property
    def type(self) -> str:
        return self.random.choice(TYPES[:-1] if self.random.random() < 0.95 else TYPES)

    @property
    def number(self) -> int:
        return self.random.randint(-2, 9)

    @property
    def coin(self) -> bool:
        return self.random.random() < 0.5

    @property
    def parameters(self) -> dict[str, Any] | None:
        return {"c": self.random.randint(1, 2)} if self.coin else None

    @property
    def group(self) -> str:
        return str(self.any((group.id for group in self.spec.network.groups), "nothing"))

    @property
    def task_group(self) -> str:
        return str(self.any((group.id for group in self.spec.task_groups), "nothing"))

    @property
    def stage(self) -> int:
        return int(self.any(range(len(self.spec.training.strategy)), 77))

    @property
    def input(self) -> str:
        return str(self.any((item.id for item in self.spec.inputs), "radar"))

    @property
    def dataset(self) -> str:
        return str(self.any((item.id for item in self.spec.datasets), "nothing"))

    def fragment(self, layer_ids: list[str]) -> edits.Fragment:
        """Layers that went through the clipboard; at times those of another project."""
        if self.random.random() < 0.1:
            other = stitched()
            other = replace(other, tasks=tuple(replace(task, id=f"x{task.id}") for task in other.tasks))
            return edits.extract(stitched(), [layer.id for layer in other.network.layers if self.coin] or ["stem"])
        return fragment_from_json(json.loads(json.dumps(fragment_to_json(edits.extract(self.spec, layer_ids)))))
