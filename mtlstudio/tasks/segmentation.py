"""Segmentation: one of K classes for each pixel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks import checks, maps
from mtlstudio.tasks.bound import DeclaredTask, balanced, names_of
from mtlstudio.tasks.distilling import kept_classes
from mtlstudio.tasks.geometry import Fit, Geometry
from mtlstudio.tasks.interface import BoundTask, HeadLayer, MetricDeclaration, TaskLoss, TaskType
from mtlstudio.tasks.losses import offered
from mtlstudio.tasks.metrics import ConfusionMetrics, mean_known, named, ratio
from mtlstudio.tasks.palette import background_index, class_colours
from mtlstudio.tasks.predictions import IndexMap, MaskPrediction, Painting, Prediction, Row
from mtlstudio.tasks.words import percent
from mtlstudio.tasks.written import WrittenTask

if TYPE_CHECKING:
    from torch import Tensor


class SegmentationMetrics(ConfusionMetrics):
    """From one confusion matrix of all pixels of the split: `mean_iou` and `dice` (mean over the classes that occur in
    truth or prediction), `pixel_accuracy`, and `iou.<class name>`. Ignored pixels and an ignored class do not count."""

    def __init__(self, task: BoundSegmentation) -> None:
        super().__init__(len(task.names))
        self.task = task

    def update(self, output: Tensor, target: Tensor, present: Tensor) -> None:
        """`output` (N, K, H, W), `target` (N, H, W)."""
        maps.check_map_output(output, target)
        target, best = target.long(), output.max(1).indices  # argmax is ten times slower over this axis
        self.count(best, target, self.task.mask(target, present))

    def compute(self) -> dict[str, float]:
        """See the class; NaN where no pixel was present, and for classes that do not occur."""
        hits, truths, predicted = self.margins()
        ious, dices = ratio(hits, truths + predicted - hits), ratio(2 * hits, truths + predicted)
        counted = [index for index in range(self.classes) if index != self.task.ignore_index]
        return {
            "mean_iou": mean_known([ious[index] for index in counted]),
            "pixel_accuracy": ratio(hits.sum(0, keepdim=True), truths.sum(0, keepdim=True))[0],
            "dice": mean_known([dices[index] for index in counted]),
            **named("iou", self.task.names, ious),
        }


class BoundSegmentation(DeclaredTask):
    """Encoded target: (S, S) uint8 (int32 above 255), class indices and the ignore index."""

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.names: tuple[str, ...] = self.parameters["class_names"]
        self.ignore_index: int = self.parameters["ignore_index"]

    @property
    def output_channels(self) -> int:
        """One per class."""
        return len(self.names)

    @property
    def _narrow(self) -> bool:
        """All numbers fit 8 bits."""
        return max(len(self.names) - 1, self.ignore_index) <= 255

    def _indices(self, value: Any) -> NDArray[np.uint8] | NDArray[np.uint16] | None:
        """(h, w) uint8 or uint16; None for None and for a mask without a known pixel.

        Raises:
            StudioError: no (h, w) whole numbers, or some outside the classes.
        """
        if value is None:
            return None
        mask = np.asarray(value)
        if mask.ndim != 2 or mask.dtype.kind not in "bui" or not mask.size:
            raise StudioError(
                mark("the mask has the shape {shape} and numbers of the kind {kind}"),
                fix=mark("A mask has one whole number per pixel: its class."),
                shape=str(mask.shape), kind=str(mask.dtype),
            )  # fmt: skip
        if mask.dtype.kind == "i" or mask.max() >= len(self.names):
            self._check_range(mask)
        mask = mask.astype(np.uint8 if self._narrow else np.uint16, copy=False)
        return None if mask[0, 0] == self.ignore_index and np.all(mask == self.ignore_index) else mask

    def _check_range(self, mask: NDArray[Any]) -> None:
        wrong = mask[((mask < 0) | (mask >= len(self.names))) & (mask != self.ignore_index)]
        if wrong.size:
            raise StudioError(
                mark("the mask holds {value}, which is none of the classes 0 … {last} and not the ignore index {ignore}"),
                fix=mark("Correct the mask, name more classes, or set the ignore index."),
                value=int(wrong.flat[0]), last=len(self.names) - 1, ignore=self.ignore_index,
            )  # fmt: skip

    def _tensor(self, mask: NDArray[Any]) -> Tensor:
        import torch

        return torch.from_numpy(np.ascontiguousarray(mask if self._narrow else mask.astype(np.int32)))

    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """The mask as (S, S), nearest neighbour; ignored where the square reaches beyond the picture."""
        mask = self._indices(value)
        if mask is None:
            return None
        square = maps.to_square(mask, fit, self.ignore_index)
        return None if np.all(square == self.ignore_index) else self._tensor(square)

    def full_target(self, value: Any, fit: Fit) -> Tensor | None:
        """The mask as (H, W), all of the picture."""
        mask = self._indices(value)
        return None if mask is None else self._tensor(maps.to_picture(mask, fit))

    def blank(self, size: int) -> Tensor:
        """Every pixel ignored."""
        import torch

        return torch.full((size, size), self.ignore_index, dtype=torch.uint8 if self._narrow else torch.int32)

    def transform(self, target: Tensor, geometry: Geometry) -> Tensor:
        """The mask turned with the picture, nearest neighbour."""
        return maps.turned(target, geometry)

    def mask(self, target: Tensor, present: Tensor) -> Tensor:
        """Pixels that count: (N, H, W) bool."""
        return present[:, None, None] & (target != self.ignore_index)

    def loss(self, output: Tensor, target: Tensor, present: Tensor) -> TaskLoss:
        """`output` (N, K, H, W), `target` (N, H, W)."""
        maps.check_map_output(output, target)
        target = target.long()
        return self.weighted_losses(output, target, self.mask(target, present))

    def written(self) -> WrittenTask:
        """See `WrittenTask`."""
        return WrittenTask(
            f"one of {len(self.names)} classes for every pixel",
            "(N, S, S) int64: numbers of the classes, {name}_UNKNOWN where they are unknown",
            "target != {name}_UNKNOWN", f"torch.randint({len(self.names)}, (IMAGE_SIZE, IMAGE_SIZE))",
            "{output}.argmax(0)", constants={"CLASSES": self.names, "UNKNOWN": self.ignore_index},
        )  # fmt: skip

    def class_weights(self) -> Sequence[float] | None:
        """In inverse proportion to the classes' pixels."""
        counts = self.statistics.get("counts")
        return balanced(counts) if counts else None

    def kept(self, output: Tensor, taught: Tensor) -> Tensor:
        """See `BoundTask.kept`."""
        return kept_classes(output, taught)

    def metrics(self) -> SegmentationMetrics:
        """A fresh confusion matrix."""
        return SegmentationMetrics(self)

    def to_size(self, output: Tensor, fit: Fit) -> Tensor:
        """Logits (1, K, S, S) → (1, K, H, W), bilinear; classes are chosen afterwards."""
        return maps.output_to_picture(output, fit)

    def decode(self, output: Tensor, fit: Fit) -> MaskPrediction:
        """The most probable class of each pixel of the output (1, K, H, W), with its probability."""
        indices, confidence = maps.winners(output[0].detach().float())
        classes = indices.cpu().numpy()
        narrow = classes if classes.dtype == np.uint8 else classes.astype(np.uint16)
        return MaskPrediction(narrow, confidence.cpu().numpy())

    def truth(self, value: Any, fit: Fit) -> MaskPrediction | None:
        """The mask itself."""
        mask = self._indices(value)
        return None if mask is None else MaskPrediction(maps.to_picture(mask, fit), None, self.ignore_index)

    def paint(self, prediction: Prediction) -> Painting | None:
        """Classes in their colours, the background transparent, pixels without truth highlighted."""
        said = _mask(prediction)
        background = background_index(self.names)
        colours = self.colours()
        drawn = tuple(None if index == background else colour for index, colour in enumerate(colours))
        return IndexMap(said.indices, self.names, drawn, said.ignore)

    def colours(self) -> tuple[str, ...]:
        """`#rrggbb` of each class, the background's included."""
        return class_colours(self.names, self.parameters["class_colours"], self.spec.colour)

    def shares(self, prediction: Prediction) -> tuple[NDArray[np.float64], float]:
        """(K,) share of each class of the known pixels, and the share of unknown pixels of all."""
        said = _mask(prediction)
        counts = np.bincount(said.indices.ravel(), minlength=len(self.names)).astype(np.float64)
        ignored = 0.0
        if said.ignore is not None and said.ignore < counts.size:
            ignored, counts[said.ignore] = counts[said.ignore], 0
        counts = counts[: len(self.names)]
        return counts / max(1.0, counts.sum()), ignored / max(1, said.indices.size)

    def rows(self, prediction: Prediction) -> list[Row]:
        """The classes that occur, the largest first, and the pixels without truth."""
        shares, ignored = self.shares(prediction)
        colours = self.colours()
        order = [i for i in np.argsort(-shares, kind="stable") if shares[i] > 0]
        rows = [Row(self.names[i], percent(float(shares[i])), float(shares[i]), colours[i]) for i in order]
        return rows + ([Row(tr("No truth"), percent(ignored), float(ignored))] if ignored else [])

    def summary(self, prediction: Prediction) -> str:
        """The largest class besides the background, with its share."""
        shares, _ = self.shares(prediction)
        background = background_index(self.names)
        if background is not None and np.count_nonzero(shares) > (shares[background] > 0):
            shares[background] = 0
        index = int(shares.argmax())
        return tr("{name} {share}", name=self.names[index], share=percent(float(shares[index])))

    def at(self, prediction: Prediction, x: int, y: int) -> str:
        """Class and confidence of a pixel."""
        said = _mask(prediction)
        index = int(said.indices[y, x])
        if index == said.ignore or index >= len(self.names):
            return tr("no truth")
        if said.confidence is None:
            return self.names[index]
        return tr("{name} {share}", name=self.names[index], share=percent(float(said.confidence[y, x])))

    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """`shares` of the pixels by class name, and mean `confidence` where there is one."""
        said = _mask(prediction)
        shares, _ = self.shares(prediction)
        columns: dict[str, Any] = {"shares": {name: float(part) for name, part in zip(self.names, shares, strict=True)}}
        if said.confidence is not None:
            columns["confidence"] = float(said.confidence.mean())
        return columns

    def dense(self, prediction: Prediction) -> tuple[Any, dict[str, float]] | None:
        """(H, W) class indices."""
        return _mask(prediction).indices, {}

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """Mean IoU over the classes that occur in this picture's truth or prediction, known pixels only."""
        said, true = _mask(prediction).indices, _mask(truth)
        known = true.indices != self.ignore_index
        said, wanted, classes = said[known], true.indices[known], len(self.names)
        hits = np.bincount(wanted[said == wanted], minlength=classes)
        union = np.bincount(said, minlength=classes) + np.bincount(wanted, minlength=classes) - hits
        there = union > 0
        return float((hits[there] / union[there]).mean()) if there.any() else float("nan")

    def balance(self) -> dict[str, Any]:
        """`classes`: share of the known pixels by class name; `samples_with`: masks that hold the class."""
        counts = self.statistics.get("counts")
        if not counts:
            return {}
        total = max(1, sum(counts))
        holding = dict(zip(self.names, self.statistics["samples_with"], strict=True))
        return {"classes": {n: c / total for n, c in zip(self.names, counts, strict=True)}, "samples_with": holding}

    def balance_rows(self) -> list[Row]:
        """Share of the pixels of each class."""
        colours = self.colours()
        shares = self.balance().get("classes", {})
        return [Row(n, percent(s), s, colour) for (n, s), colour in zip(shares.items(), colours, strict=False)]


