"""A split in memory: every picture read once, kept at the network's size as uint8, its targets encoded."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.images import fit_image
from mtlstudio.data.inputs import fit_input
from mtlstudio.data.project import Item, ProjectData
from mtlstudio.data.ram import budget as memory_budget
from mtlstudio.project.problems import Problem
from mtlstudio.project.settings import DataSettings
from mtlstudio.project.spec import InputSpec
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask

if TYPE_CHECKING:
    from torch import Tensor

Progress = Callable[[int, int], None]

NAN = float("nan")
_KEPT = 3
_READERS = min(os.cpu_count() or 1, 8)
_AHEAD = 64


class LoadingCancelled(Exception):
    """The caller's `cancelled` said so."""


@dataclass(frozen=True)
class Encoded:
    """One sample as the network takes it.

    Attributes:
        image: (3, S, S) uint8.
        targets: task id -> encoded target, None where it is missing.
        findings: what could not be read.
        inputs: input id -> (C, S, S) float32, NaN where unknown, of the inputs beside the picture.
    """

    image: Tensor
    targets: dict[str, Tensor | None]
    findings: tuple[Problem, ...] = ()
    inputs: dict[str, Tensor] = field(default_factory=dict)


class SampleSet:
    """Samples of one split, ready to be batched.

    Attributes:
        items: the samples.
        size: S, side of the square.
        present: task id -> (N,) bool.
        findings: what could not be read, and was left out.
        beside: the inputs beside the picture.
    """

    def __init__(
        self, items: Sequence[Item], size: int, present: dict[str, Tensor], findings: list[Problem],
        beside: Sequence[InputSpec] = (),
    ) -> None:  # fmt: skip
        self.items, self.size, self.present, self.findings = tuple(items), size, present, findings
        self.beside = tuple(beside)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def keys(self) -> tuple[str, ...]:
        """The samples' keys."""
        return tuple(item.key for item in self.items)

    def fetch(self, indices: Sequence[int]) -> list[Encoded]:
        """Some of the samples."""
        raise NotImplementedError


class MemorySet(SampleSet):
    """A split that is in memory.

    Attributes:
        images: (N, 3, S, S) uint8, channels last in memory.
        targets: task id -> N encoded targets, None where missing.
        inputs: input id -> (N, C, S, S) float32, of the inputs beside the picture.
    """

    def __init__(
        self, items: Sequence[Item], size: int, images: Tensor, targets: dict[str, list[Tensor | None]],
        findings: list[Problem], beside: Sequence[InputSpec] = (), inputs: Mapping[str, Tensor] | None = None,
    ) -> None:  # fmt: skip
        import torch

        present = {task: torch.tensor([value is not None for value in values]) for task, values in targets.items()}
        super().__init__(items, size, present, findings, beside)
        self.images, self.targets, self.inputs = images, targets, dict(inputs or {})

    def fetch(self, indices: Sequence[int]) -> list[Encoded]:
        return [
            Encoded(
                self.images[i],
                {task: values[i] for task, values in self.targets.items()},
                inputs={name: values[i] for name, values in self.inputs.items()},
            )
            for i in indices
        ]


class DiskSet(SampleSet):
    """A split too large for memory: pictures are read whenever they are wanted, several at once.

    A sample that turns out to be unreadable stays in its place as a grey picture without targets. `present` tells what the
    labels promise.
    """

    def __init__(
        self, data: ProjectData, items: Sequence[Item], tasks: Mapping[str, BoundTask], settings: DataSettings
    ):
        import torch

        promised = [data.present(item) for item in items]
        present = {task: torch.tensor([task in has for has in promised]) for task in tasks}
        super().__init__(items, settings.image_size, present, [], data.beside)
        self._data, self._tasks, self._settings = data, dict(tasks), settings
        self._readers = ThreadPoolExecutor(settings.workers or _READERS, thread_name_prefix="reader")
        self._told: set[Problem] = set()

    def fetch(self, indices: Sequence[int]) -> list[Encoded]:
        found = list(self._readers.map(self._read, indices))
        for problem in (problem for encoded in found for problem in encoded.findings):
            if problem not in self._told:
                self._told.add(problem)
                self.findings.append(problem)
        return found

    def _read(self, index: int) -> Encoded:
        import torch

        item = self.items[index]
        try:
            return encode(self._data, item, self._tasks, self._settings)
        except StudioError as error:
            grey = torch.full((3, self.size, self.size), 128, dtype=torch.uint8)
            nothing = {one.id: torch.full((one.channels, self.size, self.size), NAN) for one in self.beside}
            return Encoded(grey, dict.fromkeys(self._tasks), (f.left_out(_name(item), error),), nothing)


