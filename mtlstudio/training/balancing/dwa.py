"""Dynamic weight average: a task whose loss falls more slowly than the others' weighs more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod, Remark
from mtlstudio.training.balancing.on_losses import LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class DWABalancer(LossBalancer):
    """total = Σ_t w_t L_t, w = T softmax(r / τ), r_t = L_t(e-1) / L_t(e-2), L_t(e) the mean loss over epoch e; equal
    in the first two epochs, and for a task without two such means.

    Source: Liu, Johns & Davison 2019, arXiv 1803.10704. Deviation: an epoch's mean is over its targets, not over its
    batches.
    """

    def __init__(self, tasks: Sequence[str], device: torch.device, temperature: float) -> None:
        import torch

        super().__init__(tasks, device)
        self.temperature = temperature
        self.used = torch.ones(len(self.tasks), device=device)
        self.means = torch.full((2, len(self.tasks)), -1.0)  # of the last epochs, newest first; -1: there is none

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count."""
        import torch

        return (torch.stack(list(losses.values())) * self.used[self.rows(losses)]).sum()

    def end_epoch(self, losses: Mapping[str, float | None]) -> list[Remark]:
        """See `Balancer.end_epoch`."""
        import torch

        newest = torch.tensor([-1.0 if losses.get(task) is None else float(losses[task] or 0.0) for task in self.tasks])
        self.means = torch.stack((newest, self.means[0]))
        there = (self.means[0] > 0) & (self.means[1] > 0)
        rates = torch.where(there, self.means[0] / self.means[1].where(there, torch.ones(())), 1.0)
        self.used = (len(self.tasks) * torch.softmax(rates / self.temperature, 0)).to(self.device)
        return []

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        return {**super().state(), "means": self.means.clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        super().load(state)
        self.means = state["means"].clone()


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return DWABalancer(tasks, device, values["temperature"])


METHOD = BalancingMethod(
    "dwa", mark("Dynamic weight average"), mark("The more slowly a loss falls, the more it weighs in the next epoch."),
    "Liu, Johns & Davison 2019, arXiv 1803.10704",
    (
        Parameter(
            "temperature", "float", 2.0, mark("Temperature"), mark("The larger, the more equal the weights."),
            minimum=0.01, maximum=100.0, step=0.5,
        ),
    ),
    build=_build, uses_weights=False,
)  # fmt: skip
