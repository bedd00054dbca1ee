"""Batches: in an order that follows from (seed, epoch), changed as follows from (seed, epoch, sample)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mtlstudio.data import augment, inputs
from mtlstudio.data.batch import Batch
from mtlstudio.data.inputs import PICTURE, Statistic
from mtlstudio.data.memory import Encoded, MemorySet, SampleSet
from mtlstudio.project.settings import DataSettings
from mtlstudio.tasks.geometry import IDENTITY, Geometry
from mtlstudio.tasks.interface import BoundTask

if TYPE_CHECKING:
    from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_MEASURED = 1000
_CHUNK = 64
_LEAST_STD = 1 / 255
_WAIT_S = 0.1
_T = TypeVar("_T")

_Colours = tuple[float, float, float]


class Batches:
    """The batches of a set, epoch by epoch.

    A last training batch of a single sample is joined to the one before: batch norm cannot work on one.

    Args:
        tasks: whose targets are wanted, by id.
        settings: how pictures are changed.
        seed: of order and changes.
        augment: whether pictures are changed (training).
        mean, std: per channel, of pictures in 0 … 1: they are standardised with them.
        shuffle: whether every epoch has its own order (training).
        prefetch: how many batches a thread makes in advance. Worth it where the processor waits for another device or
            for the disk; beside training on the same cores it only gets in the way. Default: 2 for sets on disk, else 0.
        input_ids: of the project's inputs that are the picture.
        beside: input id -> mean and deviation, of the inputs beside the picture.
        part: (number, of how many): every batch is dealt out like cards, and this is one hand. A hand that would be
            empty holds a picture without targets.
    """

    def __init__(
        self,
        samples: SampleSet,
        tasks: Mapping[str, BoundTask],
        settings: DataSettings,
        batch_size: int,
        seed: int = 0,
        augment: bool = False,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        shuffle: bool = False,
        *,
        prefetch: int | None = None,
        input_ids: Sequence[str] = (PICTURE,),
        beside: Mapping[str, Statistic] | None = None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        import torch

        self.part = part
        self.samples, self.tasks, self.settings = samples, dict(tasks), settings
        self.batch_size, self.seed, self.augment, self.shuffle = max(1, batch_size), seed, augment, shuffle
        self.prefetch = (0 if isinstance(samples, MemorySet) else 2) if prefetch is None else prefetch
        self.input_ids, self.beside = tuple(input_ids), dict(beside or {})
        self._mean, self._std = (
            torch.tensor(list(values), dtype=torch.float32).view(3, 1, 1) for values in (mean, std)
        )
        self._blanks = {task_id: task.blank(samples.size) for task_id, task in tasks.items()}
        self._bounds = _bounds(len(samples), self.batch_size, join_single=shuffle)

    def __len__(self) -> int:
        return len(self._bounds)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of one epoch.

        Args:
            epoch: its number; together with the seed it decides order and changes.
            start: how many batches are left out at the beginning (resuming within an epoch).
        """
        return ahead(self._made(epoch, start), self.prefetch)

    def _made(self, epoch: int, start: int) -> Iterator[Batch]:
        count = len(self.samples)
        order = augment.shuffled(self.seed, epoch, count) if self.shuffle else np.arange(count)
        numbers = augment.changes(self.seed, epoch, count) if self.augment else None
        own, parts = self.part
        for low, high in self._bounds[start:]:
            indices: list[int] = order[low:high].tolist()
            whole = None if parts == 1 else self._whole(indices)
            hand = indices[own::parts]
            stands_in = not hand
            hand = hand or indices[:1]
            drawn = None if numbers is None else numbers[hand].tolist()
            yield self._batch(hand, drawn, whole, stands_in)

    def _whole(self, indices: list[int]) -> Batch:
        import torch

        return Batch(
            inputs={}, targets={}, present={task: self.samples.present[task][indices] for task in self.tasks},
            dataset=torch.tensor([self.samples.items[i].dataset for i in indices]),
            keys=tuple(self.samples.items[i].key for i in indices),
        )  # fmt: skip

    def _batch(
        self, indices: Sequence[int], numbers: list[list[float]] | None, whole: Batch | None, stands_in: bool
    ) -> Batch:
        import torch

        samples = self.samples.fetch(indices)
        if stands_in:
            samples = [replace(sample, targets=dict.fromkeys(self.tasks)) for sample in samples]
        size = self.samples.size
        if numbers is None:
            geometries = [IDENTITY] * len(samples)
        else:
            geometries = [augment.geometry(row, self.settings, size) for row in numbers]
        images = augment.turn([sample.image for sample in samples], geometries)
        pixels = torch.empty(images.shape, dtype=torch.float32).copy_(images).mul_(1 / 255)
        if numbers is not None and self.settings.colour > 0:
            augment.tint(pixels, [augment.colour(row, self.settings) for row in numbers])
        pixels = pixels.sub_(self._mean).div_(self._std)
        return Batch(
            inputs=dict.fromkeys(self.input_ids, pixels) | self._others(samples, geometries),
            targets={task: self._targets(task, samples, geometries) for task in self.tasks},
            present={
                task: torch.tensor([sample.targets[task] is not None for sample in samples]) for task in self.tasks
            },
            dataset=torch.tensor([self.samples.items[i].dataset for i in indices]),
            keys=tuple(self.samples.items[i].key for i in indices),
            whole=whole,
            stands_in=stands_in,
        )

    def _others(self, samples: Sequence[Encoded], geometries: Sequence[Geometry]) -> dict[str, Tensor]:
        """The inputs beside the picture, turned as it is."""
        import torch

        found = {}
        for item in self.samples.beside:
            pairs = zip(samples, geometries, strict=True)
            values = torch.stack([inputs.turned(sample.inputs[item.id], change, item) for sample, change in pairs])
            found[item.id] = inputs.standardised(values, self.beside[item.id])
        return found

    def _targets(self, task_id: str, samples: Sequence[Encoded], geometries: Sequence[Geometry]) -> object:
        task = self.tasks[task_id]
        targets: list[Tensor] = []
        for sample, geometry in zip(samples, geometries, strict=True):
            target = sample.targets[task_id]
            if target is None:
                targets.append(self._blanks[task_id])
            else:
                targets.append(target if geometry.is_identity else task.transform(target, geometry))
        return task.collate(targets)


