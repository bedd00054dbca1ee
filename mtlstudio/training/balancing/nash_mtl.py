"""Nash-MTL: the step on which the tasks would agree if they bargained."""

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


class NashBalancer(SolvedBalancer):
    """d = Σ_i w_i g_i with G' w = 1 / w, w > 0, G' = G / ‖G‖; made shorter where ‖d‖ exceeds a bound.

    Source: Navon et al. 2022, "Multi-Task Learning as a Bargaining Game", arXiv 2202.01017. Deviations: the equation
    is the gradient of a convex function, whose minimum Newton's steps find exactly, instead of a sequence of convex
    programs that stops early; nothing is carried over from step to step. λ does not count.
    """

    uses_weights = False

    def __init__(self, tasks: Sequence[str], device: torch.device, every: int, longest: float) -> None:
        super().__init__(tasks, device, every)
        self.longest = longest

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import numpy as np

        from mtlstudio.training.gradients.solvers import fair

        weights = fair(gramian / np.linalg.norm(gramian), 1.0)
        norm = float(np.sqrt(max(float(weights @ gramian @ weights), 0.0)))
        if self.longest > 0 and norm > self.longest:
            weights = weights * (self.longest / norm)
        return np.asarray(weights)


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return NashBalancer(tasks, device, values["every"], values["longest"])


METHOD = BalancingMethod(
    "nash_mtl", mark("Nash-MTL"), mark("The step that the tasks would agree on in a bargain."),
    "Navon et al. 2022, arXiv 2202.01017",
    (
        Parameter(
            "longest", "float", 1.0, mark("Longest step"), mark("Bound of the common gradient's norm; 0: none."),
            minimum=0.0, maximum=1e6, step=0.5,
        ),
        *SHARED_PARAMETERS,
    ),
    build=_build, uses_weights=False, works_on="gradients",
)  # fmt: skip
