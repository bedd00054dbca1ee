"""Edits that mend a network's problems with one click; importing this module adds them to `project.mends`."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network import refusals
from mtlstudio.project.edits import insert_on_connection
from mtlstudio.project.mends import Mend, add
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from mtlstudio.tasks.registry import task_type


def _insert_global_pool(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    layer = problem.place.id
    arriving = (c for c in spec.network.connections if c.target == layer and c.target_port == "in")
    return insert_on_connection(spec, next(arriving, Connection("", layer)), "global_pool", tr("Pool"))[0]


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
    """The default head of the task's type behind what gives its output; of a vector's head only the last layer."""
    task = spec.task(str(problem.values["task_id"]))
    type_ = task_type(task.type)
    parts = type_.default_head
    if type_.kind == "vector" and problem.code != refusals.OUTPUT_NEEDS_VECTOR:
        parts = parts[-1:]
    for part in parts:
        output = spec.network.output_of(task.id) or Output(task.id, problem.place.id)
        spec = insert_on_connection(spec, output, part.type, tr(part.name), part.parameters)[0]
    return spec


MENDS = tuple(
    add(mend)
    for mend in (
        Mend("insert_global_pool", mark("Insert a global pool"), _insert_global_pool),
        Mend("insert_upsample", mark("Enlarge the smaller maps"), _insert_upsample),
        Mend("append_head", mark("Add a head"), _append_head),
    )
)
