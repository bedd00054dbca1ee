"""A running average of the weights beside those that are trained: what is validated, kept and used later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


class WeightAverage:
    """w̄ ← d·w̄ + (1 - d)·w after every step, d = min(decay, (1 + n) / (10 + n)) in the nth: early weights fade soon.

    Running statistics of normalisations are averaged too; counters are copied.

    Source: Polyak & Juditsky 1992; of the rising d, "Inception" (Szegedy et al. 2016, arXiv 1512.00567) as published
    with its code.

    Args:
        network: whose weights are averaged, from what they are now on.
        decay: d, 0 to below 1.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._network, self._decay, self._updates = network, decay, 0
        self._average = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    def update(self) -> None:
        """The weights have changed."""
        import torch

        self._updates += 1
        decay = min(self._decay, (1 + self._updates) / (10 + self._updates))
        now = self._network.state_dict()
        moving = [name for name, tensor in self._average.items() if tensor.is_floating_point()]
        torch._foreach_lerp_(
            [self._average[name] for name in moving], [now[name].detach() for name in moving], 1.0 - decay
        )
        for name, tensor in self._average.items():
            if not tensor.is_floating_point():
                tensor.copy_(now[name])

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within the block the network has the averaged weights."""
        trained = self.trained()
        self._put(self._average)
        try:
            yield
        finally:
            self._put(trained)

    def trained(self) -> dict[str, Tensor]:
        """A copy of the weights that are trained."""
        return {name: tensor.detach().clone() for name, tensor in self._network.state_dict().items()}

    @property
    def updates(self) -> int:
        """How often it was updated."""
        return self._updates

    def load(self, average: Mapping[str, Tensor], trained: Mapping[str, Tensor], updates: int) -> None:
        """Goes on from a checkpoint: the network gets the trained weights, this the average."""
        for name, tensor in self._average.items():
            tensor.copy_(average[name])
        self._put(trained)
        self._updates = updates

    def _put(self, weights: Mapping[str, Tensor]) -> None:
        import torch

        with torch.no_grad():
            for name, tensor in self._network.state_dict().items():
                tensor.copy_(weights[name])
