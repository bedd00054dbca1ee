"""Separate networks that meet in a last joint layer."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.project.lanes import lane


def draw(sketch: Sketch) -> None:
    """An encoder for each task; all features joined; behind that a head for each task, maps with their own skips."""
    count = stage_count(sketch.image_size)
    if sketch.sequence_tasks:  # the joint maps must be wide enough to read from
        count = max(2, reading_stage(sketch.image_size, count))
    picture = sketch.input()
    own = {task.id: stages(sketch, picture, 1, count, prefix=f"{task.id} ") for task in sketch.spec.tasks}
    joint = sketch.add("joint", tr("Joint"), id="joint")
    maps = {task.id for task in sketch.map_tasks}
    for task in sketch.spec.tasks:
        sketch.join(own[task.id][count], joint, lane(task.id))
    for task in sketch.spec.tasks:
        if task.id not in maps:
            sketch.head(task, joint, lane(task.id))
            continue
        first = decoder(sketch, "", count - 1, count - 1, own[task.id], prefix=f"{task.id} ", convolutions=1)
        sketch.join(joint, first, source_port=lane(task.id))
        sketch.head(task, decoder(sketch, first, count - 2, 1, own[task.id], prefix=f"{task.id} ", convolutions=1))


TEMPLATE = Template(
    "joint",
    mark("Joined at the end"),
    mark(
        "A network for each task, joined in one last layer: when tasks differ in what they look at, not in what it means."
    ),
    "joint",
    draw,
    order=12,
    source='Ngiam et al., "Multimodal Deep Learning", 2011',
)