def image_statistics(samples: SampleSet, normalisation: str = "dataset") -> tuple[_Colours, _Colours]:
    """Mean and standard deviation per channel of the pictures in 0 … 1.

    Args:
        samples: of large sets 1000 samples spread over it are measured.
        normalisation: as in `DataSettings`: `dataset` measures, `imagenet` and `none` are fixed.
    """
    if normalisation == "imagenet":
        return IMAGENET_MEAN, IMAGENET_STD
    if normalisation == "none" or not len(samples):
        return (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    import torch

    total, squares, pixels = torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64), 0
    for indices in _spread(len(samples)):
        images = torch.stack([sample.image for sample in samples.fetch(indices)]).to(torch.float32)
        total += images.sum(dim=(0, 2, 3), dtype=torch.float64)
        squares += images.square_().sum(dim=(0, 2, 3), dtype=torch.float64)
        pixels += images.shape[0] * images.shape[2] * images.shape[3]
    mean = total / pixels
    std = (squares / pixels - mean.square()).clamp_(min=0).sqrt()
    red, green, blue = (mean / 255).tolist()
    spread = [max(value, _LEAST_STD) for value in (std / 255).tolist()]
    return (red, green, blue), (spread[0], spread[1], spread[2])


def input_statistics(samples: SampleSet) -> dict[str, Statistic]:
    """Mean and deviation per channel of the inputs beside the picture, by input id; unknown pixels do not count.

    Args:
        samples: of large sets 1000 samples spread over it are measured.
    """
    import torch

    if not len(samples):
        return {item.id: ((0.0,) * item.channels, (1.0,) * item.channels) for item in samples.beside}
    sums = {item.id: inputs.Moments(item.channels) for item in samples.beside}
    for indices in _spread(len(samples)) if sums else ():
        chunk = samples.fetch(indices)
        for name, moments in sums.items():
            moments.add(torch.stack([sample.inputs[name] for sample in chunk]))
    return {name: moments.statistic() for name, moments in sums.items()}


def ahead(source: Iterator[_T], count: int) -> Iterator[_T]:
    """What `source` yields, made up to `count` in advance by a thread; with 0 here and now.

    The thread ends with the iteration, also where that is broken off; what it raises is raised here.
    """
    if count < 1:
        yield from source
        return
    ready: Queue[tuple[_T | None, BaseException | None]] = Queue(count)
    stop = Event()
    worker = Thread(target=_fill, args=(source, ready, stop), name="prefetch", daemon=True)
    worker.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                if isinstance(error, StopIteration):
                    return
                raise error
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        _emptied(ready)
        worker.join()


def _emptied(queue: Queue[_T]) -> None:
    """Empties a queue, so that whoever waits to put something into it goes on."""
    try:
        while True:
            queue.get_nowait()
    except Empty:
        return


def _fill(source: Iterator[_T], ready: Queue[tuple[_T | None, BaseException | None]], stop: Event) -> None:
    try:
        for item in source:
            if not _put(ready, (item, None), stop):
                return
        _put(ready, (None, StopIteration()), stop)
    except BaseException as error:  # it belongs to the thread that waits
        _put(ready, (None, error), stop)


def _put(queue: Queue[_T], item: _T, stop: Event) -> bool:
    while not stop.is_set():
        try:
            queue.put(item, timeout=_WAIT_S)
            return True
        except Full:
            continue
    return False


def _spread(count: int) -> Iterator[list[int]]:
    """At most `_MEASURED` indices spread over 0 … count - 1, in chunks."""
    chosen = np.unique(np.linspace(0, count - 1, min(count, _MEASURED)).round().astype(np.int64))
    for start in range(0, len(chosen), _CHUNK):
        yield chosen[start : start + _CHUNK].tolist()


def _bounds(count: int, batch_size: int, join_single: bool) -> list[tuple[int, int]]:
    starts = list(range(0, count, batch_size))
    bounds = [(low, min(low + batch_size, count)) for low in starts]
    if join_single and batch_size > 1 and len(bounds) > 1 and bounds[-1][1] - bounds[-1][0] == 1:
        bounds[-2:] = [(bounds[-2][0], count)]
    return bounds
