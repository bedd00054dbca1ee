"""Every template for small, middling and large projects: what the grid's pictures and claims are made of."""

from __future__ import annotations

from dataclasses import replace

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.templates.registry import template
from mtlstudio.project.spec import InputSpec, ProjectSpec, TaskGroup, TaskSpec
from mtlstudio.tasks.registry import task_type

COLOURS = ("#4C9BE8", "#F2A541", "#2FB98A", "#C77DBB", "#E3735E", "#9C8CF2", "#B8B04A", "#5BC0C9")
PROJECTS = {
    "pets": (("Species", "classification"), ("Breed", "classification"), ("Pet mask", "segmentation")),
    "scenes": (
        ("Largest shape", "classification"), ("Shapes", "multilabel"), ("Colours", "multilabel"),
        ("Number of shapes", "regression"), ("Shape mask", "segmentation"), ("Depth", "depth"),
    ),
    "twelve": tuple(
        (f"Task {n}", ("classification", "segmentation", "regression", "depth")[n % 4]) for n in range(1, 13)
    ),
    "forty": (
        *((f"Attribute {n}", "classification") for n in range(1, 39)),
        ("Mask", "segmentation"), ("Depth", "depth"),
    ),
}  # fmt: skip
NEEDED = {"digits": ("Digits", "sequence"), "autoencoder": ("Picture", "reconstruction")}


def project(kind: str, template_id: str = "", folded: bool = True) -> ProjectSpec:
    """A project of a kind, with a template's network. A template that is for certain tasks gets one of these as well.

    Args:
        kind: key of `PROJECTS`.
        folded: the attributes of the large project are one row.
    """
    chosen = template(template_id) if template_id else None
    words = list(PROJECTS[kind])
    if chosen is not None and chosen.sample in NEEDED:
        words[-1] = NEEDED[chosen.sample]
    tasks = tuple(_task(i, name, type_id) for i, (name, type_id) in enumerate(words))
    spec = ProjectSpec(kind, tasks=tasks)
    spec = replace(spec, data=replace(spec.data, image_size=128))
    if kind == "forty":
        spec = replace(spec, task_groups=(TaskGroup("attributes", "Attributes", spec.task_ids[:38], folded),))
    if chosen is None:
        return spec
    more = tuple(InputSpec(f"input{n}", "Depth", "map", 1) for n in range(2, chosen.inputs + 1))
    spec = replace(spec, inputs=(*spec.inputs, *more))
    return spec.with_network(chosen.build(spec))


def _task(index: int, name: str, type_id: str) -> TaskSpec:
    known = {parameter.name for parameter in task_type(type_id).parameters}
    parameters = FrozenDict(class_names=("a", "b", "c")) if "class_names" in known else FrozenDict()
    return TaskSpec(f"t{index}", name, type_id, COLOURS[index % len(COLOURS)], parameters)
