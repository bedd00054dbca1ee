"""Aligned-MTL: turns the gradients so that they are at right angles and equally long, then takes the mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, SolvedBalancer

if TYPE_CHECKING:
    import torch

    from mtlstudio.training.gradients.solvers import Array

_RANK = 1.2e-7
"""Eigenvalues below this share of the largest, times their number, are rounding of float32."""


class AlignedBalancer(SolvedBalancer):
    """d = Σ_i w_i g_i with w = √σ V Λ^(-½) Vᵀ (1/T, …, 1/T), G = V Λ Vᵀ over the eigenvalues that are not 0, σ the
    smallest of them (or their median or mean).

    Source: Senushkin et al. 2023, "Independent Component Alignment for Multi-Task Learning", arXiv 2305.19000,
    algorithm 1. λ does not count: the method undoes all scales.
    """

    uses_weights = False

    def __init__(self, tasks: Sequence[str], device: torch.device, every: int, scale: str) -> None:
        super().__init__(tasks, device, every)
        self.scale = scale

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import numpy as np

        count = len(gramian)
        found, vectors = np.linalg.eigh(gramian)
        kept = found > found.max() * count * _RANK
        eigenvalues, vectors = found[kept], vectors[:, kept]
        middle = {"min": eigenvalues.min(), "median": np.sort(eigenvalues)[(len(eigenvalues) - 1) // 2]}
        scale = np.sqrt(middle.get(self.scale, eigenvalues.mean()))
        return np.asarray(scale * (vectors / np.sqrt(eigenvalues)) @ (vectors.T @ np.full(count, 1.0 / count)))


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return AlignedBalancer(tasks, device, values["every"], values["scale"])


METHOD = BalancingMethod(
    "aligned_mtl", mark("Aligned-MTL"), mark("The mean of the gradients, made equally long and at right angles."),
    "Senushkin et al. 2023, arXiv 2305.19000",
    (
        Parameter(
            "scale", "choice", "min", mark("Length"), mark("Which eigenvalue sets the length of all."),
            choices=FrozenDict(min=mark("Smallest"), median=mark("Median"), rmse=mark("Mean")),
        ),
        *SHARED_PARAMETERS,
    ),
    build=_build, uses_weights=False, works_on="gradients",
)  # fmt: skip