def load_split(
    data: ProjectData,
    split: str,
    tasks: Mapping[str, BoundTask],
    settings: DataSettings,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    budget: int | None = None,
) -> SampleSet:
    """The samples of one split, in memory where they fit; else, and where the settings ask for workers, read from the
    disk as they are wanted.

    Pictures that cannot be read, or lack one of the inputs beside them, are left out, targets that cannot be read are
    missing; all are findings of the set (inputs that are known to be missing: of the data).
    The last few sets are kept for the life of the process.

    Args:
        split: train, val or test.
        progress: told (samples done, all samples) while they are read.
        cancelled: asked after each sample.
        budget: bytes that a set may take; default half of the free memory.

    Raises:
        StudioError: a data set is not open; the training split has no sample; none of the samples can be read.
        LoadingCancelled: `cancelled` said so.
    """
    if data.closed():
        raise StudioError(data.closed()[0].text(), where=data.closed()[0].place.id)
    items = data.items(split)
    if data.beside:
        _check_inputs(data, items)
        items = tuple(item for item in items if not data.lacks(item))
    if not items and split == "train":
        raise StudioError(mark("there is no picture to train with"), fix=mark("Add labelled pictures."))
    allowed = memory_budget() if budget is None else budget
    if settings.workers or _bytes(len(items), len(tasks), data.beside, settings) > allowed:
        return DiskSet(data, items, tasks, settings)
    shape = (settings.image_size, settings.resize, data.beside)
    key = (split, data.fingerprint(), data.stamp(items), shape, _task_key(tasks))
    kept = _sets.get(key)
    if kept is None:
        kept = _in_memory(data, items, tasks, settings, progress, cancelled)
        _sets.keep(key, kept)
    return kept


def encode(data: ProjectData, item: Item, tasks: Mapping[str, BoundTask], settings: DataSettings) -> Encoded:
    """Reads one sample and brings it to the network's size.

    Raises:
        StudioError: the picture or an input beside it cannot be read. (A target that cannot be read is missing, with
            a finding.)
    """
    import torch

    size = settings.image_size
    picture = data.read_picture(item, 2 * size)
    fit = Fit(picture.width, picture.height, size, settings.resize)
    inputs = fitted_inputs(data, item, fit)
    targets: dict[str, Tensor | None] = {}
    found: list[Problem] = []
    for task_id, task in tasks.items():
        targets[task_id] = None
        try:
            own = data.is_picture(item, task_id)
            value = picture.image if own else data.read_target(item, task_id, picture.width, picture.height)
            if value is not None:
                targets[task_id] = task.encode(value, fit)
        except StudioError as error:
            found.append(f.target_unreadable(data.target_file(item, task_id) or _name(item), task.spec.name, error))
    pixels = torch.from_numpy(fit_image(picture.image, fit).copy()).permute(2, 0, 1)
    return Encoded(pixels, targets, tuple(found), inputs)


def fitted_inputs(data: ProjectData, item: Item, fit: Fit) -> dict[str, Tensor]:
    """The inputs beside a sample's picture, (C, S, S) float32 each.

    Raises:
        InputFault: one is missing, cannot be read, or is of another shape.
    """
    import torch

    if not data.beside:
        return {}
    raw = data.read_inputs(item, fit.width, fit.height)
    found: dict[str, Tensor] = {}
    for one in data.beside:
        try:
            found[one.id] = torch.from_numpy(fit_input(raw[one.id], one, fit))
        except StudioError as error:
            raise f.InputFault(
                error.message, where=error.where or _name(item), fix=error.fix, **error.values
            ) from error
    return found


