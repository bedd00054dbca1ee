"""What the data of a project are like: the report of `mtlstudio data` and of the Data workspace, and the statistics
that tasks are bound with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data import findings as f
from mtlstudio.data import reportcache
from mtlstudio.data.balance import balance
from mtlstudio.data.census import Census, census, size_summary
from mtlstudio.data.interface import SPLITS
from mtlstudio.data.memory import DiskSet, SampleSet
from mtlstudio.data.project import Item, ProjectData
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.tasks.interface import BoundTask

if TYPE_CHECKING:
    from torch import Tensor

_MOST_MAPS = 200
_MOST_FROM_DISK = 2000
_CHUNK = 64
_TINY = 10
_STRONG = 10


@dataclass(frozen=True)
class TaskReport:
    """One task's targets.

    Attributes:
        coverage: split -> number of samples that have one.
        balance: split -> as `mtlstudio.data.balance.balance` tells; splits without any are left out.
    """

    id: str
    name: str
    type: str
    classes: tuple[str, ...]
    coverage: FrozenDict
    balance: FrozenDict


@dataclass(frozen=True)
class DataReport:
    """What the data are like.

    Attributes:
        samples: split -> number of samples.
        datasets: id -> number of samples.
        pictures: what looking at every picture showed; None where that was not asked for.
        findings: all of them, errors first.
    """

    samples: FrozenDict
    datasets: FrozenDict
    tasks: tuple[TaskReport, ...]
    pictures: Census | None
    findings: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """For `--json`: names spelled out, per task under its id."""
        return {
            "samples": dict(self.samples),
            "datasets": dict(self.datasets),
            "tasks": {task.id: self._task_json(task) for task in self.tasks},
            "image_sizes": size_summary(self.pictures.sizes) if self.pictures else None,
            "findings": [problem.as_json() for problem in self.findings],
            "unreadable": [{"file": file, "reason": why} for file, why in self.pictures.unreadable]
            if self.pictures
            else [],
        }

    def _task_json(self, task: TaskReport) -> dict[str, Any]:
        coverage = {
            split: {"count": count, "share": count / self.samples[split] if self.samples[split] else None}
            for split, count in task.coverage.items()
        }
        return {
            "name": task.name, "type": task.type, "classes": list(task.classes), "coverage": coverage,
            "balance": {split: dict(values) for split, values in task.balance.items()},
        }  # fmt: skip


def report(
    data: ProjectData,
    spec: ProjectSpec,
    *,
    pictures: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> DataReport:
    """What the data are like. Masks and other maps are measured on at most 200 samples.

    What looking at pictures and maps showed is kept in the cache folder until a file changes.

    Args:
        pictures: look at every picture and at the maps too; else only what the labels tell.
        progress: told (pictures looked at, all pictures).
    """
    seen, balances, unread = _looked(data, spec, progress) if pictures else (None, *_balances(data, spec, maps=False))
    coverage = data.coverage()
    found: list[Problem] = [*data.findings, *(seen.findings if seen else ()), *unread]
    tasks = [
        TaskReport(
            task.id, task.name, task.type, tuple(task.parameters.get("class_names", ())),
            FrozenDict(coverage[task.id]), FrozenDict(balances[task.id]),
        )
        for task in spec.tasks
    ]  # fmt: skip
    samples = FrozenDict({split: len(data.items(split)) for split in SPLITS})
    found.extend(_split_findings(samples))
    found.extend(problem for described in tasks for problem in _task_findings(described, samples))
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    found.sort(key=lambda problem: order[problem.severity])
    counts = Counter(item.dataset for item in data.all_items)
    datasets = FrozenDict({dataset.id: counts[number] for number, dataset in enumerate(data.spec.datasets)})
    return DataReport(samples, datasets, tuple(tasks), seen, tuple(dict.fromkeys(found)))


def target_statistics(samples: SampleSet, tasks: Mapping[str, BoundTask]) -> dict[str, dict[str, Any]]:
    """What each task's type wants to know of its training targets (means, class counts …), by task id.

    Of sets on disk 2000 samples spread over it are measured.
    """
    values: dict[str, list[Tensor]] = {task: [] for task in tasks}
    count = len(samples)
    step = max(1, count // _MOST_FROM_DISK) if isinstance(samples, DiskSet) else 1
    chosen = range(0, count, step)
    for start in range(0, len(chosen), _CHUNK):
        for encoded in samples.fetch(chosen[start : start + _CHUNK]):
            for task, value in encoded.targets.items():
                if value is not None:
                    values[task].append(value)
    return {task_id: task.type.statistics(task.spec, values[task_id]) for task_id, task in tasks.items()}


def _looked(
    data: ProjectData, spec: ProjectSpec, progress: Callable[[int, int], None] | None
) -> tuple[Census, dict[str, Any], tuple[Problem, ...]]:
    """What the pictures and targets are like: kept from the last time, or looked at now."""
    file = reportcache.cache_file(data, spec)
    kept = reportcache.fetch(file)
    if kept is not None:
        return kept["census"], kept["balance"], kept["targets"]
    seen = census(data, progress)
    balances, unread = _balances(data, spec, maps=True)
    reportcache.keep(file, seen, balances, unread)
    return seen, balances, unread


def _balances(data: ProjectData, spec: ProjectSpec, maps: bool) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Task id -> split -> balance, of splits that have targets; and what could not be read."""
    balances: dict[str, Any] = {}
    found: list[Problem] = []
    for task in spec.tasks:
        values, unread = _values(data, task, maps)
        found.extend(unread)
        balances[task.id] = {split: balance(task, values[split]) for split in SPLITS if values[split]}
    return balances, tuple(found)


