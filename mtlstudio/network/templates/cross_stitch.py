"""A network for each task, stitched together after each stage."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import stage_count
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.network.ways import End, crossing, finish, narrow, own_stage


def draw(sketch: Sketch) -> None:
    """Each task has stages of its own; after each one, all tasks' features are mixed. The more tasks, the narrower."""
    count, tasks = stage_count(sketch.image_size), sketch.spec.tasks
    widths, picture = narrow(len(tasks)), End(sketch.input())
    levels = {0: {task.id: picture for task in tasks}}
    for n in range(1, count + 1):
        ends = {task.id: own_stage(sketch, task, levels[n - 1][task.id], n, widths) for task in tasks}
        levels[n] = crossing(sketch, "cross_stitch", tr("Cross-stitch {n}", n=n), ends, id=f"cross_stitch {n}")
    for task in tasks:
        skips = {n: levels[n][task.id] for n in range(1, count)}
        finish(sketch, task, levels[count][task.id], count, skips)


TEMPLATE = Template(
    "cross_stitch",
    mark("Cross-stitch"),
    mark("A network for each task that learns how much of the others to take: for when nobody knows what to share."),
    "cross-stitch",
    draw,
    order=30,
    source='Misra et al., "Cross-stitch Networks for Multi-task Learning", 2016',
)
