"""The gradients of all tasks as the rows of one matrix, in a buffer that lives as long as the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

Layout: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""Shape and strides."""


class Rows:
    """A matrix with a row per task and a column per number of some tensors.

    A tensor that a task's gradient does not reach is zero in its row. One product of the matrix with itself gives all
    inner products, one of a vector with it a weighted sum: two kernels, whatever the number of tensors.

    Args:
        like: tensors whose gradients are held; float32.
        count: the most rows.
    """

    def __init__(self, like: Sequence[Tensor], count: int) -> None:
        import torch

        self._like = [_layout(tensor) for tensor in like]  # the tensors themselves may go
        self._sizes = [tensor.numel() for tensor in like]
        device = like[0].device
        self._buffer = torch.empty((count, sum(self._sizes)), dtype=torch.float32, device=device)
        self._views: list[list[Tensor]] = [self.split(row) for row in self._buffer]
        self._used = 0

    def clear(self) -> None:
        """Forgets all rows."""
        self._used = 0

    def add(self, gradients: Sequence[Tensor | None]) -> None:
        """Adds a row: the gradients of `like` in order, None for those that are not reached."""
        import torch

        views = self._views[self._used]
        missing = [view for view, gradient in zip(views, gradients, strict=True) if gradient is None]
        if missing:
            torch._foreach_zero_(missing)
        found = [(view, gradient) for view, gradient in zip(views, gradients, strict=True) if gradient is not None]
        if found:
            torch._foreach_copy_([view for view, _ in found], [gradient for _, gradient in found])
        self._used += 1

    @property
    def held_bytes(self) -> int:
        """What it takes, whether or not it is filled."""
        return self._buffer.numel() * self._buffer.element_size()

    @property
    def filled(self) -> bool:
        """Whether any row was added since `clear`."""
        return self._used > 0

    def fits(self, like: Sequence[Tensor]) -> bool:
        """Whether it holds gradients of tensors of these shapes and memory orders."""
        return [_layout(tensor) for tensor in like] == self._like

    @property
    def matrix(self) -> Tensor:
        """(rows, numbers) float32."""
        return self._buffer[: self._used]

    def gramian(self) -> Tensor:
        """Inner products of the rows, (rows, rows) float32."""
        matrix = self.matrix
        return matrix @ matrix.T

    def split(self, vector: Tensor) -> list[Tensor]:
        """A vector as long as a row, as tensors shaped (and laid out) as `like`."""
        return [_shaped(part, *layout) for part, layout in zip(vector.split(self._sizes), self._like, strict=True)]


def _layout(tensor: Tensor) -> Layout:
    return tuple(tensor.shape), tuple(tensor.stride())


def _shaped(part: Tensor, shape: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """The numbers in the memory order that they stand for: fused optimizers walk weight and gradient side by side."""
    order = sorted(range(len(shape)), key=lambda axis: stride[axis], reverse=True)  # stable: plain order stays plain
    if order == list(range(len(shape))):
        return part.view(shape)
    stored = part.view([shape[axis] for axis in order])
    return stored.permute([order.index(axis) for axis in range(len(shape))])
