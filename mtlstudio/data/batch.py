"""What the trainer receives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class Batch:
    """N samples, stacked.

    Attributes:
        inputs: input id -> (N, C, S, S) float32, standardised.
        targets: task id -> what the task type's `collate` made.
        present: task id -> (N,) bool: the sample has this target.
        dataset: (N,) int64, index of the data set each sample is from.
        keys: of the samples.
        whole: the batch of which this is one process's part, without inputs and targets; None where one process has it
            all.
        stands_in: its one sample is there only so that a process without any has something to compute on.
    """

    inputs: dict[str, Tensor]
    targets: dict[str, Any]
    present: dict[str, Tensor]
    dataset: Tensor
    keys: tuple[str, ...]
    whole: Batch | None = None
    stands_in: bool = False

    def __len__(self) -> int:
        return len(self.keys)
