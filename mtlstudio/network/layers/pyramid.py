"""Maps of different sizes brought together: a feature pyramid's step, one map resized to another."""

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


class FpnStep(LayerType):
    """One step down a feature pyramid: (C, H, W) and skip (C', H', W') -> (out_channels, H', W')."""

    id = "fpn_step"
    name = mark("FPN step")
    summary = mark("Enlarges a coarse map and adds a finer one to it: what is seen far and what is seen sharp.")
    icon = "fpn-step"
    group = "decoder"
    source = 'Lin et al., "Feature Pyramid Networks for Object Detection", 2017'
    inputs = (Port("in"), Port("skip", mark("Skip")))
    parameters = (
        declared.out_channels(),
        Parameter("smooth", "bool", False, mark("Smooth"), mark("A 3 × 3 convolution over the sum.")),
        Parameter("mode", "choice", "nearest", mark("Enlarge by"), mark("How the map is brought to the skip's size."),
                  choices={"nearest": mark("Nearest"), "bilinear": mark("Bilinear")}),
        declared.norm("none"),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        for port in ("in", "skip"):
            need_map(shapes[port][0])
        need_norm_fits(parameters["norm"], (parameters["out_channels"], *shapes["skip"][0][1:]))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.pyramid import FpnStep as Module

        return Module(
            shapes["in"][0][0],
            shapes["skip"][0][0],
            parameters["out_channels"],
            parameters["smooth"],
            parameters["mode"],
            parameters["norm"],
        )


class ResizeTo(LayerType):
    """A map brought to the size of another: (C, H, W) and like (C', H', W') -> (C, H', W')."""

    id = "resize_to"
    name = mark("Resize to")
    summary = mark("Brings maps to the size of another map, so that both can be joined.")
    icon = "resize-to"
    group = "resampling"
    inputs = (Port("in"), Port("like", mark("Size of")))
    parameters = (
        Parameter("mode", "choice", "bilinear", mark("Mode"), mark("How new pixels are made from their neighbours."),
                  choices={"nearest": mark("Nearest"), "bilinear": mark("Bilinear"), "bicubic": mark("Bicubic")}),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        for port in ("in", "like"):
            need_map(shapes[port][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.pyramid import ResizeTo as Module

        return Module(parameters["mode"])


TYPES = (FpnStep(), ResizeTo())
