"""Uncertainty weighting: each task's weight is learned as the inverse of its noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class UncertaintyBalancer(Balancer):
    """total = Σ_t ½ (exp(-s_t) L_t + s_t) over the tasks present; s_t = log σ_t², learned.

    Source: Kendall, Gal & Cipolla 2018, arXiv 1705.07115. The paper has the factor ½ before the losses of regressions
    only; here, as is usual, it stands before all, which moves a classification's s_t by log 2 and changes nothing else
    but its scale. λ does not count. Terms of tasks without targets in the batch are left out, so that their s_t rests.
    """

    def __init__(self, tasks: Sequence[str], start: float, device: torch.device) -> None:
        import torch

        self._rows = {task: row for row, task in enumerate(tasks)}
        self.log_variances = torch.nn.Parameter(torch.full((len(tasks),), start, dtype=torch.float32, device=device))

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`."""
        import torch

        values = torch.stack(list(losses.values()))
        s: Tensor = self.log_variances
        if len(losses) < len(self._rows):
            s = s[[self._rows[task] for task in losses]]
        return 0.5 * (torch.exp(-s) * values + s).sum()

    def parameters(self) -> list[nn.Parameter]:
        """See `Balancer.parameters`."""
        return [self.log_variances]

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """½ exp(-s_t)."""
        values = (0.5 * (-self.log_variances.detach()).exp()).tolist()
        return dict(zip(self._rows, values, strict=True))

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        return {"log_variances": self.log_variances.detach().cpu().clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        self.log_variances.data.copy_(state["log_variances"])


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return UncertaintyBalancer(tasks, values["log_variance"], device)


METHOD = BalancingMethod(
    "uncertainty", mark("Uncertainty"), mark("Learns each task's weight as the inverse of its noise."),
    "Kendall, Gal & Cipolla 2018, arXiv 1705.07115",
    (
        Parameter(
            "log_variance", "float", 0.0, mark("Log-variance at the start"),
            mark("The same for every task; 0 starts with a weight of ½."), minimum=-10.0, maximum=10.0, step=0.1,
        ),
    ),
    build=_build, uses_weights=False,
)  # fmt: skip
