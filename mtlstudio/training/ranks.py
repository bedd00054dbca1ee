"""The processes that train one run together. This module knows the case of a single one, for which nothing is to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


class Ranks:
    """One process.

    Attributes:
        index: number of this process; 0 is the one that writes the run's folder.
        count: how many there are.
    """

    index = 0
    count = 1

    def joined(self, losses: Mapping[str, Tensor], counts: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The losses of the whole batch, whose gradients are those of this process's part of it.

        Args:
            losses: task id -> () float32, mean over the elements present in this process's part.
            counts: task id -> () how many those are.
        """
        return dict(losses)

    def reduce(self, parameters: Iterable[nn.Parameter]) -> None:
        """Makes the gradients of the parameters those of the whole batch, before the optimizer's step."""

    def reduce_rows(self, matrix: Tensor) -> None:
        """Makes the tasks' gradients of the shared weights, (rows, numbers), those of the whole batch, in place."""

    def reduce_products(self, gramian: Tensor) -> Tensor:
        """The inner products of features' gradients, (rows, rows), of the whole batch from those of each part."""
        return gramian
