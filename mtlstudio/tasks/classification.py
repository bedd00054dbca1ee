"""Classification: one of K classes for the whole picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks import checks
from mtlstudio.tasks.bound import DeclaredTask, balanced, names_of
from mtlstudio.tasks.distilling import kept_classes
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask, HeadLayer, MetricDeclaration, TaskLoss, TaskType
from mtlstudio.tasks.losses import offered
from mtlstudio.tasks.metrics import ConfusionMetrics, mean_known, named, ratio
from mtlstudio.tasks.predictions import ClassPrediction, Painting, Prediction, Row
from mtlstudio.tasks.words import percent
from mtlstudio.tasks.written import WrittenTask

if TYPE_CHECKING:
    from torch import Tensor


class ClassificationMetrics(ConfusionMetrics):
    """Accuracy, mean recall over the classes that occur (`balanced_accuracy`), mean F1 over the classes that occur or
    are predicted, and `recall.<class name>`."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(len(names))
        self.names = names

    def update(self, output: Tensor, target: Tensor, present: Tensor) -> None:
        """`output` (N, K), `target` (N,) int64."""
        self.count(output.max(1).indices, target, present & (target >= 0))

    def compute(self) -> dict[str, float]:
        """See the class; NaN where no element was present."""
        hits, truths, predicted = self.margins()
        recalls = ratio(hits, truths)
        return {
            "accuracy": ratio(hits.sum(0, keepdim=True), truths.sum(0, keepdim=True))[0],
            "balanced_accuracy": mean_known(recalls),
            "macro_f1": mean_known(ratio(2 * hits, truths + predicted)),
            **named("recall", self.names, recalls),
        }


class BoundClassification(DeclaredTask):
    """Encoded target: () int64, the class."""

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.names: tuple[str, ...] = self.parameters["class_names"]

    @property
    def output_channels(self) -> int:
        """One per class."""
        return len(self.names)

    def _index(self, value: Any) -> int | None:
        """The class of a raw target; None for None, NaN, infinity and negative numbers.

        Raises:
            StudioError: no whole number, or outside the classes.
        """
        if value is None or not math.isfinite(number := float(value)) or number < 0:
            return None
        if number != int(number) or number >= len(self.names):
            raise StudioError(
                mark("{value} is none of the classes 0 … {last}"),
                fix=mark("Correct the label, or name more classes."), value=value, last=len(self.names) - 1,
            )  # fmt: skip
        return int(number)

    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """The class index as () int64."""
        import torch

        index = self._index(value)
        return None if index is None else torch.tensor(index)

    def blank(self, size: int) -> Tensor:
        """−1, which no class has."""
        import torch

        return torch.tensor(-1)

    def loss(self, output: Tensor, target: Tensor, present: Tensor) -> TaskLoss:
        """`output` (N, K), `target` (N,) int64."""
        return self.weighted_losses(output, target, present & (target >= 0))

    def written(self) -> WrittenTask:
        """See `WrittenTask`."""
        return WrittenTask(
            f"one of {len(self.names)} classes", "(N,) int64: number of the class, -1 where it is unknown", "target >= 0",
            f"torch.randint({len(self.names)}, ())", "dict(zip({name}_CLASSES, {output}.softmax(0).tolist(), strict=True))",
            constants={"CLASSES": self.names},
        )  # fmt: skip

    def class_weights(self) -> Sequence[float] | None:
        """In inverse proportion to the classes' counts."""
        counts = self.statistics.get("counts")
        return balanced(counts) if counts else None

    def kept(self, output: Tensor, taught: Tensor) -> Tensor:
        """See `BoundTask.kept`."""
        return kept_classes(output, taught)

    def metrics(self) -> ClassificationMetrics:
        """Fresh counts."""
        return ClassificationMetrics(self.names)

    def decode(self, output: Tensor, fit: Fit) -> ClassPrediction:
        """Softmax of the output (1, K)."""
        return ClassPrediction(output[0].detach().float().softmax(0).cpu().numpy())

    def truth(self, value: Any, fit: Fit) -> ClassPrediction | None:
        """One-hot."""
        index = self._index(value)
        if index is None:
            return None
        probabilities = np.zeros(len(self.names), np.float32)
        probabilities[index] = 1
        return ClassPrediction(probabilities)

    def paint(self, prediction: Prediction) -> Painting | None:
        """Only words."""
        return None

    def rows(self, prediction: Prediction) -> list[Row]:
        """Every class, the most probable first."""
        shares = _class(prediction).probabilities
        order = np.argsort(-shares, kind="stable")
        return [Row(self.names[i], percent(float(shares[i])), float(shares[i])) for i in order]

    def summary(self, prediction: Prediction) -> str:
        """The class."""
        return self.names[_class(prediction).index]

    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """`class`, its `index` and `probability`, and `probabilities` by class name."""
        said = _class(prediction)
        probabilities = {name: float(share) for name, share in zip(self.names, said.probabilities, strict=True)}
        return {
            "class": self.names[said.index], "index": said.index,
            "probability": float(said.probabilities[said.index]), "probabilities": probabilities,
        }  # fmt: skip

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """1 for the right class, else 0."""
        return float(_class(prediction).index == _class(truth).index)

    def balance(self) -> dict[str, Any]:
        """`classes`: samples by class name."""
        counts = self.statistics.get("counts")
        return {"classes": dict(zip(self.names, counts, strict=True))} if counts else {}

    def balance_rows(self) -> list[Row]:
        """Samples of each class with their share."""
        counts = self.statistics.get("counts", [])
        total = max(1, sum(counts))
        return [Row(name, str(count), count / total) for name, count in zip(self.names, counts, strict=False)]


def _class(prediction: Prediction) -> ClassPrediction:
    return cast(ClassPrediction, prediction)


class Classification(TaskType):
    """One of K classes for the whole picture."""

    id = "classification"
    name = mark("Classification")
    summary = mark("One of several classes for the whole picture.")
    icon = "classification"
    kind = "vector"
    parameters = (
        Parameter("class_names", "names", (), mark("Classes"), mark("Their names, in the order of their numbers.")),
    )
    losses = offered("cross_entropy", "focal")
    default_losses = (LossSpec("cross_entropy"),)
    metrics_offered = (
        MetricDeclaration("accuracy", mark("Accuracy"), True, mark("Acc")),
        MetricDeclaration("balanced_accuracy", mark("Balanced accuracy"), True, mark("Bal. acc")),
        MetricDeclaration("macro_f1", mark("F1, mean of the classes"), True, mark("F1")),
    )
    default_head = (HeadLayer("global_pool", mark("Pool")), HeadLayer("linear_head", mark("Head")))

    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work."""
        return BoundClassification(spec, self, statistics or {})

    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """`samples`, and `counts` per class."""
        counts = [0] * len(names_of(spec, "class_names"))
        for target in targets:
            counts[int(target)] += 1
        return {"samples": sum(counts), "counts": counts}

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Class names, losses, metrics."""
        return checks.common(self, spec) + checks.names(spec, "class_names", names_of(spec, "class_names"), at_least=2)


TYPE = Classification()
