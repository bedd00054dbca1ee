"""PCGrad: each task's gradient loses the part that works against another task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.draws import generator
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, GradientBalancer, Moment

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class PCGradBalancer(GradientBalancer):
    """d = Σ_i g_i', where g_i' starts as g_i and, for the other tasks j in random order, where g_i' · g_j < 0:

    g_i' ← g_i' - (g_i' · g_j / ‖g_j‖²) g_j

    Source: Yu et al. 2020, "Gradient Surgery for Multi-Task Learning", arXiv 2001.06782, algorithm 1. Computed on the
    inner products, for all i at once; nothing waits for the device. The orders are drawn from (seed, step).
    """

    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        """See `GradientBalancer.weigh`."""
        import torch

        count = len(gramian)
        mixed = torch.eye(count, dtype=gramian.dtype, device=gramian.device)
        squares = gramian.diagonal().clamp_min(torch.finfo(gramian.dtype).tiny)
        for others in orders(count, self.seed, self.step).to(gramian.device, non_blocking=True).unbind(1):
            inner = (mixed * gramian[others]).sum(1)
            share = inner.clamp_max(0.0) / squares[others]
            mixed = mixed.scatter_add(1, others[:, None], -share[:, None])
        return mixed.sum(0)


def orders(count: int, seed: int, step: int) -> Tensor:
    """For each row the other rows in random order, (count, count - 1) int64."""
    import torch

    draws = generator(seed, step)
    rows = [torch.randperm(count - 1, generator=draws) for _ in range(count)]
    drawn = torch.stack(rows) if count > 1 else torch.zeros((count, 0), dtype=torch.int64)
    return drawn + (drawn >= torch.arange(count)[:, None])  # its own place is passed over


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return PCGradBalancer(tasks, device, values["every"])


METHOD = BalancingMethod(
    "pcgrad", mark("PCGrad"), mark("Takes from each task's gradient what works against another task."),
    "Yu et al. 2020, arXiv 2001.06782", SHARED_PARAMETERS, build=_build, works_on="gradients",
)  # fmt: skip
