"""Residual blocks."""

from __future__ import annotations

from torch import Tensor, nn

from mtlstudio.network.modules.basic import DropPath, activation, convolution


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions with a shortcut: (N, in_channels, H, W) -> (N, out_channels, H/stride, W/stride).

    `y = activation(norm(conv(convolution(x))) + shortcut(x))`; the shortcut is a 1 × 1 convolution where the shape
    changes. With `dilation` both convolutions look further at the same size.

    Source: He et al., "Deep Residual Learning for Image Recognition", 2016.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, norm: str, activation_name: str, drop_path: float,
        dilation: int = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.first = convolution(
            in_channels, out_channels, 3,
            stride=stride, dilation=dilation, norm_name=norm, activation_name=activation_name,
        )  # fmt: skip
        self.second = convolution(
            out_channels, out_channels, 3, dilation=dilation, norm_name=norm, activation_name="none"
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = convolution(
                in_channels, out_channels, 1, stride=stride, norm_name=norm, activation_name="none"
            )
        self.drop_path = DropPath(drop_path) if drop_path else nn.Identity()
        self.activation = activation(activation_name, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.drop_path(self.second(self.first(x))) + self.shortcut(x))


def residual_stage(
    in_channels: int, out_channels: int, blocks: int, stride: int, norm: str, activation_name: str, drop_path: float,
    dilation: int = 1,
) -> nn.Sequential:  # fmt: skip
    """Residual blocks one after the other; the first has the stride."""
    return nn.Sequential(
        *(
            ResidualBlock(
                out_channels if index else in_channels, out_channels, 1 if index else stride,
                norm, activation_name, drop_path, dilation,
            )
            for index in range(blocks)
        )
    )  # fmt: skip
