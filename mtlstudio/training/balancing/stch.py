"""STCH: a smooth maximum of the losses; the task that is worst off weighs most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_losses import LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class STCHBalancer(LossBalancer):
    """total = μ log Σ_t exp(λ_t L_t / μ) over the tasks present.

    Source: Lin et al. 2024, "Smooth Tchebycheff Scalarization", arXiv 2402.19078. Deviation: the ideal point is 0, and
    losses are taken as they are, without the warm-up after which the paper's code divides them by what they were.
    """

    def __init__(self, tasks: Sequence[str], device: torch.device, mu: float) -> None:
        super().__init__(tasks, device)
        self.mu = mu

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`."""
        import torch

        scaled = torch.stack([loss * weights[task] for task, loss in losses.items()]) / self.mu
        self.remember(losses, torch.softmax(scaled.detach(), 0))
        return self.mu * torch.logsumexp(scaled, 0)

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """λ times the share of the maximum."""
        return {task: share * weights[task] for task, share in super().effective(weights).items()}


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return STCHBalancer(tasks, device, values["mu"])


METHOD = BalancingMethod(
    "stch", mark("Smooth Tchebycheff"), mark("A smooth maximum: the task that is worst off weighs most."),
    "Lin et al. 2024, arXiv 2402.19078",
    (
        Parameter(
            "mu", "float", 0.1, mark("μ"), mark("Smoothness: the smaller, the more the largest loss alone counts."),
            minimum=1e-4, maximum=100.0, step=0.1,
        ),
    ),
    build=_build,
)  # fmt: skip
