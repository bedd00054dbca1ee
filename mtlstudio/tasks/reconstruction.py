"""Reconstruction: the picture itself, as an autoencoder's branch gives it back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks import checks, maps, pictures
from mtlstudio.tasks.bound import DeclaredTask, spread_or_one
from mtlstudio.tasks.geometry import Fit, Geometry
from mtlstudio.tasks.interface import BoundTask, HeadLayer, MetricDeclaration, TaskLoss, TaskType
from mtlstudio.tasks.losses import offered
from mtlstudio.tasks.metrics import NAN, Sums
from mtlstudio.tasks.predictions import ColourMap, ImagePrediction, Painting, Prediction, Row
from mtlstudio.tasks.words import number
from mtlstudio.tasks.written import WrittenTask

if TYPE_CHECKING:
    from torch import Tensor

_LEAST_ERROR = 1e-10
"""Of a squared error: a perfect picture has 100 dB, not infinitely many."""


class ReconstructionMetrics(Sums):
    """Over pictures of 0 … 1: `psnr`, mean over pictures of 10 · log₁₀(1 ÷ mean squared error) in dB; `mae`, mean
    absolute error of all their values."""

    def __init__(self, task: BoundReconstruction) -> None:
        super().__init__(dict.fromkeys(("pictures", "decibels", "values", "absolute"), ()), whole=False)
        self.task = task

    def update(self, output: Tensor, target: Tensor, present: Tensor) -> None:
        """`output` (N, 3, H, W) in standardised units, `target` (N, 3, H, W) uint8."""
        import torch

        maps.check_map_output(output, target)
        self.follow(output.device)
        error = self.task.unstandardised(output.float()) - target / 255
        squared = error.square().mean(dim=(1, 2, 3)).clamp(min=_LEAST_ERROR)
        self.add("pictures", present.sum())
        self.add("decibels", torch.where(present, -10 * squared.log10(), 0.0).sum())
        self.add("values", present.sum() * error[0].numel())
        self.add("absolute", torch.where(present, error.abs().sum(dim=(1, 2, 3)), 0.0).sum())

    def compute(self) -> dict[str, float]:
        """See the class; NaN where there was no picture."""
        sums = {name: float(value) for name, value in self.host().items()}
        if not sums["pictures"]:
            return {"psnr": NAN, "mae": NAN}
        return {"psnr": sums["decibels"] / sums["pictures"], "mae": sums["absolute"] / sums["values"]}


class BoundReconstruction(DeclaredTask):
    """Encoded target: (3, S, S) uint8, exactly as the network's input is before its colours are changed.

    The network's output is in standardised units: (value − mean) ÷ deviation of the training pictures in 0 … 1.
    """

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.centre: float = self.statistics.get("mean", 0.5)
        self.scale = spread_or_one(self.statistics.get("std", 0.25), self.centre)

    @property
    def output_channels(self) -> int:
        """Red, green and blue."""
        return 3

    def written(self) -> WrittenTask:
        """See `WrittenTask`."""
        return WrittenTask(
            "the picture itself", "(N, 3, S, S) float32: the picture in 0 … 1, NaN where it is unknown",
            "target.isfinite()", "torch.rand(3, IMAGE_SIZE, IMAGE_SIZE)",
            "({output} * {name}_STD + {name}_MEAN).clamp(0, 1)", "output", "(target - {name}_MEAN) / {name}_STD",
            {"MEAN": self.centre, "STD": self.scale}, collated=lambda target: target * 255,
        )  # fmt: skip

    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """The picture as the network's square."""
        import torch

        if value is None:
            return None
        return torch.from_numpy(pictures.fit_image(_image(value), fit).copy()).permute(2, 0, 1)

    def full_target(self, value: Any, fit: Fit) -> Tensor | None:
        """The picture as it is, (3, H, W) uint8."""
        import torch

        return None if value is None else torch.from_numpy(_image(value).copy()).permute(2, 0, 1)

    def blank(self, size: int) -> Tensor:
        """A black picture."""
        import torch

        return torch.zeros((3, size, size), dtype=torch.uint8)

    def transform(self, target: Tensor, geometry: Geometry) -> Tensor:
        """The picture turned as the network's input is."""
        return pictures.turned(target, geometry)

    def unstandardised(self, output: Tensor) -> Tensor:
        """The output as a picture in 0 … 1."""
        return (output * self.scale + self.centre).clamp(0, 1)

    def loss(self, output: Tensor, target: Tensor, present: Tensor) -> TaskLoss:
        """`output` (N, 3, S, S) in standardised units, `target` (N, 3, S, S) uint8."""
        maps.check_map_output(output, target)
        wanted = (target / 255 - self.centre) / self.scale
        return self.weighted_losses(output, wanted, present[:, None, None, None].expand_as(wanted))

    def metrics(self) -> ReconstructionMetrics:
        """Fresh sums."""
        return ReconstructionMetrics(self)

    def to_size(self, output: Tensor, fit: Fit) -> Tensor:
        """(1, 3, S, S) → (1, 3, H, W), bilinear."""
        return maps.output_to_picture(output, fit)

    def decode(self, output: Tensor, fit: Fit) -> ImagePrediction:
        """The output (1, 3, H, W) as a picture."""
        levels = self.unstandardised(output[0].detach().float()).mul(255).round().byte()
        return ImagePrediction(np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy()))

    def truth(self, value: Any, fit: Fit) -> ImagePrediction | None:
        """The picture."""
        return None if value is None else ImagePrediction(_image(value))

    def shown(self, target: Tensor, size: int) -> ImagePrediction | None:
        """The picture of the square."""
        return ImagePrediction(np.ascontiguousarray(target.permute(1, 2, 0).numpy()))

    def paint(self, prediction: Prediction) -> Painting | None:
        """The picture."""
        return ColourMap(_pixels(prediction))

    def rows(self, prediction: Prediction) -> list[Row]:
        """Mean of each colour."""
        means = _pixels(prediction).reshape(-1, 3).mean(0)
        names = (tr("Red"), "#E3735E"), (tr("Green"), "#2FB98A"), (tr("Blue"), "#4C9BE8")
        return [
            Row(name, number(float(mean)), float(mean) / 255, colour)
            for (name, colour), mean in zip(names, means, strict=True)
        ]

    def summary(self, prediction: Prediction) -> str:
        """Its size."""
        height, width = _pixels(prediction).shape[:2]
        return tr("{width} × {height} px", width=width, height=height)

    def at(self, prediction: Prediction, x: int, y: int) -> str:
        """Red, green and blue of a pixel."""
        return " ".join(str(int(level)) for level in _pixels(prediction)[y, x])

    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """`mean_colour`: red, green, blue, 0 … 255."""
        return {"mean_colour": [float(mean) for mean in _pixels(prediction).reshape(-1, 3).mean(0)]}

    def dense(self, prediction: Prediction) -> tuple[Any, dict[str, float]] | None:
        """(H, W, 3) uint8 RGB."""
        return _pixels(prediction), {}

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """1 − root mean squared error, of pictures in 0 … 1."""
        error = (_pixels(prediction).astype(np.float64) - _pixels(truth)) / 255
        return 1 - math.sqrt(float(np.square(error).mean()))

    def balance(self) -> dict[str, Any]:
        """`values`: mean and deviation of the pictures in 0 … 1."""
        if "mean" not in self.statistics:
            return {}
        return {"values": {"picture": {name: self.statistics[name] for name in ("mean", "std")}}}


