"""Δm: the mean relative gain over the baselines, in per cent; higher is better. Two conventions, always named.

For a metric with the value m and the baseline b the gain is 100 · s · (m − b) / b, s = 1 where higher is better and −1
where lower is. *Per metric* is the mean over all metrics of all tasks; *per task* first takes the mean over the metrics
of each task, then over the tasks, so that a task with five metrics counts no more than one with a single metric. The
two can differ in sign for the very same figures: see the tests for a published table.

Source: Maninis et al. 2019 (per task), Navon et al. 2022 (per metric); both publish losses, lower is better: the sign
here is the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mtlstudio.runs.statistics import ranks

PER_TASK, PER_METRIC = "per_task", "per_metric"

Values = Mapping[str, Mapping[str, float | None]]
"""Task id -> metric id -> value."""

Directions = Mapping[str, Mapping[str, bool]]
"""Task id -> metric id -> whether higher is better; only these metrics count."""


@dataclass(frozen=True)
class Delta:
    """Gains in per cent.

    Attributes:
        per_task, per_metric: Δm in the two conventions; None where nothing can be compared.
        tasks: task id -> mean gain over its metrics.
        gains: task id -> metric id -> gain.
        left_out: (task id, metric id) of metrics that do not count: unknown, or the baseline is not above 0.
    """

    per_task: float | None
    per_metric: float | None
    tasks: dict[str, float]
    gains: dict[str, dict[str, float]]
    left_out: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            PER_TASK: self.per_task, PER_METRIC: self.per_metric, "tasks": self.tasks,
            "left_out": [".".join(pair) for pair in self.left_out],
        }  # fmt: skip


def gain(value: float | None, baseline: float | None, higher_is_better: bool) -> float | None:
    """The relative gain of one metric in per cent; None where it cannot be said.

    A baseline that is not above 0 (R² can be) gives none: a share of it has no meaning.
    """
    if value is None or baseline is None or not (math.isfinite(value) and math.isfinite(baseline)) or baseline <= 0:
        return None
    return 100 * (1 if higher_is_better else -1) * (value - baseline) / baseline


def delta(values: Values, baselines: Values, directions: Directions) -> Delta:
    """Δm of a run (or of means over seeds) over baselines."""
    gains: dict[str, dict[str, float]] = {}
    left_out: list[tuple[str, str]] = []
    for task, metrics in directions.items():
        for metric, higher in metrics.items():
            found = gain(values.get(task, {}).get(metric), baselines.get(task, {}).get(metric), higher)
            if found is None:
                left_out.append((task, metric))
            else:
                gains.setdefault(task, {})[metric] = found
    return of_gains(gains, tuple(left_out))


def of_gains(gains: Mapping[str, Mapping[str, float]], left_out: tuple[tuple[str, str], ...] = ()) -> Delta:
    """Δm of gains that are known."""
    tasks = {task: _mean(metrics.values()) for task, metrics in gains.items() if metrics}
    flat = [value for metrics in gains.values() for value in metrics.values()]
    plain = {task: dict(metrics) for task, metrics in gains.items()}
    return Delta(
        _mean(tasks.values()) if tasks else None, _mean(flat) if flat else None, tasks, plain, left_out,
    )  # fmt: skip


def mean_ranks(runs: Mapping[str, Values], directions: Directions) -> dict[str, float]:
    """Run -> mean rank over all metrics, 1 is best; equal values share their rank. Metrics that one of the runs lacks
    do not count; without any that all have, nothing is said."""
    collected: dict[str, list[float]] = {run: [] for run in runs}
    for task, metrics in directions.items():
        for metric, higher in metrics.items():
            values = [found.get(task, {}).get(metric) for found in runs.values()]
            known = [value for value in values if value is not None and math.isfinite(value)]
            if not known or len(known) < len(values):
                continue
            for run, rank in zip(runs, ranks([-value if higher else value for value in known]), strict=True):
                collected[run].append(rank)
    return {run: _mean(found) for run, found in collected.items() if found}


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed)
