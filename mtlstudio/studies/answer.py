"""Did sharing help? The answer of a study of baselines, as data; its words are in `words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mtlstudio.base.texts import tr
from mtlstudio.runs.statistics import LEVEL, Spread
from mtlstudio.studies.estimates import Estimate


class Verdict(StrEnum):
    """What sharing does to a task."""

    HELPS = "helps"
    HURTS = "hurts"
    SAME = "not_distinguishable"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class MetricAnswer:
    """One metric of one task.

    Attributes:
        shared, alone: mean ± SD over the seeds on the answer's split; None where nothing is known.
        shared_val, alone_val: the same on validation.
        difference: in the metric's own unit, above 0 where sharing is better.
        gain: the same in per cent of the baseline; None where it has no meaning (see `runs.delta`).
        verdict: of this metric alone.
    """

    id: str
    name: str
    unit: str
    higher_is_better: bool
    shared: Spread | None
    alone: Spread | None
    shared_val: Spread | None
    alone_val: Spread | None
    difference: Estimate | None
    gain: Estimate | None
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": tr(self.name), "unit": self.unit, "higher_is_better": self.higher_is_better,
            "shared": _plain(self.shared), "alone": _plain(self.alone),
            "val": {"shared": _plain(self.shared_val), "alone": _plain(self.alone_val)},
            "difference": _plain(self.difference), "gain": _plain(self.gain), "verdict": str(self.verdict),
        }  # fmt: skip


@dataclass(frozen=True)
class TaskAnswer:
    """One task.

    Attributes:
        verdict: by its main metric, `judged_by`.
        labels: pictures of the split with a target.
        gain: mean over its metrics, in per cent.
        reason: why the verdict is unknown, in words, or "".
    """

    id: str
    name: str
    colour: str
    verdict: Verdict
    judged_by: str
    labels: int
    metrics: tuple[MetricAnswer, ...]
    gain: Estimate | None
    reason: str = ""

    @property
    def main(self) -> MetricAnswer:
        """The metric that the verdict is by."""
        return next(metric for metric in self.metrics if metric.id == self.judged_by)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name, "verdict": str(self.verdict), "judged_by": self.judged_by, "labels": self.labels,
            "gain": _plain(self.gain), "reason": self.reason,
            "metrics": {metric.id: metric.as_json() for metric in self.metrics},
        }  # fmt: skip


@dataclass(frozen=True)
class Costs:
    """What a network costs. `seconds`: of its training, over the seeds; None where none was trained."""

    parameters: int
    macs: int
    seconds: Spread | None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"parameters": self.parameters, "macs": self.macs, "seconds": _plain(self.seconds)}


@dataclass(frozen=True)
class Note:
    """Something that differs between the runs, or limits what can be said; `text` is translated."""

    code: str
    text: str


@dataclass(frozen=True)
class Answer:
    """The answer.

    Attributes:
        study: id; `project`: the project's name.
        split: that it is about, `test` where there are test pictures; `pictures` of it were measured in all runs.
        seeds: of the plan; `draws` of the bootstrap.
        per_task, per_metric: Δm in the two conventions, in per cent, higher is better.
        left_out: `task.metric` that do not count in Δm.
        shared, separate: costs of the one and of the others together; `alone`: task id -> of that one.
        failures: member id -> why it failed.
        environment: seeds, versions, threads, device, precision, platform, fingerprint: each with all values there are.
    """

    study: str
    project: str
    created: str
    split: str
    pictures: int
    seeds: tuple[int, ...]
    draws: int
    tasks: tuple[TaskAnswer, ...]
    per_task: Estimate | None
    per_metric: Estimate | None
    left_out: tuple[str, ...]
    shared: Costs
    separate: Costs
    alone: dict[str, Costs]
    notes: tuple[Note, ...]
    failures: dict[str, str]
    environment: dict[str, tuple[str, ...]]
    level: float = LEVEL
    runs: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `--json`; the sentences are added by `words.answer_json`."""
        return {
            "study": self.study, "kind": "baselines", "project": self.project, "created": self.created,
            "split": self.split, "pictures": self.pictures, "seeds": list(self.seeds), "draws": self.draws,
            "level": self.level,
            "tasks": {task.id: task.as_json() for task in self.tasks},
            "delta_m": {
                "per_task": _plain(self.per_task), "per_metric": _plain(self.per_metric),
                "left_out": list(self.left_out),
            },
            "costs": {
                "shared": self.shared.as_json(), "separate": self.separate.as_json(),
                "alone": {task: costs.as_json() for task, costs in self.alone.items()},
            },
            "notes": [{"code": note.code, "text": note.text} for note in self.notes],
            "failures": self.failures, "environment": {name: list(found) for name, found in self.environment.items()},
            "runs": self.runs,
        }  # fmt: skip


def verdict_of(found: Estimate | None) -> Verdict:
    """What an estimate says, above 0 being better: its whole interval has to lie on one side."""
    if found is None or found.interval is None:
        return Verdict.UNKNOWN
    if found.interval.above:
        return Verdict.HELPS
    return Verdict.HURTS if found.interval.below else Verdict.SAME


def counts_of(tasks: tuple[TaskAnswer, ...]) -> Mapping[Verdict, list[TaskAnswer]]:
    """Verdict -> its tasks."""
    return {verdict: [task for task in tasks if task.verdict is verdict] for verdict in Verdict}


def _plain(found: Spread | Estimate | None) -> dict[str, Any] | None:
    return found.as_json() if found is not None else None
