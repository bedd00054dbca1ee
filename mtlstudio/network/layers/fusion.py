"""A joint layer behind separate networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.refusals import MIXED_INPUTS, Refusal, need_norm_fits, words
from mtlstudio.project.lanes import lane

if TYPE_CHECKING:
    from torch import nn


class Joint(LayerType):
    """Features of all tasks, joined: one map (C, H, W) or vector (C,) per task -> (out_channels, …) for all.

    Maps are brought to the size of the largest. All lanes give the same features.
    """

    id = "joint"
    name = mark("Joint layer")
    summary = mark("Joins the features of separate networks into ones that all tasks go on from.")
    icon = "joint"
    group = "between"
    crosses = True
    inputs = ()
    outputs = ()
    parameters = (declared.out_channels(128), declared.norm(), declared.activation())

    def input_ports(self, parameters: Mapping[str, Any], tasks: Sequence[str] = ()) -> tuple[Port, ...]:
        return tuple(Port(lane(task)) for task in tasks)

    def output_ports(self, parameters: Mapping[str, Any], tasks: Sequence[str] = ()) -> tuple[Port, ...]:
        return tuple(Port(lane(task)) for task in tasks)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        given = [arriving[0] for arriving in shapes.values()]
        if {len(shape) for shape in given} not in ({1}, {3}):
            raise Refusal(MIXED_INPUTS, shapes=", ".join(words(shape) for shape in given))
        need_norm_fits(parameters["norm"], (parameters["out_channels"], *max(shape[1:] for shape in given)))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.fusion import Joint as Module

        given = [arriving[0] for arriving in shapes.values()]
        return Module(
            tuple(shapes),
            sum(shape[0] for shape in given),
            parameters["out_channels"],
            len(given[0]) == 1,
            parameters["norm"],
            parameters["activation"],
        )


TYPES = (Joint(),)
