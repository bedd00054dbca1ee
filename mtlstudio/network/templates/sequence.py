"""Text read from left to right, other tasks on the same trunk."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template

_CHANNELS = 64


def draw(sketch: Sketch) -> None:
    """A trunk that ends where maps are still wide; sequences are read there, other tasks go on down.

    Differs from the paper: pictures are square, so columns are read from a map that is as high as wide.
    """
    count = stage_count(sketch.image_size)
    reading = reading_stage(sketch.image_size, count - 1)
    trunk = stages(sketch, sketch.input(), 1, reading)
    sequences, maps = {task.id for task in sketch.sequence_tasks}, {task.id for task in sketch.map_tasks}
    others = len(sequences) < len(sketch.spec.tasks)
    down = trunk | (stages(sketch, trunk[reading], reading + 1, count) if others else {})
    for task in sketch.spec.tasks:
        if task.id in sequences:
            end = sketch.add(
                "residual_stage", tr("Glyphs"), trunk[reading], id=f"{task.id} glyphs", out_channels=_CHANNELS,
                stride=1, blocks=2,
            )  # fmt: skip
        elif task.id in maps:
            end = decoder(sketch, down[count], count - 1, 1, down, prefix=f"{task.id} ", convolutions=1)
        else:
            end = down[count]
        sketch.head(task, end)


TEMPLATE = Template(
    "sequence",
    mark("Reading"),
    mark("Digits or text read from left to right, other tasks on the same trunk."),
    "sequence-head",
    draw,
    order=21,
    source='Shi et al., "An End-to-End Trainable Neural Network for Image-Based Sequence Recognition", 2017',
    sample="digits",
)
