"""Mixtures of experts. The experts are ordinary layers side by side; this mixes what they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.refusals import SHAPES_DIFFER, Refusal, need_same_size, words
from mtlstudio.project.lanes import lane

if TYPE_CHECKING:
    from torch import nn

_GATE = "gate"


def _experts(shapes: Mapping[str, Sequence[Shape]]) -> list[Shape]:
    return [shape for port, arriving in shapes.items() if port != _GATE for shape in arriving]


class ExpertMix(LayerType):
    """A gate: experts of one shape (C, …) and what it looks at (G, …) -> (C, …).

    With `own_experts` it has, for each task that shares it, a port for experts that are the task's own. They stay in
    the task's row although all that share the gate depend on them (PLE's shared gate).
    """

    id = "expert_mix"
    name = mark("Expert mix")
    summary = mark("A gate that looks at the picture's features and decides how much of each expert to take.")
    icon = "experts"
    group = "between"
    source = 'Ma et al., "Multi-gate Mixture-of-Experts", 2018; own experts: Tang et al., "PLE", 2020'
    inputs = (Port("experts", mark("Experts"), variadic=True), Port(_GATE, mark("Gate")))
    parameters = (
        Parameter(
            "own_experts", "bool", False, mark("Own experts"),
            mark("Has for each task a port for experts of its own, which stay in the task's row."),
        ),
    )  # fmt: skip

    def input_ports(self, parameters: Mapping[str, Any], tasks: Sequence[str] = ()) -> tuple[Port, ...]:
        if not parameters["own_experts"]:
            return self.inputs
        own = tuple(Port(lane(task), mark("Own experts"), variadic=True, optional=True) for task in tasks)
        return (*self.inputs, *own)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        experts = _experts(shapes)
        need_same_size(experts)
        if len(set(experts)) > 1:
            raise Refusal(SHAPES_DIFFER, shapes=", ".join(words(shape) for shape in experts))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.experts import ExpertMix as Module

        return Module(len(_experts(shapes)), shapes[_GATE][0][0])


TYPES = (ExpertMix(),)
