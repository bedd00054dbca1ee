"""Shared and own experts on two levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import stage_count, stages
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.network.ways import End, expert, finish, gate, narrow

_SHARED = 2
"""Experts for all tasks, per level."""


class Level(NamedTuple):
    """Experts side by side: those for all, and by task id the tasks' own and what each task's gate mixes."""

    shared: list[str]
    own: dict[str, str]
    mixed: dict[str, str]


def draw(sketch: Sketch) -> None:
    """The last two stages are experts. Between them a shared gate mixes all experts of the first, also the tasks' own,
    for the shared experts of the second: through it each task's own experts influence the other tasks. They stay in
    their task's row, because they enter the shared gate at the task's own port.
    """
    count, tasks = stage_count(sketch.image_size), sketch.spec.tasks
    stem, widths = stages(sketch, sketch.input(), 1, count - 2), narrow(len(tasks))
    start = stem[count - 2]
    first = level(sketch, 1, widths[count - 2] // 2, start, {task.id: start for task in tasks})
    mixed = gate(sketch, tr("Shared gate"), first.shared, start, id="shared gate", own=first.own)
    second = level(sketch, 2, widths[count - 1] // 2, mixed, first.mixed)
    for task in tasks:
        skips = {n: End(layer) for n, layer in stem.items()} | {count - 1: End(first.mixed[task.id])}
        finish(sketch, task, End(second.mixed[task.id]), count, skips)


def level(sketch: Sketch, n: int, width: int, shared_before: str, before: Mapping[str, str]) -> Level:
    """Adds level `n`: shared experts behind `shared_before`, own ones and gates behind `before`, by task id."""
    shared = [
        expert(sketch, tr("Shared expert {n}", n=index), shared_before, width, id=f"level {n} shared expert {index}")
        for index in range(1, _SHARED + 1)
    ]
    own = {
        task_id: expert(sketch, tr("Expert {n}", n=n), end, width, id=f"level {n} {task_id} expert")
        for task_id, end in before.items()
    }
    mixed = {}
    for task in sketch.spec.tasks:
        experts = [own[task.id], *shared]
        mixed[task.id] = gate(sketch, tr("Gate {n}", n=n), experts, before[task.id], id=f"level {n} {task.id} gate")
    return Level(shared, own, mixed)


TEMPLATE = Template(
    "ple",
    mark("Experts on two levels (PLE)"),
    mark("Shared and own experts on two levels: for many unlike tasks, which part step by step."),
    "experts",
    draw,
    order=42,
    source='Tang et al., "Progressive Layered Extraction (PLE)", 2020',
)
