"""Convolution, normalisation and activation, as most layers use them."""

from __future__ import annotations

from collections import OrderedDict

import torch.nn.functional as F
from torch import Tensor, nn


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each pixel or step: (N, C, …) -> (N, C, …).

    Source: Ba et al., "Layer Normalization", 2016; per pixel as in Liu et al., "A ConvNet for the 2020s", 2022.
    """

    def forward(self, input: Tensor) -> Tensor:
        last = input.ndim - 1  # not -1, which ONNX's exporter takes for an axis of that number
        moved = input.movedim(1, last)
        return F.layer_norm(moved, self.normalized_shape, self.weight, self.bias, self.eps).movedim(last, 1)


class DropPath(nn.Module):
    """Leaves a residual branch out for random samples while training, and scales the others to the same mean.

    Source: Huang et al., "Deep Networks with Stochastic Depth", 2016.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(N, …) -> (N, …)."""
        if not self.training:
            return x
        kept = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.rate)
        return x * kept.div_(1 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={self.rate}"


def activation(name: str, inplace: bool = False) -> nn.Module:
    """A fresh activation. `inplace` is only for values that nobody else reads and whose maker does not need them."""
    match name:
        case "none":
            return nn.Identity()
        case "relu":
            return nn.ReLU(inplace=inplace)
        case "leaky_relu":
            return nn.LeakyReLU(0.01, inplace=inplace)
        case "elu":
            return nn.ELU()
        case "gelu":
            return nn.GELU()
        case "silu":
            return nn.SiLU()
        case "hardswish":
            return nn.Hardswish()
        case "sigmoid":
            return nn.Sigmoid()
        case "tanh":
            return nn.Tanh()
    raise ValueError(name)


def norm(name: str, channels: int, vector: bool = False, num_groups: int = 32, sequence: bool = False) -> nn.Module:
    """A fresh normalisation of `channels` channels of a map or a sequence, or of the features of a vector."""
    match name:
        case "none":
            return nn.Identity()
        case "batch":
            return nn.BatchNorm1d(channels) if vector or sequence else nn.BatchNorm2d(channels)
        case "group":
            return nn.GroupNorm(largest_divisor(channels, num_groups), channels)
        case "instance":
            return (nn.InstanceNorm1d if sequence else nn.InstanceNorm2d)(channels, affine=True)
        case "layer":
            return nn.LayerNorm(channels) if vector else ChannelNorm(channels, eps=1e-6)
    raise ValueError(name)


def largest_divisor(channels: int, limit: int) -> int:
    """The largest number up to `limit` that divides `channels`."""
    return next(groups for groups in range(min(limit, channels), 0, -1) if channels % groups == 0)


def same_padding(kernel_size: int, stride: int = 1, dilation: int = 1) -> int | str:
    """Padding that leaves ceil(size / stride) pixels (odd kernels), as `nn.Conv2d` takes it."""
    if stride == 1 and kernel_size % 2 == 0:
        return "same"
    return dilation * (kernel_size - 1) // 2


def convolution(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    padding: int | str | None = None,
    norm_name: str = "batch",
    activation_name: str = "relu",
) -> nn.Sequential:
    """Convolution, normalisation, activation: (N, in_channels, H, W) -> (N, out_channels, H', W').

    `padding` None keeps the size up to the stride. Parts that do nothing are left out; a convolution with a
    normalisation behind it needs no bias.
    """
    if padding is None:
        padding = same_padding(kernel_size, stride, dilation)
    conv = nn.Conv2d(
        in_channels, out_channels, kernel_size,
        stride=stride, padding=padding, dilation=dilation, groups=groups, bias=norm_name == "none",
    )  # fmt: skip
    return followed(conv, out_channels, norm_name, activation_name)


def followed(first: nn.Module, channels: int, norm_name: str, activation_name: str) -> nn.Sequential:
    """`first` (named `conv`) with a normalisation and an activation behind it, where there are any."""
    parts: OrderedDict[str, nn.Module] = OrderedDict(conv=first)
    if norm_name != "none":
        parts["norm"] = norm(norm_name, channels)
    if activation_name != "none":
        parts["activation"] = activation(activation_name, inplace=True)
    return nn.Sequential(parts)
