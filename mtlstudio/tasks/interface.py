"""The interface of task types. A new type is one file in this folder that defines `TYPE`, a `TaskType`.

A `TaskType` is a declaration. Bound to a task of a project and to the statistics of its training data it
becomes a `BoundTask`, which knows everything that the trainer, the predictor, the tables and the viewer need.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks.geometry import Fit, Geometry
from mtlstudio.tasks.predictions import Painting, Prediction, Row
from mtlstudio.tasks.written import WrittenTask

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class LossDeclaration:
    """A loss that a task type offers; `parameters` are its own."""

    id: str
    name: str
    summary: str = ""
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class MetricDeclaration:
    """A metric. `id` is the name in `--json` (`accuracy`, `mean_iou`); `short` the one in narrow columns."""

    id: str
    name: str
    higher_is_better: bool
    short: str = ""
    unit: str = ""


@dataclass(frozen=True)
class HeadLayer:
    """One layer of the default head: a layer type by id and its parameters."""

    type: str
    name: str
    parameters: FrozenDict = FrozenDict()


@dataclass(frozen=True)
class TaskLoss:
    """The loss of one task on one batch.

    Attributes:
        value: () float32: the weighted sum of the task's losses, each the mean over present elements. Zero and
            without gradient when nothing is present.
        parts: loss id -> () float32, unweighted.
        count: () float32: number of samples of the batch that had a target (for the mean over an epoch).
    """

    value: Tensor
    parts: dict[str, Tensor]
    count: Tensor


class Metrics(ABC):
    """A running measurement of one task over many batches.

    All state is in `sums`, tensors on the device that add up over batches and processes, so nothing is moved to the
    host before `compute`.
    """

    sums: dict[str, Tensor]

    @abstractmethod
    def update(self, output: Tensor, target: Any, present: Tensor) -> None:
        """Adds one batch: the network's raw output, the collated target, (N,) bool."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """Metric id -> value; NaN for what cannot be said (nothing present). Also `<metric>.<class name>` where useful."""


