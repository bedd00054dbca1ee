"""CAGrad: near the mean gradient, the direction that is best for the task it helps least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, SolvedBalancer

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from mtlstudio.training.gradients.solvers import Array

_STEPS, _SHORTEST, _EXACT = 100, 1e-9, 1e-9


class CAGradBalancer(SolvedBalancer):
    """d = g_0 + c ‖g_0‖ g_w / ‖g_w‖, g_0 the mean, g_w = Σ_i w_i g_i, w = argmin g_w · g_0 + c ‖g_0‖ ‖g_w‖ over w ≥ 0,
    Σ w = 1.

    Source: Liu et al. 2021, "Conflict-Averse Gradient Descent", arXiv 2110.14048, algorithm 1. The norm is written as
    ‖g_w‖ = min_s ½ (‖g_w‖² / s + s), which leaves a quadratic problem for each s, and one equation for s: ‖g_w(s)‖ = s,
    solved in closed form for the tasks that take part, between bounds. Where ‖g_w‖ vanishes the
    tasks cannot be improved together, and d = 0 as in the paper's text.
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
        if radius == 0:
            return mean
        w = _direction(g, linear, radius)
        norm = float(np.sqrt(max(float(w @ g @ w), 0.0)))
        return np.asarray(mean + radius / norm * w) if norm > 1e-6 else np.zeros(count)


def _direction(g: Array, linear: Array, radius: float) -> Array:
    """argmin w · linear + radius √(wᵀ g w) over w ≥ 0, Σ w = 1."""
    import numpy as np

    from mtlstudio.training.gradients.solvers import SolverFailure, quadratic

    low, high = 0.0, float(np.sqrt(g.diagonal().max()))
    s, w = high, quadratic(g * (radius / high), linear, total=1.0)
    for _ in range(_STEPS):
        norm = float(np.sqrt(max(float(w @ g @ w), 0.0)))
        if abs(norm - s) <= _EXACT * s or s <= _SHORTEST:
            return w
        low, high = (s, high) if norm > s else (low, s)
        s = _length(g, linear, radius, w > 0)
        if not low < s < high:
            s = 0.5 * (low + high)
        w = quadratic(g * (radius / s), linear, total=1.0, start=w)
    if high - low <= 1e-6 * high:  # rounding keeps the last digits moving
        return w
    raise SolverFailure("cagrad")


def _length(g: Array, linear: Array, radius: float, support: NDArray[np.bool_]) -> float:
    """The s with ‖g_w(s)‖ = s, as long as no other tasks join in: there w(s) = u + s v with u ⊥ v."""
    import numpy as np

    where = np.flatnonzero(support)
    part = g[np.ix_(where, where)] + 1e-12 * np.eye(len(where))
    ones, pulls = np.linalg.solve(part, np.stack((np.ones(len(where)), linear[where]), axis=1)).T
    u = ones / ones.sum()
    v = (ones * (pulls.sum() / ones.sum()) - pulls) / radius
    rest = 1.0 - float(v @ part @ v)
    return float(np.sqrt(max(float(u @ part @ u), 0.0) / rest)) if rest > 0 else np.inf


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
