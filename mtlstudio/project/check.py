"""All that is wrong with a project as such: ids, tasks, settings, and the network as a graph.

Data, shapes, and whether a named method or layer type exists are checked where these are known.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.check_network import Variadic, network_problems
from mtlstudio.project.check_stages import stage_problems
from mtlstudio.project.problems import Place, Problem, Severity, declare
from mtlstudio.project.settings import parameters_of
from mtlstudio.project.spec import (
    INPUT_TYPES,
    DatasetSpec,
    InputSpec,
    LayerSpec,
    LossSpec,
    ProjectSpec,
    TaskGroup,
    TaskSpec,
)

NO_TASKS = declare("project.no_tasks", mark("There is no task yet."), mark("Add one: something to predict."))
DUPLICATE_ID = declare(
    "project.duplicate_id", mark("The id {id!r} is there {count} times."), mark("Give each its own.")
)
BAD_ID = declare("project.bad_id", mark("{id!r} is no id."), mark("Small letters, digits, _ and - are allowed."))
NO_NAME = declare("project.no_name", mark("It has no name."), mark("Give it one."))
SETTING = declare("project.setting", mark("{name} cannot be {value}."), mark("Expected: {expected}."))
NOT_FINITE = declare("project.not_finite", mark("{name} is no finite number."), mark("Set it to a number."))
NEGATIVE = declare("project.negative", mark("{name} is {value}, below 0."), mark("Set it to 0 or more."))
COLOUR = declare("project.colour", mark("{value!r} is no colour."), mark("Write it like #4C9BE8."))
NO_WEIGHT = declare("project.no_weight", mark("All loss weights are 0: nothing would be learned."), mark("Raise one."))
SCHEDULE = declare(
    "project.schedule", mark("The epochs of the loss weight's schedule do not increase."), mark("Put them in order.")
)
SPLIT = declare(
    "project.split",
    mark("Validation and test take {share} of the data: nothing is left to train on."),
    mark("Lower them."),
)
BEST = declare(
    "project.best",
    mark("The best epoch is chosen by {best!r}, which no task has."),
    mark("Known: loss, or TASK.METRIC."),
)
TARGET = declare(
    "project.target", mark("The data set gives labels to the task {task!r}, which is not there."), mark("Remove it.")
)
UNLABELLED = declare(
    "project.unlabelled", mark("No data set has labels for “{task}”."), mark("Choose what it learns from in Data.")
)
INPUT = declare(
    "project.input", mark("The data set gives data to the input {input!r}, which is not there."), mark("Remove it.")
)
INPUT_KIND = declare("project.input_type", mark("There is no type of input {type!r}."), mark("Known: {known}."))
TASK_GROUP_TASK = declare(
    "project.task_group_task",
    mark("The group “{name}” names the task {task!r}, which is not there."),
    mark("Leave it out."),
)
TASK_GROUP_OVERLAP = declare(
    "project.task_group_overlap",
    mark("“{task}” is in the group “{name}” and in an earlier one."),
    mark("Leave it in the first."),
)
TASK_GROUP_EMPTY = declare("project.task_group_empty", mark("The group “{name}” is empty."), mark("Remove it."))
TASK_GROUP_APART = declare(
    "project.task_group_apart",
    mark("The tasks of the group “{name}” are no neighbours."),
    mark("Move their rows together."),
)
CHANNELS = declare("project.channels", mark("The input has {channels} channels."), mark("It needs at least 1."))

_ID = re.compile(r"[a-z0-9_-]{1,100}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def check_structure(spec: ProjectSpec, variadic: Variadic | None = None) -> list[Problem]:
    """All problems, errors first; never raises, whatever the project holds.

    Args:
        variadic: tells input ports that take several connections; None: doubles are not looked for.
    """
    found = [
        *_ids(spec),
        *_tasks(spec),
        *_task_groups(spec),
        *_datasets(spec),
        *_settings(spec),
        *stage_problems(spec),
        *network_problems(spec, variadic),
        *_numbers(spec),
    ]
    return sorted(found, key=lambda problem: list(Severity).index(problem.severity))


def _ids(spec: ProjectSpec) -> Iterator[Problem]:
    kinds: dict[str, tuple[InputSpec | DatasetSpec | TaskSpec | TaskGroup | LayerSpec, ...]] = {
        "input": spec.inputs,
        "dataset": spec.datasets,
        "task": spec.tasks,
        "task_group": spec.task_groups,
        "layer": spec.network.layers,
    }
    for kind, things in kinds.items():
        for thing_id, count in Counter(thing.id for thing in things).items():
            if count > 1 and kind != "layer":  # those are reported with the network
                yield _error(DUPLICATE_ID, Place(kind, thing_id), id=thing_id, count=count)
            if not _ID.fullmatch(thing_id):
                yield _error(BAD_ID, Place(kind, thing_id), id=thing_id)
        for thing in things:
            if not thing.name.strip():
                yield Problem(NO_NAME, Severity.WARNING, Place(kind, thing.id, "name"))


def _tasks(spec: ProjectSpec) -> Iterator[Problem]:
    if not spec.tasks:
        yield _error(NO_TASKS, Place("project"))
    elif not any(task.loss_weight for task in spec.tasks):
        yield _error(NO_WEIGHT, Place("training", "", "loss_weight"))
    for task in spec.tasks:
        if not _COLOUR.fullmatch(task.colour):
            yield Problem(COLOUR, Severity.WARNING, Place("task", task.id, "colour"), FrozenDict(value=task.colour))
        yield from _weights(task)


def _weights(task: TaskSpec) -> Iterator[Problem]:
    weights = {"loss_weight": task.loss_weight}
    weights |= {f"losses[{index}].weight": loss.weight for index, loss in enumerate(task.losses)}
    weights |= {f"weight_schedule[{index}]": weight for index, (_, weight) in enumerate(task.weight_schedule)}
    for name, weight in weights.items():
        if weight < 0:
            yield _error(NEGATIVE, Place("task", task.id, name), name=name, value=weight)
    epochs = [epoch for epoch, _ in task.weight_schedule]
    if any(later <= earlier for earlier, later in pairwise(epochs)):
        yield _error(SCHEDULE, Place("task", task.id, "weight_schedule"))


def _task_groups(spec: ProjectSpec) -> Iterator[Problem]:
    rows = {task.id: row for row, task in enumerate(spec.tasks)}
    taken: set[str] = set()
    for group in spec.task_groups:
        place, known = Place("task_group", group.id), [rows[i] for i in group.tasks if i in rows]
        if not group.tasks:
            yield _error(TASK_GROUP_EMPTY, place, mend="tidy_task_groups", name=group.name)
        for task_id in group.tasks:
            if task_id not in rows:
                yield _error(TASK_GROUP_TASK, place, mend="tidy_task_groups", name=group.name, task=task_id)
            elif task_id in taken:
                yield _error(
                    TASK_GROUP_OVERLAP, place, mend="tidy_task_groups", name=group.name, task=spec.task(task_id).name
                )
            taken.add(task_id)
        if known and max(known) - min(known) >= len(set(known)):
            yield Problem(TASK_GROUP_APART, Severity.WARNING, place, FrozenDict(name=group.name), "tidy_task_groups")


def _datasets(spec: ProjectSpec) -> Iterator[Problem]:
    labelled = {task_id for dataset in spec.datasets for task_id in dataset.targets}
    for dataset in spec.datasets:
        for task_id in dataset.targets:
            if task_id not in spec.task_ids:
                yield _error(TARGET, Place("dataset", dataset.id, "targets"), mend="remove_target", task=task_id)
        for input_id in dataset.inputs:
            if input_id not in [item.id for item in spec.inputs]:
                yield _error(INPUT, Place("dataset", dataset.id, "inputs"), mend="remove_input", input=input_id)
    for task in spec.tasks:
        if spec.datasets and task.id not in labelled:
            yield Problem(UNLABELLED, Severity.WARNING, Place("task", task.id), FrozenDict(task=task.name))
    for item in spec.inputs:
        if item.channels < 1:
            yield _error(CHANNELS, Place("input", item.id, "channels"), channels=item.channels)
        if item.type not in INPUT_TYPES:
            known = ", ".join(INPUT_TYPES)
            yield _error(INPUT_KIND, Place("input", item.id, "type"), type=item.type, known=known)


def _settings(spec: ProjectSpec) -> Iterator[Problem]:
    for room, settings in (("data", spec.data), ("training", spec.training)):
        for parameter in parameters_of(type(settings)):
            yield from _setting(Place(room, "", parameter.name), parameter, getattr(settings, parameter.name))
    share = spec.data.val_fraction + spec.data.test_fraction
    if share >= 1:
        yield _error(SPLIT, Place("data", "", "val_fraction"), share=f"{share:.0%}")
    best = spec.training.best
    if best != "loss" and best.partition(".")[0] not in spec.task_ids:
        yield _error(BEST, Place("training", "", "best"), mend="reset_setting", best=best)
    for layer in spec.network.layers:
        if layer.learning_rate_factor < 0:
            name = "learning_rate_factor"
            yield _error(NEGATIVE, Place("layer", layer.id, name), name=name, value=layer.learning_rate_factor)


def _setting(place: Place, parameter: Parameter, value: Any) -> Iterator[Problem]:
    try:
        parameter.check(value)
    except StudioError:
        expected = parameter.expected()
        yield _error(SETTING, place, mend="reset_setting", name=parameter.name, value=str(value), expected=expected)


def _numbers(spec: ProjectSpec) -> Iterator[Problem]:
    """Numbers that are none, anywhere but in the settings (which are checked against their declarations)."""
    for task in spec.tasks:
        yield from _finite(Place("task", task.id), "", task)
    for dataset in spec.datasets:
        yield from _finite(Place("dataset", dataset.id), "", dataset)
    for layer in spec.network.layers:
        if not (_sound(layer.learning_rate_factor) and _sound(layer.parameters)):
            yield from _finite(Place("layer", layer.id), "", layer)
    for name in ("optimizer", "schedule", "balancing"):
        yield from _finite(Place("training"), name, getattr(spec.training, name))


def _sound(value: Any) -> bool:
    """Whether there is nothing to tell of a value: quick, for there are many."""
    if isinstance(value, Mapping):
        return all(map(_sound, value.values()))
    if isinstance(value, tuple):
        return all(map(_sound, value))
    return not isinstance(value, float) or math.isfinite(value)


def _finite(place: Place, name: str, value: Any) -> Iterator[Problem]:
    if isinstance(value, float) and not math.isfinite(value):
        yield _error(NOT_FINITE, Place(place.kind, place.id, name), name=name)
    elif is_dataclass(value):
        for field in fields(value):
            inner = "" if field.name == "parameters" and not isinstance(value, LossSpec) else field.name
            yield from _finite(place, ".".join(filter(None, (name, inner))), getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _finite(place, ".".join(filter(None, (name, str(key)))), item)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _finite(place, f"{name}[{index}]", item)


def _error(code: str, place: Place, *, mend: str = "", **values: object) -> Problem:
    return Problem(code, Severity.ERROR, place, FrozenDict(values), mend)
