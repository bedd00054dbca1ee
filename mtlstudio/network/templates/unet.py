"""Masks and labels from one U-Net."""

from __future__ import annotations

from mtlstudio.base.texts import mark
from mtlstudio.network.parts import DOWN, decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """One way down for all; map tasks share the way up but its last step; vector tasks hang on the bottom, sequences
    where the way down is still wide.
    """
    count = stage_count(sketch.image_size)
    down = stages(sketch, sketch.input(), 1, count, name=DOWN)
    maps = sketch.map_tasks
    own_from = 1 if len(maps) > 1 else count - 1  # a single map task has the whole way up to itself
    shared_up = decoder(sketch, down[count], count - 1, own_from + 1, down) if maps else ""
    for task in sketch.spec.tasks:
        if task in maps:
            sketch.head(task, decoder(sketch, shared_up, own_from, 1, down, prefix=f"{task.id} "))
        elif task in sketch.sequence_tasks:
            sketch.head(task, down[reading_stage(sketch.image_size, count)])
        else:
            sketch.head(task, down[count])


TEMPLATE = Template(
    "unet",
    mark("U-Net"),
    mark("Masks and labels: a way down for all tasks, a way up with skips for maps, labels from the bottom."),
    "unet-decoder",
    draw,
    order=2,
    source='Ronneberger et al., "U-Net", 2015',
)
