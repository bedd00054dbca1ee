"""Where a network is cut for per-task gradients: which layers are one task's own, and which values lead to them. No torch.

A layer's *level* says how many tasks' gradients reach it: `OWN` one, `SHARED` several, `COMMON` all of them (told apart
from `SHARED` at the level of features only). Gradients only ever go from a layer to one of the same level or a higher
one, since whatever a layer's output influences, its sources influence too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from mtlstudio.network.plan import Plan, Step
from mtlstudio.project.graph import influences
from mtlstudio.project.spec import NetworkSpec

OWN, SHARED, COMMON = 0, 1, 2

Level = Literal["parameters", "features"]


@dataclass(frozen=True)
class CutPlan:
    """A plan, and the slots whose values are handed on as leaves to the layers below their level.

    Attributes:
        steps: (step, its level, whose leaves it reads: the task's that it is of, or "" where it is shared).
        cut: slot -> level of the layer that makes it.
    """

    plan: Plan
    steps: tuple[tuple[Step, int, str], ...]
    cut: dict[int, int]


class Levels:
    """The levels of a network's layers.

    Args:
        network: its specification; with layers between tasks, true dependence counts, not whose way a layer is on.
        level: `features` tells the layers that all tasks depend on from the other shared ones.
    """

    def __init__(self, network: NetworkSpec, level: Level) -> None:
        self.reached = influences(network)
        self.tasks = frozenset(output.task for output in network.outputs)
        self._features = level == "features"

    def of(self, layer: str) -> int:
        """The level of a layer."""
        tasks = self.reached.get(layer, frozenset())
        if len(tasks) < 2:
            return OWN
        return COMMON if self._features and tasks >= self.tasks else SHARED

    def owner(self, layer: str) -> str:
        """The task whose own a layer is; "" where it is shared."""
        return next(iter(self.reached.get(layer, frozenset())), "") if self.of(layer) == OWN else ""

    def cut(self, plan: Plan) -> CutPlan:
        """Where a plan is cut."""
        makers = {slot: self.of(step.layer) for step in plan.steps for _port, slot in step.results}
        cut: dict[int, int] = {}
        steps = tuple((step, self.of(step.layer), self.owner(step.layer)) for step in plan.steps)
        for step, level, _owner in steps:
            for slot in read(step):
                if makers.get(slot, OWN) > level:
                    cut[slot] = makers[slot]
        for _task, slot in plan.outputs:
            if makers.get(slot, OWN) > OWN:
                cut[slot] = makers[slot]
        return CutPlan(plan, steps, cut)


def read(step: Step) -> list[int]:
    """The slots that a step takes."""
    found: list[int] = []
    for argument in step.arguments:
        if isinstance(argument, tuple):
            found.extend(argument)
        elif argument is not None:
            found.append(argument)
    return found


def splits(levels: Levels, plan: Plan) -> dict[str, frozenset[int]]:
    """Task id -> the slots at which its way leaves the layers that all tasks depend on, in a plan of all tasks."""
    made = {slot: step for step in plan.steps for _port, slot in step.results}
    found: dict[str, frozenset[int]] = {}
    for task, slot in plan.outputs:
        ends: set[int] = set()
        seen: set[int] = set()
        waiting = [slot]
        while waiting:
            slot = waiting.pop()
            if slot in seen or slot not in made:
                continue
            seen.add(slot)
            if levels.of(made[slot].layer) == COMMON:
                ends.add(slot)
            else:
                waiting.extend(read(made[slot]))
        found[task] = frozenset(ends)
    return found


def has_clean_split(network: NetworkSpec, plan: Plan, tasks: Collection[str]) -> bool:
    """Whether all tasks leave the common layers at the same values: what the gradients at features stand for."""
    ends = splits(Levels(network, "features"), plan)
    return len(set(ends.values())) == 1 and all(ends[task] for task in tasks)
