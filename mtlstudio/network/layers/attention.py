"""Attention: what counts of a map, by channel, by place, and by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.refusals import need_map

if TYPE_CHECKING:
    from torch import nn

_REDUCTION = Parameter(
    "reduction", "int", 16, mark("Reduction"), mark("The channels are squeezed to so many times fewer in between."),
    minimum=1, maximum=256,
)  # fmt: skip


class _Attention(LayerType):
    """Weighs or relates the values of a map; the shape stays."""

    group = "attention"

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        for arriving in shapes.values():
            need_map(arriving[0])


class SqueezeExcite(_Attention):
    """Weights per channel from the whole map."""

    id = "squeeze_excite"
    name = mark("Squeeze and excite")
    summary = mark("Weighs each channel by what the whole map says; cheap.")
    icon = "squeeze-excite"
    source = 'Hu et al., "Squeeze-and-Excitation Networks", 2018'
    parameters = (_REDUCTION,)

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.attention import SqueezeExcite as Module

        return Module(shapes["in"][0][0], parameters["reduction"])


class CBAM(_Attention):
    """Weights per channel, then per place."""

    id = "cbam"
    name = "CBAM"
    summary = mark("Weighs the channels, then the places: what counts, and where.")
    icon = "cbam"
    source = 'Woo et al., "CBAM: Convolutional Block Attention Module", 2018'
    parameters = (_REDUCTION, declared.kernel_size(7))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.attention import CBAM as Module

        return Module(shapes["in"][0][0], parameters["reduction"], parameters["kernel_size"])


class SelfAttention(_Attention):
    """Every place looks at every other, then is added to what came in."""

    id = "self_attention"
    name = mark("Self-attention")
    summary = mark("Every place looks at every other; for small maps, as its cost grows with their area squared.")
    icon = "attention"
    source = 'Vaswani et al., "Attention Is All You Need", 2017'
    parameters = (
        Parameter(
            "heads", "int", 4, mark("Heads"),
            mark("Most looks at once, each with its share of the channels; the next lower divisor is taken."),
            minimum=1, maximum=64,
        ),
        Parameter(
            "position", "choice", "sine", mark("Position"), mark("How a place knows where it is."),
            choices={"sine": mark("Sine waves"), "none": mark("None")},
        ),
    )  # fmt: skip

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.attention import SelfAttention as Module

        return Module(shapes["in"][0][0], parameters["heads"], parameters["position"])


class TaskAttention(_Attention):
    """A mask over a shared map: (C, H, W), with the attended map of the stage before (C', H', W') -> (C, H, W)."""

    id = "task_attention"
    name = mark("Task attention")
    summary = mark("A task's own mask over a shared map: takes what this task needs of it.")
    icon = "task-attention"
    group = "between"
    source = 'Liu et al., "End-to-End Multi-Task Learning with Attention", 2019'
    inputs = (Port("in"), Port("before", mark("Before"), optional=True))
    parameters = (
        Parameter(
            "hidden_channels", "int", None, mark("Hidden channels"),
            mark("Channels inside the mask; automatic: a quarter of those of the map, at least 8."),
            minimum=1, maximum=4096, step=8, optional=True,
        ),
    )  # fmt: skip

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.attention import TaskAttention as Module

        shape = shapes["in"][0]
        before = shapes["before"][0] if "before" in shapes else (0, 0, 0)
        hidden_channels = parameters["hidden_channels"] or max(shape[0] // 4, 8)
        return Module(shape[0], before[0], hidden_channels, max(round(before[1] / shape[1]), 1))


TYPES = (SqueezeExcite(), CBAM(), SelfAttention(), TaskAttention())
