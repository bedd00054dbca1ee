"""The data of a project: its data sets opened, every sample with its split, targets under the tasks' ids."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.fits import input_misfits, input_sources, misfits, offered, offers_picture, usable
from mtlstudio.data.inputs import PICTURE, beside
from mtlstudio.data.interface import SPLITS, Layout, Picture, Reading, Sample, Source, layout, layouts
from mtlstudio.data.splits import Stratum, assign
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.project.spec import DatasetSpec, ProjectSpec

__all__ = [
    "Item", "ProjectData", "folder_of", "layout_of", "offered", "open_data", "open_source",
]  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One sample of a project. `dataset`: index of its data set in the project; `split`: train, val or test."""

    dataset: int
    sample: Sample
    split: str

    @property
    def key(self) -> str:
        """The sample's key, unique in its data set."""
        return self.sample.key


class ProjectData:
    """The opened data sets of a project; made by `open_data`.

    Attributes:
        spec: the project as it was when they were opened.
        sources: one per data set of the project; an empty one where it could not be opened.
        all_items: every sample, data set by data set.
        beside: the inputs of the network beside the picture.
        findings: of the data sets and of their fit to the tasks.
    """

    def __init__(self, spec: ProjectSpec, sources: tuple[Source, ...], findings: tuple[Problem, ...]) -> None:
        self.spec, self.sources, self.findings = spec, sources, findings
        self.beside = beside(spec)
        self._own_pictures = [offers_picture(source) for source in sources]
        self._inputs = [input_sources(dataset, source) for dataset, source in zip(spec.datasets, sources, strict=True)]
        self._targets = [usable(spec, dataset, source) for dataset, source in zip(spec.datasets, sources, strict=True)]
        self.all_items = tuple(
            Item(number, sample, split)
            for number, source in enumerate(sources)
            for sample, split in zip(source.samples, assign(source.samples, spec.data, _stratum(source)), strict=True)
        )
        self._fingerprint: str | None = None
        self._by_file: dict[str, Item] | None = None
        self.findings += self._without_inputs()

    def items(self, split: str) -> tuple[Item, ...]:
        """The samples of one split: train, val or test."""
        return tuple(item for item in self.all_items if item.split == split)

    def present(self, item: Item) -> frozenset[str]:
        """Ids of the tasks that this sample has a target for, as far as can be told without reading pictures."""
        targets, has = self._targets[item.dataset], item.sample.present
        return frozenset(t for t, target in targets.items() if target in has or self._is_picture(item, target))

    def is_picture(self, item: Item, task: str) -> bool:
        """Whether the task's target is the picture itself."""
        target = self._targets[item.dataset].get(task)
        return target is not None and self._is_picture(item, target)

    def lacks(self, item: Item) -> tuple[str, ...]:
        """Names of the inputs that a sample is known not to have, without reading anything."""
        return tuple(one.name for one in self.beside if not self._has(item, one.id, one.type))

    def read_inputs(self, item: Item, width: int, height: int) -> dict[str, Any]:
        """The raw inputs beside the picture, for a picture of that size: input id -> (h, w) or (h, w, C).

        Raises:
            InputFault: one of them is missing or cannot be read.
        """
        found: dict[str, Any] = {}
        for one in self.beside:
            try:
                value = self._read_input(item, one.id, one.type, width, height)
            except StudioError as error:
                values = {**error.values, "input": one.name}
                raise f.InputFault(error.message, where=error.where, fix=error.fix, **values) from error
            if value is None:
                raise f.InputFault(mark("{input} is missing"), where=item.key, input=one.name)
            found[one.id] = value
        return found

    def item_of(self, path: Path) -> Item | None:
        """The sample whose picture is that very file."""
        if self._by_file is None:
            files = ((item.sample.path, item) for item in reversed(self.all_items))
            self._by_file = {os.path.realpath(file): item for file, item in files if file is not None}
        return self._by_file.get(os.path.realpath(path))

    def read(self, item: Item) -> Reading:
        """The picture and its targets by task id.

        Raises:
            StudioError: the picture or one of the targets cannot be read.
        """
        image = self.read_image(item)
        height, width = image.shape[:2]
        values = {task: self.read_target(item, task, width, height) for task in sorted(self.present(item))}
        return Reading(image, {task: value for task, value in values.items() if value is not None})

    def read_image(self, item: Item) -> NDArray[np.uint8]:
        """The picture alone, (H, W, 3) uint8. Raises StudioError where it cannot be read."""
        return self.sources[item.dataset].read_image(item.sample)

    def read_picture(self, item: Item, least: int) -> Picture:
        """The picture, perhaps read smaller, its sides at least `least` pixels. Raises StudioError as `read_image`."""
        return self.sources[item.dataset].read_picture(item.sample, least)

    def read_target(self, item: Item, task: str, width: int, height: int) -> Any:
        """A task's raw target for a picture of that size, None when it is missing. Raises StudioError as `Source`."""
        if task not in self.present(item):
            return None
        if self.is_picture(item, task):
            return self.read_image(item)
        return self.sources[item.dataset].read_target(item.sample, self._targets[item.dataset][task], width, height)

    def size(self, item: Item) -> tuple[int, int]:
        """Width and height of the picture in pixels. Raises StudioError where it cannot be read."""
        return self.sources[item.dataset].size(item.sample)

    def target_file(self, item: Item, task: str) -> Path | None:
        """The file that holds a task's target (a mask), where there is one."""
        target = self._targets[item.dataset].get(task)
        if target is None or self._is_picture(item, target):
            return None
        return self.sources[item.dataset].target_file(item.sample, target)

    def coverage(self) -> dict[str, dict[str, int]]:
        """Task id -> split -> number of samples that have a target."""
        counts = {task: dict.fromkeys(SPLITS, 0) for task in self.spec.task_ids}
        for item in self.all_items:
            for task in self.present(item):
                counts[task][item.split] += 1
        return counts

    def fingerprint(self) -> str:
        """Changes when the data change (names, sizes, splits, labels); computed once."""
        if self._fingerprint is None:
            digest = hashlib.blake2b(digest_size=16)
            for dataset, source, targets in zip(self.spec.datasets, self.sources, self._targets, strict=True):
                told: tuple[object, ...] = (
                    dataset.layout, sorted(dataset.parameters.items()), sorted(targets.items()),
                )  # fmt: skip
                if dataset.inputs:
                    told = (*told, sorted(dataset.inputs.items()))
                digest.update(f"{source.fingerprint()} {told}".encode())
            digest.update(repr([(item.dataset, item.key, item.split) for item in self.all_items]).encode())
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def stamp(self, items: Sequence[Item] | None = None) -> int:
        """When the newest file of the samples (default: of all) was changed, in nanoseconds; 0 without files."""
        files = (
            path
            for item in (self.all_items if items is None else items)
            for path in (
                item.sample.path,
                *(self.target_file(item, task) for task in self.present(item)),
                *self._input_files(item),
            )
        )
        return max((_changed(path) for path in files if path is not None), default=0)

    def _is_picture(self, item: Item, target: str) -> bool:
        return target == PICTURE and self._own_pictures[item.dataset]

    def _has(self, item: Item, input_id: str, kind: str) -> bool:
        target = self._inputs[item.dataset].get(input_id)
        if target is None:
            return kind == PICTURE and input_id not in self.spec.datasets[item.dataset].inputs
        return target in item.sample.present or self._is_picture(item, target)

    def _read_input(self, item: Item, input_id: str, kind: str, width: int, height: int) -> Any:
        if not self._has(item, input_id, kind):
            return None
        target = self._inputs[item.dataset].get(input_id)
        if target is None or self._is_picture(item, target):
            return self.read_image(item)
        return self.sources[item.dataset].read_target(item.sample, target, width, height)

    def _input_files(self, item: Item) -> list[Path | None]:
        source = self.sources[item.dataset]
        targets = self._inputs[item.dataset].values()
        return [source.target_file(item.sample, target) for target in targets if not self._is_picture(item, target)]

    def _without_inputs(self) -> tuple[Problem, ...]:
        """A finding per input that some samples do not have."""
        missing: dict[str, list[str]] = {}
        for item in self.all_items if self.beside else ():
            for name in self.lacks(item):
                missing.setdefault(name, []).append(item.key)
        return tuple(f.of_names(f.INPUT_MISSING, keys, input=name) for name, keys in missing.items())

    def closed(self) -> tuple[Problem, ...]:
        """Findings about data sets that could not be opened."""
        return tuple(problem for problem in self.findings if problem.code == f.DATASET_CLOSED)


