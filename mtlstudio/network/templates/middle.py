"""Middle layers that only some tasks share."""

from __future__ import annotations

from itertools import pairwise

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import STAGE, WIDTHS, Stages, decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template

_HALF = tuple(width // 2 for width in WIDTHS)


def draw(sketch: Sketch) -> None:
    """First stages for all; middle ones partly a task's own, partly shared with each neighbour; last ones a task's own.

    A task joins the channels of its middle layers, so what it shares with one neighbour is not what it shares with the
    other. Differs from the paper, where one network is shared by all beside the tasks' own.
    """
    count, tasks = stage_count(sketch.image_size), sketch.spec.tasks
    first, last = max(1, count // 2), count - 1
    trunk = stages(sketch, sketch.input(), 1, first)

    def middle(prefix: str) -> str:
        return stages(sketch, trunk[first], first + 1, last, prefix=prefix, widths=_HALF)[last]

    joined: dict[str, list[str]] = {task.id: [middle(f"{task.id} ")] for task in tasks}
    for one, other in pairwise(tasks):
        between = middle(f"{one.id} {other.id} ")
        joined[one.id].append(between)
        joined[other.id].append(between)
    maps, sequences = {task.id for task in sketch.map_tasks}, {task.id for task in sketch.sequence_tasks}
    for task in tasks:
        meeting = sketch.add("concatenate", tr("Middle"), id=f"{task.id} middle")
        for source in joined[task.id]:
            sketch.join(source, meeting)
        if task.id in sequences and reading_stage(sketch.image_size, count) <= last:
            sketch.head(task, _wide(sketch, meeting, last, task.id))
            continue
        end = stages(sketch, meeting, count, count, prefix=f"{task.id} ")[count]
        if task.id in maps:
            skips: Stages = {**trunk, last: meeting}
            end = decoder(sketch, end, count - 1, 1, skips, prefix=f"{task.id} ", convolutions=1)
        sketch.head(task, end)


def _wide(sketch: Sketch, after: str, stage: int, task_id: str) -> str:
    """A task's own last stage that keeps the width, to read from."""
    return sketch.add(
        "residual_stage", tr(STAGE, n=stage + 1), after, id=f"{task_id} stage {stage + 1}",
        out_channels=64, blocks=1, stride=1,
    )  # fmt: skip


TEMPLATE = Template(
    "middle",
    mark("Shared middle"),
    mark("First layers for all, middle ones shared with the neighbours in the list only, last ones each its own."),
    "middle",
    draw,
    order=5,
    source='Cao et al., "Partially Shared Multi-Task Convolutional Neural Network", 2018',
)
