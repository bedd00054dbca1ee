"""Depth: a distance for each pixel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks import checks, maps
from mtlstudio.tasks.bound import DeclaredTask, spread_or_one
from mtlstudio.tasks.geometry import Fit, Geometry
from mtlstudio.tasks.interface import BoundTask, HeadLayer, MetricDeclaration, TaskLoss, TaskType
from mtlstudio.tasks.losses import offered
from mtlstudio.tasks.metrics import NAN, Sums
from mtlstudio.tasks.predictions import MapPrediction, Painting, Prediction, Row, ScalarMap
from mtlstudio.tasks.words import number, plain
from mtlstudio.tasks.written import WrittenTask

if TYPE_CHECKING:
    from torch import Tensor

_NEAREST = 1e-3
"""Predictions are at least this share of the mean depth: no distance is zero or negative."""
_STEPS = 65535


class DepthMetrics(Sums):
    """Over all known pixels of the split: `abs_rel` = mean |d̂ − d| ÷ d, `rmse` in the depth's unit, `delta1` = share
    of pixels with max(d̂ ÷ d, d ÷ d̂) < 1.25."""

    def __init__(self, task: BoundDepth) -> None:
        super().__init__(dict.fromkeys(("known", "relative", "squared", "close"), ()), whole=False)
        self.task = task

    def update(self, output: Tensor, target: Tensor, present: Tensor) -> None:
        """`output` (N, 1, H, W) in standardised units, `target` (N, H, W) with NaN for unknown."""
        import torch

        maps.check_map_output(output, target)
        self.follow(output.device)
        known = present[:, None, None] & target.isfinite()
        said = torch.where(known, self.task.unstandardised(output[:, 0].float()), 1.0)
        true = torch.where(known, target, 1.0)
        error = said - true
        self.add("known", known.sum())
        self.add("relative", (error.abs() / true).sum())
        self.add("squared", error.square().sum())
        self.add("close", (known & (torch.maximum(said / true, true / said) < 1.25)).sum())

    def compute(self) -> dict[str, float]:
        """See the class; NaN where no pixel was known."""
        sums = {name: float(value) for name, value in self.host().items()}
        known = sums["known"]
        if not known:
            return {"abs_rel": NAN, "rmse": NAN, "delta1": NAN}
        return {
            "abs_rel": sums["relative"] / known, "rmse": math.sqrt(sums["squared"] / known),
            "delta1": sums["close"] / known,
        }  # fmt: skip


class BoundDepth(DeclaredTask):
    """Encoded target: (S, S) float32 in its own unit, NaN where unknown.

    The network's output is in standardised units: (depth − mean) ÷ deviation of the training targets. A crop that is
    stretched leaves depths as they are: distances do not change with the picture's size.
    """

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.unit: str = self.parameters["unit"]
        self.centre: float = self.statistics.get("mean", 0.0)
        self.scale = spread_or_one(self.statistics.get("std", 1.0), self.centre)
        self.nearest = max(self.parameters["minimum"], _NEAREST * max(self.centre, _NEAREST))

    @property
    def output_channels(self) -> int:
        """One."""
        return 1

    def _depths(self, value: Any) -> NDArray[np.float32] | None:
        """(h, w) float32, NaN for infinite and not positive depths and those beyond the limits; None when all are.

        Raises:
            StudioError: no (h, w) numbers.
        """
        if value is None:
            return None
        depths = np.array(value, np.float32)
        if depths.ndim != 2 or not depths.size:
            raise StudioError(
                mark("the depth map has the shape {shape}"), fix=mark("A depth map has one number per pixel."),
                shape=str(depths.shape),
            )  # fmt: skip
        low, high = self.parameters["minimum"], self.parameters["maximum"]
        with np.errstate(invalid="ignore"):
            known = np.isfinite(depths) & (depths > 0) & (depths >= low)
            known &= depths <= (np.inf if high is None else high)
        depths[~known] = np.nan
        return depths if known.any() else None

    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """The map as (S, S), nearest neighbour: depths on both sides of an edge are not mixed."""
        import torch

        depths = self._depths(value)
        if depths is None:
            return None
        square = maps.to_square(depths, fit, NAN)
        return None if np.isnan(square).all() else torch.from_numpy(np.ascontiguousarray(square))

    def full_target(self, value: Any, fit: Fit) -> Tensor | None:
        """The map as (H, W), all of the picture."""
        import torch

        depths = self._depths(value)
        return None if depths is None else torch.from_numpy(np.ascontiguousarray(maps.to_picture(depths, fit)))

    def blank(self, size: int) -> Tensor:
        """Nothing known."""
        import torch

        return torch.full((size, size), NAN)

    def transform(self, target: Tensor, geometry: Geometry) -> Tensor:
        """The map turned with the picture, nearest neighbour."""
        return maps.turned(target, geometry)

    def unstandardised(self, output: Tensor) -> Tensor:
        """The output in the targets' unit, never nearer than `nearest`."""
        return (output * self.scale + self.centre).clamp(min=self.nearest)

    def loss(self, output: Tensor, target: Tensor, present: Tensor) -> TaskLoss:
        """`output` (N, 1, H, W) in standardised units, `target` (N, H, W) as encoded."""
        maps.check_map_output(output, target)
        known = present[:, None, None] & (target.abs() < math.inf)  # in a seventh of the time of `isfinite`
        return self.weighted_losses(output[:, 0], (target - self.centre) / self.scale, known)

    def written(self) -> WrittenTask:
        """See `WrittenTask`."""
        return WrittenTask(
            f"a distance in {self.unit} for every pixel" if self.unit else "a distance for every pixel",
            "(N, S, S) float32: distances, NaN where they are unknown", "target.isfinite()",
            "{name}_MEAN + {name}_STD * torch.rand(IMAGE_SIZE, IMAGE_SIZE)",
            "({output}[0] * {name}_STD + {name}_MEAN).clamp(min={name}_NEAREST)", "output[:, 0]",
            "(target - {name}_MEAN) / {name}_STD",
            {"MEAN": self.centre, "STD": self.scale, "NEAREST": self.nearest},
        )  # fmt: skip

    def metrics(self) -> DepthMetrics:
        """Fresh sums."""
        return DepthMetrics(self)

    def to_size(self, output: Tensor, fit: Fit) -> Tensor:
        """(1, 1, S, S) → (1, 1, H, W), bilinear."""
        return maps.output_to_picture(output, fit)

    def decode(self, output: Tensor, fit: Fit) -> MapPrediction:
        """The output (1, 1, H, W) in the targets' unit."""
        return MapPrediction(self.unstandardised(output[0, 0].detach().float()).cpu().numpy())

    def truth(self, value: Any, fit: Fit) -> MapPrediction | None:
        """The map itself."""
        depths = self._depths(value)
        return None if depths is None else MapPrediction(maps.to_picture(depths, fit))

    def paint(self, prediction: Prediction) -> Painting | None:
        """From the nearest to the farthest known pixel."""
        low, high, _ = _range(prediction)
        if not math.isfinite(low):
            return None
        return ScalarMap(_depth(prediction), low, high, self.unit)

    def rows(self, prediction: Prediction) -> list[Row]:
        """Nearest, mean and farthest."""
        low, high, mean = _range(prediction)
        words = (tr("Nearest"), low), (tr("Mean"), mean), (tr("Farthest"), high)
        return [Row(word, number(value, self.unit)) for word, value in words]

    def summary(self, prediction: Prediction) -> str:
        """Nearest to farthest."""
        low, high, _ = _range(prediction)
        return tr("{low} … {high}", low=number(low), high=number(high, self.unit))

    def at(self, prediction: Prediction, x: int, y: int) -> str:
        """Depth of a pixel."""
        value = float(_depth(prediction)[y, x])
        return number(value, self.unit) if math.isfinite(value) else tr("no truth")

    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """`minimum`, `maximum`, `mean` (None: nothing known) and `unit`."""
        low, high, mean = _range(prediction)
        return {"minimum": plain(low), "maximum": plain(high), "mean": plain(mean), "unit": self.unit}

    def dense(self, prediction: Prediction) -> tuple[Any, dict[str, float]] | None:
        """(H, W) uint16: depth = number · `scale`; 0 is unknown."""
        depths = _depth(prediction)
        _, high, _ = _range(prediction)
        if not math.isfinite(high):
            return np.zeros(depths.shape, np.uint16), {"scale": 1.0}
        scale = high / _STEPS
        steps = np.where(np.isfinite(depths), np.rint(depths / scale).clip(1, _STEPS), 0)
        return steps.astype(np.uint16), {"scale": scale}

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """Share of known pixels within a quarter of the truth (δ < 1.25)."""
        said, true = _depth(prediction), _depth(truth)
        known = np.isfinite(true)
        if not known.any():
            return NAN
        said, true = said[known], true[known]
        return float((np.maximum(said / true, true / said) < 1.25).mean())

    def metric_unit(self, metric_id: str) -> str:
        """The depth's unit for `rmse`."""
        return self.unit if metric_id == "rmse" else ""

    def balance(self) -> dict[str, Any]:
        """`values`: mean, deviation, minimum and maximum of the known pixels, and their unit."""
        names = ("mean", "std", "minimum", "maximum")
        if "mean" not in self.statistics:
            return {}
        return {"values": {"depth": {name: self.statistics[name] for name in names}}, "unit": self.unit}

    def balance_rows(self) -> list[Row]:
        """Mean ± deviation, nearest and farthest."""
        if "mean" not in self.statistics:
            return []
        said = self.statistics
        spread = tr("{mean} ± {deviation}", mean=number(said["mean"]), deviation=number(said["std"], self.unit))
        ends = (tr("Nearest"), said["minimum"]), (tr("Farthest"), said["maximum"])
        return [Row(tr("Mean"), spread), *(Row(word, number(value, self.unit)) for word, value in ends)]