def _mask(prediction: Prediction) -> MaskPrediction:
    return cast(MaskPrediction, prediction)


class Segmentation(TaskType):
    """One of K classes for each pixel."""

    id = "segmentation"
    name = mark("Segmentation")
    summary = mark("A class for every pixel.")
    icon = "segmentation"
    kind = "map"
    parameters = (
        Parameter("class_names", "names", (), mark("Classes"), mark("Their names, in the order of their numbers.")),
        Parameter(
            "ignore_index", "int", 255, mark("Ignore index"), mark("Pixels with this number are left out."), 0, 65535
        ),
        Parameter("class_colours", "names", (), mark("Class colours"), mark("#rrggbb for each; empty: automatic.")),
    )
    losses = offered("cross_entropy", "dice", "focal")
    default_losses = (LossSpec("cross_entropy"), LossSpec("dice"))
    metrics_offered = (
        MetricDeclaration("mean_iou", mark("Mean IoU"), True, "mIoU"),
        MetricDeclaration("pixel_accuracy", mark("Pixel accuracy"), True, mark("Px acc")),
        MetricDeclaration("dice", mark("Dice, mean of the classes"), True, "Dice"),
    )
    default_head = (HeadLayer("dense_head", mark("Head")),)

    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work."""
        return BoundSegmentation(spec, self, statistics or {})

    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """`samples`; pixels per class (`counts`) and `ignored`; `samples_with` the class."""
        classes = len(names_of(spec, "class_names"))
        ignore = spec.parameters.get("ignore_index", 255)
        counts, holding, ignored, samples = np.zeros(classes, np.int64), np.zeros(classes, np.int64), 0, 0
        for target in targets:
            found = np.bincount(target.numpy().ravel(), minlength=max(classes, ignore + 1))
            ignored, samples = ignored + int(found[ignore]), samples + 1
            found[ignore] = 0
            counts += found[:classes]
            holding += found[:classes] > 0
        return {
            "samples": samples, "counts": counts.tolist(), "ignored": ignored, "samples_with": holding.tolist(),
        }  # fmt: skip

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Class names and colours, ignore index, losses, metrics."""
        given = names_of(spec, "class_names")
        found = checks.common(self, spec) + checks.names(spec, "class_names", given, at_least=2)
        found += checks.colours(spec, "class_colours", names_of(spec, "class_colours"), len(given))
        ignore = spec.parameters.get("ignore_index", 255)
        if isinstance(ignore, int) and 0 <= ignore < len(given):
            field = "parameters.ignore_index"
            found.append(checks.problem(checks.IGNORED_CLASS, spec, field, Severity.WARNING, name=given[ignore]))
        return found


TYPE = Segmentation()