def _image(value: Any) -> NDArray[np.uint8]:
    """The raw picture, (h, w, 3) uint8.

    Raises:
        StudioError: it is none.
    """
    image = np.asarray(value)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise StudioError(mark("this is no picture: {shape}"), shape=f"{image.shape} {image.dtype}")
    return image


def _pixels(prediction: Prediction) -> NDArray[np.uint8]:
    return cast(ImagePrediction, prediction).image


class Reconstruction(TaskType):
    """The picture itself."""

    id = "reconstruction"
    name = mark("Reconstruction")
    summary = mark("The picture itself, given back by the network: an autoencoder's branch, which needs no labels.")
    icon = "image"
    kind = "map"
    losses = offered("mse", "l1")
    default_losses = (LossSpec("mse"),)
    metrics_offered = (
        MetricDeclaration("psnr", mark("Peak signal-to-noise ratio"), True, "PSNR", "dB"),
        MetricDeclaration("mae", mark("Mean absolute error"), False, "MAE"),
    )
    default_head = (HeadLayer("dense_head", mark("Head")),)
    needs_no_labels = True

    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work."""
        return BoundReconstruction(spec, self, statistics or {})

    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """`samples`; `mean` and `std` of all values in 0 … 1."""
        samples, values, total, squares = 0, 0, 0.0, 0.0
        for target in targets:
            levels = target.numpy().astype(np.float32) / 255
            samples, values = samples + 1, values + levels.size
            total += float(levels.sum(dtype=np.float64))
            squares += float(np.square(levels).sum(dtype=np.float64))
        if not values:
            return {"samples": samples, "mean": 0.5, "std": 0.25}
        mean = total / values
        return {"samples": samples, "mean": mean, "std": math.sqrt(max(0.0, squares / values - mean**2))}

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Losses, metrics."""
        return checks.common(self, spec)


TYPE = Reconstruction()
