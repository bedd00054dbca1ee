"""MGDA: the shortest vector among all mixtures of the tasks' gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, Moment, SolvedBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mtlstudio.training.gradients.solvers import Array


class MGDABalancer(SolvedBalancer):
    """d = Σ_i w_i g_i with w = argmin ‖Σ_i w_i g_i‖² over w ≥ 0, Σ w = 1.

    Source: Désidéri 2012; Sener & Koltun 2018, "Multi-Task Learning as Multi-Objective Optimization", arXiv
    1810.04650. Deviations: solved exactly by an active set instead of Frank-Wolfe steps; the normalisations of the
    paper's code are a choice, `none` as in the paper's text, and d is then the shortest mixture of the gradients so
    divided (the code mixes undivided ones, which need not harm no task). With the level of features it is the paper's
    MGDA-UB.
    """

    def __init__(self, tasks: Sequence[str], device: torch.device, every: int, normalise: str) -> None:
        super().__init__(tasks, device, every)
        self.normalise = normalise

    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        """See `GradientBalancer.weigh`; gradients divided by losses are weighed as such."""
        if self.normalise != "loss":
            return super().weigh(gramian, moment)
        inverse = 1.0 / moment.losses.abs().clamp_min(1e-12)
        return super().weigh(gramian * inverse[:, None] * inverse, moment) * inverse

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import numpy as np

        from mtlstudio.training.gradients.solvers import quadratic

        inverse = 1.0 / np.sqrt(gramian.diagonal()) if self.normalise == "norm" else np.ones(len(gramian))
        scaled = gramian * inverse[:, None] * inverse
        return np.asarray(quadratic(scaled, np.zeros(len(scaled)), total=1.0) * inverse)


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return MGDABalancer(tasks, device, values["every"], values["normalise"])


METHOD = BalancingMethod(
    "mgda", mark("MGDA"), mark("The shortest mixture of the gradients: no task is made worse."),
    "Sener & Koltun 2018, arXiv 1810.04650",
    (
        Parameter(
            "normalise", "choice", "none", mark("Divide gradients by"),
            mark("Without it the task with the shortest gradient decides."),
            choices=FrozenDict(none=mark("Nothing"), norm=mark("Their norm"), loss=mark("Their loss")),
        ),
        *SHARED_PARAMETERS,
    ),
    build=_build, works_on="gradients",
)  # fmt: skip
