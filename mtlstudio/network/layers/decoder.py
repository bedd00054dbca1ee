"""Steps of a decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.refusals import need_map, need_norm_fits

if TYPE_CHECKING:
    from torch import nn


class UNetDecoder(LayerType):
    """One step up: (C, H, W) with skip (C', H', W') -> (out_channels, H', W'); without: (out_channels, 2H, 2W)."""

    id = "unet_decoder"
    name = mark("U-Net decoder")
    summary = mark("Enlarges a map, puts an earlier one beside it, and convolves both.")
    icon = "unet-decoder"
    group = "decoder"
    source = 'Ronneberger et al., "U-Net", 2015'
    inputs = (Port("in"), Port("skip", mark("Skip"), optional=True))
    parameters = (
        declared.out_channels(),
        Parameter("convolutions", "int", 2, mark("Convolutions"), mark("3 × 3 convolutions after joining."), minimum=1,
                  maximum=8),
        Parameter("mode", "choice", "bilinear", mark("Enlarge by"), mark("How the map is brought to the skip's size."),
                  choices={"nearest": mark("Nearest"), "bilinear": mark("Bilinear")}),
        declared.norm(),
        declared.activation(),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        for port in ("in", "skip"):
            for shape in shapes.get(port, ()):
                need_map(shape)
        skip = shapes.get("skip")
        height, width = skip[0][1:] if skip else (2 * size for size in shapes["in"][0][1:])
        need_norm_fits(parameters["norm"], (parameters["out_channels"], height, width))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.plain import UNetDecoder as Module

        skip = shapes.get("skip")
        return Module(
            shapes["in"][0][0],
            skip[0][0] if skip else 0,
            parameters["out_channels"],
            parameters["convolutions"],
            parameters["mode"],
            parameters["norm"],
            parameters["activation"],
        )


TYPES = (UNetDecoder(),)
