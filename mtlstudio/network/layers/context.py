"""Layers that look around widely without losing size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import need_map, need_norm_fits

if TYPE_CHECKING:
    from torch import nn


class Aspp(LayerType):
    """Convolutions of several dilations side by side: (C, H, W) -> (out_channels, H, W)."""

    id = "aspp"
    name = mark("ASPP")
    summary = mark("Looks at each place at several distances at once, and at the whole picture.")
    icon = "aspp"
    group = "convolution"
    source = 'Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017'
    parameters = (
        declared.out_channels(),
        Parameter("rates", "ints", (2, 4, 8), mark("Dilations"),
                  mark("Spacing of the window's pixels, one 3 × 3 convolution for each."), minimum=1, maximum=256),
        Parameter("image_pooling", "bool", True, mark("Whole picture"), mark("One more branch sees the mean of all.")),
        declared.rate("dropout", 0.0, mark("Dropout"), mark("Share of values that become zero while training.")),
        declared.norm(),
        declared.activation(),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_map(shapes["in"][0])
        need_norm_fits(parameters["norm"], shapes["in"][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.context import Aspp as Module

        return Module(
            shapes["in"][0][0],
            parameters["out_channels"],
            parameters["rates"],
            parameters["image_pooling"],
            parameters["dropout"],
            parameters["norm"],
            parameters["activation"],
        )


TYPES = (Aspp(),)
