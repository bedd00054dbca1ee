"""A recurrent head over the map."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """One trunk; each vector and map task reads its last maps along rows and columns; maps then go up with skips."""
    count = stage_count(sketch.image_size)
    trunk = stages(sketch, sketch.input(), 1, count)
    maps, sequences = {task.id for task in sketch.map_tasks}, {task.id for task in sketch.sequence_tasks}
    for task in sketch.spec.tasks:
        if task.id in sequences:  # its head is recurrent by itself
            sketch.head(task, trunk[reading_stage(sketch.image_size, count)])
            continue
        end = sketch.add("recurrent_map", tr("Rows and columns"), trunk[count], id=f"{task.id} recurrent")
        if task.id in maps:
            end = decoder(sketch, end, count - 1, 1, trunk, prefix=f"{task.id} ", convolutions=1)
        sketch.head(task, end)


TEMPLATE = Template(
    "recurrent",
    mark("Recurrent head"),
    mark("Each task reads the last maps along rows and columns: when far parts of a picture explain each other."),
    "recurrent-map",
    draw,
    order=20,
    source='Visin et al., "ReNet", 2015; for maps: Visin et al., "ReSeg", 2016',
)
