"""Experts for all tasks and experts of each task's own."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import stage_count, stages
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.network.ways import End, expert, finish, gate, narrow

_SHARED = 2
"""Experts for all tasks."""


def draw(sketch: Sketch) -> None:
    """As with a mixture of experts, but each task has an expert that no other task listens to."""
    count, tasks = stage_count(sketch.image_size), sketch.spec.tasks
    stem = stages(sketch, sketch.input(), 1, count - 1)
    width, before = narrow(len(tasks))[count - 1] // 2, stem[count - 1]
    shared = [
        expert(sketch, tr("Shared expert {n}", n=n), before, width, id=f"shared expert {n}")
        for n in range(1, _SHARED + 1)
    ]
    skips = {n: End(layer) for n, layer in stem.items()}
    for task in tasks:
        own = expert(sketch, tr("Expert"), before, width, id=f"{task.id} expert")
        mixed = gate(sketch, tr("Gate"), [own, *shared], before, id=f"{task.id} gate")
        finish(sketch, task, End(mixed), count, skips)


TEMPLATE = Template(
    "cgc",
    mark("Shared and own experts (CGC)"),
    mark("Experts for all and one of each task's own, mixed for each task: for tasks that disturb one another."),
    "experts",
    draw,
    order=41,
    source='Tang et al., "Progressive Layered Extraction (PLE)", 2020',
)
