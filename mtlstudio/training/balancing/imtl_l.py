"""IMTL-L: learns a scale per task that brings all losses to the same size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_losses import LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class IMTLLBalancer(LossBalancer):
    """total = Σ_t (exp(s_t) L_t - s_t) over the tasks present; s_t is learned, 0 at the start.

    Source: Liu et al. 2021, "Towards Impartial Multi-Task Learning", ICLR. Terms of absent tasks are left out, so that
    their s_t rests.
    """

    def __init__(self, tasks: Sequence[str], device: torch.device) -> None:
        import torch

        super().__init__(tasks, device)
        self.scales = torch.nn.Parameter(torch.zeros(len(self.tasks), device=device))

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count."""
        import torch

        scales = self.scales[self.rows(losses)]
        return (scales.exp() * torch.stack(list(losses.values())) - scales).sum()

    def parameters(self) -> list[nn.Parameter]:
        """See `Balancer.parameters`."""
        return [self.scales]

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """exp(s_t)."""
        return dict(zip(self.tasks, self.scales.detach().exp().tolist(), strict=True))

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        return {"scales": self.scales.detach().cpu().clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        self.scales.data.copy_(state["scales"])


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return IMTLLBalancer(tasks, device)


METHOD = BalancingMethod(
    "imtl_l", mark("IMTL-L"), mark("Learns scales that bring all losses to the same size."),
    "Liu et al. 2021, Towards Impartial Multi-Task Learning, ICLR", build=_build, uses_weights=False,
)  # fmt: skip
