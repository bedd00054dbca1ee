"""What is wrong with the stages of a training, and with the states of its tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.problems import Place, Problem, Severity, declare
from mtlstudio.project.settings import parameters_of
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.project.stages import TASK_STATES
from mtlstudio.project.staging import counting, lengths, trained

SETTING = declare("stages.setting", mark("Stage {n}: {name} cannot be {value}."), mark("Expected: {expected}."))
TASK = declare("stages.task", mark("Stage {n} names the task {task!r}, which is not there."), mark("Leave it out."))
LAYER = declare("stages.layer", mark("Stage {n} names the layer {layer!r}, which is not there."), mark("Leave it out."))
NOTHING_TRAINED = declare(
    "stages.nothing_trained", mark("Stage {n} trains no layer."), mark("Choose what it trains, or remove it.")
)
NO_TASK_COUNTS = declare(
    "stages.no_task", mark("No task counts in stage {n}: all of them are muted or frozen."), mark("Let one be trained.")
)
NO_TEACHER = declare(
    "stages.no_teacher",
    mark("Stage {n} keeps to the outputs of the run it starts from, but there is none."),
    mark("Choose a run in “Start from”."),
)
TOO_LONG = declare(
    "stages.too_long",
    mark("The stages have {wanted} epochs, the training {epochs}: the last ones are cut."),
    mark("Raise the epochs, or shorten a stage."),
)
TOO_SHORT = declare(
    "stages.too_short",
    mark("The stages have {wanted} of {epochs} epochs: the last one goes on to the end."),
    mark("Leave one stage automatic."),
)
NO_EPOCH = declare("stages.no_epoch", mark("Stage {n} has no epoch."), mark("Raise the epochs, or remove it."))
STATE = declare("project.task_state", mark("“{task}” cannot be {state!r}."), mark("Known: {known}."))
PATIENCE = declare(
    "project.task_patience", mark("“{task}” cannot rest after {patience} epochs."), mark("It needs at least 1.")
)


def stage_problems(spec: ProjectSpec) -> Iterator[Problem]:
    """All of them."""
    for task in spec.tasks:
        if task.state not in TASK_STATES:
            yield _error(
                STATE, Place("task", task.id, "state"), task=task.name, state=task.state, known=", ".join(TASK_STATES)
            )
        if task.patience is not None and task.patience < 1:
            yield _error(PATIENCE, Place("task", task.id, "patience"), task=task.name, patience=task.patience)
    faults = [fault for number, stage in enumerate(spec.training.strategy, 1) for fault in _declared(number, stage)]
    yield from faults
    for number, stage in enumerate(spec.training.strategy, 1):
        yield from _named(spec, number, stage)
        yield from _sense(spec, number, stage)
    if not faults:
        yield from _epochs(spec.training.strategy, spec.training.epochs)


def _declared(number: int, stage: StageSpec) -> Iterator[Problem]:
    for parameter in parameters_of(StageSpec):
        value = getattr(stage, parameter.name)
        try:
            parameter.check(value)
        except StudioError:
            place, expected = _place(number, parameter.name), parameter.expected()
            yield _error(SETTING, place, n=number, name=parameter.name, value=str(value), expected=expected)


def _named(spec: ProjectSpec, number: int, stage: StageSpec) -> Iterator[Problem]:
    for field in ("tasks", "old_tasks"):
        for task in getattr(stage, field):
            if task not in spec.task_ids:
                yield _error(TASK, _place(number, field), mend="tidy_stages", n=number, task=task)
    layers = {layer.id for layer in spec.network.layers}
    for layer in stage.layers:
        if layer not in layers:
            yield _error(LAYER, _place(number, "layers"), mend="tidy_stages", n=number, layer=layer)


def _sense(spec: ProjectSpec, number: int, stage: StageSpec) -> Iterator[Problem]:
    states = {task.id: task.state for task in spec.tasks}
    counted = counting(spec, stage)
    if spec.network.layers and counted and not trained(spec, stage):
        yield _error(NOTHING_TRAINED, _place(number, "trains"), n=number)
    if spec.tasks and not any(states[task] not in ("muted", "frozen") for task in counted):
        yield Problem(NO_TASK_COUNTS, Severity.WARNING, _place(number, "tasks"), FrozenDict(n=number))
    if stage.distillation > 0 and not spec.training.start_from.strip():
        yield _error(NO_TEACHER, _place(number, "distillation"), n=number)


def _epochs(stages: Sequence[StageSpec], epochs: int) -> Iterator[Problem]:
    if not stages:
        return
    place = Place("training", "", "strategy")
    fixed = [stage.epochs for stage in stages if stage.epochs is not None]
    values = FrozenDict(wanted=sum(fixed), epochs=epochs)
    if sum(fixed) > epochs:
        yield Problem(TOO_LONG, Severity.WARNING, place, values)
        return
    if len(fixed) == len(stages) and sum(fixed) < epochs:
        yield Problem(TOO_SHORT, Severity.WARNING, place, values)
    for number, size in enumerate(lengths(stages, epochs), 1):
        if not size:
            yield Problem(NO_EPOCH, Severity.WARNING, _place(number, "epochs"), FrozenDict(n=number))


def _place(number: int, field: str) -> Place:
    return Place("training", "", f"strategy[{number - 1}].{field}")


def _error(code: str, place: Place, *, mend: str = "", **values: object) -> Problem:
    return Problem(code, Severity.ERROR, place, FrozenDict(values), mend)
