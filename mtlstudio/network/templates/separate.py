"""Nothing shared: a network for each task."""

from __future__ import annotations

from mtlstudio.base.texts import mark
from mtlstudio.network.parts import decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """Each task has an encoder of its own; map tasks a U-Net of their own."""
    count = stage_count(sketch.image_size)
    picture = sketch.input()
    maps, sequences = {task.id for task in sketch.map_tasks}, {task.id for task in sketch.sequence_tasks}
    for task in sketch.spec.tasks:
        prefix = f"{task.id} "
        last = reading_stage(sketch.image_size, count) if task.id in sequences else count
        own = stages(sketch, picture, 1, last, prefix=prefix)
        end = decoder(sketch, own[last], last - 1, 1, own, prefix=prefix) if task.id in maps else own[last]
        sketch.head(task, end)


TEMPLATE = Template(
    "separate",
    mark("Separate"),
    mark("A network for each task, nothing shared: what sharing has to beat."),
    "own",
    draw,
    order=4,
)
