"""UPGrad: each gradient is brought to where it harms no task, then the mean is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, SolvedBalancer

if TYPE_CHECKING:
    import torch

    from mtlstudio.training.gradients.solvers import Array


class UPGradBalancer(SolvedBalancer):
    """d = 1/T Σ_i π(g_i), π the projection onto the cone {x: x · g_j ≥ 0 for all j}; π(g_i) = Σ_j v_j g_j with
    v = argmin vᵀ G v over v ≥ e_i.

    Source: Quinton & Rey 2024, "Jacobian Descent for Multi-Objective Optimization", arXiv 2406.16232. Solved exactly,
    without the ridge of the reference implementation.
    """

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import numpy as np

        from mtlstudio.training.gradients.solvers import quadratic

        weights = np.zeros(len(gramian))
        for row, products in enumerate(gramian):
            weights[row] += 1.0
            if products.min() < 0:  # else it harms nobody as it is
                weights += quadratic(gramian, products)
        return np.asarray(weights / len(gramian))


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return UPGradBalancer(tasks, device, values["every"])


METHOD = BalancingMethod(
    "upgrad", mark("UPGrad"), mark("The mean of the gradients, each turned until it harms no task."),
    "Quinton & Rey 2024, arXiv 2406.16232", SHARED_PARAMETERS, build=_build, works_on="gradients",
)  # fmt: skip
