"""The result of a sweep, or of several seeds: a row per point, the best one by validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.delta import delta, mean_ranks
from mtlstudio.runs.statistics import Spread, spread
from mtlstudio.studies.folder import MemberState, StudyFolder
from mtlstudio.studies.measured import Measured
from mtlstudio.studies.metrics import directions, main_metrics
from mtlstudio.studies.study import Change, Study

Figures = dict[str, dict[str, Spread]]
"""Task id -> metric id -> mean ± SD over the seeds."""


@dataclass(frozen=True)
class Point:
    """One point of a grid.

    Attributes:
        changes: what it sets.
        runs: ids of its trained runs, one per seed.
        val, test: at the pictures' own size, the best epoch by validation.
        seconds: of a training; `parameters` of the network.
        score: what the points are ranked by on validation, higher is better; None where something is missing.
        rank: 1 is the best; None without a score.
        mean_rank: over the tasks' main metrics on validation.
        failures: why some of its runs failed.
    """

    changes: tuple[Change, ...]
    runs: tuple[str, ...]
    val: Figures
    test: Figures
    seconds: Spread | None
    parameters: int
    score: float | None = None
    rank: int | None = None
    mean_rank: float | None = None
    failures: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What it sets, in a line."""
        return ", ".join(f"{field}={value}" for field, value in self.changes)

    def as_json(self, with_test: bool) -> dict[str, Any]:
        """For `--json`."""
        found = {
            "changes": dict(self.changes), "runs": list(self.runs), "val": _plain(self.val), "score": self.score,
            "rank": self.rank, "mean_rank": self.mean_rank, "parameters": self.parameters,
            "seconds": self.seconds.as_json() if self.seconds else None, "failures": list(self.failures),
        }  # fmt: skip
        return {**found, "test": _plain(self.test)} if with_test else found


@dataclass(frozen=True)
class SweepResult:
    """All points, in the order of the grid.

    Attributes:
        rule: how they are ranked, in words.
        comparable: all points were measured on the same validation pictures.
        best: index of the best point, or None.
    """

    study: str
    kind: str
    seeds: tuple[int, ...]
    points: tuple[Point, ...]
    rule: str
    comparable: bool
    best: int | None

    def as_json(self) -> dict[str, Any]:
        """For `--json`. Figures of the test split are told of the best point alone: to choose by them is to fit them."""
        return {
            "study": self.study, "kind": self.kind, "seeds": list(self.seeds), "rule": self.rule,
            "comparable": self.comparable, "best": self.best,
            "points": [point.as_json(number == self.best) for number, point in enumerate(self.points)],
        }  # fmt: skip


def result(folder: StudyFolder) -> SweepResult:
    """The result, as far as the members are done.

    Raises:
        StudioError: nothing of the study is trained and measured yet.
    """
    study, states = folder.study(), folder.states()
    done = [state for state in states if state.trained and "val" in state.measured]
    if not done:
        why = next((state.failure for state in states if state.failure), "")
        raise StudioError(mark("none of the runs of this study is trained and measured yet"), where=folder.id, fix=why)
    found = {s.member.id: one for s in done if (one := folder.measured(s.member.id, "val")) is not None}
    comparable = len({frozenset(one.keys) for one in found.values()}) == 1
    points = [_point(folder, [s for s in states if s.member.changes == changes], found) for changes in study.points]
    scores = _scores(study, points) if comparable else [None] * len(points)
    ranks = mean_ranks(
        {str(i): _means(p.val) for i, p in enumerate(points) if p.val}, main_metrics(study.project.tasks)
    )
    order = sorted((i for i, score in enumerate(scores) if score is not None), key=lambda i: -(scores[i] or 0.0))
    ranked = tuple(
        replace(
            point, score=scores[i], rank=order.index(i) + 1 if i in order else None,
            mean_rank=ranks.get(str(i)) if comparable else None,
        )
        for i, point in enumerate(points)
    )  # fmt: skip
    best = order[0] if order else None
    return SweepResult(folder.id, study.kind, study.seeds, ranked, _rule(study.project), comparable, best)


def _point(folder: StudyFolder, states: Sequence[MemberState], measured: Mapping[str, Measured]) -> Point:
    done = [state for state in states if state.member.id in measured and state.run is not None]
    tested = [folder.measured(state.member.id, "test") for state in done if "test" in state.measured]
    tasks = states[0].run.spec().tasks if states[0].run is not None else folder.study().project.tasks
    wanted = directions(tasks)
    summaries = [state.run.summary() for state in done if state.run is not None]
    return Point(
        changes=states[0].member.changes, runs=tuple(state.run.id for state in done if state.run is not None),
        val=_spreads([measured[state.member.id] for state in done], wanted),
        test=_spreads([one for one in tested if one is not None], wanted),
        seconds=spread([one.seconds for one in summaries]),
        parameters=max((one.parameters for one in summaries), default=0),
        failures=tuple(state.failure for state in states if state.failure),
    )  # fmt: skip


def _spreads(measured: Sequence[Measured], wanted: Mapping[str, Mapping[str, bool]]) -> Figures:
    found: Figures = {}
    for task, metrics in wanted.items():
        for metric in metrics:
            one = spread([item.metrics.get(task, {}).get(metric) for item in measured])
            if one is not None:
                found.setdefault(task, {})[metric] = one
    return found


def _means(figures: Figures) -> dict[str, dict[str, float | None]]:
    return {task: {metric: one.mean for metric, one in metrics.items()} for task, metrics in figures.items()}


def _scores(study: Study, points: Sequence[Point]) -> list[float | None]:
    """By the metric that the project judges by; else the mean gain of the tasks' main metrics over the grid's mean."""
    task, _, metric = study.project.training.best.partition(".")
    if metric:
        higher = directions(study.project.tasks).get(task, {}).get(metric, True)
        values = [point.val.get(task, {}).get(metric) for point in points]
        return [None if one is None else (one.mean if higher else -one.mean) for one in values]
    wanted = main_metrics(study.project.tasks)
    grid: dict[str, dict[str, float | None]] = {}
    for name, metrics in wanted.items():
        for key in metrics:
            known = [p.val[name][key].mean for p in points if key in p.val.get(name, {})]
            grid.setdefault(name, {})[key] = sum(known) / len(known) if known else None
    found = [delta(_means(point.val), grid, wanted) for point in points]
    most = max((len(one.tasks) for one in found), default=0)
    return [one.per_task if len(one.tasks) == most else None for one in found]


def _rule(spec: ProjectSpec) -> str:
    if spec.training.best != "loss":
        return tr("{metric} on validation", metric=spec.training.best)
    return tr("mean gain of the tasks' main metrics over the mean of the grid, in %, on validation")


def _plain(figures: Figures) -> dict[str, dict[str, Any]]:
    return {
        task: {metric: one.as_json() for metric, one in metrics.items()} for task, metrics in figures.items()
    }  # fmt: skip
