"""Sums over the processes of a group, in as few messages as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from mtlstudio.tasks.joining import joined_by

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.tasks.interface import Metrics

BUCKET_BYTES = 32 * 1024**2


def added(tensors: Sequence[Tensor]) -> None:
    """Adds tensors up over the processes, in place; all have the same tensors in the same order."""
    import torch
    import torch.distributed as dist

    waiting = []
    for bucket in _buckets(tensors):
        flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
        waiting.append((bucket, flat, dist.all_reduce(flat, async_op=True)))
    for bucket, flat, work in waiting:
        work.wait()
        pieces = flat.split([tensor.numel() for tensor in bucket])
        torch._foreach_copy_(bucket, [piece.view(tensor.shape) for piece, tensor in zip(pieces, bucket, strict=True)])


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Neighbours of one dtype and device, together no larger than a bucket where they can be."""
    bucket: list[Tensor] = []
    size = 0
    for tensor in tensors:
        own = tensor.numel() * tensor.element_size()
        other = bucket and (tensor.dtype, tensor.device) != (bucket[0].dtype, bucket[0].device)
        if bucket and (other or size + own > BUCKET_BYTES):
            yield bucket
            bucket, size = [], 0
        bucket.append(tensor)
        size += own
    if bucket:
        yield bucket


@contextmanager
def joined(guarded: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Within the block, the sums that losses are made of are those of all processes; see `tasks.joining`.

    Args:
        guarded: the block in which processes speak to one another.
    """

    with joined_by(lambda sums: joined_sums(sums, guarded)):
        yield


def joined_sums(sums: Tensor, guarded: Callable[[], AbstractContextManager[None]]) -> Tensor:
    """Sums of this process's samples as those of all, with the gradient of its own part."""
    with guarded():
        found: Tensor = _join().apply(sums)
    return found


@cache
def _join() -> Any:
    import torch
    import torch.distributed as dist

    class Join(torch.autograd.Function):
        """Sums over all processes. The gradient goes to this one's part: every process hands its own part on."""

        @staticmethod
        def forward(ctx: Any, sums: Tensor) -> Tensor:
            whole = sums.detach().clone()
            dist.all_reduce(whole)
            return whole

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            return gradient

    return Join


def summed_up(metrics: Sequence[Metrics]) -> None:
    """Adds the sums of measurements up over the processes, all at once."""
    import torch
    import torch.distributed as dist

    places = [(measured, name) for measured in metrics for name in sorted(measured.sums)]
    if not places:
        return
    parts = [measured.sums[name] for measured, name in places]
    device = next((part.device for part in parts if part.device.type != "cpu"), parts[0].device)
    flat = torch.cat([part.reshape(-1).to(device, torch.float64) for part in parts])
    dist.all_reduce(flat)
    for (measured, name), part, whole in zip(places, parts, flat.split([part.numel() for part in parts]), strict=True):
        measured.sums[name] = whole.view(part.shape).to(part.dtype)
