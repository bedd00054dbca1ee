"""CAGrad: near the mean gradient, the direction that is best for the task it helps least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, SolvedBalancer

if TYPE_CHECKING:
    import torch

    from mtlstudio.training.gradients.solvers import Array

_STEPS = 60


class CAGradBalancer(SolvedBalancer):
    """d = g_0 + c ‖g_0‖ g_w / ‖g_w‖, g_0 the mean, g_w = Σ_i w_i g_i, w = argmin g_w · g_0 + c ‖g_0‖ ‖g_w‖ over w ≥ 0,
    Σ w = 1.

    Source: Liu et al. 2021, "Conflict-Averse Gradient Descent", arXiv 2110.14048, algorithm 1. The norm is written as
    ‖g_w‖ = min_s ½ (‖g_w‖² / s + s), which leaves a quadratic problem for each s, and one equation for s: ‖g_w(s)‖ = s,
    found by false position. Where ‖g_w‖ vanishes the tasks cannot be improved together, and d = 0 as in the paper's text.
    """

    def __init__(self, tasks: Sequence[str], device: torch.device, every: int, c: float) -> None:
        super().__init__(tasks, device, every)
        self.c = c

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import numpy as np

        count = len(gramian)
        mean = np.full(count, 1.0 / count)
        if self.c == 0 or count == 1:
            return np.asarray(mean * (1.0 + self.c))
        g = gramian / (np.trace(gramian) / count)
        linear = g @ mean
        radius = self.c * np.sqrt(max(float(mean @ linear), 0.0))
        w = _direction(g, linear, radius)
        norm = float(np.sqrt(max(float(w @ g @ w), 0.0)))
        return np.asarray(mean + radius / norm * w) if norm > 1e-6 else np.zeros(count)


def _direction(g: Array, linear: Array, radius: float) -> Array:
    """argmin w · linear + radius √(wᵀ g w) over w ≥ 0, Σ w = 1."""
    import numpy as np

    from mtlstudio.training.gradients.solvers import quadratic

    def best(s: float) -> tuple[Array, float]:
        w = quadratic(g * (radius / s), linear, total=1.0)
        return w, float(np.sqrt(max(float(w @ g @ w), 0.0)))

    high = float(np.sqrt(g.diagonal().max()))
    w, norm = best(high)
    above = high - norm
    if radius <= 0 or above <= 0:
        return w
    shortest = quadratic(g, np.zeros(len(g)), total=1.0)
    low, below = 0.0, -float(np.sqrt(max(float(shortest @ g @ shortest), 0.0)))
    for _ in range(_STEPS):  # false position, halving the weight of an end that stays (Illinois)
        s = (low * above - high * below) / (above - below)
        if not low < s < high:
            s = 0.5 * (low + high)
        w, norm = best(s)
        error = s - norm
        if abs(error) <= 1e-11 or high - low <= 1e-12:
            break
        if error > 0:
            high, above, below = s, error, below * 0.5
        else:
            low, below, above = s, error, above * 0.5
    return w


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return CAGradBalancer(tasks, device, values["every"], values["c"])


METHOD = BalancingMethod(
    "cagrad", mark("CAGrad"), mark("Near the mean, the direction best for the task that gains least."),
    "Liu et al. 2021, arXiv 2110.14048",
    (
        Parameter(
            "c", "float", 0.4, mark("c"), mark("How far from the mean it may go; 0 is the mean."),
            minimum=0.0, maximum=10.0, step=0.1,
        ),
        *SHARED_PARAMETERS,
    ),
    build=_build, works_on="gradients",
)  # fmt: skip
