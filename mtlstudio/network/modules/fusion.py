"""A joint layer behind separate networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mtlstudio.network.modules.basic import activation, convolution, norm
from mtlstudio.network.modules.plain import resize


class Joint(nn.Module):
    """Features behind one another along the channels, then a 1 × 1 convolution; of vectors a linear layer.

    (N, C₁, H₁, W₁), (N, C₂, H₂, W₂), … -> (N, out_channels, H, W), the same under each name; H and W are those of the
    largest map. Vectors: (N, C₁), (N, C₂), … -> (N, out_channels).

    Args:
        names: of what it gives, one for each of what it takes.
        in_channels: C₁ + C₂ + …
    """

    def __init__(
        self, names: tuple[str, ...], in_channels: int, out_channels: int, vectors: bool, norm_name: str,
        activation_name: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.names = names
        self.vectors = vectors
        self.join = (
            nn.Sequential(
                nn.Linear(in_channels, out_channels),
                norm(norm_name, out_channels, vector=True),
                activation(activation_name),
            )
            if vectors
            else convolution(in_channels, out_channels, 1, norm_name=norm_name, activation_name=activation_name)
        )

    def forward(self, *features: Tensor) -> Tensor | dict[str, Tensor]:
        maps = list(features)
        if not self.vectors:
            height, width = max((x.shape[2], x.shape[3]) for x in maps)
            maps = [x if x.shape[2:] == (height, width) else resize(x, (height, width), "bilinear") for x in maps]
        joined = self.join(torch.cat(maps, dim=1))
        return joined if len(self.names) == 1 else dict.fromkeys(self.names, joined)

    def extra_repr(self) -> str:
        return f"names={self.names!r}"
