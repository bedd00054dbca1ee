"""Modules of sequences (N, C, T)."""

from __future__ import annotations

from torch import Tensor, nn


class ToSequence(nn.Module):
    """One step for each column, from left to right: (N, C, H, W) -> (N, C', W).

    C' is C for the mean or the maximum over the height, C · H where all rows are put behind one another.

    Source: Shi et al., "An End-to-End Trainable Neural Network for Image-Based Sequence Recognition", 2017.
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        if self.mode == "flatten":
            return x.flatten(1, 2)
        return x.amax(dim=2) if self.mode == "max" else x.mean(dim=2)

    def extra_repr(self) -> str:
        return f"mode={self.mode!r}"


class SequenceHead(nn.Module):
    """The same linear map for each step: (N, C, T) -> (N, K, T)."""

    def __init__(self, in_channels: int, out_channels: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout1d(dropout) if dropout else nn.Identity()
        self.linear = nn.Linear(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.dropout(x).transpose(1, 2)).transpose(1, 2)
