"""Whether what comes out of the network is what its tasks need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network import refusals
from mtlstudio.network.analysis import LayerReport
from mtlstudio.network.interface import Shape
from mtlstudio.network.refusals import words
from mtlstudio.network.wiring import Wiring
from mtlstudio.project.problems import Place, Problem, Severity
from mtlstudio.project.spec import Output, ProjectSpec, TaskSpec
from mtlstudio.tasks.registry import bind, task_type


def channels_of(task: TaskSpec) -> int | None:
    """C that a task's output needs; None where the task itself is at fault."""
    try:
        return bind(task).output_channels
    except Exception:  # a faulty task is told by its type's own check
        return None


def output_channels(spec: ProjectSpec, wired: Wiring) -> dict[str, int]:
    """Layer id -> C that is required of it, for layers that give a task's output."""
    tasks = {task.id: task for task in spec.tasks}
    needed: dict[str, int] = {}
    for output in wired.outputs:
        if output.task in tasks and (channels := channels_of(tasks[output.task])) is not None:
            needed.setdefault(output.layer, channels)
    return needed


def check_outputs(spec: ProjectSpec, wired: Wiring, reports: Mapping[str, LayerReport]) -> list[Problem]:
    """What is wrong with the outputs: of the wrong kind, number of channels or size."""
    tasks = {task.id: task for task in spec.tasks}
    problems = _unknown_types(spec)
    unknown = {problem.place.id for problem in problems}
    for output in wired.outputs:
        shapes = reports[output.layer].output_shapes
        if output.task not in tasks or output.task in unknown or not shapes:
            continue
        if output.port not in shapes:
            values = {"source": wired.layers[output.layer].name, "port": output.port, "known": ", ".join(shapes)}
            problems.append(_problem(output, refusals.UNKNOWN_OUTPUT_PORT, wired, **values))
            continue
        problems.extend(_check(spec, wired, output, tasks[output.task], shapes[output.port]))
    return problems


def _unknown_types(spec: ProjectSpec) -> list[Problem]:
    problems = []
    for task in spec.tasks:
        try:
            task_type(task.type)
        except KeyError:
            values = FrozenDict(task=task.name, type=task.type)
            problems.append(Problem(refusals.UNKNOWN_TASK_TYPE, Severity.ERROR, Place("task", task.id, "type"), values))
    return problems


def _check(spec: ProjectSpec, wired: Wiring, output: Output, task: TaskSpec, shape: Shape) -> list[Problem]:
    channels = channels_of(task)
    if channels is None:
        return []
    kind, size = task_type(task.type).kind, spec.data.image_size
    named: dict[str, Any] = {"task": task.name, "channels": channels}
    if kind == "map" and len(shape) != 3:
        return [_problem(output, refusals.OUTPUT_NEEDS_MAP, wired, **named, features=words(shape))]
    if kind == "sequence" and len(shape) != 2:
        mend = "append_head" if len(shape) == 3 else ""
        return [_problem(output, refusals.OUTPUT_NEEDS_SEQUENCE, wired, mend, **named, shape=words(shape))]
    if kind == "vector" and len(shape) != 1:
        return [_problem(output, refusals.OUTPUT_NEEDS_VECTOR, wired, "append_head", **named, shape=words(shape))]
    problems = []
    if shape[0] != channels:
        problems.append(_problem(output, refusals.OUTPUT_CHANNELS, wired, "append_head", **named, found=shape[0]))
    if kind == "map" and shape[1:] != (size, size):
        found = words(shape[1:])
        problems.append(
            _problem(output, refusals.OUTPUT_SIZE, wired, "append_head", task=task.name, size=size, found=found)
        )
    if kind == "sequence" and shape[1] < (least := bind(task).least_steps):
        problems.append(_problem(output, refusals.OUTPUT_STEPS, wired, task=task.name, least=least, found=shape[1]))
    return problems


def _problem(output: Output, code: str, wired: Wiring, mend: str = "", **values: Any) -> Problem:
    place = Place("layer", output.layer)
    named = FrozenDict(values, layer=wired.layers[output.layer].name, task_id=output.task)
    return Problem(code, Severity.ERROR, place, named, mend)
