"""The geometric mean of the losses: what counts is by what share each one falls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_losses import TINY, LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class GeometricBalancer(LossBalancer):
    """total = (Π_t L_t)^(1/T) over the T tasks present in the batch.

    Source: Chennupati et al. 2019, "MultiNet++", arXiv 1904.08492. A loss below 1e-8 counts as that and rests.
    """

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count: it would only multiply the total."""
        import torch

        values = torch.stack(list(losses.values())).clamp_min(TINY)
        mean = values.log().mean().exp()
        self.remember(losses, mean / (len(losses) * values))
        return mean


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return GeometricBalancer(tasks, device)


METHOD = BalancingMethod(
    "geometric", mark("Geometric mean"), mark("Multiplies the losses: their scales do not count."),
    "Chennupati et al. 2019, arXiv 1904.08492", build=_build, uses_weights=False,
)  # fmt: skip
