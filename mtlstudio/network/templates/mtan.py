"""One shared network, and for each task masks over all its stages."""

from __future__ import annotations

from mtlstudio.base.texts import mark
from mtlstudio.network.parts import DOWN, decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.network.ways import attentions

_FEW = 8
"""More tasks than these look at the deepest stages alone."""


def draw(sketch: Sketch) -> None:
    """The way down is shared by all, the way up by the map tasks; along both, each task has its own attention."""
    count, tasks, maps = stage_count(sketch.image_size), sketch.spec.tasks, sketch.map_tasks
    down = stages(sketch, sketch.input(), 1, count, name=DOWN)
    up, end = [], down[count]
    for n in range(count - 1, 0, -1) if maps else ():
        up.append(end := decoder(sketch, end, n, n, down, convolutions=1))
    first = 1 if len(tasks) <= _FEW else count - 1
    for task in tasks:
        last = reading_stage(sketch.image_size, count) if task in sketch.sequence_tasks else count
        seen = [down[n] for n in range(min(first, last), last + 1)]
        if task in maps:
            seen += up if len(tasks) <= _FEW else up[-1:]
        sketch.head(task, attentions(sketch, task, seen)[-1])


TEMPLATE = Template(
    "mtan",
    mark("Task attention (MTAN)"),
    mark("One network for all, from which each task picks by masks: for tasks that need the same features in part."),
    "task-attention",
    draw,
    order=31,
    source='Liu et al., "End-to-End Multi-Task Learning with Attention", 2019',
)
