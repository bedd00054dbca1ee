"""Brings batches to the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtlstudio.data.batch import Batch

if TYPE_CHECKING:
    import torch

    from mtlstudio.data.loading import Batches


@dataclass
class Fed:
    """A batch on the device.

    Attributes:
        batch: the samples of this process.
        tasks: ids of those that any sample of the whole batch has a target of (known on the host).
        whole: the batch of which these are this process's part (its inputs and targets are of no use): the same where
            there is one process only.
    """

    batch: Batch
    tasks: tuple[str, ...]
    whole: Batch


class Feed:
    """The batches of a split, on the device.

    Args:
        batches: of the split.
        device: where they go.
        channels_last: their memory order.

    Attributes:
        steps: batches per epoch.
        waited: seconds spent waiting for data since it was last set to 0.
        thinned: leaves targets out of each batch, or None.
    """

    def __init__(self, batches: Batches, device: torch.device, channels_last: bool) -> None:
        self._batches, self._device, self._channels_last = batches, device, channels_last
        self.steps = len(batches)
        self.waited = 0.0
        self.thinned: Callable[[Batch], Batch] | None = None

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Fed]:
        """The batches of an epoch (0-based), from the `start`th on."""
        batches = iter(self._batches.epoch(epoch, start))
        while True:
            began = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                return
            whole = batch.whole or batch
            if self.thinned is not None:
                batch, whole = self.thinned(batch), self.thinned(whole)
            tasks = tuple(task for task, present in whole.present.items() if bool(present.any()))
            fed = Fed(self._moved(batch), tasks, whole)
            self.waited += time.perf_counter() - began
            yield fed

    def _moved(self, batch: Batch) -> Batch:
        import torch

        order = torch.channels_last if self._channels_last else torch.preserve_format
        return Batch(
            inputs={name: _to(value, self._device, order) for name, value in batch.inputs.items()},
            targets=_moved(batch.targets, self._device),
            present=_moved(batch.present, self._device),
            dataset=batch.dataset,
            keys=batch.keys,
            stands_in=batch.stands_in,
        )


def _to(value: torch.Tensor, device: torch.device, order: torch.memory_format) -> torch.Tensor:
    import torch

    if value.ndim != 4:
        order = torch.preserve_format
    return value.to(device, non_blocking=True, memory_format=order)


def _moved(value: Any, device: torch.device) -> Any:
    """A target as a task type collated it, with all its tensors on the device."""
    import torch

    if isinstance(value, torch.Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, dict):
        return {key: _moved(item, device) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_moved(item, device) for item in value)
    return value
