"""ConFIG: the direction that has the same angle to all tasks' gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, SolvedBalancer
from mtlstudio.training.gradients.solvers import SolverFailure

if TYPE_CHECKING:
    import torch

    from mtlstudio.training.gradients.solvers import Array


class ConFIGBalancer(SolvedBalancer):
    """d = (Σ_i g_i · u) u, u the direction of U⁺ (1, …, 1), U the matrix of unit gradients.

    U⁺ 1 = Uᵀ (U Uᵀ)⁺ 1, so that the inner products are enough: with C the cosines and v = C⁺ 1, u is the direction of
    Σ_i v_i g_i / ‖g_i‖, whose norm is √(vᵀ C v).

    Source: Liu, Chu & Thuerey 2025, "ConFIG", arXiv 2408.11104, equation 2. λ does not count for the direction, nor here.
    """

    uses_weights = False

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import numpy as np

        norms = np.sqrt(gramian.diagonal())
        cosines = gramian / norms / norms[:, None]
        v = np.linalg.pinv(cosines, rcond=1e-9, hermitian=True) @ np.ones(len(norms))
        square = float(v @ cosines @ v)
        if square <= 1e-18:
            raise SolverFailure("config")
        length = float(norms @ (cosines @ v)) / np.sqrt(square)
        return np.asarray(length / np.sqrt(square) * v / norms)


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return ConFIGBalancer(tasks, device, values["every"])


METHOD = BalancingMethod(
    "config", mark("ConFIG"), mark("The direction with the same angle to all tasks' gradients."),
    "Liu, Chu & Thuerey 2025, arXiv 2408.11104", SHARED_PARAMETERS,
    build=_build, uses_weights=False, works_on="gradients",
)  # fmt: skip
