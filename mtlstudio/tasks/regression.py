"""Regression: D numbers, each known or not by itself; some may be positions and sizes in the picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks import checks, places
from mtlstudio.tasks.bound import DeclaredTask, names_of, spread_or_one
from mtlstudio.tasks.geometry import Fit, Geometry
from mtlstudio.tasks.interface import BoundTask, HeadLayer, MetricDeclaration, TaskLoss, TaskType
from mtlstudio.tasks.losses import offered
from mtlstudio.tasks.metrics import NAN, Sums, mean_known, named, ratio
from mtlstudio.tasks.predictions import Box, Painting, Prediction, Row, Shapes, ValuesPrediction
from mtlstudio.tasks.words import number, plain
from mtlstudio.tasks.written import WrittenTask

if TYPE_CHECKING:
    from torch import Tensor


class RegressionMetrics(Sums):
    """Sums of errors per value over its known entries, kept in standardised units.

    `mae`, `rmse`, `r2`: mean over the values of each one's own; and `<metric>.<value name>`. Errors are in the targets'
    unit; those of positions and sizes are fractions of the square that the network sees.
    """

    def __init__(self, task: BoundRegression) -> None:
        self.task = task
        super().__init__(dict.fromkeys(("known", "absolute", "squared", "sum", "squares"), (len(task.names),)), False)

    def update(self, output: Tensor, target: Tensor, present: Tensor) -> None:
        """`output` (N, D) in standardised units, `target` (N, D) as encoded."""
        import torch

        self.follow(output.device)
        known = present[:, None] & target.isfinite()
        true = torch.where(known, self.task.standardised(target), 0.0)
        error = torch.where(known, output.float(), 0.0) - true
        self.add("known", known.sum(0))
        self.add("absolute", error.abs().sum(0))
        self.add("squared", error.square().sum(0))
        self.add("sum", true.sum(0))
        self.add("squares", true.square().sum(0))

    def compute(self) -> dict[str, float]:
        """See the class. R² needs two different values; NaN where it cannot be said."""
        import torch

        sums, scale = self.host(), torch.tensor(self.task.scale, dtype=torch.float64)
        known, names = sums["known"], self.task.names
        mae = ratio(sums["absolute"] * scale, known)
        rmse = [math.sqrt(value) for value in ratio(sums["squared"] * scale**2, known)]
        spread = sums["squares"] - sums["sum"] ** 2 / known.clamp(min=1)
        spread[spread < 1e-6 * sums["squares"].clamp(min=1)] = 0  # one value, or rounding
        r2 = [1 - value for value in ratio(sums["squared"], spread)]
        return {
            "mae": mean_known(mae), "rmse": mean_known(rmse), "r2": mean_known(r2),
            **named("mae", names, mae), **named("rmse", names, rmse), **named("r2", names, r2),
        }  # fmt: skip


class BoundRegression(DeclaredTask):
    """Encoded target: (D,) float32, positions and sizes as fractions of the square, NaN where unknown.

    The network's output is in standardised units: (value − mean) ÷ deviation of the training targets.

    Attributes:
        names, roles, units: one per value.
        centre, scale: mean and deviation of each encoded value; 0 and 1 before training, 1 where there is no spread.
    """

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.names: tuple[str, ...] = self.parameters["value_names"]
        count = len(self.names)
        self.roles = _filled(self.parameters["roles"], "value", count)
        self.units = tuple(
            unit or ("px" if places.axis_of(role) is not None else "")
            for unit, role in zip(_filled(self.parameters["units"], "", count), self.roles, strict=True)
        )
        self.centre: list[float] = self.statistics.get("mean") or [0.0] * count
        deviations = self.statistics.get("std") or [1.0] * count
        self.scale = [spread_or_one(spread, mean) for spread, mean in zip(deviations, self.centre, strict=True)]

    @property
    def output_channels(self) -> int:
        """One per value."""
        return len(self.names)

    @property
    def is_box(self) -> bool:
        """The values are centre and size of a box."""
        return self.roles == places.BOX

    def _values(self, value: Any) -> NDArray[np.float32] | None:
        """(D,) float32 with NaN for unknown and infinite entries; None when all are.

        Raises:
            StudioError: another number of entries.
        """
        if value is None:
            return None
        values = np.array(value, np.float32).reshape(-1)
        if values.shape != (len(self.names),):
            raise StudioError(
                mark("{found} numbers for {expected} values"),
                fix=mark("Give one number per value, nothing where it is unknown."),
                found=values.size, expected=len(self.names),
            )  # fmt: skip
        values[~np.isfinite(values)] = np.nan
        return None if np.isnan(values).all() else values

    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """The values as (D,) float32; None as well where none lies in the square (centre crop)."""
        import torch

        values = self._values(value)
        if values is None:
            return None
        fractions = places.to_fractions(values, self.roles, fit)
        return None if np.isnan(fractions).all() else torch.from_numpy(fractions)

    def blank(self, size: int) -> Tensor:
        """Nothing known."""
        import torch

        return torch.full((len(self.names),), NAN)

    def transform(self, target: Tensor, geometry: Geometry) -> Tensor:
        """Positions and sizes turned with the picture; what is cut away becomes unknown."""
        if geometry.is_identity or all(places.axis_of(role) is None for role in self.roles):
            return target
        return places.turned(target, self.roles, geometry)

    def standardised(self, target: Tensor) -> Tensor:
        """Encoded targets (N, D) in the units of the network's output."""
        centre = self.constant("centre", self.centre, target.device)
        return (target - centre) / self.constant("scale", self.scale, target.device)

    def loss(self, output: Tensor, target: Tensor, present: Tensor) -> TaskLoss:
        """`output` (N, D) in standardised units, `target` (N, D) as encoded."""
        return self.weighted_losses(output, self.standardised(target), present[:, None] & target.isfinite())

    def written(self) -> WrittenTask:
        """See `WrittenTask`."""
        placed = any(places.axis_of(role) is not None for role in self.roles)
        where = "; places and sizes as shares of the square" if placed else ""
        return WrittenTask(
            f"{len(self.names)} numbers" if len(self.names) > 1 else "a number",
            f"(N, values) float32, NaN where they are unknown{where}", "target.isfinite()",
            f"{{name}}_MEAN + {{name}}_STD * torch.randn({len(self.names)})",
            "dict(zip({name}_VALUES, ({output}.cpu() * {name}_STD + {name}_MEAN).tolist(), strict=True))",
            wanted="(target - {name}_MEAN.to(target.device)) / {name}_STD.to(target.device)",
            constants={"VALUES": self.names, "MEAN": list(self.centre), "STD": list(self.scale)},
        )  # fmt: skip

    def metrics(self) -> RegressionMetrics:
        """Fresh sums."""
        return RegressionMetrics(self)

    def decode(self, output: Tensor, fit: Fit) -> ValuesPrediction:
        """The output (1, D) in the targets' own units; positions and sizes in pixels of the picture."""
        import torch

        values = output[0].detach().float().cpu() * torch.tensor(self.scale) + torch.tensor(self.centre)
        return ValuesPrediction(places.to_pixels(values.numpy(), self.roles, fit))

    def truth(self, value: Any, fit: Fit) -> ValuesPrediction | None:
        """The raw values."""
        values = self._values(value)
        return None if values is None else ValuesPrediction(values)

    def shown(self, target: Tensor, size: int) -> ValuesPrediction | None:
        """Positions and sizes in pixels of the square; None where nothing is known any more."""
        values = places.to_pixels(target.numpy(), self.roles, Fit(size, size, size))
        return None if np.isnan(values).all() else ValuesPrediction(values)

    def paint(self, prediction: Prediction) -> Painting | None:
        """A box where the values are its centre and size and all are known."""
        values = _values(prediction)
        if not self.is_box or not np.isfinite(values).all():
            return None
        return Shapes((Box(*places.corners(values.tolist()), self.spec.name, self.spec.colour),))

    def rows(self, prediction: Prediction) -> list[Row]:
        """Each value with its unit, in order."""
        values = zip(self.names, _values(prediction).tolist(), self.units, strict=True)
        return [Row(name, number(value, unit)) for name, value, unit in values]

    def summary(self, prediction: Prediction) -> str:
        """The values, at most four."""
        values = list(zip(_values(prediction).tolist(), self.units, strict=True))[:4]
        if len(values) == 1:
            return number(*values[0])
        return ", ".join(number(float(f"{value:.3g}")) for value, _ in values)

    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """`values` by name (None: unknown)."""
        values = _values(prediction).tolist()
        return {"values": {name: plain(value) for name, value in zip(self.names, values, strict=True)}}

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """IoU of boxes; else 1 ÷ (1 + mean error in deviations of the training targets)."""
        said, true = _values(prediction), _values(truth)
        if self.is_box and np.isfinite(true).all():
            return places.iou(places.corners(said.tolist()), places.corners(true.tolist()))
        known = np.isfinite(true)
        if not known.any():
            return NAN
        positional = np.array([places.axis_of(role) is not None for role in self.roles])
        scale = np.where(positional, np.abs(true) + 1, np.array(self.scale))
        return float(1 / (1 + (np.abs(said - true) / scale)[known].mean()))

    def metric_unit(self, metric_id: str) -> str:
        """The values' unit where they share one; errors of places are fractions, without a unit."""
        units = {
            "" if places.axis_of(role) is not None else unit for role, unit in zip(self.roles, self.units, strict=True)
        }
        return units.pop() if metric_id.split(".")[0] in ("mae", "rmse") and len(units) == 1 else ""

    def balance(self) -> dict[str, Any]:
        """`values`: count, mean and deviation by name, as encoded."""
        if "mean" not in self.statistics:
            return {}
        parts = zip(self.names, *(self.statistics[key] for key in ("counts", "mean", "std")), strict=True)
        return {"values": {name: {"count": n, "mean": mean, "std": std} for name, n, mean, std in parts}}

    def balance_rows(self) -> list[Row]:
        """Mean ± deviation of each value; of places as fractions of the square."""
        said = self.balance().get("values", {})
        units = [
            unit if places.axis_of(role) is None else "" for unit, role in zip(self.units, self.roles, strict=True)
        ]
        return [
            Row(name, f"{number(part['mean'])} ± {number(part['std'], unit)}")
            for (name, part), unit in zip(said.items(), units, strict=False)
        ]


