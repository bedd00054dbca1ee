"""Modules that look around widely without losing size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mtlstudio.network.modules.basic import convolution


class Aspp(nn.Module):
    """Convolutions of several dilations side by side, joined: (N, C, H, W) -> (N, out_channels, H, W).

    One 1 × 1 convolution, a 3 × 3 convolution for each rate, and with `image_pooling` a 1 × 1 convolution of the mean
    over the whole map; all behind one another along the channels, then a 1 × 1 convolution.

    Source: Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017. Differs: no
    normalisation in the branch of the mean, which has a single value per channel and sample.
    """

    def __init__(
        self, in_channels: int, out_channels: int, rates: tuple[int, ...], image_pooling: bool, dropout: float,
        norm: str, activation: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.branches = nn.ModuleList(
            convolution(
                in_channels, out_channels, 3 if rate else 1, dilation=rate or 1, norm_name=norm,
                activation_name=activation,
            )
            for rate in (0, *rates)
        )  # fmt: skip
        self.pooled = (
            convolution(in_channels, out_channels, 1, norm_name="none", activation_name=activation)
            if image_pooling
            else None
        )
        count = len(self.branches) + int(image_pooling)
        self.join = convolution(count * out_channels, out_channels, 1, norm_name=norm, activation_name=activation)
        self.dropout = nn.Dropout2d(dropout) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        seen = [branch(x) for branch in self.branches]
        if self.pooled is not None:
            mean = self.pooled(x.mean(dim=(2, 3), keepdim=True))
            seen.append(mean.expand(-1, -1, x.shape[2], x.shape[3]))
        return self.dropout(self.join(torch.cat(seen, dim=1)))
