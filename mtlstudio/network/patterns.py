"""Templates are patterns: from a project's own tasks they make a network. No torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.project.graph import reaches
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
        inputs: how many inputs the project must have.
        sample: which of the sample data sets suits it (`mtlstudio.data.propose`), where no data are given.
    """

    id: str
    name: str
    summary: str
    icon: str
    draw: Callable[[Sketch], None]
    order: int = 100
    source: str = ""
    inputs: int = 1
    sample: str = ""

    def lacks(self, spec: ProjectSpec) -> str:
        """Why the pattern does not suit a project, as a sentence for people; empty where it does."""
        if len(spec.inputs) < self.inputs:
            return ntr("it needs {n} input", "it needs {n} inputs", self.inputs)
        return ""

    def build(self, spec: ProjectSpec) -> NetworkSpec:
        """The network for a project's inputs, tasks and image size.

        Raises:
            StudioError: the project has no input, or a task of an unknown type.
        """
        if not spec.inputs:
            raise StudioError(mark("the project has no input"), fix=mark("Add one to its inputs."))
        if reason := self.lacks(spec):
            raise StudioError(
                mark("the template {template} does not suit this project: {reason}"),
                fix=mark("Add the input under Data, or choose another template."),
                template=self.id,
                reason=reason,
            )
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

    @property
    def sequence_tasks(self) -> tuple[TaskSpec, ...]:
        """Tasks whose output is a sequence."""
        return tuple(task for task in self.spec.tasks if type_of(task).kind == "sequence")

    def add(self, type_: str, name: str, after: str = "", /, *, id: str = "", skip: str = "", **parameters: Any) -> str:
        """Adds a layer behind `after` (and, for a decoder, with the skip from `skip`). Returns its id.

        Args:
            name: as it is shown; in the user's language.
            id: what its id is made from.
        """
        layer_id = slug(id or name, {layer.id for layer in self.layers})
        self.layers.append(LayerSpec(layer_id, name, type_, frozenset(), FrozenDict(parameters)))
        if after:
            self.join(after, layer_id)
        if skip:
            self.join(skip, layer_id, "skip")
        return layer_id

    def join(self, source: str, target: str, target_port: str = "in", source_port: str = "out") -> None:
        """Connects two layers. Ports of single tasks: `mtlstudio.project.lanes.lane`."""
        self.connections.append(Connection(source, target, source_port, target_port))

    def input(self, index: int = 0) -> str:
        """Adds one of the project's inputs."""
        entering = self.spec.inputs[index]
        return self.add("input", entering.name, id=entering.id, input=entering.id)

    def head(self, task: TaskSpec, after: str, port: str = "out") -> None:
        """Ends a task's branch with the head that its type asks for, and makes that the task's output.

        Args:
            port: the output port of `after` that the head is put on.
        """
        for part in type_of(task).default_head:
            layer_id = self.add(part.type, tr(part.name), id=f"{task.id}_{part.type}", **part.parameters)
            self.join(after, layer_id, source_port=port)
            after, port = layer_id, "out"
        self.outputs.append(Output(task.id, after))

    def network(self) -> NetworkSpec:
        """The finished network, each layer shared by exactly the tasks whose way leads through it."""
        drawn = NetworkSpec(tuple(self.layers), tuple(self.connections), tuple(self.outputs))
        tasks = reaches(drawn)
        layers = tuple(
            LayerSpec(layer.id, layer.name, layer.type, tasks[layer.id], layer.parameters)
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