def _filled(given: Sequence[str], default: str, count: int) -> tuple[str, ...]:
    """The given entries, filled up or cut to the count."""
    return tuple([*given, *[default] * count][:count])


def _values(prediction: Prediction) -> NDArray[np.float32]:
    return cast(ValuesPrediction, prediction).values


class Regression(TaskType):
    """Numbers."""

    id = "regression"
    name = mark("Regression")
    summary = mark("Numbers: a count, an age, the place and size of something.")
    icon = "regression"
    kind = "vector"
    parameters = (
        Parameter("value_names", "names", ("value",), mark("Values"), mark("What each number is called.")),
        Parameter("units", "names", (), mark("Units"), mark("Of each value; may be empty.")),
        Parameter(
            "roles", "names", (), mark("Roles"),
            mark("Of each value: x, y, width or height (pixels of the picture, turned with it), or value."),
        ),
    )  # fmt: skip
    losses = offered("huber", "mse", "rmse", "l1")
    default_losses = (LossSpec("huber"),)
    metrics_offered = (
        MetricDeclaration("mae", mark("Mean absolute error"), False, "MAE"),
        MetricDeclaration("rmse", mark("Root mean squared error"), False, "RMSE"),
        MetricDeclaration("r2", mark("Explained variance, R²"), True, "R²"),
    )
    default_head = (HeadLayer("global_pool", mark("Pool")), HeadLayer("linear_head", mark("Head")))

    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work."""
        return BoundRegression(spec, self, statistics or {})

    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """`samples`; per value the `counts` of known entries, their `mean` and `std`, as encoded."""
        names = names_of(spec, "value_names") if "value_names" in spec.parameters else self.parameters[0].default
        rows = [target.numpy().astype(np.float64) for target in targets]
        table = np.stack(rows) if rows else np.empty((0, len(names)))
        counts, means, deviations = [], [], []
        for column in table.T:
            known = column[np.isfinite(column)]
            mean = float(known.mean()) if known.size else 0.0
            counts.append(int(known.size))
            means.append(mean)
            deviations.append(float(known.std()) if known.size else 0.0)
        return {"samples": len(rows), "counts": counts, "mean": means, "std": deviations}

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Names, units, roles, losses, metrics."""
        given = names_of(spec, "value_names") if "value_names" in spec.parameters else self.parameters[0].default
        found = checks.common(self, spec) + checks.names(spec, "value_names", given)
        for field in ("units", "roles"):
            found += checks.at_most(spec, field, len(names_of(spec, field)), len(given))
        known = ", ".join(places.ROLES)
        return found + [
            checks.problem(checks.WRONG_ROLE, spec, "parameters.roles", role=role, known=known)
            for role in names_of(spec, "roles")
            if role not in places.ROLES
        ]


TYPE = Regression()
