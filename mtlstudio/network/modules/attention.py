"""Attention: to channels, to places, between places, and a task's own to a shared map."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mtlstudio.network.modules.basic import ChannelNorm, convolution, largest_divisor, same_padding
from mtlstudio.network.modules.plain import resize


class SqueezeExcite(nn.Module):
    """Weighs each channel by what the whole map says: (N, C, H, W) -> (N, C, H, W).

    `y = x · sigmoid(expand(relu(squeeze(mean(x)))))`, with C / reduction channels in between.

    Source: Hu et al., "Squeeze-and-Excitation Networks", 2018.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.squeeze = nn.Linear(channels, hidden)
        self.expand = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.sigmoid(self.expand(F.relu(self.squeeze(x.mean(dim=(2, 3))))))
        return x * weights[:, :, None, None]


class CBAM(nn.Module):
    """Weighs the channels, then the places: (N, C, H, W) -> (N, C, H, W).

    `x₁ = x · sigmoid(mlp(mean over places) + mlp(max over places))`,
    `y = x₁ · sigmoid(conv([mean over channels, max over channels]))`.

    Source: Woo et al., "CBAM: Convolutional Block Attention Module", 2018.
    """

    def __init__(self, channels: int, reduction: int, kernel_size: int) -> None:
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.squeeze = nn.Linear(channels, hidden)
        self.expand = nn.Linear(hidden, channels)
        self.places = nn.Conv2d(2, 1, kernel_size, padding=same_padding(kernel_size))

    def forward(self, x: Tensor) -> Tensor:
        mean, largest = (
            self.expand(F.relu(self.squeeze(pooled))) for pooled in (x.mean(dim=(2, 3)), x.amax(dim=(2, 3)))
        )
        x = x * torch.sigmoid(mean + largest)[:, :, None, None]
        places = torch.cat((x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)), dim=1)
        return x * torch.sigmoid(self.places(places))


class SelfAttention(nn.Module):
    """Every place looks at every other: (N, C, H, W) -> (N, C, H, W).

    `y = x + out(attention(query(z + p), key(z + p), value(z)))` with `z = norm(x)`, places as tokens and `p` their
    sine encoding, where there is one.

    Source: Vaswani et al., "Attention Is All You Need", 2017; over maps as in Srinivas et al., "Bottleneck Transformers
    for Visual Recognition", 2021. Differs: the norm comes first; positions are absolute.
    """

    def __init__(self, channels: int, heads: int, position: str) -> None:
        """`heads`: the most; the next lower divisor of the channels is taken. `position`: sine or none."""
        super().__init__()
        self.heads, self.position = largest_divisor(channels, heads), position
        self.norm = ChannelNorm(channels)
        self.query = nn.Conv2d(channels, channels, 1)
        self.key = nn.Conv2d(channels, channels, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.norm(x)
        placed = z + sine_positions(x) if self.position == "sine" else z
        query, key, value = self.tokens(self.query(placed)), self.tokens(self.key(placed)), self.tokens(self.value(z))
        attended = F.scaled_dot_product_attention(query, key, value)
        return x + self.out(attended.transpose(2, 3).reshape(x.shape))

    def tokens(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, heads, H · W, C / heads)."""
        return x.flatten(2).unflatten(1, (self.heads, -1)).transpose(2, 3)

    def extra_repr(self) -> str:
        return f"heads={self.heads}, position={self.position!r}"


class TaskAttention(nn.Module):
    """What a task takes from a shared map: (N, C, H, W) and its attended map of the stage before -> (N, C, H, W).

    `y = x · mask(x, before)`; the mask, between 0 and 1, comes from two 1 × 1 convolutions over `x` and, where there is
    one, `before` (N, C', H', W'), which a 3 × 3 convolution brings to the size of `x`.

    Source: Liu et al., "End-to-End Multi-Task Learning with Attention" (MTAN), 2019. Differs: it sees a stage's output
    alone, not also its middle, and the 3 × 3 convolution is the task's own.
    """

    def __init__(self, channels: int, before_channels: int, hidden_channels: int, before_stride: int) -> None:
        """`before_channels`: 0 where there is nothing before. `before_stride`: its size divided by that of the map."""
        super().__init__()
        joined = channels
        if before_channels:
            self.carry = convolution(before_channels, hidden_channels, 3, stride=before_stride)
            joined += hidden_channels
        self.hidden = convolution(joined, hidden_channels, 1)
        self.mask = convolution(hidden_channels, channels, 1, activation_name="sigmoid")

    def forward(self, x: Tensor, before: Tensor | None = None) -> Tensor:
        seen = x
        if before is not None:
            carried = self.carry(before)
            if carried.shape[2:] != x.shape[2:]:
                carried = resize(carried, (x.shape[2], x.shape[3]), "bilinear")
            seen = torch.cat((x, carried), dim=1)
        return x * self.mask(self.hidden(seen))


def sine_positions(x: Tensor) -> Tensor:
    """Where each place of a map is, as sines and cosines of many wavelengths: (N, C, H, W) -> (C, H, W).

    The first half of the channels tells the row, the second the column.

    Source: Vaswani et al., "Attention Is All You Need", 2017; in two dimensions as in Carion et al., "End-to-End Object
    Detection with Transformers", 2020.
    """
    _n, channels, height, width = x.shape
    waves = math.ceil(channels / 4)
    lengths = 10000 ** (torch.arange(waves, device=x.device) / waves)
    rows, columns = (torch.arange(size, device=x.device)[:, None] / lengths for size in (height, width))
    row = torch.cat((rows.sin(), rows.cos()), dim=1).T[:, :, None].expand(-1, -1, width)
    column = torch.cat((columns.sin(), columns.cos()), dim=1).T[:, None, :].expand(-1, height, -1)
    return torch.cat((row, column))[:channels].to(x.dtype)
