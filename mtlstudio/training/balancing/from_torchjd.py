"""Methods that TorchJD has and this program does not, through one adapter. Installed apart: `pip install torchjd`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, SolvedBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mtlstudio.training.gradients.solvers import Array

INSTALL = "mtlstudio[methods]"


class TorchJDBalancer(SolvedBalancer):
    """d = Σ_i w_i g_i, w from one of TorchJD's weightings of the inner products, which keeps nothing between steps
    and does not depend on the gradients' scale.

    Absent tasks and rows of zeros never reach it; a failure of its solver is counted as any other.

    Args:
        weighting: the weighting, made anew for a number of rows.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        device: torch.device,
        every: int,
        weighting: Callable[[int], Callable[[Tensor], Tensor]],
    ) -> None:
        super().__init__(tasks, device, every)
        self._weighting = weighting

    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """See `SolvedBalancer.solve`."""
        import torch

        try:
            found = self._weighting(len(gramian))(torch.from_numpy(gramian / gramian.trace()))
        except Exception as error:  # each solver has its own kind
            raise ArithmeticError(str(error)) from error
        return found.numpy()


def _dual_projection(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    """d = π(g_0), the projection of the mean onto the cone that harms no task (Lopez-Paz & Ranzato 2017)."""
    from torchjd.aggregation import DualProjWeighting
    from torchjd.linalg import QuadprogProjector

    projector = QuadprogProjector(norm_eps=0.0, reg_eps=1e-7)  # by default gradients shorter than 0.01 count as zero
    return TorchJDBalancer(tasks, device, values["every"], lambda rows: DualProjWeighting(projector=projector))


METHOD = BalancingMethod(
    "dual_projection", mark("Dual projection"), mark("The mean of the gradients, turned until it harms no task."),
    "Lopez-Paz & Ranzato 2017, arXiv 1706.08840", SHARED_PARAMETERS, build=_dual_projection, works_on="gradients",
    needs=("torchjd", "qpsolvers", "quadprog"), install=INSTALL,
)  # fmt: skip