def _values(data: ProjectData, task: TaskSpec, maps: bool) -> tuple[dict[str, list[Any]], list[Problem]]:
    """The task's raw targets by split; of maps a sample or none."""
    values: dict[str, list[Any]] = {}
    found: list[Problem] = []
    all_items = {split: [item for item in data.items(split) if task.id in data.present(item)] for split in SPLITS}
    total = sum(map(len, all_items.values()))
    for split, items in all_items.items():
        items = [item for item in items if not data.is_picture(item, task.id)]  # of pictures there is nothing to count
        if items and _is_map(data, items[0], task):
            most = max(1, _MOST_MAPS * len(items) // total)
            items = items[:: -(-len(items) // most)] if maps else []
        values[split] = []
        with ThreadPoolExecutor(2) as readers:
            for item, value in zip(items, readers.map(partial(_value, data, task), items), strict=True):
                if isinstance(value, StudioError):
                    found.append(f.target_unreadable(data.target_file(item, task.id) or item.key, task.name, value))
                elif value is not None:
                    values[split].append(value)
    return values, found


def _is_map(data: ProjectData, item: Item, task: TaskSpec) -> bool:
    return data.target_file(item, task.id) is not None or np.ndim(_value(data, task, item)) == 2


def _value(data: ProjectData, task: TaskSpec, item: Item) -> Any:
    try:
        width, height = data.size(item) if data.target_file(item, task.id) is not None else (1, 1)
        return data.read_target(item, task.id, width, height)
    except StudioError as error:
        return error


def _split_findings(samples: Mapping[str, int]) -> list[Problem]:
    found = []
    for split in SPLITS:
        count = samples[split]
        if count == 0:
            severity = Severity.ERROR if split == "train" else Severity.WARNING
            found.append(f.finding(f.EMPTY_SPLIT, severity, "data", split, split=split))
        elif count < _TINY:
            found.append(f.warning(f.TINY_SPLIT, "data", split, split=split, n=count))
    return found


def _task_findings(task: TaskReport, samples: Mapping[str, int]) -> list[Problem]:
    if not any(task.coverage.values()):
        return [f.warning(f.NO_LABELS_AT_ALL, "task", task.id, task=task.name)]
    found = [
        f.warning(f.NO_LABELS, "task", task.id, task=task.name, split=split)
        for split in SPLITS
        if samples[split] and not task.coverage[split]
    ]
    counts = task.balance.get("train", {}).get("counts", {})
    absent = [name for name, count in counts.items() if not count]
    if absent:
        found.append(f.warning(f.CLASS_ABSENT, "task", task.id, task=task.name, split="train", names=f.listed(absent)))
    if not task.balance.get("train", {}).get("known"):  # labels are no classes of one another
        found.extend(_imbalance(task, {name: count for name, count in counts.items() if count}))
    return found


def _imbalance(task: TaskReport, counts: Mapping[str, int]) -> Sequence[Problem]:
    if len(counts) < 2:
        return []
    common, rare = max(counts, key=lambda name: counts[name]), min(counts, key=lambda name: counts[name])
    ratio = counts[common] / counts[rare]
    if ratio < _STRONG:
        return []
    return [f.warning(f.IMBALANCE, "task", task.id, task=task.name, common=common, rare=rare, ratio=round(ratio))]
