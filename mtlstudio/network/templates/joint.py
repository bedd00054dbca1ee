"""Separate networks that meet in a last joint layer."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import Stages, decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.project.lanes import lane


def draw(sketch: Sketch) -> None:
    """An encoder for each task; all features joined; behind that a head for each task, maps with their own skips.

    The joint layer has the size of the largest features: where a sequence is read, those that are wide enough for it.
    """
    count = stage_count(sketch.image_size)
    reading = reading_stage(sketch.image_size, count)
    sequences, maps = {task.id for task in sketch.sequence_tasks}, {task.id for task in sketch.map_tasks}
    size = reading if sequences else count
    picture, joint = sketch.input(), sketch.add("joint", tr("Joint"), id="joint")
    own: dict[str, Stages] = {}
    for task in sketch.spec.tasks:
        last = reading if task.id in sequences else count
        own[task.id] = stages(sketch, picture, 1, last, prefix=f"{task.id} ")
        sketch.join(own[task.id][last], joint, lane(task.id))
    for task in sketch.spec.tasks:
        if task.id not in maps or size == 1:
            sketch.head(task, joint, lane(task.id))
            continue
        skips, prefix = own[task.id], f"{task.id} "
        first = decoder(sketch, "", size - 1, size - 1, skips, prefix=prefix, convolutions=1)
        sketch.join(joint, first, source_port=lane(task.id))
        sketch.head(task, decoder(sketch, first, size - 2, 1, skips, prefix=prefix, convolutions=1))


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
