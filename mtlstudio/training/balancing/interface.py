"""The interface of balancing methods. A new one is one file in this folder that declares `METHOD`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mtlstudio.training.declarations import Method

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Balancer(ABC):
    """A balancing method at work in one run."""

    @abstractmethod
    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """The total loss of a batch.

        Args:
            losses: task id -> () float32, only of the tasks that have targets in this batch (at least one).
            weights: task id -> λ, of all tasks.

        Returns:
            () float32, to be differentiated.
        """

    def parameters(self) -> list[nn.Parameter]:
        """Values that are trained along with the network, without weight decay."""
        return []

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Task id -> what its loss is multiplied with now (may wait for the device). Default: λ."""
        return dict(weights)

    def state(self) -> dict[str, Tensor]:
        """What `load` needs to go on."""
        return {}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Goes on from a `state`."""


@dataclass(frozen=True)
class BalancingMethod(Method):
    """Declaration of a balancing method; no torch at import.

    Attributes:
        build: makes the balancer from (its values, task ids, device).
        uses_weights: λ counts; if not, the sliders do nothing.
        works_on: `losses` (combines them into one) or `gradients`.
    """

    build: Callable[[Mapping[str, Any], Sequence[str], torch.device], Balancer] | None = None
    uses_weights: bool = True
    works_on: Literal["losses", "gradients"] = "losses"
