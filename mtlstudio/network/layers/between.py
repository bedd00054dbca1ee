"""Layers between tasks: for each task that shares one, it has an input and an output port of that task alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.refusals import LANES_DIFFER, Refusal, words
from mtlstudio.project.lanes import lane, lane_of

if TYPE_CHECKING:
    from torch import nn


class _Crossing(LayerType):
    """The features of all tasks in, those of each task out, in the same shape. Of one task alone it changes nothing."""

    group = "between"
    inputs = ()
    outputs = ()
    crosses = True

    def input_ports(self, parameters: Mapping[str, Any], tasks: Sequence[str] = ()) -> tuple[Port, ...]:
        return tuple(Port(lane(task)) for task in tasks)

    output_ports = input_ports

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        if len({shape for arriving in shapes.values() for shape in arriving}) > 1:
            listed = ", ".join(f"{lane_of(port)}: {words(arriving[0])}" for port, arriving in shapes.items())
            raise Refusal(LANES_DIFFER, shapes=listed)


def _tasks(shapes: Mapping[str, Sequence[Shape]]) -> tuple[str, ...]:
    return tuple(task for port in shapes if (task := lane_of(port)) is not None)


def _channels(shapes: Mapping[str, Sequence[Shape]]) -> int:
    return next(iter(shapes.values()))[0][0]


class CrossStitch(_Crossing):
    """Learned weighted sums: T × (C, …) -> T × (C, …)."""

    id = "cross_stitch"
    name = mark("Cross-stitch")
    summary = mark("Each task goes on with a learned mixture of its own and the other tasks' features.")
    icon = "cross-stitch"
    source = 'Misra et al., "Cross-stitch Networks for Multi-task Learning", 2016'
    parameters = (
        Parameter(
            "own", "float", 0.9, mark("Own share"),
            mark("Share of its own features that each task starts with; the others share the rest."),
            minimum=0.0, maximum=1.0, step=0.05,
        ),
        Parameter(
            "per_channel", "bool", True, mark("Per channel"), mark("A weight for each channel, not one for all.")
        ),
    )  # fmt: skip

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        from mtlstudio.network.modules.between import CrossStitch as Module

        tasks = _tasks(shapes)
        if len(tasks) < 2:
            return nn.Identity()
        return Module(tasks, _channels(shapes) if parameters["per_channel"] else 1, parameters["own"])


class Distillation(_Crossing):
    """Messages through gates: T × (C, …) -> T × (C, …)."""

    id = "distillation"
    name = mark("Distillation")
    summary = mark("Tasks pass each other messages; a gate of its own decides what each lets in, and where.")
    icon = "distillation"
    source = 'Xu et al., "PAD-Net", 2018'
    parameters = (
        Parameter(
            "kernel_size", "int", 3, mark("Kernel"), mark("Side of the windows that gates and messages look through."),
            minimum=1, maximum=31,
        ),
    )  # fmt: skip

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        from mtlstudio.network.modules.between import Distillation as Module

        tasks = _tasks(shapes)
        if len(tasks) < 2:
            return nn.Identity()
        is_map = len(next(iter(shapes.values()))[0]) == 3
        return Module(tasks, _channels(shapes), parameters["kernel_size"] if is_map else 0)


class StopGradient(LayerType):
    """Lets values through, but no gradient back; the shape stays."""

    id = "stop_gradient"
    name = mark("Stop gradient")
    summary = mark("Lets features through, but not what is learned from them: layers before it learn nothing here.")
    icon = "stop-gradient"
    group = "between"

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.between import StopGradient as Module

        return Module()


TYPES = (CrossStitch(), Distillation(), StopGradient())
