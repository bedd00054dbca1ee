"""First features for each task, messages between them, then the outputs."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.network.ways import End, crossing, finish, narrow

_SIZE = 2
"""Map tasks exchange messages at the size of this stage."""


def draw(sketch: Sketch) -> None:
    """Shared features, with maps to predict brought up to a quarter of the picture's size; a convolution of each task's
    own; messages between the tasks; then map tasks go up the last step, and the others down to a few pixels again."""
    count, tasks, maps = stage_count(sketch.image_size), sketch.spec.tasks, sketch.map_tasks
    trunk = stages(sketch, sketch.input(), 1, count)
    size = _SIZE if maps else reading_stage(sketch.image_size, count) if sketch.sequence_tasks else count
    shared = decoder(sketch, trunk[count], count - 1, size, trunk, convolutions=1)
    width = narrow(len(tasks))[min(size, 3) - 1]
    ends = {
        task.id: End(
            sketch.add("convolution", tr("First features"), shared, id=f"{task.id} first features", out_channels=width)
        )
        for task in tasks
    }
    ends = crossing(sketch, "distillation", tr("Distillation"), ends, id="distillation")
    for task in tasks:
        end = ends[task.id]
        if task in sketch.vector_tasks and size < count:
            stage = sketch.add(
                "residual_stage", tr("Last features"), id=f"{task.id} last features", out_channels=2 * width, blocks=1,
                stride=4,
            )  # fmt: skip
            sketch.join(end.layer, stage, source_port=end.port)
            end = End(stage)
        finish(sketch, task, end, size, {1: End(trunk[1])})


TEMPLATE = Template(
    "padnet",
    mark("Distillation between tasks (PAD-Net)"),
    mark("Tasks tell one another what they found: for maps that explain each other, such as depth and masks."),
    "distillation",
    draw,
    order=50,
    source='Xu et al., "PAD-Net: Multi-Tasks Guided Prediction-and-Distillation Network", 2018',
)