def _changed(path: Path) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1


class _Nothing(Source):
    """Stands for a data set that could not be opened."""

    def read_image(self, sample: Sample) -> NDArray[np.uint8]:
        raise StudioError(mark("the data set is not open"), where=sample.key)


def open_data(spec: ProjectSpec, folder: Path) -> ProjectData:
    """Opens all data sets of a project.

    Args:
        folder: the project's; relative paths start there.

    Raises:
        StudioError: the project has no data set, or none of them can be opened. Where only some cannot, these are
            findings (errors) of the result.
    """
    if not spec.datasets:
        raise StudioError(
            mark("the project has no data"), where=spec.name, fix=mark("Add a folder of labelled pictures.")
        )
    sources: list[Source] = []
    found: list[Problem] = []
    failures: list[StudioError] = []
    for dataset in spec.datasets:
        try:
            source = open_source(dataset, folder)
        except StudioError as error:
            source = _Nothing()
            failures.append(error)
            found.append(f.finding(f.DATASET_CLOSED, Severity.ERROR, "dataset", dataset.id, reason=error.text()))
        else:
            found.extend(_placed(problem, dataset) for problem in source.findings)
            found.extend([*misfits(spec, dataset, source), *input_misfits(spec, dataset, source)])
        sources.append(source)
    if len(failures) == len(sources):
        raise failures[0]
    return ProjectData(spec, tuple(sources), tuple(found))


