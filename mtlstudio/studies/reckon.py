"""Reckons the answer of a study of baselines from what its members left on disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.analyze import analyze
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.runs.statistics import Counts, Floats, Spread, resamples, spread
from mtlstudio.studies.answer import Answer, Costs, MetricAnswer, TaskAnswer, Verdict, verdict_of
from mtlstudio.studies.caveats import environment, notes
from mtlstudio.studies.estimates import DRAWS, Figures, difference, gain, gain_per_task
from mtlstudio.studies.folder import MemberState, StudyFolder
from mtlstudio.studies.measure import bound_tasks, resampled
from mtlstudio.studies.measured import Measured, aligned, common_keys
from mtlstudio.studies.metrics import counted_metrics
from mtlstudio.studies.plan import alone_spec
from mtlstudio.studies.study import BASELINES, SHARED, Study, alone

_SEED = 0


def reckon(folder: StudyFolder, draws: int = DRAWS) -> Answer:
    """The answer, as far as the members are done.

    Raises:
        StudioError: it is no study of baselines, or nothing of it is measured yet.
    """
    study = folder.study()
    if study.kind != BASELINES:
        raise StudioError(mark("this is no study of baselines"), where=folder.id)
    states = folder.states()
    split = next((split for split in ("test", "val") if any(split in state.measured for state in states)), "")
    if not split:
        raise StudioError(
            mark("none of the runs of this study is trained and measured yet"), where=folder.id, fix=_why(states)
        )
    work = _Work(folder, study, states, split, draws)
    tasks = tuple(work.task(task) for task in study.project.tasks)
    figures = [work.figures[task.id] for task in study.project.tasks]
    flat = [one for of_task in figures for one in of_task]
    return Answer(
        study=folder.id, project=study.project.name, created=folder.head().created, split=split, pictures=len(work.keys),
        seeds=study.seeds, draws=draws, tasks=tasks, per_task=gain_per_task(figures), per_metric=gain(flat),
        left_out=tuple(f"{one.task}.{one.metric}" for one in flat if one.gain_weight is None),
        **_costs(study, states), notes=notes(study, states, work.measured, split),
        failures={state.member.id: state.failure for state in states if state.failure},
        environment=environment(study, states),
        runs={state.member.id: state.run.id for state in states if state.run is not None},
    )  # fmt: skip


class _Work:
    """What several steps of the reckoning need.

    Attributes:
        measured: member id -> on the answer's split; `validated`: on validation.
        keys: pictures that all members were measured on.
        figures: task id -> of its metrics, once the task was reckoned.
    """

    def __init__(self, folder: StudyFolder, study: Study, states: list[MemberState], split: str, draws: int) -> None:
        self._study, self._states, self._split = study, states, split
        self.measured = _of_members(folder, states, split)
        self.validated = _of_members(folder, states, "val")
        self.keys = common_keys(list(self.measured.values()))
        self.counts: list[Counts] = list(resamples(len(self.keys), draws, _SEED)) if len(self.keys) > 1 else []
        self.figures: dict[str, list[Figures]] = {}

    def task(self, task: TaskSpec) -> TaskAnswer:
        """The answer for one task."""
        metrics = counted_metrics(task)
        shared, apart = self._states_of(SHARED), self._states_of(alone(task.id))
        drawn = {state.member.id: self._drawn(state, task.id, list(metrics)) for state in [*shared, *apart]}
        found: list[MetricAnswer] = []
        self.figures[task.id] = []
        for metric, declared in metrics.items():
            figures = self._figures(task.id, metric, declared.higher_is_better, shared, apart, drawn)
            self.figures[task.id].append(figures)
            estimate = difference(figures)
            answer = MetricAnswer(
                metric, declared.name, declared.unit, declared.higher_is_better, spread(list(figures.shared.values())),
                spread(list(figures.alone.values())), self._validated(shared, task.id, metric),
                self._validated(apart, task.id, metric), estimate, gain([figures]), verdict_of(estimate),
            )  # fmt: skip
            found.append(answer)
        labels = min((self.measured[s.member.id].present.get(task.id, 0) for s in [*shared, *apart]), default=0)
        verdict = found[0].verdict
        reason = self._reason(task, shared, apart, labels) if verdict is Verdict.UNKNOWN else ""
        return TaskAnswer(
            task.id, task.name, task.colour, verdict, found[0].id, labels, tuple(found), gain(self.figures[task.id]),
            reason,
        )  # fmt: skip

    def _figures(
        self, task: str, metric: str, higher: bool, shared: Sequence[MemberState], apart: Sequence[MemberState],
        drawn: dict[str, dict[str, Floats]],
    ) -> Figures:  # fmt: skip
        def values(states: Sequence[MemberState]) -> tuple[dict[int, float], dict[int, Floats]]:
            found = {s.member.seed: (s.member.id, self._value(s, task, metric)) for s in states}
            known = {seed: value for seed, (_, value) in found.items() if value is not None}
            return known, {seed: drawn[found[seed][0]][metric] for seed in known}

        (together, together_drawn), (separate, separate_drawn) = values(shared), values(apart)
        return Figures(task, metric, higher, together, separate, together_drawn, separate_drawn)

    def _states_of(self, role: str) -> list[MemberState]:
        return [s for s in self._states if s.member.role == role and s.member.id in self.measured]

    def _value(self, state: MemberState, task: str, metric: str) -> float | None:
        return self.measured[state.member.id].metrics.get(task, {}).get(metric)

    def _validated(self, states: Sequence[MemberState], task: str, metric: str) -> Spread | None:
        found = [self.validated.get(state.member.id) for state in states]
        return spread([one.metrics.get(task, {}).get(metric) for one in found if one is not None])

    def _drawn(self, state: MemberState, task: str, metrics: list[str]) -> dict[str, Floats]:
        assert state.run is not None
        sums = aligned(self.measured[state.member.id], self.keys, task)
        return resampled(bound_tasks(state.run)[task], sums, self.counts, metrics)

    def _reason(self, task: TaskSpec, shared: Sequence[MemberState], apart: Sequence[MemberState], labels: int) -> str:
        if not shared or not apart:
            roles = (SHARED,) if not shared else (alone(task.id),)
            failed = [s.failure for s in self._states if s.member.role in roles and s.failure]
            return failed[0] if failed else tr("its runs are not done yet")
        if labels == 0:
            return tr("no picture of the split {split} has a label of {task}", split=self._split, task=task.name)
        return tr("too few pictures to compare on: {n}", n=labels)


def _of_members(folder: StudyFolder, states: Sequence[MemberState], split: str) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    for state in states:
        if state.trained and split in state.measured:
            one = folder.measured(state.member.id, split)
            if one is not None:
                found[state.member.id] = one
    return found


def _costs(study: Study, states: Sequence[MemberState]) -> dict[str, Any]:
    """Costs of the shared network, of each alone, and of these together."""

    def of_role(role: str, spec: ProjectSpec) -> Costs:
        runs = [s.run for s in states if s.member.role == role and s.trained and s.run is not None]
        total = analyze(spec).total
        return Costs(total.parameters, total.macs, spread([run.summary().seconds for run in runs]))

    apart = {task: of_role(alone(task), alone_spec(study.project, task)) for task in study.project.task_ids}
    times = [costs.seconds for costs in apart.values()]
    total = None
    if all(one is not None for one in times):
        known = [one for one in times if one is not None]
        total = Spread(sum(one.mean for one in known), None, min(one.n for one in known))
    separate = Costs(
        sum(costs.parameters for costs in apart.values()), sum(costs.macs for costs in apart.values()), total
    )  # fmt: skip
    return {"shared": of_role(SHARED, study.project), "separate": separate, "alone": apart}


def _why(states: Sequence[MemberState]) -> str:
    return next((state.failure for state in states if state.failure), "")
