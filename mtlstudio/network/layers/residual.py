"""Residual stages."""

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


class ResidualStage(LayerType):
    """Residual blocks one after the other: (C, H, W) -> (out_channels, ⌈H/stride⌉, ⌈W/stride⌉)."""

    id = "residual_stage"
    name = mark("Residual stage")
    summary = mark("Blocks of two convolutions with a shortcut around them; trains well when deep.")
    icon = "residual"
    group = "convolution"
    source = 'He et al., "Deep Residual Learning for Image Recognition", 2016'
    parameters = (
        declared.out_channels(),
        Parameter("blocks", "int", 2, mark("Blocks"), mark("Residual blocks, one after the other."), minimum=1,
                  maximum=64),
        declared.stride(2),
        declared.dilation(),
        declared.norm(),
        declared.activation(),
        declared.rate("drop_path", 0.0, mark("Drop path"), mark("How often a block is skipped while training.")),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        shape, stride = shapes["in"][0], parameters["stride"]
        need_map(shape)
        need_norm_fits(parameters["norm"], (shape[0], -(-shape[1] // stride), -(-shape[2] // stride)))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.residual import residual_stage

        return residual_stage(
            shapes["in"][0][0],
            parameters["out_channels"],
            parameters["blocks"],
            parameters["stride"],
            parameters["norm"],
            parameters["activation"],
            parameters["drop_path"],
            parameters["dilation"],
        )


TYPES = (ResidualStage(),)
