"""A forward pass whose graph is cut between the layers of one task and those of several.

What a shared layer hands to an own one goes on as a leaf with the same values, so that the backward of a head ends
there: each head is gone through once, and the shared layers once per task from the gradients found at the leaves. As
only the edge is cut, and never a value that other shared layers read, this holds where one such value is made from
another (skips, tasks at several depths), where a plain `torch.autograd.grad` to those values counts paths twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtlstudio.training.gradients.levels import OWN, CutPlan, Levels

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.network.compile import MultiTaskNetwork


@dataclass
class Cut:
    """One cut.

    Attributes:
        source: the value as the shared layers made it, with their graph.
        level: of the layer that made it.
        leaves: the same values without a graph, one for the own layers of each task, one ("") for shared layers below:
            so that one backward through all heads tells the tasks apart.
    """

    source: Tensor
    level: int
    leaves: dict[str, Tensor] = field(default_factory=dict)

    def leaf(self, owner: str) -> Tensor:
        """The leaf that the layers of a task (or shared ones) read."""
        if owner not in self.leaves:
            self.leaves[owner] = self.source.detach().requires_grad_()
        return self.leaves[owner]


@dataclass
class Passed:
    """What a forward pass left: task id -> output, and slot -> cut."""

    outputs: dict[str, Tensor]
    cuts: dict[int, Cut]


class CutForward:
    """Runs a network with cuts; the numbers are those of `MultiTaskNetwork.forward`.

    Args:
        network: to be run.
        levels: of its layers.
    """

    def __init__(self, network: MultiTaskNetwork, levels: Levels) -> None:
        self._network, self._levels = network, levels
        self._plans: dict[frozenset[str], CutPlan] = {}

    def __call__(self, inputs: Mapping[str, Tensor], tasks: Collection[str]) -> Passed:
        """One pass for some tasks.

        Args:
            inputs: input id -> (N, C, S, S).
            tasks: ids.
        """
        cut_plan = self._plan(frozenset(tasks))
        plan, modules = cut_plan.plan, self._network.layers
        values: list[Any] = [None] * plan.slots
        for name, slot in plan.inputs:
            values[slot] = inputs[name]
        cuts: dict[int, Cut] = {}

        def value(slot: int, level: int, owner: str) -> Any:
            found = cuts.get(slot)
            return values[slot] if found is None or found.level <= level else found.leaf(owner)

        for step, level, owner in cut_plan.steps:
            arguments = [
                None if item is None
                else [value(slot, level, owner) for slot in item] if isinstance(item, tuple)
                else value(item, level, owner)
                for item in step.arguments
            ]  # fmt: skip
            out = modules[step.layer](*arguments)
            del arguments
            for slot in step.frees:
                values[slot] = None
            for port, slot in step.results:
                made = out if step.single else out[port]
                values[slot] = made
                if slot in cut_plan.cut and made.requires_grad:
                    cuts[slot] = Cut(made, cut_plan.cut[slot])
            del out
        return Passed({task: value(slot, OWN, task) for task, slot in plan.outputs}, cuts)

    def _plan(self, tasks: frozenset[str]) -> CutPlan:
        if tasks not in self._plans:
            self._plans[tasks] = self._levels.cut(self._network.plan(tasks))
        return self._plans[tasks]
