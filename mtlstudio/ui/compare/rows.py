"""What the table of runs shows of a run, read from its folder; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mtlstudio.base.texts import tr
from mtlstudio.project.graph import CycleError, trunk
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.delta import PER_TASK
from mtlstudio.runs.folder import RunFolder, RunInfo
from mtlstudio.runs.summary import RunSummary
from mtlstudio.studies.compare import Comparison, Entry, Known, compare
from mtlstudio.studies.study import Member
from mtlstudio.tasks.registry import task_type
from mtlstudio.training.methods import balancing_methods


@dataclass(frozen=True)
class RunRow:
    """One run of the table.

    Attributes:
        entry: the run as `studies.compare` judges it.
        sharing: up to which layer all tasks share, in words.
        balance: the name of the balancing method.
        metrics: task id -> its main metric at the best epoch, on the validation split.
    """

    entry: Entry
    sharing: str
    balance: str
    metrics: dict[str, float | None]

    @property
    def run(self) -> RunFolder:
        """Its folder."""
        return self.entry.run

    @property
    def info(self) -> RunInfo:
        """What its `run.json` says."""
        return self.entry.info

    @property
    def summary(self) -> RunSummary:
        """It in a few figures."""
        return self.entry.summary

    @property
    def spec(self) -> ProjectSpec:
        """The project that it was trained with."""
        return self.entry.spec

    @property
    def study(self) -> str:
        """Id of its study, or ""."""
        return str(self.info.study.get("id", ""))

    @property
    def alone(self) -> str:
        """Id of the task that it trains alone for a study of baselines, or ""."""
        return Member("", str(self.info.study.get("role", "")), 0).task

    def delta(self, convention: str) -> float | None:
        """Δm over the baselines in per cent; None where it cannot be said."""
        found = self.entry.delta
        return None if found is None else found.per_task if convention == PER_TASK else found.per_metric


def read_rows(project_folder: Path, known: Known) -> tuple[Comparison, list[RunRow]]:
    """All runs of a project side by side, and their rows, newest first; `known` as in `compare`."""
    comparison = compare(project_folder, known)
    return comparison, [row_of(entry) for entry in reversed(comparison.entries)]


def row_of(entry: Entry) -> RunRow:
    """The row of a run."""
    names = {method.id: tr(method.name) for method in balancing_methods()}
    spec, method = entry.spec, entry.spec.training.balancing.method
    balance = names.get(method, method) if len(spec.tasks) > 1 else "—"
    metrics = {task.id: _main(spec, entry.summary, task.id) for task in spec.tasks}
    return RunRow(entry, sharing_words(spec), balance, metrics)


def sharing_words(spec: ProjectSpec) -> str:
    """`shared up to Stage 3`, `separate`, `one task`."""
    if len(spec.tasks) < 2:
        return tr("one task")
    try:
        shared = trunk(spec.network, spec.task_ids)
    except CycleError:
        return "—"
    layers = [spec.network.layer(layer_id) for layer_id in shared]
    layers = [layer for layer in layers if layer.type != "input"]
    return tr("shared up to {layer}", layer=layers[-1].name) if layers else tr("separate")


def duration(seconds: float) -> str:
    """`1:12` or `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def status_words(status: str) -> str:
    """A run's status in the user's language."""
    return {
        "running": tr("running"),
        "finished": tr("finished"),
        "stopped": tr("stopped"),
        "failed": tr("failed"),
        "interrupted": tr("interrupted"),
    }.get(status, status)


def _main(spec: ProjectSpec, summary: RunSummary, task_id: str) -> float | None:
    try:
        metric = task_type(spec.task(task_id).type).main_metric().id
    except KeyError:
        return None
    return summary.metrics.get(task_id, {}).get(metric)
