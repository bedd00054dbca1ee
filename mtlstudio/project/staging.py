"""Questions about the stages of a training. Pure: what counts and what is trained follows from project, epoch and step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from mtlstudio.project import graph
from mtlstudio.project.spec import ProjectSpec, StageSpec


@dataclass(frozen=True)
class Window:
    """A stage in the epochs of a run: `number` from 0; the epochs `start` … `end` - 1 (0-based)."""

    number: int
    stage: StageSpec
    start: int
    end: int

    @property
    def epochs(self) -> int:
        """How many it has."""
        return self.end - self.start


def lengths(stages: Sequence[StageSpec], epochs: int) -> list[int]:
    """Epochs of each stage: fixed ones have theirs while there are any left, automatic ones part the rest by share.

    Where all are fixed and leave some, the last stage has those too.
    """
    found, left = [0] * len(stages), epochs
    for place, stage in enumerate(stages):
        if stage.epochs is not None:
            found[place] = min(stage.epochs, left)
            left -= found[place]
    automatic = [place for place, stage in enumerate(stages) if stage.epochs is None]
    whole = sum(stages[place].share for place in automatic)
    ends = [round(left * part / whole) for part in accumulate(stages[place].share for place in automatic)]
    for place, start, end in zip(automatic, [0, *ends], ends, strict=False):
        found[place] = end - start
    if stages and not automatic:
        found[-1] += left
    return found


def windows(stages: Sequence[StageSpec], epochs: int) -> list[Window]:
    """All stages in the epochs of a run; without any, one joint stage."""
    stages = stages or (StageSpec(),)
    sizes = lengths(stages, epochs)
    ends = list(accumulate(sizes))
    return [
        Window(n, stage, end - size, end) for n, (stage, size, end) in enumerate(zip(stages, sizes, ends, strict=True))
    ]


def window_at(found: Sequence[Window], epoch: int) -> Window:
    """The stage of an epoch (0-based); beyond the end, the last that has any."""
    holding = [window for window in found if window.epochs] or [found[-1]]
    return next((window for window in holding if epoch < window.end), holding[-1])


def settled(stages: Sequence[StageSpec], epochs: int) -> tuple[StageSpec, ...]:
    """The same stages with the lengths that they have in a run of so many epochs; those without any are left out.

    A run that is lengthened goes on with its last stage then, and its past stays what it was.
    """
    pairs = zip(stages, lengths(stages, epochs), strict=True)
    return tuple(replace(stage, epochs=size) for stage, size in pairs if size)


def counting(spec: ProjectSpec, stage: StageSpec) -> tuple[str, ...]:
    """The tasks whose losses a stage counts, in the order in which they take turns: as named, else that of the rows."""
    if not stage.tasks:
        return spec.task_ids
    return tuple(task for task in dict.fromkeys(stage.tasks) if task in spec.task_ids)


def turn(stage: StageSpec, tasks: Sequence[str], epoch: int, batch: int) -> tuple[str, ...]:
    """The tasks of one step, those whose turn it is first: the others stand in where that one has no target.

    Args:
        tasks: of the stage.
        epoch, batch: since the stage began, 0-based; `batch` counts through all its epochs.
    """
    if stage.order == "joint" or not tasks:
        return tuple(tasks)
    first = (batch if stage.order == "batch" else epoch) % len(tasks)
    return (*tasks[first:], *tasks[:first])


def trunk(spec: ProjectSpec) -> list[str]:
    """The layers that all tasks share, in order, without inputs; of a single task all but that which gives its output."""
    kinds = {layer.id: layer.type for layer in spec.network.layers}
    ends = {output.layer for output in spec.network.outputs} if len(spec.tasks) == 1 else set()
    try:
        shared = graph.trunk(spec.network, spec.task_ids)
    except graph.CycleError:  # told elsewhere
        return []
    return [layer for layer in shared if kinds[layer] != graph.INPUT_TYPE and layer not in ends]


def trained(spec: ProjectSpec, stage: StageSpec) -> frozenset[str]:
    """Ids of the layers that a stage trains (those that are frozen by themselves are not looked at)."""
    everything = {layer.id for layer in spec.network.layers if layer.type != graph.INPUT_TYPE}
    if stage.trains == "branches":
        return frozenset(everything.difference(trunk(spec)))
    if stage.trains == "thawed":
        return frozenset(everything.difference(trunk(spec)[: -stage.depth]))
    if stage.trains == "own":
        tasks = set(counting(spec, stage))
        return frozenset(layer.id for layer in spec.network.layers if layer.id in everything and layer.tasks <= tasks)
    if stage.trains == "layers":
        return frozenset(everything.intersection(stage.layers))
    return frozenset(everything)


def old_tasks(stage: StageSpec, known: Sequence[str]) -> tuple[str, ...]:
    """The tasks that a stage takes for learned already; `known`: those of the run it starts from."""
    return stage.old_tasks or tuple(known)
