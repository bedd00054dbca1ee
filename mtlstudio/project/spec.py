"""The project as data: frozen, comparable, readable on disk.

Everything has an `id` (an ASCII slug that never changes) beside its `name` (free text, any language).
Edits are pure functions from specification to specification (`mtlstudio.project.edits`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.settings import DataSettings, MethodSpec, StageSpec, TrainingSettings

FORMAT = "mtlstudio-project"
VERSION = 3
INPUT_TYPES = ("image", "map")
"""What an input can be: see `InputSpec.type`."""

_Named = TypeVar("_Named", bound="InputSpec | DatasetSpec | TaskSpec | LayerSpec")


@dataclass(frozen=True)
class InputSpec:
    """One thing that goes into the network: `channels` maps of the data's image size.

    Attributes:
        type: `image`, the picture itself, standardised as pictures are; or `map`, figures per pixel that come beside
            it (depth, a thermal picture), standardised with their own mean and deviation.
    """

    id: str
    name: str
    type: str = "image"
    channels: int = 3


@dataclass(frozen=True)
class DatasetSpec:
    """One labelled data set.

    Attributes:
        layout: id of the layout that reads it (`mtlstudio.data.sources`).
        path: its folder, relative to the project folder where possible; "" where the layout needs none.
        parameters: the layout's own parameters.
        targets: which of the layout's targets each task learns from: task id -> target id.
        inputs: where the project's inputs come from: input id -> target id of the layout. Inputs of type `image` that
            are not named here are the picture.
    """

    id: str
    name: str
    layout: str
    path: str = ""
    parameters: FrozenDict = field(default_factory=FrozenDict)
    targets: FrozenDict = field(default_factory=FrozenDict)
    inputs: FrozenDict = field(default_factory=FrozenDict)


@dataclass(frozen=True)
class LossSpec:
    """One of the losses of a task, with its weight *within* the task."""

    type: str
    weight: float = 1.0
    parameters: FrozenDict = field(default_factory=FrozenDict)


@dataclass(frozen=True)
class TaskSpec:
    """A thing to predict.

    Attributes:
        type: id of the task type (`mtlstudio.tasks`).
        colour: `#rrggbb`; the task's colour in canvas, plots, viewer and tables.
        parameters: the task type's own (class names, ignore index, units …).
        losses: empty means the task type's default.
        loss_weight: λ, the weight of the task's loss in the total.
        weight_schedule: λ over time as (epoch, λ) points, joined linearly; empty: constant.
        metrics: ids; empty means the task type's default.
        state: `trained`; `muted`: its loss does not count; `frozen`: nor are its own layers trained.
        patience: it rests, as if frozen, after so many epochs without gain of its main metric; None: never.
    """

    id: str
    name: str
    type: str
    colour: str = "#4C9BE8"
    parameters: FrozenDict = field(default_factory=FrozenDict)
    losses: tuple[LossSpec, ...] = ()
    loss_weight: float = 1.0
    weight_schedule: tuple[tuple[float, float], ...] = ()
    metrics: tuple[str, ...] = ()
    state: str = "trained"
    patience: int | None = None


@dataclass(frozen=True)
class LayerSpec:
    """One layer of the network.

    Attributes:
        type: id of the layer type (`mtlstudio.network.layers`); `input` layers name their input in
            `parameters["input"]`.
        tasks: ids of the tasks that share it (one: the task's own).
        frozen: its weights are not trained.
        bypassed: it stands in the network but lets its first input through unchanged.
        learning_rate_factor: multiplies the learning rate of its weights.
        origin: id of the layer that it was copied from when a shared layer was split, so that trained
            weights can be inherited.
    """

    id: str
    name: str
    type: str
    tasks: frozenset[str]
    parameters: FrozenDict = field(default_factory=FrozenDict)
    frozen: bool = False
    bypassed: bool = False
    learning_rate_factor: float = 1.0
    origin: str | None = None


@dataclass(frozen=True)
class Connection:
    """From (layer, port) to (layer, port). Several into one variadic port keep the order of the list.

    A layer between tasks has ports of single tasks: see `mtlstudio.project.lanes`.
    """

    source: str
    target: str
    source_port: str = "out"
    target_port: str = "in"


@dataclass(frozen=True)
class Output:
    """Where a task's output comes from."""

    task: str
    layer: str
    port: str = "out"


@dataclass(frozen=True)
class LayerGroup:
    """Layers that the grid shows as one card while they are folded. Groups do not overlap; none is empty."""

    id: str
    name: str
    layers: tuple[str, ...]
    folded: bool = True


@dataclass(frozen=True)
class TaskGroup:
    """Neighbouring tasks whose rows the grid shows as one while they are folded. Groups do not overlap."""

    id: str
    name: str
    tasks: tuple[str, ...]
    folded: bool = True


@dataclass(frozen=True)
class NetworkSpec:
    """Layers and connections: a directed acyclic graph, as data."""

    layers: tuple[LayerSpec, ...] = ()
    connections: tuple[Connection, ...] = ()
    outputs: tuple[Output, ...] = ()
    groups: tuple[LayerGroup, ...] = ()

    def layer(self, layer_id: str) -> LayerSpec:
        """The layer of that id.

        Raises:
            KeyError: there is none.
        """
        return _by_id(self.layers, layer_id)

    def output_of(self, task_id: str) -> Output | None:
        """Where the task's output comes from, or None while it has none."""
        return next((output for output in self.outputs if output.task == task_id), None)


@dataclass(frozen=True)
class ProjectSpec:
    """A whole project."""

    name: str
    inputs: tuple[InputSpec, ...] = (InputSpec("image", "Image"),)
    datasets: tuple[DatasetSpec, ...] = ()
    tasks: tuple[TaskSpec, ...] = ()
    network: NetworkSpec = NetworkSpec()
    data: DataSettings = DataSettings()
    training: TrainingSettings = TrainingSettings()
    task_groups: tuple[TaskGroup, ...] = ()

    def task(self, task_id: str) -> TaskSpec:
        """The task of that id. Raises KeyError where there is none."""
        return _by_id(self.tasks, task_id)

    def input(self, input_id: str) -> InputSpec:
        """The input of that id. Raises KeyError where there is none."""
        return _by_id(self.inputs, input_id)

    def dataset(self, dataset_id: str) -> DatasetSpec:
        """The data set of that id. Raises KeyError where there is none."""
        return _by_id(self.datasets, dataset_id)

    @property
    def task_ids(self) -> tuple[str, ...]:
        """Ids of the tasks, in the order of the grid's rows."""
        return tuple(task.id for task in self.tasks)

    def with_network(self, network: NetworkSpec) -> ProjectSpec:
        """The same project with another network."""
        return replace(self, network=network)


def _by_id(items: tuple[_Named, ...], item_id: str) -> _Named:
    for item in items:
        if item.id == item_id:
            return item
    raise KeyError(item_id)


__all__ = [
    "FORMAT", "INPUT_TYPES", "VERSION", "Connection", "DataSettings", "DatasetSpec", "InputSpec", "LayerGroup",
    "LayerSpec", "LossSpec", "MethodSpec", "NetworkSpec", "Output", "ProjectSpec", "StageSpec", "TaskGroup",
    "TaskSpec", "TrainingSettings",
]  # fmt: skip
