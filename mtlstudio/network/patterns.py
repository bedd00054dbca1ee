"""Templates are patterns: from a project's own tasks they make a network. No torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.wiring import wiring
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec
from mtlstudio.tasks.interface import TaskType
from mtlstudio.tasks.registry import task_type


@dataclass(frozen=True)
class Template:
    """A pattern that becomes a network.

    Attributes:
        name, summary: marked for translation; the summary says when to use it.
        icon: name of the picture that shows it.
        draw: adds the layers to a sketch.
        order: place in lists.
        source: the paper, where there is one.
    """

    id: str
    name: str
    summary: str
    icon: str
    draw: Callable[[Sketch], None]
    order: int = 100
    source: str = ""

    def build(self, spec: ProjectSpec) -> NetworkSpec:
        """The network for a project's inputs, tasks and image size.

        Raises:
            StudioError: the project has no input, or a task of an unknown type.
        """
        if not spec.inputs:
            raise StudioError(mark("the project has no input"), fix=mark("Add one to its inputs."))
        sketch = Sketch(spec)
        self.draw(sketch)
        return sketch.network()


@dataclass
class Sketch:
    """A network in the making. Who shares a layer follows at the end from the outputs that depend on it."""

    spec: ProjectSpec
    layers: list[LayerSpec] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)

    @property
    def image_size(self) -> int:
        """Side of the pictures."""
        return self.spec.data.image_size

    @property
    def vector_tasks(self) -> tuple[TaskSpec, ...]:
        """Tasks whose output is a vector."""
        return tuple(task for task in self.spec.tasks if type_of(task).kind == "vector")

    @property
    def map_tasks(self) -> tuple[TaskSpec, ...]:
        """Tasks whose output is a map."""
        return tuple(task for task in self.spec.tasks if type_of(task).kind == "map")

    def add(self, type_: str, name: str, after: str = "", /, *, id: str = "", skip: str = "", **parameters: Any) -> str:
        """Adds a layer behind `after` (and, for a decoder, with the skip from `skip`). Returns its id.

        Args:
            name: as it is shown; in the user's language.
            id: what its id is made from.
        """
        layer_id = slug(id or name, {layer.id for layer in self.layers})
        self.layers.append(LayerSpec(layer_id, name, type_, frozenset(), FrozenDict(parameters)))
        if after:
            self.connections.append(Connection(after, layer_id))
        if skip:
            self.connections.append(Connection(skip, layer_id, target_port="skip"))
        return layer_id

    def input(self) -> str:
        """Adds the project's first input."""
        first = self.spec.inputs[0]
        return self.add("input", first.name, id=first.id, input=first.id)

    def head(self, task: TaskSpec, after: str) -> None:
        """Ends a task's branch with the head that its type asks for, and makes that the task's output."""
        for part in type_of(task).default_head:
            after = self.add(part.type, tr(part.name), after, id=f"{task.id}_{part.type}", **part.parameters)
        self.outputs.append(Output(task.id, after))

    def network(self) -> NetworkSpec:
        """The finished network, each layer shared by exactly the tasks that depend on it."""
        drawn = NetworkSpec(tuple(self.layers), tuple(self.connections), tuple(self.outputs))
        wired = wiring(drawn)
        tasks: dict[str, set[str]] = {layer.id: set() for layer in self.layers}
        for output in self.outputs:
            for layer_id in wired.needed({output.layer}):
                tasks[layer_id].add(output.task)
        layers = tuple(
            LayerSpec(layer.id, layer.name, layer.type, frozenset(tasks[layer.id]), layer.parameters)
            for layer in self.layers
            if tasks[layer.id]
        )
        kept = {layer.id for layer in layers}
        connections = tuple(c for c in self.connections if c.source in kept and c.target in kept)
        return NetworkSpec(layers, connections, tuple(self.outputs))


def type_of(task: TaskSpec) -> TaskType:
    """The task's type.

    Raises:
        StudioError: there is none of that id.
    """
    try:
        return task_type(task.type)
    except KeyError:
        raise StudioError(mark("there is no task type {type}"), where=task.id, type=task.type) from None