def open_source(dataset: DatasetSpec, folder: Path) -> Source:
    """Opens one data set.

    Raises:
        StudioError: its layout is unknown, or its folder missing, empty, unreadable or of another layout.
    """
    return layout_of(dataset).open(folder_of(dataset, folder), dataset.parameters)


def folder_of(dataset: DatasetSpec, folder: Path) -> Path | None:
    """Where a data set of the project in `folder` lies; None where its layout needs no folder."""
    if not dataset.path:
        return None
    return Path(os.path.abspath(folder / dataset.path))  # the project's own folder need not be there yet


def layout_of(dataset: DatasetSpec) -> Layout:
    """A data set's layout. Raises StudioError where there is none of that id."""
    try:
        return layout(dataset.layout)
    except KeyError:
        raise StudioError(
            mark("there is no layout {layout!r}"), where=dataset.id, fix=mark("Known: {known}."),
            layout=dataset.layout, known=", ".join(known.id for known in layouts()),
        ) from None  # fmt: skip


def _placed(problem: Problem, dataset: DatasetSpec) -> Problem:
    """A source does not know its id in the project."""
    if problem.place.kind != "dataset" or problem.place.id:
        return problem
    return replace(problem, place=replace(problem.place, id=dataset.id))


def _stratum(source: Source) -> Stratum:
    """What a split is balanced by: the class target with the most classes that still have several pictures each."""
    sizes = {
        info.id: len(info.parameters.get("class_names", ()))
        for info in source.targets
        if info.task_type == "classification"
    }
    fitting = {target: size for target, size in sizes.items() if size * 2 <= len(source.samples)}
    if not fitting:
        return lambda sample: 0
    chosen = max(fitting, key=lambda target: fitting[target])

    def stratum(sample: Sample) -> Hashable:
        label: Hashable = sample.labels.get(chosen)
        return label

    return stratum
