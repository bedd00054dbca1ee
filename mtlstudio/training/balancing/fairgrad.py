"""FairGrad: shares the common progress among the tasks by α-fairness."""

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


class FairGradBalancer(SolvedBalancer):
    """d = Σ_i w_i g_i with G w = w^(-1/α), w > 0: the direction of greatest α-fair gain. α = 0 is the mean.

    Source: Ban & Ji 2024, "Fair Resource Allocation in Multi-Task Learning", arXiv 2402.15638, equation 4. Deviation:
    the equation is the gradient of a convex function, whose minimum Newton's steps find exactly, instead of least
    squares by scipy. λ does not count.
    """

    uses_weights = False

    def __init__(self, tasks: Sequence[str], device: torch.device, every: int, alpha: float) -> None:
        super().__init__(tasks, device, every)
        self.alpha = alpha

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import numpy as np

        from mtlstudio.training.gradients.solvers import fair

        return fair(gramian, self.alpha) if self.alpha else np.full(len(gramian), 1.0 / len(gramian))


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return FairGradBalancer(tasks, device, values["every"], values["alpha"])


METHOD = BalancingMethod(
    "fairgrad", mark("FairGrad"), mark("Shares the progress fairly: the larger α, the more for the task behind."),
    "Ban & Ji 2024, arXiv 2402.15638",
    (
        Parameter(
            "alpha", "float", 2.0, mark("α"), mark("0: the mean; 1: proportional; large: the worst task counts."),
            minimum=0.0, maximum=100.0, step=0.5,
        ),
        *SHARED_PARAMETERS,
    ),
    build=_build, uses_weights=False, works_on="gradients",
)  # fmt: skip
