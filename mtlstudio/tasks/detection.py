"""Detection, a skeleton that proves the interface with ragged targets; not offered yet.

Every pixel says a class (0: no box) and the four sides of the box it lies in; decoding takes the surest pixels and
drops boxes that overlap them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, ntr
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks import checks
from mtlstudio.tasks.bound import DeclaredTask, names_of
from mtlstudio.tasks.geometry import Fit, Geometry
from mtlstudio.tasks.interface import BoundTask, HeadLayer, MetricDeclaration, TaskLoss, TaskType
from mtlstudio.tasks.losses import offered
from mtlstudio.tasks.metrics import Sums, ratio
from mtlstudio.tasks.palette import class_colour
from mtlstudio.tasks.places import iou
from mtlstudio.tasks.predictions import Box, BoxesPrediction, Painting, Prediction, Row, Shapes
from mtlstudio.tasks.words import percent

if TYPE_CHECKING:
    from torch import Tensor

_CANDIDATES, _KEPT, _OVERLAP = 1000, 100, 0.5
_LEFT_OVER = 0.25
"""A box of which a crop leaves less than this share of its area is dropped."""


class DetectionMetrics(Sums):
    """Over the pixels inside true boxes: `box_iou`, mean overlap of the box that the pixel says with the true one, and
    `class_accuracy`. Stand-ins for average precision, which is no sum."""

    def __init__(self, task: BoundDetection) -> None:
        super().__init__(dict.fromkeys(("pixels", "overlap", "right"), ()), whole=False)
        self.task = task

    def update(self, output: Tensor, target: Sequence[Tensor], present: Tensor) -> None:
        """`output` (N, K + 5, S, S), `target` N boxes (M, 5)."""
        self.follow(output.device)
        classes, sides = self.task.assigned(target, output.shape[-1])
        said_class, said_sides = self.task.split(output.float())
        inside = present[:, None, None] & (classes > 0)
        self.add("pixels", inside.sum())
        self.add("right", (inside & (said_class.max(1).indices == classes)).sum())
        self.add("overlap", (_side_iou(said_sides, sides) * inside).sum())

    def compute(self) -> dict[str, float]:
        """See the class; NaN where there was no box."""
        sums = self.host()
        names = ("box_iou", "overlap"), ("class_accuracy", "right")
        return {name: ratio(sums[key].view(1), sums["pixels"].view(1))[0] for name, key in names}


class BoundDetection(DeclaredTask):
    """Encoded target: (M, 5) float32, class and left, top, right, bottom as fractions of the square; M may be 0.

    Output: (N, K + 5, S, S): logits of no box and of K classes, then the distances from the pixel's centre to left,
    top, right, bottom, in fractions of the square.
    """

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.names: tuple[str, ...] = self.parameters["class_names"]

    @property
    def output_channels(self) -> int:
        """One for no box, one per class, four sides."""
        return len(self.names) + 5

    def _boxes(self, value: Any) -> NDArray[np.float32] | None:
        """(M, 5) float32 without boxes of no area; None for None.

        Raises:
            StudioError: another shape, or a class that does not exist.
        """
        if value is None:
            return None
        boxes = np.array(value, np.float32)
        boxes = boxes.reshape(0, 5) if not boxes.size else boxes
        if boxes.ndim != 2 or boxes.shape[1] != 5 or np.any((boxes[:, 0] < 0) | (boxes[:, 0] >= len(self.names))):
            raise StudioError(
                mark("boxes of the shape {shape} or of an unknown class"),
                fix=mark("Each box is a class and left, top, right, bottom in pixels."), shape=str(boxes.shape),
            )  # fmt: skip
        solid = np.isfinite(boxes).all(1) & (boxes[:, 3] > boxes[:, 1]) & (boxes[:, 4] > boxes[:, 2])
        return boxes[solid]

    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """Boxes as fractions of the square, cut at its edges."""
        import torch

        boxes = self._boxes(value)
        if boxes is None:
            return None
        left, top, width, height = fit.source_box()
        boxes[:, 1:] = (boxes[:, 1:] - (left, top, left, top)) / (width, height, width, height)
        return _clipped(torch.from_numpy(boxes))

    def blank(self, size: int) -> Tensor:
        """No box."""
        import torch

        return torch.zeros((0, 5))

    def transform(self, target: Tensor, geometry: Geometry) -> Tensor:
        """Boxes turned with the picture, cut at its edges, dropped where little is left."""
        import torch

        left, top, width, height = geometry.box
        boxes = target[:, 1:]
        boxes = (boxes - boxes.new_tensor((left, top, left, top))) / boxes.new_tensor((width, height, width, height))
        if geometry.flip_x:
            boxes = torch.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], 1)
        if geometry.flip_y:
            boxes = torch.stack([boxes[:, 0], 1 - boxes[:, 3], boxes[:, 2], 1 - boxes[:, 1]], 1)
        return _clipped(torch.cat([target[:, :1], boxes], 1))

    def collate(self, targets: Sequence[Tensor]) -> list[Tensor]:
        """A list: each picture has its own number of boxes."""
        return list(targets)

    def split(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits (N, K + 1, S, S) and sides (N, 4, S, S)."""
        classes = len(self.names) + 1
        return output[:, :classes], output[:, classes:]

    def assigned(self, target: Sequence[Tensor], size: int) -> tuple[Tensor, Tensor]:
        """What every pixel should say: classes (N, S, S) int64, 0 without a box, and sides (N, 4, S, S). Where boxes
        overlap, the smallest counts."""
        import torch

        device = target[0].device
        centres = (torch.arange(size, device=device) + 0.5) / size
        classes = torch.zeros((len(target), size, size), dtype=torch.int64, device=device)
        sides = torch.zeros((len(target), 4, size, size), device=device)
        for index, boxes in enumerate(target):
            if not boxes.shape[0]:
                continue
            left, top, right, bottom = boxes[:, 1:, None].unbind(1)
            columns, rows = (centres >= left) & (centres < right), (centres >= top) & (centres < bottom)
            inside = rows[:, :, None] & columns[:, None, :]
            area = ((right - left) * (bottom - top))[:, :, None]
            smallest, which = torch.where(inside, area, torch.inf).min(0)
            classes[index] = torch.where(smallest < torch.inf, boxes[:, 0].long()[which] + 1, 0)
            x, y = centres[None, :], centres[:, None]
            edges = boxes[:, 1:][which].unbind(-1)
            sides[index] = torch.stack([x - edges[0], y - edges[1], edges[2] - x, edges[3] - y])
        return classes, sides

    def loss(self, output: Tensor, target: Sequence[Tensor], present: Tensor) -> TaskLoss:
        """Cross-entropy of each pixel's class; absolute error of the sides inside boxes."""
        classes, sides = self.assigned(target, output.shape[-1])
        said_class, said_sides = self.split(output)
        here = present[:, None, None].expand_as(classes)
        inside = (here & (classes > 0))[:, None].expand_as(sides)
        return self.combined({"cross_entropy": (said_class, classes, here), "l1": (said_sides, sides, inside)}, present)

    def metrics(self) -> DetectionMetrics:
        """Fresh sums."""
        return DetectionMetrics(self)

    def decode(self, output: Tensor, fit: Fit) -> BoxesPrediction:
        """The surest boxes of the output (1, K + 5, S, S), in pixels of the picture."""
        import torch
        from torchvision.ops import batched_nms

        logits, sides = self.split(output.detach().float().cpu())
        size = output.shape[-1]
        scores, classes = logits[0].softmax(0).flatten(1).max(0)
        order = torch.where(classes > 0, scores, -1.0).argsort(descending=True, stable=True)[:_CANDIDATES]
        order = order[classes[order] > 0]
        x, y = (order % size + 0.5) / size, (order // size + 0.5) / size
        left, top, right, bottom = sides[0].flatten(1)[:, order]
        boxes = torch.stack([x - left, y - top, x + right, y + bottom], 1).clamp(0, 1)
        kept = batched_nms(boxes, scores[order], classes[order], _OVERLAP)[:_KEPT]
        start_x, start_y, width, height = fit.source_box()
        pixels = boxes[kept].numpy() * (width, height, width, height) + (start_x, start_y, start_x, start_y)
        chosen = order[kept]
        return BoxesPrediction(pixels.astype(np.float32), (classes[chosen] - 1).numpy(), scores[chosen].numpy())

    def truth(self, value: Any, fit: Fit) -> BoxesPrediction | None:
        """The boxes themselves."""
        boxes = self._boxes(value)
        if boxes is None:
            return None
        return BoxesPrediction(boxes[:, 1:], boxes[:, 0].astype(np.int64), np.ones(len(boxes), np.float32))

    def shown(self, target: Tensor, size: int) -> BoxesPrediction | None:
        """Boxes in pixels of the square."""
        boxes = target.clone()
        boxes[:, 1:] *= size
        return self.truth(boxes.numpy(), Fit(size, size, size))

    def paint(self, prediction: Prediction) -> Painting | None:
        """All boxes, in the colours of their classes."""
        said = _boxes(prediction)
        return Shapes(
            tuple(
                Box(left, top, right, bottom, self.names[index], class_colour(index + 1))
                for (left, top, right, bottom), index in zip(said.boxes.tolist(), said.classes.tolist(), strict=True)
            )
        )

    def rows(self, prediction: Prediction) -> list[Row]:
        """Each box with its score, the surest first."""
        said = _boxes(prediction)
        order = np.argsort(-said.scores, kind="stable")
        indices, scores = said.classes[order].tolist(), said.scores[order].tolist()
        return [Row(self.names[i], percent(s), s, class_colour(i + 1)) for i, s in zip(indices, scores, strict=True)]

    def summary(self, prediction: Prediction) -> str:
        """The number of boxes."""
        return ntr("{n} box", "{n} boxes", len(_boxes(prediction).boxes))

    def at(self, prediction: Prediction, x: int, y: int) -> str:
        """Classes of the boxes at a pixel."""
        said = _boxes(prediction)
        left, top, right, bottom = said.boxes.T
        there = (left <= x + 0.5) & (x + 0.5 < right) & (top <= y + 0.5) & (y + 0.5 < bottom)
        return ", ".join(self.names[index] for index in said.classes[there].tolist())

    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """`boxes`: class, score, and left, top, right, bottom in pixels of each."""
        said = _boxes(prediction)
        parts = zip(said.classes.tolist(), said.scores.tolist(), said.boxes.tolist(), strict=True)
        return {"boxes": [{"class": self.names[index], "score": score, "box": box} for index, score, box in parts]}

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """Mean over the true boxes of the best overlap with a box of the same class; without any, whether none is
        said."""
        said, true = _boxes(prediction), _boxes(truth)
        if not len(true.boxes):
            return float(not len(said.boxes))
        best = [
            max((iou(box, other) for other, k in zip(said.boxes, said.classes, strict=True) if k == index), default=0.0)
            for box, index in zip(true.boxes, true.classes, strict=True)
        ]
        return float(np.mean(best))


def _clipped(boxes: Tensor) -> Tensor:
    """Boxes cut at the square's edges; those of which little is left are dropped."""
    inside = boxes.clone()
    inside[:, 1:] = inside[:, 1:].clamp(0, 1)
    kept = _area(inside) > _LEFT_OVER * _area(boxes)
    return inside[kept]


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])


