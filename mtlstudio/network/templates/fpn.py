"""A feature pyramid with a head for each task at the level that fits."""

from __future__ import annotations

from itertools import cycle

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import Stages, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template

_CHANNELS = 64
_LARGE = 128
LEVEL = mark("Level {n}")
STEP = mark("Step {n}")


def draw(sketch: Sketch) -> None:
    """A way down, a way back through sums, a level of the pyramid at each size that a task hangs on.

    Maps hang on the finest level, vectors on one level after the other from the coarsest. Differs from the paper: 64
    channels; up to the first stage where pictures are small.
    """
    count = stage_count(sketch.image_size)
    finest = 2 if sketch.image_size >= _LARGE else 1
    encoder = stages(sketch, sketch.input(), 1, count)
    top = sketch.add(
        "convolution", tr("Lateral"), encoder[count], id="lateral", out_channels=_CHANNELS, kernel_size=1, norm="none",
        activation="none",
    )  # fmt: skip
    merged: Stages = {count: top}
    for n in range(count - 1, finest - 1, -1):
        merged[n] = sketch.add(
            "fpn_step", tr(STEP, n=n), merged[n + 1], id=f"step {n}", skip=encoder[n], out_channels=_CHANNELS
        )
    levels: Stages = {}

    def level(n: int) -> str:
        if n not in levels:
            levels[n] = sketch.add("convolution", tr(LEVEL, n=n), merged[n], id=f"level {n}", out_channels=_CHANNELS)
        return levels[n]

    for task, n in zip(sketch.vector_tasks, cycle(range(count, finest - 1, -1)), strict=False):
        sketch.head(task, level(n))
    for task in sketch.sequence_tasks:
        sketch.head(task, level(max(finest, reading_stage(sketch.image_size, count))))
    for task in sketch.map_tasks:
        own = sketch.add("convolution", tr("Own"), level(finest), id=f"{task.id} own", out_channels=_CHANNELS // 2)
        sketch.head(task, own)


TEMPLATE = Template(
    "fpn",
    mark("Feature pyramid"),
    mark(
        "Every level knows what is seen far and what is seen sharp: for tasks that look at things of different sizes."
    ),
    "fpn-step",
    draw,
    order=10,
    source='Lin et al., "Feature Pyramid Networks for Object Detection", 2017',
)