def forget() -> None:
    """Lets go of all kept sets."""
    _sets.clear()


class _Kept:
    """The sets of this process that were used last."""

    def __init__(self) -> None:
        self._sets: OrderedDict[Any, MemorySet] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any) -> MemorySet | None:
        with self._lock:
            if key in self._sets:
                self._sets.move_to_end(key)
            return self._sets.get(key)

    def keep(self, key: Any, kept: MemorySet) -> None:
        with self._lock:
            self._sets[key] = kept
            while len(self._sets) > _KEPT:
                self._sets.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._sets.clear()


_sets = _Kept()


def _in_memory(
    data: ProjectData, items: Sequence[Item], tasks: Mapping[str, BoundTask], settings: DataSettings,
    progress: Progress | None, cancelled: Callable[[], bool] | None,
) -> MemorySet:  # fmt: skip
    import torch

    size = settings.image_size
    images = torch.empty((len(items), size, size, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    targets: dict[str, list[Tensor | None]] = {task: [] for task in tasks}
    inputs = {one.id: torch.empty((len(items), one.channels, size, size)) for one in data.beside}
    kept: list[Item] = []
    found: list[Problem] = []
    for done, (item, encoded) in enumerate(_read_all(data, items, tasks, settings), 1):
        if isinstance(encoded, StudioError):
            found.append(f.left_out(_name(item), encoded))
        else:
            images[len(kept)] = encoded.image
            for name, given in encoded.inputs.items():
                inputs[name][len(kept)] = given
            kept.append(item)
            found.extend(encoded.findings)
            for task, value in encoded.targets.items():
                targets[task].append(value)
        if cancelled is not None and cancelled():
            raise LoadingCancelled
        if progress is not None:
            progress(done, len(items))
    if items and not kept:
        raise StudioError(
            mark("none of the {n} pictures can be read; the first: {reason}"), n=len(items), reason=found[0].line()
        )
    inputs = {name: values[: len(kept)] for name, values in inputs.items()}
    return MemorySet(kept, size, images[: len(kept)], targets, found, data.beside, inputs)


def _read_all(
    data: ProjectData, items: Sequence[Item], tasks: Mapping[str, BoundTask], settings: DataSettings
) -> Iterator[tuple[Item, Encoded | StudioError]]:
    """All items in order, read by several threads a little ahead."""

    def read(item: Item) -> Encoded | StudioError:
        try:
            return encode(data, item, tasks, settings)
        except StudioError as error:
            return error

    with ThreadPoolExecutor(_READERS, thread_name_prefix="reader") as readers:
        for start in range(0, len(items), _AHEAD):
            part = items[start : start + _AHEAD]
            yield from zip(part, readers.map(read, part), strict=True)


def _bytes(samples: int, tasks: int, beside: Sequence[InputSpec], settings: DataSettings) -> int:
    """Of a set: the pictures with what comes beside them, and for each task at most a map (4 bytes a pixel would be
    depth; most are far less)."""
    return samples * settings.image_size**2 * (3 + 2 * tasks + 4 * sum(one.channels for one in beside))


def _check_inputs(data: ProjectData, items: Sequence[Item]) -> None:
    """Raises StudioError where no sample has all inputs."""
    missing = [data.lacks(item) for item in items]
    if missing and all(missing):
        raise StudioError(
            mark("none of the {n} pictures has the input {input}"), n=len(missing), input=missing[0][0],
            fix=mark("Say in the Data workspace where it comes from, or remove the input."),
        )  # fmt: skip


def _task_key(tasks: Mapping[str, BoundTask]) -> tuple[Any, ...]:
    return tuple((task_id, task.spec.type, task.spec.parameters) for task_id, task in tasks.items())


def _name(item: Item) -> str:
    return str(item.sample.path or item.key)
