"""Findings and the samples they speak of: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtlstudio.data import findings as f
from mtlstudio.data.interface import SPLITS
from mtlstudio.project.problems import Problem
from mtlstudio.ui.data.filters import Filter
from mtlstudio.ui.data.records import Table

_WITHOUT_LABELS = (f.NO_LABELS, f.NO_LABELS_AT_ALL)


@dataclass(frozen=True)
class Finding:
    """A finding.

    Attributes:
        keys: of the samples whose files it names.
        target: what to show of it in the gallery; None where there is nothing to show.
    """

    problem: Problem
    keys: frozenset[str] = frozenset()
    target: Filter | None = None


def resolve(table: Table, problems: Sequence[Problem]) -> tuple[Finding, ...]:
    """Finds out which samples the findings speak of."""
    names = _Names(table)
    return tuple(_resolved(table, problem, names) for problem in problems)


def noticed(findings: Sequence[Finding]) -> frozenset[str]:
    """Keys of the samples about whose own file something was found."""
    return frozenset(key for finding in findings for key in finding.keys)


class _Names:
    """The samples by what a finding may call them: file, file name, name without its ending, key."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._pictures: dict[str, set[str]] = defaultdict(set)
        for record in table.records:
            path = record.item.sample.path
            for name in {record.item.key, *((str(path), path.name, path.stem) if path is not None else ())}:
                self._pictures[name].add(record.key)
        self._targets: dict[str, str] | None = None

    def of(self, name: str) -> set[str]:
        """Keys of the samples that a name means."""
        found = self._pictures.get(name)
        if found is None and ("/" in name or "\\" in name):
            found = self._of_target(name) or self._pictures.get(Path(name).name)
        return found or set()

    def _of_target(self, name: str) -> set[str]:
        if self._targets is None:
            self._targets = {
                str(self._table.data.target_file(record.item, task)): record.key
                for record in self._table.records
                for task in record.present
            }
        key = self._targets.get(name)
        return set() if key is None else {key}


def _resolved(table: Table, problem: Problem, names: _Names) -> Finding:
    place, values = problem.place, problem.values
    keys: set[str] = names.of(place.id) if place.kind == "file" else set()
    if place.kind == "dataset" and isinstance(values.get("names"), str):
        keys = set().union(*(names.of(name.strip()) for name in values["names"].split(",")))
    if keys:
        return Finding(problem, frozenset(keys), Filter(keys=frozenset(keys)))
    split = str(values.get("split", ""))
    split = split if split in SPLITS else ""
    if place.kind == "task" and problem.code in _WITHOUT_LABELS:
        return Finding(problem, target=Filter(split=split, missing=frozenset((place.id,))))
    if place.kind == "task" and problem.code == f.IMBALANCE:
        return Finding(problem, target=_of_class(table, place.id, str(values["rare"])))
    return Finding(problem, target=Filter(split=split) if split else None)


def _of_class(table: Table, task_id: str, name: str) -> Filter | None:
    task = table.tasks.get(task_id)
    classes = task.label_names if task is not None else ()
    if task_id not in table.labelled or name not in classes:
        return None
    return Filter(task=task_id, label=classes.index(name))
