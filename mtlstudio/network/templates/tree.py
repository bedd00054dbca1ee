"""A trunk that branches into groups of tasks, then into tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtlstudio.base.texts import mark
from mtlstudio.network.parts import decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template, type_of
from mtlstudio.project.spec import TaskSpec

_FEW = 3
"""So many tasks of one type get a branch each."""


def groups(tasks: Sequence[TaskSpec]) -> list[tuple[TaskSpec, ...]]:
    """Tasks that branch off together: by kind; if all are of one kind by type; if of one type as neighbours."""
    for trait in (lambda task: type_of(task).kind, lambda task: task.type):
        names = dict.fromkeys(trait(task) for task in tasks)
        if len(names) > 1:
            return [tuple(task for task in tasks if trait(task) == name) for name in names]
    size = 1 if len(tasks) <= _FEW else math.ceil(len(tasks) / math.isqrt(len(tasks)))
    return [tuple(tasks[start : start + size]) for start in range(0, len(tasks), size)]


def draw(sketch: Sketch) -> None:
    """The first half of the stages shared by all, the second by groups; the last step and the head a task's own."""
    count = stage_count(sketch.image_size)
    split = count // 2
    trunk = stages(sketch, sketch.input(), 1, split)
    for index, group in enumerate(groups(sketch.spec.tasks), 1):
        prefix, kind = f"group {index} ", type_of(group[0]).kind
        last = reading_stage(sketch.image_size, count) if kind == "sequence" else count
        branch = trunk | stages(sketch, trunk[split], split + 1, last, prefix=prefix)
        if kind != "map":
            for task in group:
                sketch.head(task, branch[last])
            continue
        up = decoder(sketch, branch[count], count - 1, 2, branch, prefix=prefix)
        for task in group:
            sketch.head(task, decoder(sketch, up, 1, 1, branch, prefix=f"{task.id} "))


TEMPLATE = Template(
    "tree",
    mark("Tree"),
    mark("First stages for all tasks, then a branch for each group of related ones, then each its own."),
    "split",
    draw,
    order=3,
    source='Lu et al., "Fully-Adaptive Feature Sharing in Multi-Task Networks", 2017',
)
