"""One trunk for all tasks, then a head for each."""

from __future__ import annotations

from mtlstudio.base.texts import mark
from mtlstudio.network.parts import decoder, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """All stages shared; map tasks get a light way up of their own, vector tasks pool."""
    count = stage_count(sketch.image_size)
    trunk = stages(sketch, sketch.input(), 1, count)
    maps = {task.id for task in sketch.map_tasks}
    for task in sketch.spec.tasks:
        end = trunk[count]
        if task.id in maps:
            end = decoder(sketch, end, count - 1, 1, {}, prefix=f"{task.id} ", convolutions=1)
        sketch.head(task, end)


TEMPLATE = Template(
    "shared",
    mark("Shared trunk"),
    mark("One encoder for all tasks and a light branch for each: the fewest weights, the usual start."),
    "shared",
    draw,
    order=1,
    source='Caruana, "Multitask Learning", 1997',
)
