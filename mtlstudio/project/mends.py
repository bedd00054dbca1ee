"""What mends a problem with one click. `Problem.mend` names one; rooms that know more may add theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.check_network import connection_place
from mtlstudio.project.edits import delete_layers, replace_network
from mtlstudio.project.edits.grouping import tidy_groups
from mtlstudio.project.edits.stages import tidy_stages
from mtlstudio.project.edits.task_groups import with_task_groups
from mtlstudio.project.problems import Problem
from mtlstudio.project.settings import parameters_of
from mtlstudio.project.spec import ProjectSpec


@dataclass(frozen=True)
class Mend:
    """An edit that mends a problem.

    Attributes:
        id: as in `Problem.mend`.
        label: for the button (marked for translation).
        apply: project and problem -> mended project; raises StudioError where it cannot.
    """

    id: str
    label: str
    apply: Callable[[ProjectSpec, Problem], ProjectSpec]


_mends: dict[str, Mend] = {}


def add(mend: Mend) -> Mend:
    """Adds a mend.

    Raises:
        ValueError: its id is taken.
    """
    if mend.id in _mends:
        raise ValueError(f"there is a mend {mend.id!r} already")
    _mends[mend.id] = mend
    return mend


def mend_of(problem: Problem) -> Mend | None:
    """What mends a problem, or None."""
    return _mends.get(problem.mend)


def mends() -> tuple[Mend, ...]:
    """All mends there are."""
    return tuple(_mends.values())


def _remove_dead_layer(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return delete_layers(spec, [problem.place.id])


def _recompute_sharing(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return replace_network(spec, spec.network)


def _remove_connection(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    kept = tuple(c for c in spec.network.connections if connection_place(c) != problem.place)
    return replace_network(spec, replace(spec.network, connections=kept))


def _remove_output(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    layers, task_id = {layer.id for layer in spec.network.layers}, problem.place.id
    kept = (o for o in spec.network.outputs if o.task != task_id or (task_id in spec.task_ids and o.layer in layers))
    return replace_network(spec, replace(spec.network, outputs=tuple(kept)))


def _remove_target(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    task_id = str(problem.values["task"])
    datasets = (
        replace(item, targets=item.targets.without(task_id)) if item.id == problem.place.id else item
        for item in spec.datasets
    )
    return replace(spec, datasets=tuple(datasets))


def _remove_input(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    input_id = str(problem.values["input"])
    datasets = (
        replace(item, inputs=item.inputs.without(input_id)) if item.id == problem.place.id else item
        for item in spec.datasets
    )
    return replace(spec, datasets=tuple(datasets))


def _tidy_groups(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return spec.with_network(replace(spec.network, groups=tidy_groups(spec.network)))


def _tidy_task_groups(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return with_task_groups(spec, spec.tasks, spec.task_groups)


def _tidy_stages(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return tidy_stages(spec)


def _reset_setting(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    room, name = problem.place.kind, problem.place.field
    settings = getattr(spec, room)
    for parameter in parameters_of(type(settings)):
        if parameter.name == name:
            return replace(spec, **{room: replace(settings, **{name: parameter.default})})
    raise StudioError(mark("there is no setting {name!r}"), name=name)


for _mend in (
    Mend("remove_dead_layer", mark("Delete it"), _remove_dead_layer),
    Mend("recompute_sharing", mark("Recompute sharing"), _recompute_sharing),
    Mend("remove_connection", mark("Remove the connection"), _remove_connection),
    Mend("remove_output", mark("Remove the output"), _remove_output),
    Mend("remove_target", mark("Remove it"), _remove_target),
    Mend("remove_input", mark("Remove it"), _remove_input),
    Mend("tidy_groups", mark("Tidy the groups"), _tidy_groups),
    Mend("tidy_task_groups", mark("Tidy the groups"), _tidy_task_groups),
    Mend("tidy_stages", mark("Tidy the stages"), _tidy_stages),
    Mend("reset_setting", mark("Back to the default"), _reset_setting),
):
    add(_mend)
