"""Parts of templates in which each task has a way of its own. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mtlstudio.base.texts import tr
from mtlstudio.network.parts import WIDTHS, decoder, reading_stage, stages
from mtlstudio.network.patterns import Sketch, type_of
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import Output, TaskSpec

_FEW = 3
"""So many layers of full width side by side are affordable."""


class End(NamedTuple):
    """Where a way has got to: an output port of a layer."""

    layer: str
    port: str = "out"


def narrow(count: int) -> tuple[int, ...]:
    """Channels of stages of which `count` lie side by side: many cost together about what three of full width cost."""
    factor = min(1.0, math.sqrt(_FEW / max(count, 1)))
    return tuple(max(8, 8 * round(width * factor / 8)) for width in WIDTHS)


def own_stage(sketch: Sketch, task: TaskSpec, after: End, n: int, widths: Sequence[int]) -> End:
    """Adds stage `n` of a task's own encoder."""
    layer = stages(sketch, "", n, n, prefix=f"{task.id} ", widths=widths)[n]
    sketch.join(after.layer, layer, source_port=after.port)
    return End(layer)


def finish(sketch: Sketch, task: TaskSpec, after: End, size: int, skips: Mapping[int, End]) -> None:
    """Ends a task's way, which has got to maps of stage size `size`. Map tasks first go up again to size 1, sequences
    to where the maps are wide enough; then comes the head.

    Args:
        skips: what the way up looks back to, by stage size.
    """
    up = (*sketch.map_tasks, *sketch.sequence_tasks)
    last = size
    if task in up:
        last = 1 if task in sketch.map_tasks else reading_stage(sketch.image_size, size)
    for n in range(size - 1, last - 1, -1):
        layer = decoder(sketch, "", n, n, {}, prefix=f"{task.id} ", convolutions=1, widths=narrow(len(up)))
        sketch.join(after.layer, layer, source_port=after.port)
        if n in skips:
            sketch.join(skips[n].layer, layer, "skip", skips[n].port)
        after = End(layer)
    sketch.head(task, after.layer, after.port)


def crossing(sketch: Sketch, type_: str, name: str, ends: Mapping[str, End], /, *, id: str) -> dict[str, End]:
    """Adds a layer between tasks behind their ways; of a single task there is nothing to cross.

    Args:
        ends: task id -> where its way has got to.

    Returns:
        task id -> where it goes on.
    """
    if len(ends) < 2:
        return dict(ends)
    layer = sketch.add(type_, name, id=id)
    for task, end in ends.items():
        sketch.join(end.layer, layer, lane(task), end.port)
    return {task: End(layer, lane(task)) for task in ends}


def attentions(sketch: Sketch, task: TaskSpec, maps: Sequence[str]) -> list[str]:
    """Adds a task's attention to each of some shared maps; each passes what it took on to the next."""
    found: list[str] = []
    narrower: dict[str, Any] = {"hidden_channels": 8} if len(sketch.spec.tasks) > 2 * _FEW else {}
    for n, shared in enumerate(maps, 1):
        name = tr("Attention {n}", n=n)
        layer = sketch.add("task_attention", name, shared, id=f"{task.id} attention {n}", **narrower)
        if found:
            sketch.join(found[-1], layer, "before")
        found.append(layer)
    return found


def gate(
    sketch: Sketch,
    name: str,
    experts: Sequence[str],
    looks_at: str,
    /,
    *,
    id: str,
    own: Mapping[str, str] | None = None,
) -> str:
    """Adds a gate that mixes experts by what it sees of a layer's output.

    Args:
        own: task id -> an expert that stays the task's own, although all that share the gate depend on it.
    """
    parameters: dict[str, Any] = {"own_experts": True} if own else {}
    layer = sketch.add("expert_mix", name, id=id, **parameters)
    for expert in experts:
        sketch.join(expert, layer, "experts")
    for task, expert in (own or {}).items():
        sketch.join(expert, layer, lane(task))
    sketch.join(looks_at, layer, "gate")
    return layer


def expert(sketch: Sketch, name: str, after: str, width: int, /, *, id: str) -> str:
    """Adds an expert: a residual stage that halves the map."""
    return sketch.add("residual_stage", name, after, id=id, out_channels=width, blocks=1, stride=2)


def vector_head(sketch: Sketch, task: TaskSpec, after: str) -> None:
    """Ends a vector task's way that is a vector already: its default head without the pooling."""
    part = type_of(task).default_head[-1]
    layer = sketch.add(part.type, tr(part.name), after, id=f"{task.id}_{part.type}", **part.parameters)
    sketch.outputs.append(Output(task.id, layer))
