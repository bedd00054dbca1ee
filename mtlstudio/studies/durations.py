"""How long a study will take, from what earlier runs of the project took."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import runs_of
from mtlstudio.studies.plan import member_spec
from mtlstudio.studies.study import Study

MEASURED, BOUND, GUESSED, UNKNOWN = "measured", "bound", "guessed", "unknown"
_ORDER = (MEASURED, BOUND, GUESSED, UNKNOWN)


@dataclass(frozen=True)
class Duration:
    """How long a study will take.

    Attributes:
        seconds: None where nothing was ever trained here.
        basis: measured (runs just like these), bound (of the same network with more tasks: it will be less), guessed
            (other runs of the project), unknown.
    """

    seconds: float | None
    basis: str


@dataclass(frozen=True)
class _Pace:
    """What a run took: seconds of an epoch, of which network."""

    spec: ProjectSpec
    seconds: float


def duration_of(project_folder: Path, study: Study) -> Duration:
    """The time that a plan will take, trainings alone; the weakest of its bases is told."""
    paces = _paces(project_folder)
    found: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[float | None, str]] = {}
    total, worst = 0.0, MEASURED
    for member in study.members:
        kind = (member.role, member.changes)
        if kind not in found:
            spec = member_spec(study, member)
            seconds, basis = _of_epoch(spec, paces)
            found[kind] = (None if seconds is None else seconds * spec.training.epochs, basis)
        seconds, basis = found[kind]
        if seconds is None:
            return Duration(None, UNKNOWN)
        total += seconds
        worst = max(worst, basis, key=_ORDER.index)
    return Duration(total, worst)


def _paces(project_folder: Path) -> list[_Pace]:
    """Of all runs that finished an epoch, newest first."""
    found = []
    for run in reversed(runs_of(project_folder)):
        try:
            spec, summary = run.spec(), run.summary()
        except (StudioError, OSError, KeyError):
            continue
        if summary.epochs and summary.seconds > 0:
            found.append(_Pace(spec, summary.seconds / summary.epochs))
    return found


def _of_epoch(spec: ProjectSpec, paces: list[_Pace]) -> tuple[float | None, str]:
    alike = next((pace for pace in paces if _signature(pace.spec) == _signature(spec)), None)
    if alike is not None:
        return alike.seconds, MEASURED
    larger = next(
        (p for p in paces if _ground(p.spec) == _ground(spec) and set(spec.task_ids) <= set(p.spec.task_ids)), None
    )
    if larger is not None:
        fewer = len(spec.tasks) < len(larger.spec.tasks)
        same_method = larger.spec.training.balancing.method == spec.training.balancing.method
        return larger.seconds, BOUND if fewer or same_method else GUESSED
    return (paces[0].seconds, GUESSED) if paces else (None, UNKNOWN)


def _signature(spec: ProjectSpec) -> object:
    """What the time of an epoch hangs on."""
    layers = tuple((layer.type, layer.parameters, layer.tasks) for layer in spec.network.layers)
    return (_ground(spec), spec.task_ids, spec.training.balancing.method, layers)


def _ground(spec: ProjectSpec) -> object:
    training = spec.training
    datasets = tuple(replace(dataset, targets=FrozenDict()) for dataset in spec.datasets)
    return (datasets, spec.data.image_size, training.batch_size, training.device, training.precision)
