"""Counts what a step asks of the device: reads that the host waits for, and backward passes through convolutions.

It sees on tensors of the processor what would make the host wait for CUDA: single numbers (`item`, `bool`, `float`),
`tolist`, `cpu`, sizes that depend on numbers (`nonzero`, masks as indices). Copies between tensors of two devices look
like any other copy here and are not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

_aten = torch.ops.aten
_READ = {
    _aten._local_scalar_dense, _aten.nonzero, _aten.masked_select, _aten.equal, _aten._unique2, _aten.unique_dim,
    _aten.unique_consecutive, _aten.repeat_interleave,
}  # fmt: skip
_BY_NAME = {Tensor.cpu, Tensor.tolist}
_INDEXED = {_aten.index, _aten.index_put, _aten.index_put_, _aten._index_put_impl_}


@dataclass
class Counts:
    """Reads by the host, and backward passes through convolutions."""

    reads: float = 0
    convolutions: float = 0

    def each(self, steps: int, before: Counts | None = None) -> Counts:
        """Of one step, where so many were taken since `before`."""
        before = before or Counts()
        return Counts((self.reads - before.reads) / steps, (self.convolutions - before.convolutions) / steps)


class _Operations(TorchDispatchMode):
    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self.counts = counts

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        packet = function.overloadpacket
        self.counts.reads += packet in _READ or (packet in _INDEXED and _by_mask(args[1]))
        self.counts.convolutions += packet is _aten.convolution_backward
        return function(*args, **(kwargs or {}))


class _Methods(TorchFunctionMode):
    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self.counts = counts

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counts.reads += function in _BY_NAME
        return function(*args, **(kwargs or {}))


def _by_mask(indices: Any) -> bool:
    return any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in indices)


@contextmanager
def counted() -> Iterator[Counts]:
    """Counts within the block, in this thread."""
    counts = Counts()
    with ExitStack() as modes:
        modes.enter_context(_Operations(counts))
        modes.enter_context(_Methods(counts))
        yield counts
