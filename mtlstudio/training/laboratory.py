"""What balancing methods may try out before and after a step, leaving no traces in the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mtlstudio.training.devices import seed_step

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mtlstudio.training.feed import Fed
    from mtlstudio.training.setup import Parts


class StepLaboratory:
    """The laboratory of one step; see `balancing.interface.Laboratory`.

    Attributes:
        learning_rate: of the step.

    Args:
        parts: of the run.
        fed: the step's batch.
        step: its number, 0-based.
        learning_rate: of the step.
    """

    def __init__(self, parts: Parts, fed: Fed, step: int, learning_rate: float) -> None:
        self._parts, self._fed, self._step = parts, fed, step
        self.learning_rate = learning_rate

    @property
    def parameters(self) -> Sequence[nn.Parameter]:
        """The trained weights of the network."""
        return [parameter for parameter in self._parts.network.parameters() if parameter.requires_grad]

    def losses(self) -> dict[str, Tensor]:
        """The losses of the step's batch with the weights as they are now."""
        return self._losses(self._fed)

    def validation(self) -> dict[str, Tensor]:
        """The losses of a batch of validation pictures, another one in each step; of the step's batch without any."""
        feed = self._parts.val
        if feed is None:
            return self.losses()
        batches = feed.epoch(0, self._step % max(feed.steps - 1, 1))  # not the last: it may be of one picture
        fed = next(batches)
        del batches  # and with it what was fetched ahead
        return self._losses(fed) if len(fed.whole) > 1 else self.losses()

    def summed(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """See `balancing.interface.Laboratory`."""
        return self._parts.ranks.summed(gradients)

    def _losses(self, fed: Fed) -> dict[str, Tensor]:
        parts = self._parts
        if not fed.tasks:
            return {}
        seed_step(parts.spec.training.seed, self._step, parts.device, parts.ranks.index)
        with parts.precision.autocast(), still(parts.network), parts.ranks.joined():
            outputs = parts.network(fed.batch.inputs, fed.tasks)
            return {
                task: parts.tasks[task].loss(outputs[task], fed.batch.targets[task], fed.batch.present[task]).value
                for task in fed.tasks
            }


@contextmanager
def still(network: nn.Module) -> Iterator[None]:
    """Normalises as in training, but leaves the running statistics of batch normalisations as they are."""
    from torch.nn.modules.batchnorm import _BatchNorm

    moving = [
        module
        for module in network.modules()
        if isinstance(module, _BatchNorm) and module.training and module.track_running_stats
    ]
    for module in moving:
        module.track_running_stats = False
    try:
        yield
    finally:
        for module in moving:
            module.track_running_stats = True
