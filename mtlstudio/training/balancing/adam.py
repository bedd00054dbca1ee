"""Adam for a vector of which only some entries move in a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_BETAS = (0.9, 0.999)
_EPS = 1e-8


class SomeAdam:
    """Adam as torch has it, with counts of its own per entry: entries that take no part in a step stay as they are.

    Args:
        start: (entries,) float32.
        learning_rate: of Adam.
        weight_decay: times the value, added to the gradient.

    Attributes:
        value: (entries,) float32.
    """

    def __init__(self, start: Tensor, learning_rate: float, weight_decay: float = 0.0) -> None:
        import torch

        self.value = start.clone()
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.mean, self.square, self.count = (torch.zeros_like(start) for _ in range(3))

    def step(self, gradient: Tensor, moves: Tensor) -> None:
        """One step against the gradient, (entries,), where `moves`, (entries,) bool, and the gradient is a number."""
        import torch

        moves = moves & gradient.isfinite()
        gradient = gradient.nan_to_num() + self.weight_decay * self.value
        count = self.count + 1
        mean = self.mean + (1 - _BETAS[0]) * (gradient - self.mean)
        square = _BETAS[1] * self.square + (1 - _BETAS[1]) * gradient * gradient
        size = (square / (1 - _BETAS[1] ** count)).sqrt() + _EPS
        value = self.value - self.learning_rate * (mean / (1 - _BETAS[0] ** count)) / size
        self.value = torch.where(moves, value, self.value)
        self.mean, self.square = torch.where(moves, mean, self.mean), torch.where(moves, square, self.square)
        self.count = torch.where(moves, count, self.count)

    def state(self) -> dict[str, Tensor]:
        """What `load` needs to go on."""
        names = ("value", "mean", "square", "count")
        return {f"adam_{name}": getattr(self, name).detach().cpu().clone() for name in names}

    def load(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Goes on from a `state`."""
        for name in ("value", "mean", "square", "count"):
            setattr(self, name, state[f"adam_{name}"].to(device).clone())
