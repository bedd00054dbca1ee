"""Edits that mend a network's problems with one click; importing this module adds them to `project.mends`."""

from __future__ import annotations

from contextlib import suppress

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.network import refusals
from mtlstudio.network.interface import layer_type
from mtlstudio.project.edits import insert_on_connection, set_parameters
from mtlstudio.project.graph import main_connection
from mtlstudio.project.mends import Mend, add
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from mtlstudio.tasks.registry import task_type


def _insert_global_pool(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return _insert_before(spec, problem, "global_pool", tr("Pool"))


def _insert_flatten(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return _insert_before(spec, problem, "flatten", tr("Flatten"))


def _insert_to_sequence(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return _insert_before(spec, problem, "to_sequence", tr("Read"))


def _insert_before(spec: ProjectSpec, problem: Problem, type_: str, name: str) -> ProjectSpec:
    layer = problem.place.id
    arriving = (c for c in spec.network.connections if c.target == layer and c.target_port == "in")
    return insert_on_connection(spec, next(arriving, Connection("", layer)), type_, name)[0]


def _insert_upsample(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    """Before each input that is smaller than the largest."""
    from mtlstudio.network.analyze import analyze  # which imports this module

    shapes = analyze(spec).layers[problem.place.id].input_shapes.get("in", ())
    arriving = [c for c in spec.network.connections if c.target == problem.place.id and c.target_port == "in"]
    largest = max((shape[1] for shape in shapes), default=0)
    for connection, shape in zip(arriving, shapes, strict=False):
        if shape[1] < largest:
            scale = {"scale_factor": largest // shape[1]}
            spec = insert_on_connection(spec, connection, "upsample", tr("Upsample"), scale)[0]
    return spec


def _append_head(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    """The default head of the task's type behind what gives its output; only its last layer where but that is wrong."""
    task = spec.task(str(problem.values["task_id"]))
    type_ = task_type(task.type)
    parts = type_.default_head
    if type_.kind != "map" and problem.code == refusals.OUTPUT_CHANNELS:
        parts = parts[-1:]
    for part in parts:
        output = spec.network.output_of(task.id) or Output(task.id, problem.place.id)
        spec = insert_on_connection(spec, output, part.type, tr(part.name), part.parameters)[0]
    return spec


def _widen(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return set_parameters(spec, [problem.place.id], out_channels=problem.values["wanted"])


def _stride_one(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return set_parameters(spec, [problem.place.id], stride=1)


def _other_norm(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    """Group norm for one layer, or for all where the problem is the batch; layer norm where only a pixel is left."""
    from mtlstudio.network.analyze import analyze  # which imports this module

    ids = [problem.place.id] if problem.place.kind == "layer" else _with_batch_norm(spec)
    reports = analyze(spec).layers
    for layer_id in ids:
        shape = reports[layer_id].output_shape
        pixel = shape is not None and all(size == 1 for size in shape[1:])
        spec = set_parameters(spec, [layer_id], norm="layer" if pixel else "group")
    return spec


def _with_batch_norm(spec: ProjectSpec) -> list[str]:
    found = []
    for layer in spec.network.layers:
        with suppress(KeyError):
            defaults = {item.name: item.default for item in layer_type(layer.type).parameters}
            if (defaults | dict(layer.parameters)).get("norm") == "batch":
                found.append(layer.id)
    return found


def _add_dropout(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    """Before the layer that gives the task's output."""
    output = spec.network.output_of(problem.place.id)
    before = main_connection(spec.network, output.layer) if output is not None else None
    if before is None:
        raise StudioError(mark("this task has no head that dropout could stand before"))
    return insert_on_connection(spec, before, "dropout", tr("Dropout"), {"p": 0.3})[0]


MENDS = tuple(
    add(mend)
    for mend in (
        Mend("insert_global_pool", mark("Insert a global pool"), _insert_global_pool),
        Mend("insert_flatten", mark("Insert a flatten layer"), _insert_flatten),
        Mend("insert_to_sequence", mark("Read it from left to right"), _insert_to_sequence),
        Mend("insert_upsample", mark("Enlarge the smaller maps"), _insert_upsample),
        Mend("append_head", mark("Add a head"), _append_head),
    )
)

WARNING_MENDS = tuple(
    add(mend)
    for mend in (
        Mend("widen", mark("Widen it"), _widen),
        Mend("stride_one", mark("Use a stride of 1"), _stride_one),
        Mend("other_norm", mark("Use another norm"), _other_norm),
        Mend("add_dropout", mark("Add dropout"), _add_dropout),
    )
)
"""Of what is not wrong, but seldom meant (`mtlstudio.network.warnings`)."""
