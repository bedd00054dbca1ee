"""Metrics of a trained network on a split, at the pictures' own size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.project import Item, ProjectData, open_data
from mtlstudio.inspection.predictor import Predictor
from mtlstudio.network.trained import load_network
from mtlstudio.runs.folder import RunFolder
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import Metrics

if TYPE_CHECKING:
    from torch import Tensor

Told = Callable[[Item, str, Metrics], None]
"""Is given a picture, a task id, and the measurement of that picture alone."""

_READERS = 4
_LARGEST_BATCH = 32


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        run: id of the run; `which`: the checkpoint as asked for; `epoch`: of that checkpoint.
        split: train, val or test.
        samples: pictures that were measured; `present`: task id -> those of them with a target.
        metrics: task id -> metric id -> value; NaN where nothing can be said.
        failures: pictures and targets that could not be read, one line each.
    """

    run: str
    which: str
    epoch: int
    split: str
    samples: int
    present: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    failures: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`; None for what cannot be said."""
        return {
            "run": self.run, "checkpoint": self.which, "epoch": self.epoch, "split": self.split,
            "samples": self.samples, "present": self.present,
            "tasks": {
                task: {name: value if math.isfinite(value) else None for name, value in found.items()}
                for task, found in self.metrics.items()
            },
            "failures": list(self.failures),
        }  # fmt: skip


def evaluate(
    project_folder: Path, run: RunFolder, split: str = "val", which: str | int = "best", *, device: str = "auto",
    progress: Callable[[int, int], None] | None = None, cancelled: Callable[[], bool] | None = None,
    each: Told | None = None,
) -> Evaluation:  # fmt: skip
    """Measures a run on a split of its own data.

    Pictures and targets that cannot be read are left out and named.

    Args:
        project_folder: of the project; relative paths of the data start there.
        run: whose checkpoint `which` (see `load_network`).
        split: train, val or test.
        device: auto, cpu, cuda or mps.
        progress: told (pictures done, all pictures).
        cancelled: asked after each batch; what was measured so far is returned.
        each: told of every target what its picture alone measures.

    Raises:
        StudioError: no checkpoint, no data, or no picture in the split.
    """
    loaded = load_network(run, which)
    data = open_data(loaded.spec, Path(project_folder))
    items = data.items(split)
    if not items:
        raise StudioError(
            mark("there is no picture in the split {split!r}"),
            where=run.id,
            fix=mark("Choose another split, or change the shares of the splits."),
            split=split,
        )
    measured = _Measured(Predictor(loaded, device), each)
    done = 0
    for batch in _read_ahead(data, items, min(loaded.spec.training.batch_size, _LARGEST_BATCH)):
        measured.add(batch)
        done += len(batch)
        if progress is not None:
            progress(done, len(items))
        if cancelled is not None and cancelled():
            break
    return Evaluation(
        run=run.id, which=str(which), epoch=loaded.epoch, split=split, samples=measured.samples,
        present=measured.present, metrics={task: found.compute() for task, found in measured.metrics.items()},
        failures=tuple(measured.failures),
    )  # fmt: skip


@dataclass(frozen=True)
class _Read:
    """A picture (None: unreadable), its raw targets by task id, what could not be read, and what comes beside it."""

    item: Item
    image: NDArray[np.uint8] | None
    targets: dict[str, Any]
    failures: tuple[str, ...]
    inputs: dict[str, Any] = field(default_factory=dict)


class _Measured:
    """Sums over pictures."""

    def __init__(self, predictor: Predictor, each: Told | None = None) -> None:
        self._predictor, self._each = predictor, each
        self.metrics: dict[str, Metrics] = {task: bound.metrics() for task, bound in predictor.tasks.items()}
        self.present = dict.fromkeys(predictor.tasks, 0)
        self.samples = 0
        self.failures: list[str] = []

    def add(self, batch: Sequence[_Read]) -> None:
        """Measures some pictures; they go through the network together."""
        import torch

        self.failures += [failure for read in batch for failure in read.failures]
        seen = [(read, read.image) for read in batch if read.image is not None]
        if not seen:
            return
        self.samples += len(seen)
        outputs = self._predictor.outputs([image for _, image in seen], [read.inputs for read, _ in seen])
        with torch.inference_mode():
            for number, (read, image) in enumerate(seen):
                own = {task: output[number : number + 1] for task, output in outputs.items()}
                self._measure(read, self._predictor.fit(image), own)

    def _measure(self, read: _Read, fit: Fit, outputs: dict[str, Tensor]) -> None:
        import torch

        for task_id, value in read.targets.items():
            task, output = self._predictor.tasks[task_id], outputs[task_id]
            try:
                target = task.full_target(value, fit)
            except StudioError as error:
                self.failures.append(f"{read.item.key}: {task_id}: {error.text()}")
                continue
            if target is None:
                continue
            collated = task.move(task.collate([target]), output.device)
            present = torch.ones(1, dtype=torch.bool, device=output.device)
            sized = task.to_size(output, fit)
            self.metrics[task_id].update(sized, collated, present)
            if self._each is not None:
                alone = task.metrics()
                alone.update(sized, collated, present)
                self._each(read.item, task_id, alone)
            self.present[task_id] += 1


def _read_ahead(data: ProjectData, items: Sequence[Item], size: int) -> Iterator[list[_Read]]:
    """The pictures in batches; the next batch is read while the caller works on this one."""
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="reader") as readers:
        coming = [readers.submit(_read, data, item) for item in batches[0]]
        for following in [*batches[1:], ()]:
            current = coming
            coming = [readers.submit(_read, data, item) for item in following]
            yield [future.result() for future in current]


def _read(data: ProjectData, item: Item) -> _Read:
    """A picture with those of its targets that can be read."""
    try:
        image = data.read_image(item)
        height, width = image.shape[:2]
        inputs = data.read_inputs(item, width, height)
    except StudioError as error:
        return _Read(item, None, {}, (f"{item.key}: {error.text()}",))
    targets: dict[str, Any] = {}
    failures = []
    for task in sorted(data.present(item)):
        try:
            value = image if data.is_picture(item, task) else data.read_target(item, task, width, height)
        except StudioError as error:
            failures.append(f"{item.key}: {task}: {error.text()}")
            continue
        if value is not None:
            targets[task] = value
    return _Read(item, image, targets, tuple(failures), inputs)
