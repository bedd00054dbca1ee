"""Small modules without weights, and the heads."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mtlstudio.network.modules.basic import convolution


class GlobalPool(nn.Module):
    """One value per channel: (N, C, H, W) or (N, C, T) -> (N, C)."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        places = tuple(range(2, x.ndim))
        return x.amax(dim=places) if self.mode == "max" else x.mean(dim=places)

    def extra_repr(self) -> str:
        return f"mode={self.mode!r}"


class Add(nn.Module):
    """The sum of tensors of one shape."""

    def forward(self, tensors: list[Tensor]) -> Tensor:
        total = tensors[0]
        for tensor in tensors[1:]:
            total = total + tensor
        return total


class Multiply(nn.Module):
    """The product of tensors of one shape; one channel counts for all."""

    def forward(self, tensors: list[Tensor]) -> Tensor:
        product = tensors[0]
        for tensor in tensors[1:]:
            product = product * tensor
        return product


class Concatenate(nn.Module):
    """Tensors behind one another along the channels: (N, C₁, …), (N, C₂, …) -> (N, C₁ + C₂, …)."""

    def forward(self, tensors: list[Tensor]) -> Tensor:
        return torch.cat(tensors, dim=1)


class UNetDecoder(nn.Module):
    """One step up: (N, C, H, W) and a skip (N, C', H', W') or None -> (N, out_channels, H', W').

    The map is brought to the skip's size (without one: doubled), the skip put behind it, then convolved.

    Source: Ronneberger et al., "U-Net", 2015. Differs: interpolation instead of a transposed convolution, padded
    convolutions, and any skip size.
    """

    def __init__(
        self, in_channels: int, skip_channels: int, out_channels: int, convolutions: int, mode: str, norm: str,
        activation: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.mode = mode
        channels = in_channels + skip_channels
        self.convolutions = nn.Sequential(
            *(
                convolution(channels if index == 0 else out_channels, out_channels, 3, norm_name=norm,
                            activation_name=activation)
                for index in range(convolutions)
            )
        )  # fmt: skip

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        height, width = (2 * x.shape[2], 2 * x.shape[3]) if skip is None else skip.shape[2:]
        if x.shape[2:] != (height, width):
            x = resize(x, (height, width), self.mode)
        if skip is not None:
            x = torch.cat((x, skip), dim=1)
        return self.convolutions(x)

    def extra_repr(self) -> str:
        return f"mode={self.mode!r}"


class DenseHead(nn.Module):
    """A 1 × 1 convolution to the task's channels, brought to the picture's size: (N, C, H, W) -> (N, K, size, size).

    With `hidden_channels` a 3 × 3 convolution comes first.
    """

    def __init__(self, in_channels: int, out_channels: int, hidden_channels: int, dropout: float, size: int) -> None:
        super().__init__()
        self.size = size
        self.hidden = convolution(in_channels, hidden_channels, 3) if hidden_channels else nn.Identity()
        self.dropout = nn.Dropout2d(dropout) if dropout else nn.Identity()
        self.conv = nn.Conv2d(hidden_channels or in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.dropout(self.hidden(x)))
        return x if x.shape[2:] == (self.size, self.size) else resize(x, (self.size, self.size), "bilinear")

    def extra_repr(self) -> str:
        return f"size={self.size}"


def resize(x: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    """(N, C, H, W) -> (N, C, *size)."""
    if mode == "nearest":
        return F.interpolate(x, size=size, mode=mode)
    return F.interpolate(x, size=size, mode=mode, align_corners=False)
