"""Edits that mend a problem with one click. Pure: project -> project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtlstudio.base.texts import mark, tr
from mtlstudio.network import refusals
from mtlstudio.network.analyze import analyze
from mtlstudio.project.edits import insert_on_connection
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from mtlstudio.tasks.registry import task_type


@dataclass(frozen=True)
class Mend:
    """A way to mend a problem: its id, what the button says (marked for translation), what it does."""

    id: str
    label: str
    apply: Callable[[ProjectSpec, Problem], ProjectSpec]


def mend(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    """The project without the problem.

    Raises:
        KeyError: nothing is known that mends it (`problem.mend` is empty or unknown).
        EditRefused: the project has changed meanwhile, and it cannot be done any more.
    """
    return MENDS[problem.mend].apply(spec, problem)


def _insert_global_pool(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    return insert_on_connection(spec, _main(spec, problem), "global_pool", tr("Pool"))[0]


def _insert_upsample(spec: ProjectSpec, problem: Problem) -> ProjectSpec:
    """Before each input that is smaller than the largest."""
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


def _main(spec: ProjectSpec, problem: Problem) -> Connection:
    layer = problem.place.id
    found = (c for c in spec.network.connections if c.target == layer and c.target_port == "in")
    return next(found, Connection("", layer))


MENDS: dict[str, Mend] = {
    item.id: item
    for item in (
        Mend("insert_global_pool", mark("Insert a global pool"), _insert_global_pool),
        Mend("insert_upsample", mark("Enlarge the smaller ones"), _insert_upsample),
        Mend("append_head", mark("Add a head"), _append_head),
    )
}
