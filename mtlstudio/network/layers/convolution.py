"""Convolutions: plain, depthwise separable, transposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import (
    EVEN_KERNEL,
    GROUPS,
    Refusal,
    need_kernel_fits,
    need_map,
    need_norm_fits,
)

if TYPE_CHECKING:
    from torch import nn


def _strided(shape: Shape, stride: int) -> Shape:
    return (shape[0], -(-shape[1] // stride), -(-shape[2] // stride))


class Convolution(LayerType):
    """Convolution, normalisation, activation: (C, H, W) -> (out_channels, ⌈H/stride⌉, ⌈W/stride⌉)."""

    id = "convolution"
    name = mark("Convolution")
    summary = mark("Looks for local patterns, with normalisation and activation.")
    icon = "convolution"
    group = "convolution"
    parameters = (
        declared.out_channels(),
        declared.kernel_size(),
        declared.stride(),
        declared.dilation(),
        Parameter(
            "groups", "int", 1, mark("Groups"), mark("Channels are convolved in so many separate groups."),
            minimum=1, maximum=8192,
        ),
        Parameter(
            "padding", "choice", "same", mark("Padding"), mark("Zeros around the map keep its size; or none."),
            choices={"same": mark("Keep the size"), "valid": mark("None")},
        ),
        declared.norm(),
        declared.activation(),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        shape, kernel_size, stride = shapes["in"][0], parameters["kernel_size"], parameters["stride"]
        need_map(shape)
        if parameters["padding"] == "valid":
            need_kernel_fits(shape, kernel_size, parameters["dilation"])
            lost = parameters["dilation"] * (kernel_size - 1)
            shape = (shape[0], shape[1] - lost, shape[2] - lost)
        need_norm_fits(parameters["norm"], _strided(shape, stride))
        groups, out_channels = parameters["groups"], parameters["out_channels"]
        for channels in (shape[0], out_channels):
            if channels % groups:
                raise Refusal(
                    GROUPS,
                    channels=channels, groups=groups, in_channels=shape[0], out_channels=out_channels,
                )  # fmt: skip

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.basic import convolution

        return convolution(
            shapes["in"][0][0],
            parameters["out_channels"],
            parameters["kernel_size"],
            stride=parameters["stride"],
            dilation=parameters["dilation"],
            groups=parameters["groups"],
            padding=0 if parameters["padding"] == "valid" else None,
            norm_name=parameters["norm"],
            activation_name=parameters["activation"],
        )


class SeparableConvolution(LayerType):
    """A convolution of each channel, then a 1 × 1 convolution over the channels."""

    id = "separable_convolution"
    name = mark("Depthwise separable")
    summary = mark("A convolution at about an eighth of the cost: each channel by itself, then all together.")
    icon = "separable"
    group = "convolution"
    source = 'Howard et al., "MobileNets", 2017'
    parameters = (
        declared.out_channels(),
        declared.kernel_size(),
        declared.stride(),
        declared.dilation(),
        declared.norm(),
        declared.activation(),
    )

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_map(shapes["in"][0])
        need_norm_fits(parameters["norm"], _strided(shapes["in"][0], parameters["stride"]))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        from mtlstudio.network.modules.basic import convolution

        channels = shapes["in"][0][0]
        words = {"norm_name": parameters["norm"], "activation_name": parameters["activation"]}
        depthwise = convolution(
            channels, channels, parameters["kernel_size"],
            stride=parameters["stride"], dilation=parameters["dilation"], groups=channels, **words,
        )  # fmt: skip
        pointwise = convolution(channels, parameters["out_channels"], 1, **words)
        return nn.Sequential(OrderedDict(depthwise=depthwise, pointwise=pointwise))


class TransposedConvolution(LayerType):
    """A learned enlargement: (C, H, W) -> (out_channels, stride · H, stride · W)."""

    id = "transposed_convolution"
    name = mark("Transposed convolution")
    summary = mark("Enlarges maps with learned weights.")
    icon = "transposed"
    group = "resampling"
    parameters = (
        declared.out_channels(),
        declared.kernel_size(2),
        declared.stride(2),
        declared.norm(),
        declared.activation(),
    )

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        shape, kernel_size, stride = shapes["in"][0], parameters["kernel_size"], parameters["stride"]
        need_map(shape)
        if stride == 1 and kernel_size % 2 == 0:
            raise Refusal(EVEN_KERNEL, kernel=kernel_size, stride=stride)
        need_norm_fits(parameters["norm"], (shape[0], stride * shape[1], stride * shape[2]))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        from mtlstudio.network.modules.basic import followed

        kernel_size, stride, out_channels = (parameters[name] for name in ("kernel_size", "stride", "out_channels"))
        # size' = (size - 1) * stride - 2 * padding + kernel_size + output_padding must be size * stride
        padding = max(0, -(-(kernel_size - stride) // 2))
        conv = nn.ConvTranspose2d(
            shapes["in"][0][0], out_channels, kernel_size,
            stride=stride, padding=padding, output_padding=stride - kernel_size + 2 * padding,
            bias=parameters["norm"] == "none",
        )  # fmt: skip
        return followed(conv, out_channels, parameters["norm"], parameters["activation"])


TYPES = (Convolution(), SeparableConvolution(), TransposedConvolution())