class BoundTask(ABC):
    """A task of a project, ready for work.

    Attributes:
        spec: the task.
        type: its type.
        statistics: of its training targets, as `TaskType.statistics` made them (plain numbers; {} before training).
    """

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        self.spec, self.type, self.statistics = spec, type_, dict(statistics)

    @property
    @abstractmethod
    def output_channels(self) -> int:
        """C of the output that the task requires: (N, C) for kind `vector`, (N, C, H, W) for kind `map`, (N, C, T) for
        kind `sequence`."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the classes, labels or symbols that pictures can be looked for by. Default: the classes."""
        names: tuple[str, ...] = self.spec.parameters.get("class_names", ())
        return tuple(names)

    @property
    def least_steps(self) -> int:
        """T that an output of kind `sequence` (N, C, T) must have at least; 0 for other kinds."""
        return 0

    @abstractmethod
    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """A raw target of a data set, as it is kept in memory for a square of `fit.size`; None when it is missing.

        Dense targets are resized to (S, S) here (labels: nearest neighbour); values that speak of places in the
        picture are turned into fractions of the square.
        """

    @abstractmethod
    def blank(self, size: int) -> Tensor:
        """A stand-in of the right shape and dtype for a sample without a target."""

    def transform(self, target: Tensor, geometry: Geometry) -> Tensor:
        """The encoded target turned with the picture. Default: unchanged."""
        return target

    def collate(self, targets: Sequence[Tensor]) -> Any:
        """Many encoded targets as one batch. Default: stacked along a new first dimension."""
        import torch

        return torch.stack(list(targets))

    def move(self, collated: Any, device: torch.device | str, non_blocking: bool = False) -> Any:
        """A collated target on another device. Default: every tensor in lists, tuples and dictionaries; plain numbers
        stay on the host."""
        if isinstance(collated, list | tuple):
            return type(collated)(self.move(item, device, non_blocking) for item in collated)
        if isinstance(collated, dict):
            return {key: self.move(item, device, non_blocking) for key, item in collated.items()}
        return collated if isinstance(collated, int | float) else collated.to(device, non_blocking=non_blocking)

    @abstractmethod
    def loss(self, output: Tensor, target: Any, present: Tensor) -> TaskLoss:
        """The task's losses on a batch; `present`: (N,) bool. Computed in float32 whatever the output's dtype."""

    def kept(self, output: Tensor, taught: Tensor) -> Tensor:
        """How far an output is from what a trained network gives for the same pictures, () float32, to be differentiated.

        Default: the mean squared difference; types whose output is a distribution compare these.

        Args:
            output, taught: (N, C, …), raw; `taught` without graph.
        """
        return (output.float() - taught.float()).square().mean()

    def written(self) -> WrittenTask | None:
        """The task in Python expressions, for an exported training script. Default: nobody has written it down."""
        return None

    @abstractmethod
    def metrics(self) -> Metrics:
        """A fresh measurement; its tensors follow the device of the first batch."""

    def to_size(self, output: Tensor, fit: Fit) -> Tensor:
        """The output for one picture, (1, C, S, S), brought back to the picture's own size (1, C, H, W).

        Default, for vectors: unchanged.
        """
        return output

    @abstractmethod
    def decode(self, output: Tensor, fit: Fit) -> Prediction:
        """What the output (1, C…), already brought to the picture's size, says."""

    @abstractmethod
    def truth(self, value: Any, fit: Fit) -> Prediction | None:
        """A raw target in the form of a prediction, at the picture's own size; None when it is missing."""

    def full_target(self, value: Any, fit: Fit) -> Tensor | None:
        """A raw target as the metrics take it at the picture's own size (`evaluate`). Default: as encoded."""
        return self.encode(value, fit)

    def shown(self, target: Tensor, size: int) -> Prediction | None:
        """An encoded target, perhaps turned with its picture, in the form of a prediction for the square of `size`.

        Default: as a raw target of a square picture.
        """
        return self.truth(target.numpy(), Fit(size, size, size))

    @abstractmethod
    def paint(self, prediction: Prediction) -> Painting | None:
        """What to draw over the picture; None for what is only words."""

    @abstractmethod
    def rows(self, prediction: Prediction) -> list[Row]:
        """What to list beside the picture: classes with probabilities, values with units, shares of pixels."""

    @abstractmethod
    def summary(self, prediction: Prediction) -> str:
        """The prediction in one or two words (a gallery caption)."""

    def at(self, prediction: Prediction, x: int, y: int) -> str:
        """What it says of the pixel (x, y): class and confidence, or value. Default: `summary`."""
        return self.summary(prediction)

    @abstractmethod
    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """Plain values for tables and `predictions.json` (`class`, `probabilities` by name, `values` …)."""

    def dense(self, prediction: Prediction) -> tuple[Any, dict[str, float]] | None:
        """For dense outputs: the map to save as PNG ((H, W) uint8 or uint16, or (H, W, 3) uint8) and what its numbers mean
        (`{"scale": metres per step}` for depth); None for others."""
        return None

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """How good one prediction is, 0 (wrong) … 1 (right): IoU, correct or not, share of right labels …;
        NaN where it cannot be said. Orders galleries; never reported as a metric."""
        return float("nan")

    def metric_unit(self, metric_id: str) -> str:
        """Unit of a metric of this very task ("" where it has none). Default: as declared."""
        declared = {metric.id: metric.unit for metric in self.type.metrics_offered}
        return declared.get(metric_id, "")

    def balance(self) -> dict[str, Any]:
        """What the training targets are made of, from `statistics`, for `--json`: counts by class name, means …
        Plain JSON values; {} before training."""
        return {}

    def balance_rows(self) -> list[Row]:
        """The same to be listed, with shares for bars. Default: nothing."""
        return []


class TaskType(ABC):
    """Declaration of a task type; no torch at import.

    Attributes:
        id: as in `TaskSpec.type`.
        name, summary: marked for translation.
        icon: name of an icon.
        kind: whether the output is a vector (N, C), a map (N, C, H, W) or a sequence (N, C, T).
        parameters: of the task.
        losses: those offered; `default_losses` those a new task has.
        metrics_offered: the first is the main one.
        default_head: from the features of the task's branch to its output.
        offered: False hides the type from the window and `new`.
        needs_no_labels: its targets are made from the pictures themselves.
    """

    id: str
    name: str
    summary: str
    icon: str
    kind: Literal["vector", "map", "sequence"]
    parameters: tuple[Parameter, ...] = ()
    losses: tuple[LossDeclaration, ...] = ()
    default_losses: tuple[LossSpec, ...] = ()
    metrics_offered: tuple[MetricDeclaration, ...] = ()
    default_head: tuple[HeadLayer, ...] = ()
    offered: bool = True
    needs_no_labels: bool = False

    @abstractmethod
    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work.

        Raises:
            StudioError: a parameter of the task or of one of its losses is wrong (`check` says all of it).
        """

    @abstractmethod
    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """Of the training split's encoded, present targets: means, deviations, class counts; plain JSON values."""

    @abstractmethod
    def check(self, spec: TaskSpec) -> list[Problem]:
        """What is wrong with a task's own parameters and losses: all of it."""

    def main_metric(self) -> MetricDeclaration:
        """The metric shown where there is room for one."""
        return self.metrics_offered[0]

    def loss_specs(self, spec: TaskSpec) -> tuple[LossSpec, ...]:
        """The task's losses: its own, else the type's default."""
        return spec.losses or self.default_losses

    def metric(self, metric_id: str) -> MetricDeclaration:
        """A metric by id. Raises KeyError where there is none."""
        for declared in self.metrics_offered:
            if declared.id == metric_id:
                return declared
        raise KeyError(metric_id)