def _side_iou(one: Tensor, other: Tensor) -> Tensor:
    """(N, S, S): IoU of boxes given as distances (N, 4, S, S) from the same pixel, which lies in both."""
    import torch

    one, other = one.clamp(min=0), other.clamp(min=0)
    low = torch.minimum(one, other)
    shared = (low[:, 0] + low[:, 2]) * (low[:, 1] + low[:, 3])
    areas = sum((box[:, 0] + box[:, 2]) * (box[:, 1] + box[:, 3]) for box in (one, other))
    return shared / (areas - shared).clamp(min=1e-9)


def _boxes(prediction: Prediction) -> BoxesPrediction:
    return cast(BoxesPrediction, prediction)


class Detection(TaskType):
    """Boxes with classes."""

    id = "detection"
    name = mark("Detection")
    summary = mark("A box around every object, with its class.")
    icon = "detection"
    kind = "map"
    parameters = (
        Parameter("class_names", "names", (), mark("Classes"), mark("Their names, in the order of their numbers.")),
    )
    losses = offered("cross_entropy", "l1")
    default_losses = (LossSpec("cross_entropy"), LossSpec("l1"))
    metrics_offered = (
        MetricDeclaration("box_iou", mark("Overlap of boxes"), True, "IoU"),
        MetricDeclaration("class_accuracy", mark("Accuracy"), True, mark("Acc")),
    )
    default_head = (HeadLayer("dense_head", mark("Head")),)
    offered = False

    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work."""
        return BoundDetection(spec, self, statistics or {})

    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """`samples`, and boxes per class (`counts`)."""
        counts, samples = np.zeros(len(names_of(spec, "class_names")), np.int64), 0
        for boxes in targets:
            samples += 1
            counts += np.bincount(boxes[:, 0].long().numpy(), minlength=len(counts))
        return {"samples": samples, "counts": counts.tolist()}

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Class names, losses, metrics."""
        return checks.common(self, spec) + checks.names(spec, "class_names", names_of(spec, "class_names"))


TYPE = Detection()
