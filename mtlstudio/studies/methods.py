"""Methods side by side: the gains of a study of baselines and of sweeps over the same data, over the same baselines, on
the same pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.delta import Delta, delta
from mtlstudio.runs.differences import causes
from mtlstudio.runs.statistics import Spread, spread
from mtlstudio.studies.folder import MemberState, StudyFolder, studies_of
from mtlstudio.studies.measured import Measured
from mtlstudio.studies.metrics import directions
from mtlstudio.studies.plan import member_spec
from mtlstudio.studies.study import BASELINES, SHARED, Change, Study, alone
from mtlstudio.training.methods import balancing_methods

METHOD_FIELD = "training.balancing.method"

_Values = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class MethodGain:
    """What one way of training together gained over the tasks alone, in per cent, above 0 is better.

    Attributes:
        label: the balancing method, or what a point of a sweep sets.
        study: id of the study that its runs are of; `runs`: their ids.
        tasks: task id -> mean gain over its metrics, mean ± SD over seeds; tasks without a gain are left out.
        per_task, per_metric: Δm in the two conventions.
        also: in what else it differs from the baselines' own network: fields, and `network`.
    """

    label: str
    study: str
    runs: tuple[str, ...]
    tasks: dict[str, Spread]
    per_task: Spread | None
    per_metric: Spread | None
    also: tuple[str, ...] = ()


def methods_beside(folder: StudyFolder) -> list[MethodGain]:
    """The study's own shared network first, then other methods, then other points of sweeps and seeds; those that were
    measured on the same pictures with the same tasks.

    Raises:
        StudioError: it is no study of baselines, or cannot be read.
    """
    study, states = folder.study(), folder.states()
    split = next((split for split in ("test", "val") if any(split in state.measured for state in states)), "")
    baselines = _baselines(folder, study, states, split)
    own = _of_states(folder, [s for s in states if s.member.role == SHARED], split)
    if not baselines or not own:
        return []
    wanted = directions(study.project.tasks)
    keys = frozenset(own[0][1].keys)
    first = _method(_label(study.project, ()), folder.id, own, baselines, wanted)
    found: list[tuple[bool, MethodGain]] = []
    for other in studies_of(folder.project_folder):
        if other.id == folder.id:
            continue
        plan = other.study()
        if plan.kind == BASELINES or plan.fingerprint != study.fingerprint:
            continue
        for changes, measured, spec in _points(other, plan, split):
            if _comparable(spec, study.project, measured, keys):
                also = tuple(cause for cause in causes([spec, study.project]) if cause not in dict(changes))
                label = _label(spec, changes)
                gain = _method(label, other.id, measured, baselines, wanted, _beyond(also, changes))
                found.append((set(dict(changes)) != {METHOD_FIELD}, gain))
    return [first, *(gain for _, gain in sorted(found, key=lambda pair: pair[0]))]


def _points(
    folder: StudyFolder, study: Study, split: str
) -> Iterator[tuple[tuple[Change, ...], list[tuple[MemberState, Measured]], ProjectSpec]]:
    states = folder.states()
    for changes in study.points:
        of_point = [state for state in states if state.member.changes == changes]
        measured = _of_states(folder, of_point, split)
        if measured:
            yield changes, measured, member_spec(study, of_point[0].member)


def _comparable(
    spec: ProjectSpec, base: ProjectSpec, measured: Sequence[tuple[MemberState, Measured]], keys: frozenset[str]
) -> bool:
    """The same tasks at the same size, on the same pictures; and not the baselines' own network once more."""
    alike = (spec.data.image_size, spec.data.resize, set(spec.task_ids)) == (
        base.data.image_size, base.data.resize, set(base.task_ids),
    )  # fmt: skip
    return alike and bool(causes([spec, base])) and all(frozenset(one.keys) == keys for _, one in measured)


def _beyond(also: tuple[str, ...], changes: Sequence[Change]) -> tuple[str, ...]:
    """Without what follows from the changes themselves: a method's own parameters, a network whose split was set."""
    fields = [field for field, _ in changes]
    inside = tuple(f"{field.rpartition('.')[0]}." for field in fields if field.endswith(".method"))
    network = any(field.startswith("network.") for field in fields)
    return tuple(one for one in also if not (inside and one.startswith(inside)) and not (network and one == "network"))


def _label(spec: ProjectSpec, changes: Sequence[Change]) -> str:
    """The method's name where nothing else was changed; else what the point sets."""
    names = {method.id: tr(method.name) for method in balancing_methods()}
    method = spec.training.balancing.method
    parts = [f"{field_name(spec, field)}={value}" for field, value in changes if field != METHOD_FIELD]
    if len(parts) == len(changes) and changes:
        return ", ".join(parts)
    return ", ".join([names.get(method, method), *parts])


def field_name(spec: ProjectSpec, field: str) -> str:
    """A swept field in a narrow place: `λ Breed`, `batch_size`."""
    parts = field.split(".")
    names = {task.id: task.name for task in spec.tasks}
    return f"λ {names[parts[1]]}" if parts[-1] == "loss_weight" and parts[1] in names else parts[-1]


def _method(
    label: str, study: str, measured: Sequence[tuple[MemberState, Measured]], baselines: _Values,
    wanted: Mapping[str, Mapping[str, bool]], also: tuple[str, ...] = (),
) -> MethodGain:  # fmt: skip
    found: list[Delta] = [delta(one.metrics, baselines, wanted) for _, one in measured]
    tasks = {task: spread([one.tasks.get(task) for one in found]) for task in wanted}
    return MethodGain(
        label, study, tuple(state.run.id for state, _ in measured if state.run is not None),
        {task: one for task, one in tasks.items() if one is not None},
        spread([one.per_task for one in found]), spread([one.per_metric for one in found]), also,
    )  # fmt: skip


def _baselines(folder: StudyFolder, study: Study, states: Sequence[MemberState], split: str) -> _Values:
    """Task id -> metric id -> mean over the seeds of the task alone."""
    found: _Values = {}
    for task, metrics in directions(study.project.tasks).items():
        measured = _of_states(folder, [s for s in states if s.member.role == alone(task)], split)
        for metric in metrics:
            one = spread([item.metrics.get(task, {}).get(metric) for _, item in measured])
            if one is not None:
                found.setdefault(task, {})[metric] = one.mean
    return found


def _of_states(folder: StudyFolder, states: Sequence[MemberState], split: str) -> list[tuple[MemberState, Measured]]:
    found = []
    for state in states:
        if state.trained and split in state.measured:
            try:
                measured = folder.measured(state.member.id, split)
            except StudioError:  # damaged: the study measures it again
                continue
            if measured is not None:
                found.append((state, measured))
    return found