def _depth(prediction: Prediction) -> NDArray[np.float32]:
    return cast(MapPrediction, prediction).values


def _range(prediction: Prediction) -> tuple[float, float, float]:
    """Nearest, farthest and mean of the known pixels; NaN where there are none."""
    depths = _depth(prediction)
    known = depths[np.isfinite(depths)]
    if not known.size:
        return NAN, NAN, NAN
    return float(known.min()), float(known.max()), float(known.mean(dtype=np.float64))


class Depth(TaskType):
    """A distance for each pixel."""

    id = "depth"
    name = mark("Depth")
    summary = mark("A distance for every pixel.")
    icon = "depth"
    kind = "map"
    parameters = (
        Parameter("unit", "text", "m", mark("Unit"), mark("Of the distances.")),
        Parameter("minimum", "float", 0.0, mark("Minimum"), mark("Nearer pixels are left out."), 0.0, 1e9),
        Parameter(
            "maximum", "float", None, mark("Maximum"), mark("Farther pixels are left out; automatic: none."), 0.0, 1e9,
            optional=True,
        ),
    )  # fmt: skip
    losses = offered("l1", "huber", "mse", "rmse")
    default_losses = (LossSpec("l1"),)
    metrics_offered = (
        MetricDeclaration("abs_rel", mark("Relative error"), False, mark("Abs rel")),
        MetricDeclaration("rmse", mark("Root mean squared error"), False, "RMSE"),
        MetricDeclaration("delta1", mark("Within 25 %"), True, "δ₁"),
    )
    default_head = (HeadLayer("dense_head", mark("Head")),)

    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work."""
        return BoundDepth(spec, self, statistics or {})

    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """`samples`; known `pixels`, their `mean`, `std`, `minimum` and `maximum`."""
        samples, pixels, total, squares, low, high = 0, 0, 0.0, 0.0, math.inf, -math.inf
        for target in targets:
            samples += 1
            depths = target.numpy().astype(np.float64).ravel()
            known = depths[np.isfinite(depths)]
            if known.size:
                pixels, total, squares = pixels + known.size, total + known.sum(), squares + np.square(known).sum()
                low, high = min(low, float(known.min())), max(high, float(known.max()))
        if not pixels:
            return {"samples": samples, "pixels": 0, "mean": 0.0, "std": 0.0, "minimum": 0.0, "maximum": 0.0}
        mean = float(total / pixels)
        spread = math.sqrt(max(0.0, float(squares / pixels) - mean**2))
        return {
            "samples": samples, "pixels": int(pixels), "mean": mean, "std": spread,
            "minimum": low, "maximum": high,
        }  # fmt: skip

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Limits, losses, metrics."""
        found = checks.common(self, spec)
        low, high = spec.parameters.get("minimum", 0.0), spec.parameters.get("maximum")
        if isinstance(low, int | float) and isinstance(high, int | float) and high <= low:
            found.append(checks.problem(checks.WRONG_RANGE, spec, "parameters.maximum", low=low, high=high))
        return found


TYPE = Depth()
