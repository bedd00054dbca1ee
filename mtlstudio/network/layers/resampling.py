"""Upsampling without weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import need_map

if TYPE_CHECKING:
    from torch import nn


class Upsample(LayerType):
    """Enlarged maps: (C, H, W) -> (C, scale_factor · H, scale_factor · W)."""

    id = "upsample"
    name = mark("Upsample")
    summary = mark("Enlarges maps by interpolation, without weights.")
    icon = "upsample"
    group = "resampling"
    parameters = (
        Parameter("scale_factor", "int", 2, mark("Scale"), mark("Height and width are multiplied by it."), minimum=1,
                  maximum=64),
        Parameter("mode", "choice", "bilinear", mark("Mode"), mark("How new pixels are made from their neighbours."),
                  choices={"nearest": mark("Nearest"), "bilinear": mark("Bilinear"), "bicubic": mark("Bicubic")}),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_map(shapes["in"][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        return nn.Upsample(scale_factor=parameters["scale_factor"], mode=parameters["mode"])


TYPES = (Upsample(),)
