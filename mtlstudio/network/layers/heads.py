"""Heads: the layers that give a task's output."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import HEAD_WITHOUT_TASK, Refusal, need_map, need_sequence, need_vector

if TYPE_CHECKING:
    from torch import nn

_DROPOUT = declared.rate("dropout", 0.0, mark("Dropout"), mark("Share of features that become zero while training."))


def _output_channels(context: BuildContext) -> int:
    if context.output_channels is None:
        raise Refusal(HEAD_WITHOUT_TASK)
    return context.output_channels


class LinearHead(LayerType):
    """Features to a vector task's output: (C,) -> (output channels of the task,)."""

    id = "linear_head"
    name = mark("Vector head")
    summary = mark("Gives a task's classes or values; their number follows from the task.")
    icon = "vector-head"
    group = "head"
    parameters = (_DROPOUT,)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_vector(shapes["in"][0])
        _output_channels(context)

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        linear = nn.Linear(shapes["in"][0][0], _output_channels(context))
        if not parameters["dropout"]:
            return nn.Sequential(OrderedDict(linear=linear))
        return nn.Sequential(OrderedDict(dropout=nn.Dropout(parameters["dropout"]), linear=linear))


class DenseHead(LayerType):
    """Features to a map task's output: (C, H, W) -> (output channels of the task, image size, image size)."""

    id = "dense_head"
    name = mark("Map head")
    summary = mark("Gives a task's map at the picture's size; its channels follow from the task.")
    icon = "dense-head"
    group = "head"
    parameters = (
        Parameter("hidden_channels", "int", 0, mark("Hidden channels"),
                  mark("Channels of a 3 × 3 convolution before the last one; 0: none."), minimum=0, maximum=4096, step=8),
        _DROPOUT,
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_map(shapes["in"][0])
        _output_channels(context)

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.plain import DenseHead as Module

        return Module(
            shapes["in"][0][0],
            _output_channels(context),
            parameters["hidden_channels"],
            parameters["dropout"],
            context.image_size,
        )


class SequenceHead(LayerType):
    """Features of each step to a sequence task's output: (C, T) -> (output channels of the task, T)."""

    id = "sequence_head"
    name = mark("Sequence head")
    summary = mark("Gives a task's values for each step; their number follows from the task.")
    icon = "sequence-head"
    group = "head"
    parameters = (_DROPOUT,)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_sequence(shapes["in"][0])
        _output_channels(context)

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.sequence import SequenceHead as Module

        return Module(shapes["in"][0][0], _output_channels(context), parameters["dropout"])


TYPES = (LinearHead(), DenseHead(), SequenceHead())
