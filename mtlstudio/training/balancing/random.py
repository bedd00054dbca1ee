"""Random loss weighting: new weights in every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.draws import generator
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_losses import LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class RandomBalancer(LossBalancer):
    """total = Σ_t w_t L_t, w = softmax(z), z ~ N(0, 1) per task, over all tasks of the project.

    Source: Lin et al. 2022, "Reasonable Effectiveness of Random Weighting", arXiv 2111.10603. Drawn from (seed, step).
    """

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count."""
        import torch

        drawn = torch.randn(len(self.tasks), generator=generator(self.seed, self.step))
        return self.total(losses, torch.softmax(drawn, 0).to(self.device, non_blocking=True)[self.rows(losses)])


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return RandomBalancer(tasks, device)


METHOD = BalancingMethod(
    "random", mark("Random"), mark("Draws new weights in every step; a baseline that should be beaten."),
    "Lin et al. 2022, arXiv 2111.10603", build=_build, uses_weights=False, simple=True,
)  # fmt: skip
