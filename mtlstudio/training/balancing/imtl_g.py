"""IMTL-G: the mixture of gradients on which all tasks' directions project equally."""

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


class IMTLGBalancer(SolvedBalancer):
    """d = Σ_i w_i g_i with d · g_i / ‖g_i‖ the same for all i and Σ w = 1: w = v / Σ v, v_i = (C⁺ 1)_i / ‖g_i‖, C the
    cosines.

    Source: Liu et al. 2021, "Towards Impartial Multi-Task Learning", ICLR; with a pseudoinverse, as Quinton & Rey
    2024, arXiv 2406.16232, have it, here of the cosines, for gradients that depend on each other. λ does not count:
    directions do not feel it.
    """

    uses_weights = False

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import numpy as np

        norms = np.sqrt(gramian.diagonal())
        cosines = gramian / norms / norms[:, None]
        v = np.linalg.pinv(cosines, rcond=1e-9, hermitian=True) @ np.ones(len(norms)) / norms
        if abs(v.sum()) <= 1e-9 * np.abs(v).sum():
            raise SolverFailure("imtl_g")
        return np.asarray(v / v.sum())


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return IMTLGBalancer(tasks, device, values["every"])


METHOD = BalancingMethod(
    "imtl_g", mark("IMTL-G"), mark("A direction along which all tasks' gradients project equally."),
    "Liu et al. 2021, Towards Impartial Multi-Task Learning, ICLR", SHARED_PARAMETERS,
    build=_build, uses_weights=False, works_on="gradients",
)  # fmt: skip
