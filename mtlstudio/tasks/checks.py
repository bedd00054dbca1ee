"""What can be wrong with a task's own parameters, losses and metrics, as problems."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mtlstudio.base.declare import Parameter, faults
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.problems import Place, Problem, Severity, declare
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.interface import TaskType
from mtlstudio.tasks.palette import is_colour

UNKNOWN_PARAMETER = declare(
    "task.unknown_parameter", mark("There is no parameter {name!r}."), mark("Known: {known}.")
)  # fmt: skip
WRONG_PARAMETER = declare(
    "task.wrong_parameter", mark("{name} cannot be {value}."), mark("Expected: {expected}.")
)  # fmt: skip
NO_NAMES = declare("task.no_names", mark("The task has no classes or values."), mark("Name at least one."))
ONE_CLASS = declare(
    "task.one_class", mark("There is only one class, so there is nothing to tell apart."), mark("Name a second class.")
)  # fmt: skip
NAME_TWICE = declare("task.name_twice", mark("The name {name!r} stands twice."), mark("Give each its own name."))
NAME_EMPTY = declare("task.name_empty", mark("Number {index} has no name."), mark("Name it."))
UNKNOWN_LOSS = declare(
    "task.unknown_loss", mark("There is no loss {loss!r} for this task type."), mark("Known: {known}.")
)
LOSS_TWICE = declare("task.loss_twice", mark("The loss {loss} is chosen twice."), mark("Take one of them out."))
LOSS_WEIGHT = declare(
    "task.loss_weight", mark("The weight {weight} of the loss {loss} is not a number from 0 up."),
    mark("Set it to 0 or more."),
)  # fmt: skip
NO_LOSS = declare("task.no_loss", mark("All losses have the weight 0: the task learns nothing."), mark("Raise one."))
UNKNOWN_METRIC = declare(
    "task.unknown_metric", mark("There is no metric {metric!r} for this task type."), mark("Known: {known}.")
)  # fmt: skip
WRONG_COLOUR = declare("task.wrong_colour", mark("{colour!r} is no colour."), mark("Write it as #rrggbb."))
TOO_MANY = declare(
    "task.too_many", mark("There are {count} entries in {name}, but only {limit} are named."), mark("Take some out.")
)  # fmt: skip
IGNORED_CLASS = declare(
    "task.ignored_class", mark("The class {name!r} has the ignore index, so it is never learned."),
    mark("Set the ignore index to a number outside the classes, such as 255."),
)  # fmt: skip
WRONG_ROLE = declare("task.wrong_role", mark("There is no role {role!r}."), mark("Known: {known}."))
WRONG_RANGE = declare(
    "task.wrong_range", mark("The range from {low} to {high} is empty."), mark("Raise the maximum.")
)  # fmt: skip


def problem(code: str, spec: TaskSpec, field: str, severity: Severity = Severity.ERROR, **values: Any) -> Problem:
    """A problem of the task at one of its fields."""
    return Problem(code, severity, Place("task", spec.id, field), FrozenDict(values))


def common(type_: TaskType, spec: TaskSpec) -> list[Problem]:
    """What every task type checks: parameters, losses, metrics."""
    found = parameters(spec, "parameters", type_.parameters, spec.parameters)
    found += _losses(type_, spec)
    known = [metric.id for metric in type_.metrics_offered]
    for metric in spec.metrics:
        if metric not in known:
            found.append(problem(UNKNOWN_METRIC, spec, "metrics", metric=metric, known=", ".join(known)))
    return found


def parameters(spec: TaskSpec, field: str, declared: Sequence[Parameter], values: FrozenDict) -> list[Problem]:
    """Values that do not fit their declarations."""
    found = []
    for fault in faults(declared, values):
        name = str(fault.values["name"])
        if "known" in fault.values:
            found.append(problem(UNKNOWN_PARAMETER, spec, f"{field}.{name}", name=name, known=fault.values["known"]))
        else:
            value, expected = repr(fault.values["value"]), fault.values["expected"]
            found.append(problem(WRONG_PARAMETER, spec, f"{field}.{name}", name=name, value=value, expected=expected))
    return found


def _losses(type_: TaskType, spec: TaskSpec) -> list[Problem]:
    found: list[Problem] = []
    known = {declared.id: declared for declared in type_.losses}
    for index, chosen in enumerate(spec.losses):
        field = f"losses.{index}"
        if chosen.type not in known:
            found.append(problem(UNKNOWN_LOSS, spec, field, loss=chosen.type, known=", ".join(known)))
            continue
        if not _is_weight(chosen.weight):
            found.append(problem(LOSS_WEIGHT, spec, f"{field}.weight", loss=chosen.type, weight=repr(chosen.weight)))
        found += parameters(spec, field, known[chosen.type].parameters, chosen.parameters)
    for loss, times in Counter(chosen.type for chosen in spec.losses).items():
        if times > 1:
            found.append(problem(LOSS_TWICE, spec, "losses", loss=loss))
    if spec.losses and all(chosen.weight == 0 for chosen in spec.losses):
        found.append(problem(NO_LOSS, spec, "losses"))
    return found


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def names(spec: TaskSpec, field: str, given: Sequence[str], at_least: int = 1) -> list[Problem]:
    """Names of classes or values: there are some, each its own."""
    place = f"parameters.{field}"
    if not given:
        return [problem(NO_NAMES, spec, place)]
    found = [problem(NAME_EMPTY, spec, place, index=i) for i, name in enumerate(given) if not name.strip()]
    found += [
        problem(NAME_TWICE, spec, place, name=name)
        for name, times in Counter(name.strip() for name in given).items()
        if name and times > 1
    ]
    if len(given) < at_least:
        found.append(problem(ONE_CLASS, spec, place))
    return found


def colours(spec: TaskSpec, field: str, given: Sequence[str], limit: int) -> list[Problem]:
    """Colours of classes: each empty or `#rrggbb`, not more than classes."""
    place = f"parameters.{field}"
    found = [problem(WRONG_COLOUR, spec, place, colour=text) for text in given if text and not is_colour(text)]
    return found + at_most(spec, field, len(given), limit)


def at_most(spec: TaskSpec, field: str, count: int, limit: int) -> list[Problem]:
    """A list beside the names that is longer than them."""
    if count <= limit:
        return []
    return [problem(TOO_MANY, spec, f"parameters.{field}", count=count, name=field, limit=limit)]
