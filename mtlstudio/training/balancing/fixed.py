"""Fixed loss weights: the sum of the losses, each times its λ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class FixedBalancer(Balancer):
    """total = Σ_t λ_t L_t over the tasks present in the batch."""

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`."""
        import torch

        return torch.stack([loss * weights[task] for task, loss in losses.items()]).sum()


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return FixedBalancer()


METHOD = BalancingMethod(
    "fixed", mark("Fixed λ"), mark("The losses are added up, each times its λ."),
    "Kurin et al. 2022, arXiv 2201.04122", build=_build, constant=True, simple=True,
)  # fmt: skip
