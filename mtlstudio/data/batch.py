"""What the trainer receives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Whole:
    """The batch that a `Batch` is a part of.

    Attributes:
        size: number of its samples.
        tasks: ids of the tasks that any of its samples has a target of.
    """

    size: int
    tasks: tuple[str, ...]


@dataclass
class Batch:
    """N samples, stacked.

    Attributes:
        inputs: input id -> (N, C, S, S) float32, standardised.
        targets: task id -> what the task type's `collate` made.
        present: task id -> (N,) bool: the sample has this target.
        dataset: (N,) int64, index of the data set each sample is from.
        keys: of the samples.
        whole: of which this is one process's part; None where one process has it all.
    """

    inputs: dict[str, Tensor]
    targets: dict[str, Any]
    present: dict[str, Tensor]
    dataset: Tensor
    keys: tuple[str, ...]
    whole: Whole | None = None

    def __len__(self) -> int:
        return len(self.keys)
