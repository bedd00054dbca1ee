"""Modules that bring maps of different sizes together."""

from __future__ import annotations

from torch import Tensor, nn

from mtlstudio.network.modules.basic import convolution
from mtlstudio.network.modules.plain import resize


class FpnStep(nn.Module):
    """One step down a feature pyramid: (N, C, H, W) and (N, C', H', W') -> (N, out_channels, H', W').

    `y = lateral(skip) + resize(x)`, with a 3 × 3 convolution over it if `smooth`; `lateral` is a 1 × 1 convolution, and
    so is what comes before `resize` where the coarser map has another number of channels.

    Source: Lin et al., "Feature Pyramid Networks for Object Detection", 2017. Differs: a normalisation may follow the
    lateral convolution and the smoothing; any sizes.
    """

    def __init__(
        self, in_channels: int, skip_channels: int, out_channels: int, smooth: bool, mode: str, norm: str
    ) -> None:
        super().__init__()
        self.mode = mode
        self.lateral = convolution(skip_channels, out_channels, 1, norm_name=norm, activation_name="none")
        self.match = nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)
        self.smooth = (
            convolution(out_channels, out_channels, 3, norm_name=norm, activation_name="none")
            if smooth
            else nn.Identity()
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.match(x)
        if x.shape[2:] != skip.shape[2:]:
            x = resize(x, (skip.shape[2], skip.shape[3]), self.mode)
        return self.smooth(self.lateral(skip) + x)

    def extra_repr(self) -> str:
        return f"mode={self.mode!r}"


class ResizeTo(nn.Module):
    """Maps at the size of another: (N, C, H, W) and (N, C', H', W') -> (N, C, H', W')."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        if x.shape[2:] == like.shape[2:]:
            return x
        return resize(x, (like.shape[2], like.shape[3]), self.mode)

    def extra_repr(self) -> str:
        return f"mode={self.mode!r}"
