"""Looks on while a step is taken: the tasks' gradients of the shared layers, layer by layer, left on the device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtlstudio.training.gradients.rows import Rows

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Stretch:
    """Weights of shared layers whose gradients stand in one matrix.

    Attributes:
        parameters: in the order of a row.
        spans: layer id -> (first number of a row that is its, the one past its last).
    """

    parameters: tuple[nn.Parameter, ...]
    spans: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, layers: Sequence[tuple[str, Sequence[nn.Parameter]]]) -> Stretch:
        """Of layers with their weights; a weight that several layers use counts for the first of them."""
        found: dict[int, nn.Parameter] = {}
        spans: dict[str, tuple[int, int]] = {}
        width = 0
        for layer, parameters in layers:
            own = [parameter for parameter in parameters if id(parameter) not in found]
            found.update((id(parameter), parameter) for parameter in own)
            size = sum(parameter.numel() for parameter in own)
            if size:
                spans[layer] = (width, width + size)
            width += size
        return cls(tuple(found.values()), spans)


class Watch:
    """What one step showed of the tasks' gradients.

    Attributes:
        tasks: ids of the rows; empty where no gradient reached a shared layer.
        weights: (rows,) what the rows were multiplied with, of unweighted losses.
    """

    def __init__(self) -> None:
        self.tasks: tuple[str, ...] = ()
        self.weights: Tensor | None = None
        self._seen: list[tuple[Stretch, Rows]] = []
        self._factors: Mapping[str, float] = {}
        self._scale: Tensor | None = None
        self._multiplied: Tensor | None = None

    def begin(self, factors: Mapping[str, float], scale: Tensor | None) -> None:
        """Is told what the losses are multiplied with beforehand: task id -> factor, and () a common one."""
        self._factors, self._scale = factors, scale

    def see(self, tasks: tuple[str, ...], seen: Sequence[tuple[Stretch, Rows]]) -> None:
        """Is shown the gradients.

        Args:
            tasks: ids of the rows.
            seen: the matrices; they hold until the next step.
        """
        import torch

        self.tasks, self._seen = tasks, [(stretch, rows) for stretch, rows in seen if rows.filled]
        if self._seen:
            device = self._seen[0][1].matrix.device
            self.weights = torch.tensor([self._factors[task] for task in tasks], device=device)
            self._multiplied = self.weights if self._scale is None else self.weights * self._scale

    def weigh(self, weights: Tensor) -> None:
        """Is told what the method multiplies the rows with, (rows,)."""
        if self.weights is not None:
            self.weights = self.weights * weights

    @property
    def layers(self) -> tuple[str, ...]:
        """Ids of the layers, in the order of `products`."""
        return tuple(layer for stretch, _rows in self._seen for layer in stretch.spans)

    def products(self) -> Tensor:
        """(layers, rows, rows) float32: inner products of the gradients of the unweighted losses."""
        import torch

        assert self._multiplied is not None
        found = []
        for stretch, rows in self._seen:
            for first, past in stretch.spans.values():
                part = rows.matrix[:, first:past]
                found.append(part @ part.T)
        return torch.stack(found) / (self._multiplied[:, None] * self._multiplied)

    def directions(self) -> Iterator[tuple[nn.Parameter, list[Tensor]]]:
        """Each weight of the shared layers with its gradients, one per row, times some factor common to the row."""
        for stretch, rows in self._seen:
            columns = [rows.split(row) for row in rows.matrix]
            for place, parameter in enumerate(stretch.parameters):
                yield parameter, [pieces[place] for pieces in columns]
