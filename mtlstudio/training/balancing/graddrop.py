"""GradDrop: where tasks disagree on the sign, one sign is drawn and the other's share dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.draws import generator
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import LEVEL, GradientBalancer, Moment

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class GradDropBalancer(GradientBalancer):
    """For each number: P = ½ (1 + Σ_i g_i / Σ_i |g_i|), U uniform in [0, 1); d = Σ_i (ℓ + (1-ℓ) M_i) g_i with
    M_i = [P > U][g_i > 0] + [P < U][g_i < 0].

    Source: Chen et al. 2020, "Just Pick a Sign", arXiv 2010.06808. Deviation: it works at the shared weights, or at
    the features where the tasks part, without the paper's product with the features and its sum over the batch. U is
    drawn from (seed, step). A task whose gradient does not reach a weight has no say in its sign.
    """

    element_wise = True

    def __init__(self, tasks: Sequence[str], device: torch.device, leak: float) -> None:
        super().__init__(tasks, device)
        self.leak = leak

    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        """See `GradientBalancer.weigh`: never asked, the gradients are merged."""
        raise NotImplementedError

    def merge(self, matrix: Tensor, moment: Moment, part: int) -> Tensor:
        """See `GradientBalancer.merge`."""
        import torch

        total = matrix.sum(0)
        positive = matrix[0].clamp_min(0.0)
        for row in matrix[1:]:
            positive.add_(row.clamp_min(0.0))
        negative = total - positive  # the sums of either sign
        size = positive - negative
        draws = generator(self.seed, self.step, matrix.device, part)
        bar = torch.rand(total.shape, generator=draws, dtype=matrix.dtype, device=matrix.device).mul_(size)
        kept = negative.addcmul_(size, torch.gt(positive, bar, out=bar))  # P > U where positive > U · size
        return kept.lerp_(total, self.leak) if self.leak else kept


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return GradDropBalancer(tasks, device, values["leak"])


METHOD = BalancingMethod(
    "graddrop", mark("GradDrop"), mark("Draws one sign for each weight, and drops what pulls the other way."),
    "Chen et al. 2020, arXiv 2010.06808",
    (
        Parameter(
            "leak", "float", 0.0, mark("Leak"), mark("Share of each task's gradient that is never dropped."),
            minimum=0.0, maximum=1.0, step=0.1,
        ),
        LEVEL,
    ),
    build=_build, works_on="gradients",
)  # fmt: skip
