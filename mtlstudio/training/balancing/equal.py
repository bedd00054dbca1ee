"""Equal weights: the plain mean of the losses, whatever the λs say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.fixed import FixedBalancer
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class EqualBalancer(FixedBalancer):
    """total = 1/T Σ_t L_t; T counts all tasks of the project, so that a task weighs the same in every batch."""

    def __init__(self, tasks: Sequence[str]) -> None:
        self._weights = {task: 1.0 / len(tasks) for task in tasks}

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; `weights` do not count."""
        import torch

        return torch.stack(list(losses.values())).sum() / len(self._weights)

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """See `Balancer.effective`."""
        return dict(self._weights)


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return EqualBalancer(tasks)


METHOD = BalancingMethod(
    "equal", mark("Equal"), mark("The mean of the losses; a strong baseline."),
    "Kurin et al. 2022, arXiv 2201.04122", build=_build, uses_weights=False, constant=True, simple=True,
)  # fmt: skip
