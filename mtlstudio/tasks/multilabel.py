"""Multilabel: any of K labels for the whole picture, each known or not by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks import checks
from mtlstudio.tasks.bound import DeclaredTask, names_of
from mtlstudio.tasks.distilling import kept_labels
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask, HeadLayer, MetricDeclaration, TaskLoss, TaskType
from mtlstudio.tasks.losses import offered
from mtlstudio.tasks.metrics import Sums, mean_known, named, ratio
from mtlstudio.tasks.predictions import LabelsPrediction, Painting, Prediction, Row
from mtlstudio.tasks.words import percent, plain
from mtlstudio.tasks.written import WrittenTask

if TYPE_CHECKING:
    from torch import Tensor

_HEAVIEST = 100.0
"""Balanced weights of `yes` stay within 1/100 … 100."""


class LabelMetrics(Sums):
    """Counts per label over its known entries.

    `f1`: mean over the labels that occur or are predicted. `accuracy`: mean over labels of the share of right entries.
    `exact_match`: share of samples all of whose known entries are right. And `f1.<label>`.
    """

    def __init__(self, names: Sequence[str], threshold: float) -> None:
        shape = (len(names),)
        super().__init__(
            {"hits": shape, "truths": shape, "predicted": shape, "right": shape, "known": shape, "samples": (2,)}, True
        )
        self.names, self.threshold = names, threshold

    def update(self, output: Tensor, target: Tensor, present: Tensor) -> None:
        """`output` (N, K) logits, `target` (N, K) with NaN for unknown."""
        import torch

        self.follow(output.device)
        known = present[:, None] & ~target.isnan()
        yes, said = known & (target >= 0.5), known & (output.float().sigmoid() >= self.threshold)
        right = known & (yes == said)
        for name, hits in (
            ("hits", yes & said),
            ("truths", yes),
            ("predicted", said),
            ("right", right),
            ("known", known),
        ):
            self.add(name, hits.sum(0))
        some = known.any(1)
        self.add("samples", torch.stack([(some & (right == known).all(1)).sum(), some.sum()]))

    def compute(self) -> dict[str, float]:
        """See the class; NaN where nothing was known."""
        sums = self.host()
        f1 = ratio(2 * sums["hits"], sums["truths"] + sums["predicted"])
        return {
            "f1": mean_known(f1),
            "accuracy": mean_known(ratio(sums["right"], sums["known"])),
            "exact_match": ratio(sums["samples"][:1], sums["samples"][1:])[0],
            **named("f1", self.names, f1),
        }


class BoundMultilabel(DeclaredTask):
    """Encoded target: (K,) float32 in 0..1, NaN where unknown."""

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.names: tuple[str, ...] = self.parameters["class_names"]
        self.threshold: float = self.parameters["threshold"]

    @property
    def output_channels(self) -> int:
        """One per label."""
        return len(self.names)

    def _labels(self, value: Any) -> NDArray[np.float32] | None:
        """(K,) float32 with NaN for negative, infinite and unknown entries; None when all are.

        Raises:
            StudioError: another number of entries, or one above 1.
        """
        if value is None:
            return None
        labels = np.array(value, np.float32)
        if labels.shape != (len(self.names),):
            raise StudioError(
                mark("{found} entries for {expected} labels"),
                fix=mark("Give one entry per label: 1 yes, 0 no, nothing where it is unknown."),
                found=labels.size, expected=len(self.names),
            )  # fmt: skip
        labels[~np.isfinite(labels) | (labels < 0)] = np.nan
        if np.any(labels > 1):
            raise StudioError(
                mark("{value} is no label"), fix=mark("Labels are 1 (yes) or 0 (no)."), value=float(np.nanmax(labels))
            )
        return None if np.isnan(labels).all() else labels

    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """The labels as (K,) float32."""
        import torch

        labels = self._labels(value)
        return None if labels is None else torch.from_numpy(labels)

    def blank(self, size: int) -> Tensor:
        """Nothing known."""
        import torch

        return torch.full((len(self.names),), float("nan"))

    def loss(self, output: Tensor, target: Tensor, present: Tensor) -> TaskLoss:
        """`output` and `target` (N, K)."""
        return self.weighted_losses(output, target, present[:, None] & ~target.isnan())

    def written(self) -> WrittenTask:
        """See `WrittenTask`."""
        return WrittenTask(
            f"any of {len(self.names)} labels", "(N, labels) float32: 1 yes, 0 no, NaN where it is unknown",
            "~target.isnan()", f"torch.randint(2, ({len(self.names)},)).float()",
            "dict(zip({name}_LABELS, {output}.sigmoid().tolist(), strict=True))", constants={"LABELS": self.names},
        )  # fmt: skip

    def class_weights(self) -> Sequence[float] | None:
        """no ÷ yes of each label, within 1/100 … 100; 1 where there is no yes or no no."""
        yes, no = self.statistics.get("positive"), self.statistics.get("negative")
        if not yes or not no:
            return None
        pairs = zip(yes, no, strict=True)
        return [min(max(n / y, 1 / _HEAVIEST), _HEAVIEST) if y > 0 and n > 0 else 1.0 for y, n in pairs]

    def kept(self, output: Tensor, taught: Tensor) -> Tensor:
        """See `BoundTask.kept`."""
        return kept_labels(output, taught)

    def metrics(self) -> LabelMetrics:
        """Fresh counts."""
        return LabelMetrics(self.names, self.threshold)

    def decode(self, output: Tensor, fit: Fit) -> LabelsPrediction:
        """Sigmoid of the output (1, K)."""
        return LabelsPrediction(output[0].detach().float().sigmoid().cpu().numpy())

    def truth(self, value: Any, fit: Fit) -> LabelsPrediction | None:
        """0, 1 and NaN."""
        labels = self._labels(value)
        return None if labels is None else LabelsPrediction(labels)

    def paint(self, prediction: Prediction) -> Painting | None:
        """Only words."""
        return None

    def rows(self, prediction: Prediction) -> list[Row]:
        """Every label, the most probable first, the unknown last."""
        shares = _labels(prediction).probabilities
        order = np.argsort(-np.where(np.isnan(shares), -1, shares), kind="stable")
        return [Row(self.names[i], percent(float(shares[i])), plain(float(shares[i]))) for i in order]

    def _chosen(self, prediction: Prediction) -> list[str]:
        """Labels at or above the threshold, in their own order."""
        shares = _labels(prediction).probabilities
        return [name for name, share in zip(self.names, shares, strict=True) if share >= self.threshold]

    def summary(self, prediction: Prediction) -> str:
        """The labels at or above the threshold."""
        return ", ".join(self._chosen(prediction)) or tr("none")

    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """`labels` at or above the threshold, and `probabilities` by label (None: unknown)."""
        shares = _labels(prediction).probabilities
        probabilities = {name: plain(float(share)) for name, share in zip(self.names, shares, strict=True)}
        return {"labels": self._chosen(prediction), "probabilities": probabilities}

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """Share of the known labels that are right."""
        said, true = _labels(prediction).probabilities, _labels(truth).probabilities
        known = ~np.isnan(true)
        if not known.any():
            return float("nan")
        return float(((said >= self.threshold) == (true >= 0.5))[known].mean())

    def balance(self) -> dict[str, Any]:
        """`classes`: samples with each label; `known`: samples where it is known at all."""
        yes, no = self.statistics.get("positive"), self.statistics.get("negative")
        if not yes or not no:
            return {}
        known = {name: y + n for name, y, n in zip(self.names, yes, no, strict=True)}
        return {"classes": dict(zip(self.names, yes, strict=True)), "known": known}

    def balance_rows(self) -> list[Row]:
        """Samples with each label and their share of those where it is known."""
        said = self.balance()
        if not said:
            return []
        return [Row(name, str(yes), yes / max(1, said["known"][name])) for name, yes in said["classes"].items()]


def _labels(prediction: Prediction) -> LabelsPrediction:
    return cast(LabelsPrediction, prediction)


class Multilabel(TaskType):
    """Any of K labels for the whole picture."""

    id = "multilabel"
    name = mark("Multilabel")
    summary = mark("Several labels at once, each yes or no.")
    icon = "multilabel"
    kind = "vector"
    parameters = (
        Parameter("class_names", "names", (), mark("Labels"), mark("Their names, in the order of their numbers.")),
        Parameter(
            "threshold", "float", 0.5, mark("Threshold"), mark("A label counts as said from this probability on."),
            0.01, 0.99, step=0.05,
        ),
    )  # fmt: skip
    losses = offered("bce")
    default_losses = (LossSpec("bce"),)
    metrics_offered = (
        MetricDeclaration("f1", mark("F1, mean of the labels"), True, mark("F1")),
        MetricDeclaration("accuracy", mark("Accuracy per label"), True, mark("Acc")),
        MetricDeclaration("exact_match", mark("All labels right"), True, mark("Exact")),
    )
    default_head = (HeadLayer("global_pool", mark("Pool")), HeadLayer("linear_head", mark("Head")))

    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work."""
        return BoundMultilabel(spec, self, statistics or {})

    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """`samples`; `positive` and `negative` entries per label."""
        labels = len(names_of(spec, "class_names"))
        yes, no, samples = np.zeros(labels, np.int64), np.zeros(labels, np.int64), 0
        for target in targets:
            values = target.numpy()
            samples += 1
            yes += values >= 0.5
            no += values < 0.5
        return {"samples": samples, "positive": yes.tolist(), "negative": no.tolist()}

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Labels, losses, metrics."""
        return checks.common(self, spec) + checks.names(spec, "class_names", names_of(spec, "class_names"))


TYPE = Multilabel()
