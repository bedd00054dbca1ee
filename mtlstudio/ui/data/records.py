"""Every sample of the project as the gallery shows it: made once in a thread, without reading a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.data.interface import SPLITS
from mtlstudio.data.project import Item, ProjectData
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import ClassPrediction, LabelsPrediction, Prediction, SequencePrediction
from mtlstudio.tasks.registry import bind
from mtlstudio.ui.widgets.gallery_parts import GalleryItem

_CHECK_EVERY = 256
_NO_PICTURE = Fit(1, 1, 1)
_LIKELY = 0.5


@dataclass(frozen=True)
class Record:
    """One sample.

    Attributes:
        key: unique in the project.
        present: ids of the tasks it has a target for.
        classes: task id -> classes or labels it belongs to, or symbols it shows, of those tasks that have such.
        shown: its cell in the gallery.
    """

    key: str
    item: Item
    present: frozenset[str]
    classes: Mapping[str, frozenset[int]]
    shown: GalleryItem


@dataclass(frozen=True)
class Table:
    """All samples.

    Attributes:
        spec: the project they were read for.
        data: where they come from.
        tasks: the tasks that can be bound, by id.
        painted: ids of the tasks whose targets are drawn over pictures.
        labelled: ids of the tasks whose targets are classes or labels.
    """

    spec: ProjectSpec
    data: ProjectData
    tasks: Mapping[str, BoundTask]
    records: tuple[Record, ...] = ()
    painted: tuple[str, ...] = ()
    labelled: tuple[str, ...] = ()
    by_key: Mapping[str, Record] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Split -> number of samples."""
        found = dict.fromkeys(SPLITS, 0)
        for record in self.records:
            found[record.item.split] += 1
        return found

    def coverage(self) -> dict[str, dict[str, int]]:
        """Task id -> split -> number of samples that have a target."""
        found = {task: dict.fromkeys(SPLITS, 0) for task in self.spec.task_ids}
        for record in self.records:
            for task in record.present:
                found[task][record.item.split] += 1
        return found


def bound_tasks(spec: ProjectSpec) -> dict[str, BoundTask]:
    """The tasks by id; those that cannot be bound (Design names why) are left out."""
    found: dict[str, BoundTask] = {}
    for task in spec.tasks:
        try:
            found[task.id] = bind(task)
        except (StudioError, KeyError):
            continue
    return found


def read_table(data: ProjectData, spec: ProjectSpec, check: Callable[[], None] = lambda: None) -> Table:
    """Reads what the labels say of every sample.

    Args:
        check: called now and then; what it raises ends the reading.
    """
    tasks = bound_tasks(spec)
    reader = _Reader(data, tasks)
    records = []
    for number, item in enumerate(data.all_items):
        if number % _CHECK_EVERY == 0:
            check()
        records.append(reader.record(item))
    maps = {task_id for task_id, task in tasks.items() if task.type.kind == "map"}
    return Table(
        spec, data, tasks, tuple(records),
        tuple(task for task in tasks if task in maps | reader.painted),
        tuple(task for task in tasks if task in reader.labelled),
        {record.key: record for record in records},
    )  # fmt: skip


@dataclass(frozen=True)
class _Label:
    """What a label says: in words, in classes, and whether it is drawn rather than said."""

    words: str
    classes: frozenset[int] | None
    painted: bool


class _Reader:
    """Turns samples into records; what a class is called is worked out once."""

    def __init__(self, data: ProjectData, tasks: Mapping[str, BoundTask]) -> None:
        self._data = data
        self._spoken = {task_id: task for task_id, task in tasks.items() if task.type.kind != "map"}
        self._names = {task_id: task.spec.name for task_id, task in tasks.items()}
        self._known: dict[tuple[str, int], _Label | None] = {}
        self.painted: set[str] = set()
        self.labelled: set[str] = set()

    def record(self, item: Item) -> Record:
        """One sample; a label that cannot be read counts as unsaid."""
        present = self._data.present(item)
        captions: list[tuple[str, str]] = []
        lines = [f"{item.key} · {item.split}"]
        classes: dict[str, frozenset[int]] = {}
        for task_id, name in self._names.items():
            label = self._label(item, task_id) if task_id in present and task_id in self._spoken else None
            if label is not None:
                lines.append(f"{name}: {label.words}")
                self._take(task_id, label, captions, classes)
            elif task_id not in present:
                lines.append(tr("{task}: missing", task=name))
        key = f"{item.dataset}:{item.key}"
        return Record(key, item, present, classes, GalleryItem(key, tuple(captions), "\n".join(lines)))

    def _take(
        self, task_id: str, label: _Label, captions: list[tuple[str, str]], classes: dict[str, frozenset[int]]
    ) -> None:
        if label.painted:
            self.painted.add(task_id)
        else:
            captions.append((self._spoken[task_id].spec.colour, label.words))
        if label.classes is not None:
            self.labelled.add(task_id)
            classes[task_id] = label.classes

    def _label(self, item: Item, task_id: str) -> _Label | None:
        try:
            value = self._data.read_target(item, task_id, 1, 1)
            if not isinstance(value, int | np.integer):
                return self._said(task_id, value)
            known = (task_id, int(value))
            if known not in self._known:
                self._known[known] = self._said(task_id, value)
            return self._known[known]
        except StudioError:
            return None

    def _said(self, task_id: str, value: Any) -> _Label | None:
        task = self._spoken[task_id]
        truth = task.truth(value, _NO_PICTURE) if value is not None else None
        if truth is None:
            return None
        return _Label(task.summary(truth), _classes(truth), task.paint(truth) is not None)


def _classes(truth: Prediction) -> frozenset[int] | None:
    if isinstance(truth, ClassPrediction):
        return frozenset((truth.index,))
    if isinstance(truth, LabelsPrediction):
        return frozenset(np.flatnonzero(truth.probabilities >= _LIKELY).tolist())
    if isinstance(truth, SequencePrediction):
        return frozenset(truth.symbols)
    return None
