"""Pooling: over windows, and over the whole map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import PADDING_TOO_LARGE, Refusal, need_kernel_fits, need_map

if TYPE_CHECKING:
    from torch import nn

_WINDOW = (
    declared.kernel_size(2),
    Parameter(
        "stride", "int", None, mark("Stride"), mark("Step of the window; automatic: the kernel's size."),
        minimum=1, maximum=32, optional=True,
    ),
    Parameter("padding", "int", 0, mark("Padding"), mark("Pixels added around the map."), minimum=0, maximum=31),
)  # fmt: skip


class _WindowPool(LayerType):
    """Pooling over windows: (C, H, W) -> (C, H', W'), H' = ⌊(H + 2·padding − kernel_size) / stride⌋ + 1."""

    group = "pooling"
    parameters = _WINDOW

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        kernel_size, padding = parameters["kernel_size"], parameters["padding"]
        need_map(shapes["in"][0])
        if padding > kernel_size // 2:
            raise Refusal(PADDING_TOO_LARGE, padding=padding, kernel=kernel_size, largest=kernel_size // 2)
        need_kernel_fits(shapes["in"][0], kernel_size, padding=padding)


class MaxPool(_WindowPool):
    """The largest value of each window."""

    id = "max_pool"
    name = mark("Max pool")
    summary = mark("Shrinks maps, keeping the strongest value of each window.")
    icon = "max-pool"

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        return nn.MaxPool2d(parameters["kernel_size"], parameters["stride"], parameters["padding"])


class AvgPool(_WindowPool):
    """The mean of each window."""

    id = "avg_pool"
    name = mark("Average pool")
    summary = mark("Shrinks maps, keeping the mean of each window.")
    icon = "avg-pool"

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        return nn.AvgPool2d(parameters["kernel_size"], parameters["stride"], parameters["padding"])


class GlobalPool(LayerType):
    """One value per channel: (C, H, W) or (C, T) -> (C,)."""

    id = "global_pool"
    name = mark("Global pool")
    summary = mark("Turns each map into one number: a map becomes a vector.")
    icon = "global-pool"
    group = "pooling"
    parameters = (
        Parameter("mode", "choice", "average", mark("Mode"), mark("The mean of each map, or its largest value."),
                  choices={"average": mark("Average"), "max": mark("Max")}),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        if len(shapes["in"][0]) != 2:  # a sequence is pooled over its steps
            need_map(shapes["in"][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.plain import GlobalPool as Module

        return Module(parameters["mode"])


TYPES = (MaxPool(), AvgPool(), GlobalPool())
