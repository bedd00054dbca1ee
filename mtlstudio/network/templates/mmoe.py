"""Experts for all tasks, a gate for each."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import WIDTHS, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.network.ways import End, expert, finish, gate


def draw(sketch: Sketch) -> None:
    """All stages but the last are shared; in place of the last stand experts, which each task mixes by its own gate."""
    count, tasks = stage_count(sketch.image_size), sketch.spec.tasks
    stem = stages(sketch, sketch.input(), 1, count - 1)
    number = min(max(len(tasks) + 1, 2), 6)
    experts = [
        expert(sketch, tr("Expert {n}", n=n), stem[count - 1], WIDTHS[count - 1] // 2, id=f"expert {n}")
        for n in range(1, number + 1)
    ]
    skips = {n: End(layer) for n, layer in stem.items()}
    for task in tasks:
        mixed = gate(sketch, tr("Gate"), experts, stem[count - 1], id=f"{task.id} gate")
        finish(sketch, task, End(mixed), count, skips)


TEMPLATE = Template(
    "mmoe",
    mark("Mixture of experts (MMoE)"),
    mark("Experts for all, mixed for each task picture by picture: for tasks that are related only now and then."),
    "experts",
    draw,
    order=40,
    source='Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts", 2018',
)
