"""Learning-rate schedules: pure functions of the step (but for `plateau`, which watches the validation)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.declarations import Method

Curve = Callable[[int, int, int, Mapping[str, Any]], float]
"""(step, steps in all, steps per epoch, the schedule's values) -> factor of the learning rate."""


@dataclass(frozen=True)
class ScheduleMethod(Method):
    """A schedule; `curve` gives its factor after the warm-up."""

    curve: Curve = lambda step, total, per_epoch, values: 1.0

    def factor(self, step: int, total: int, per_epoch: int, values: Mapping[str, Any]) -> float:
        """The learning rate's factor at a step.

        Args:
            step: 0-based.
            total: steps of the whole run.
            per_epoch: steps of an epoch.
            values: of the schedule's parameters.
        """
        warm = min(round(values.get("warmup_epochs", 0.0) * per_epoch), max(total - 1, 0))
        if step < warm:
            return (step + 1) / (warm + 1)
        return self.curve(step - warm, total - warm, per_epoch, values)


def _step_curve(step: int, total: int, per_epoch: int, values: Mapping[str, Any]) -> float:
    return float(values["gamma"] ** (step // (values["step_epochs"] * per_epoch)))


def _cosine_curve(step: int, total: int, per_epoch: int, values: Mapping[str, Any]) -> float:
    return _eased(1.0, values["final_factor"], step / max(total, 1))


def _one_cycle_curve(step: int, total: int, per_epoch: int, values: Mapping[str, Any]) -> float:
    start = 1.0 / values["div_factor"]
    final = start / values["final_div_factor"]
    peak = values["pct_start"] * total - 1
    if step <= peak:
        return _eased(start, 1.0, step / peak if peak > 0 else 1.0)
    rest = total - 1 - max(peak, 0.0)
    return _eased(1.0, final, min((step - max(peak, 0.0)) / rest, 1.0) if rest > 0 else 0.0)


def _eased(start: float, end: float, share: float) -> float:
    """From start to end along half a cosine."""
    return end + (start - end) / 2.0 * (1.0 + math.cos(math.pi * share))


_WARMUP = Parameter(
    "warmup_epochs", "float", 0.0, mark("Warm-up"), mark("Epochs in which the learning rate rises from near zero."),
    minimum=0.0, maximum=10000.0, step=0.5,
)  # fmt: skip

_SCHEDULES = (
    ScheduleMethod(
        "one_cycle", mark("One cycle"), mark("Rises to the learning rate, then falls to almost nothing; needs no tuning."),
        "Smith & Topin 2018, arXiv 1708.07120",
        (
            Parameter("pct_start", "float", 0.3, mark("Rise"), mark("Share of the run in which it rises."),
                      minimum=0.0, maximum=1.0, step=0.05),
            Parameter("div_factor", "float", 25.0, mark("Start divisor"), minimum=1.0, maximum=1e6),
            Parameter("final_div_factor", "float", 1e4, mark("Final divisor"), minimum=1.0, maximum=1e9),
        ),
        curve=_one_cycle_curve,
    ),
    ScheduleMethod(
        "cosine", mark("Cosine"), mark("Falls along half a cosine."), "Loshchilov & Hutter 2017, arXiv 1608.03983",
        (
            _WARMUP,
            Parameter("final_factor", "float", 0.0, mark("Final factor"), minimum=0.0, maximum=1.0, step=0.01),
        ),
        curve=_cosine_curve,
    ),
    ScheduleMethod("constant", mark("Constant"), mark("Stays the same."), "", (_WARMUP,)),
    ScheduleMethod(
        "step", mark("Step"), mark("Multiplied by a factor every few epochs."), "",
        (
            _WARMUP,
            Parameter("step_epochs", "int", 10, mark("Epochs"), mark("Epochs between two falls."), minimum=1),
            Parameter("gamma", "float", 0.1, mark("Factor"), minimum=0.0, maximum=1.0, step=0.05),
        ),
        curve=_step_curve,
    ),
    ScheduleMethod(
        "plateau", mark("Plateau"), mark("Falls when the validation has not improved for a while."), "",
        (
            _WARMUP,
            Parameter("factor", "float", 0.5, mark("Factor"), minimum=0.0, maximum=1.0, step=0.05),
            Parameter("patience", "int", 5, mark("Epochs without gain"), minimum=0),
            Parameter("threshold", "float", 1e-4, mark("Least gain"), mark("Relative gain that counts as better."),
                      minimum=0.0, maximum=1.0),
        ),
    ),
)  # fmt: skip


def schedules() -> tuple[ScheduleMethod, ...]:
    """All schedules there are."""
    return _SCHEDULES


class LearningRate:
    """The learning rate of a run: a schedule bound to its length.

    Args:
        method, values: the schedule and its parameters.
        base: the optimizer's learning rate.
        total, per_epoch: steps.
    """

    def __init__(
        self, method: ScheduleMethod, values: Mapping[str, Any], base: float, total: int, per_epoch: int
    ) -> None:
        self.method, self.values, self.base, self.total, self.per_epoch = method, dict(values), base, total, per_epoch
        self._reduction, self._best, self._waited = 1.0, math.inf, 0

    def at(self, step: int, total: int | None = None) -> float:
        """The learning rate of the step with that (0-based) number, of so many (default: those of the run)."""
        steps = self.total if total is None else total
        return self.base * self._reduction * self.method.factor(step, steps, self.per_epoch, self.values)

    def judge(self, score: float | None) -> None:
        """Tells the schedule how an epoch went (lower is better); only `plateau` listens."""
        if self.method.id != "plateau" or score is None:
            return
        if score < self._best - self.values["threshold"] * abs(self._best if math.isfinite(self._best) else 0.0):
            self._best, self._waited = score, 0
            return
        self._waited += 1
        if self._waited > self.values["patience"]:
            self._reduction, self._waited = self._reduction * self.values["factor"], 0

    def state(self) -> dict[str, float]:
        """What `load` needs to go on."""
        return {"reduction": self._reduction, "best": min(self._best, 1e300), "waited": self._waited}

    def load(self, state: Mapping[str, float]) -> None:
        """Goes on from a `state`."""
        self._reduction, self._waited = float(state["reduction"]), int(state["waited"])
        self._best = float(state["best"]) if state["best"] < 1e300 else math.inf


def weight_decay_at(start: float, end: float, form: str, share: float) -> float:
    """Weight decay when `share` (0..1) of the run is done; `form`: constant, linear or cosine."""
    if form == "constant":
        return start
    return start + (end - start) * share if form == "linear" else _eased(start, end, share)
