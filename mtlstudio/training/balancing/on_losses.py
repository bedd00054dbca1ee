"""What methods that combine losses have in common: weights per task on the device, and sums over the tasks present."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mtlstudio.training.balancing.interface import Balancer, Facts, Remark
from mtlstudio.training.devices import places_on

if TYPE_CHECKING:
    import torch
    from torch import Tensor

TINY = 1e-8
"""Losses below it count as it where logarithms are taken."""


class LossBalancer(Balancer):
    """Knows the places of the tasks, the seed, the step, and the weights that were used last.

    Args:
        tasks: of the project.
        device: where values are kept.
    """

    def __init__(self, tasks: Sequence[str], device: torch.device) -> None:
        import torch

        self.tasks = tuple(tasks)
        self.places = {task: place for place, task in enumerate(self.tasks)}
        self.device = device
        self.seed = self.step = 0
        self.used = torch.full((len(self.tasks),), 1.0 / len(self.tasks), device=device)

    def prepare(self, facts: Facts) -> list[Remark]:
        """See `Balancer.prepare`."""
        self.seed = facts.seed
        return []

    def begin(self, step: int) -> None:
        """See `Balancer.begin`."""
        self.step = step

    def rows(self, losses: Mapping[str, Tensor]) -> slice | Tensor:
        """The places of the tasks present."""
        if len(losses) == len(self.tasks):
            return slice(None)
        return places_on(self.device, [self.places[task] for task in losses])

    def total(self, losses: Mapping[str, Tensor], weights: Tensor) -> Tensor:
        """Σ weight times loss over the tasks present; the weights, (tasks present,), are remembered for the log."""
        import torch

        self.remember(losses, weights)
        return (torch.stack(list(losses.values())) * weights).sum()

    def remember(self, losses: Mapping[str, Tensor], weights: Tensor) -> None:
        """Keeps the weights of the tasks present, (tasks present,), where they are numbers (fp16 passes over others)."""
        rows = self.rows(losses)
        used = self.used.clone()
        used[rows] = weights.detach().where(weights.isfinite(), used[rows])
        self.used = used

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The weights used last."""
        return dict(zip(self.tasks, self.used.tolist(), strict=True))

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        return {"used": self.used.detach().cpu().clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        self.used = state["used"].to(self.device).clone()
