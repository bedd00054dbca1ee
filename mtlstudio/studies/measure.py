"""Measures a member at the pictures' own size, picture by picture, and makes metrics of resampled pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.data.project import Item, open_data
from mtlstudio.inspection.evaluate import evaluate
from mtlstudio.network.trained import read_facts
from mtlstudio.runs.checkpoints import BEST, NETWORK_FILE
from mtlstudio.runs.folder import RunFolder
from mtlstudio.runs.statistics import Counts, Floats
from mtlstudio.studies.measured import Measured, PictureSums
from mtlstudio.tasks.interface import BoundTask, Metrics
from mtlstudio.tasks.registry import bind_all

if TYPE_CHECKING:
    from torch import Tensor


class MeasuringCancelled(Exception):
    """The caller's `cancelled` said so."""


def measure(
    project_folder: Path, run: RunFolder, split: str, *, device: str = "auto",
    progress: Callable[[int, int], None] | None = None, cancelled: Callable[[], bool] | None = None,
) -> Measured:  # fmt: skip
    """Measures the best checkpoint of a run, judged on validation, on a split.

    Raises:
        StudioError: no checkpoint, no data, or no picture in the split.
        MeasuringCancelled: `cancelled` said so.
    """
    collected = _Collected(open_data(run.spec(), Path(project_folder)).items(split))
    checkpoint = run.store.find(BEST)
    found = evaluate(
        project_folder, run, split, checkpoint.step, device=device, progress=progress, cancelled=cancelled,
        each=collected.add,
    )  # fmt: skip
    if cancelled is not None and cancelled():
        raise MeasuringCancelled
    metrics = {
        task: {name: value if math.isfinite(value) else None for name, value in values.items()}
        for task, values in found.metrics.items()
    }
    return Measured(
        run=run.id, split=split, epoch=found.epoch, step=checkpoint.step, keys=tuple(collected.numbers),
        present=found.present, metrics=metrics, sums=collected.sums(), failures=found.failures,
    )  # fmt: skip


def bound_tasks(run: RunFolder) -> dict[str, BoundTask]:
    """The tasks of a run as its best checkpoint knows them.

    Raises:
        StudioError: no checkpoint, or it is damaged.
    """
    return bind_all(run.spec(), read_facts(run.store.find(BEST).path / NETWORK_FILE)["statistics"])


def resampled(
    task: BoundTask, sums: Mapping[str, PictureSums], counts: Sequence[Counts], metrics: Sequence[str]
) -> dict[str, Floats]:
    """Metrics of pictures drawn again and again.

    Args:
        task: that the sums were made by.
        sums: picture by picture.
        counts: D times how often each picture is taken, (N,).
        metrics: ids of those wanted.

    Returns:
        Metric id -> (D,); NaN where nothing can be said.
    """
    import torch

    measurement = task.metrics()
    dtypes = {name: values.dtype for name, values in measurement.sums.items()}
    found = {metric: np.full(len(counts), np.nan) for metric in metrics}
    if set(sums) != set(dtypes):
        return found
    for number, drawn in enumerate(counts):
        measurement.sums = {
            name: torch.from_numpy(one.total(drawn)).to(dtypes[name]) for name, one in sums.items()
        }  # fmt: skip
        values = measurement.compute()
        for metric in metrics:
            found[metric][number] = values.get(metric, math.nan)
    return found


class _Collected:
    """The sums of every picture. All pictures of the split have a number, those without a target too, so that runs of
    different tasks are resampled alike."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.numbers = {_key(item): number for number, item in enumerate(items)}
        self._arrays: dict[tuple[str, str], dict[int, NDArray[Any]]] = {}
        self._shapes: dict[tuple[str, str], tuple[int, ...]] = {}

    def add(self, item: Item, task: str, metrics: Metrics) -> None:
        """Takes what one picture measures for a task."""
        number = self.numbers[_key(item)]
        for name, values in metrics.sums.items():
            array = _plain(values)
            self._shapes[task, name] = array.shape
            self._arrays.setdefault((task, name), {})[number] = array

    def sums(self) -> dict[str, dict[str, PictureSums]]:
        """Task id -> name of the sum -> picture by picture."""
        found: dict[str, dict[str, PictureSums]] = {}
        for (task, name), arrays in self._arrays.items():
            found.setdefault(task, {})[name] = PictureSums.of(arrays, self._shapes[task, name])
        return found


def _key(item: Item) -> str:
    """Unique in the project."""
    return f"{item.dataset}/{item.key}"


def _plain(values: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = values.detach().cpu().numpy()
    return array
