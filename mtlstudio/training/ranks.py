"""The processes that train one run together. This module knows the case of a single one, for which nothing is to do;
`training.several` those of more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from mtlstudio.base.errors import StudioError
from mtlstudio.training.control import Control

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from mtlstudio.runs.folder import RunFolder
    from mtlstudio.tasks.interface import Metrics
    from mtlstudio.training.failures import Failure

T = TypeVar("T")
Preview = tuple[str, dict[str, "Tensor"]]
"""Key of a sample, and task id -> (1, C, …) output."""
Note = tuple[str, dict[str, Any]]


class RankLost(StudioError):
    """Another process of the run has ended, or answers no more."""


class Ranks:
    """One process.

    Attributes:
        index: number of this process; 0 is the one that writes the run's folder and speaks.
        count: how many there are.
        hosts: the computers that they run on, one per process.
        speaks: whether this process tells the person what happens.
    """

    index = 0
    count = 1
    hosts: tuple[str, ...] = ("",)
    speaks = True

    def device(self, name: str) -> torch.device:
        """The device of this process; see `resolve_device`."""
        from mtlstudio.training.devices import resolve_device

        return resolve_device(name)

    def folder(self, run: RunFolder) -> RunFolder:
        """The run's folder as this process may use it."""
        return run

    def control(self, asked: Control) -> Control:
        """The reins that all processes follow alike; `asked`: those of this process."""
        return asked

    def budget(self) -> int | None:
        """Bytes that a split in memory may take; None for what `load_split` takes by itself."""
        return None

    def agree(self, facts: Mapping[str, Any]) -> None:
        """Makes sure that all processes found the same.

        Args:
            facts: plain values.

        Raises:
            StudioError: another process found something else.
            LoadingCancelled: `cancelled` is true in one of them.
        """

    def first(self, value: T) -> T:
        """What the first process has (a plain value)."""
        return value

    def take(self, network: nn.Module, device: torch.device) -> list[Note]:
        """Is given the network, before anything refers to its modules; returns what is to be noted."""
        return []

    def begin(self) -> None:
        """All processes start with the first one's weights."""

    def joined(self) -> AbstractContextManager[None]:
        """Within the block, losses are those of the whole batch, with the gradients of this process's part of it."""
        return nullcontext()

    def mean(self, own: Tensor, count: int) -> Tensor:
        """The mean over the whole batch, (), from that over this process's `count` samples; its gradient is as in
        `joined`."""
        return own

    def reduce(self, parameters: Iterable[nn.Parameter]) -> None:
        """Makes the gradients of the parameters those of the whole batch, before the optimizer's step."""

    def summed(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Gradients added up over the processes."""
        return list(gradients)

    def reduce_rows(self, matrix: Tensor) -> None:
        """Makes the tasks' gradients of the shared weights, (rows, numbers), those of the whole batch, in place."""

    def reduce_products(self, gramian: Tensor) -> Tensor:
        """The inner products of features' gradients, (rows, rows), of the whole batch from those of each part."""
        return gramian

    def due(self, own: bool) -> bool:
        """Whether all processes bring their measurements to the host now; `own`: whether this one would."""
        return own

    def add_up(self, metrics: Iterable[Metrics]) -> None:
        """Makes measurements of parts those of the whole split."""

    def gathered(self, previews: dict[int, Preview]) -> dict[int, Preview]:
        """The previews, by the samples' places in the split, of all processes, in the first one; none in the others."""
        return previews

    def understood(self, error: Exception) -> Exception:
        """An error, or what it means: that another process is gone."""
        return error

    def post(self, failure: Failure) -> None:
        """Leaves word for the others why this process ends."""

    def close(self) -> None:
        """Waits for the others at the end of a run that went well."""
