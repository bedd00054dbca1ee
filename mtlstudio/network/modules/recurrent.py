"""Recurrent modules."""

from __future__ import annotations

from torch import Tensor, nn


def reader(
    cell: str, in_features: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = True, dropout: float = 0.0
) -> nn.GRU | nn.LSTM:
    """A GRU or LSTM over (N, T, in_features)."""
    kind: type[nn.GRU] | type[nn.LSTM] = {"gru": nn.GRU, "lstm": nn.LSTM}[cell]
    between = dropout if num_layers > 1 else 0.0  # torch drops only between layers, and warns where there is no between
    return kind(in_features, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional, dropout=between)


class RecurrentMap(nn.Module):
    """Reads each row in both directions, then each column: (N, C, H, W) -> (N, 2 · hidden_size, H, W).

    `r = reader(rows of x)`, `y = reader(columns of r)`: every place of `y` depends on every place of `x`.

    Source: Visin et al., "ReNet", 2015. Differs: rows before columns, pixels instead of patches.
    """

    def __init__(self, in_channels: int, hidden_size: int, cell: str) -> None:
        super().__init__()
        self.rows = reader(cell, in_channels, hidden_size)
        self.columns = reader(cell, 2 * hidden_size, hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(n * height, width, -1)
        read = self.rows(rows)[0].reshape(n, height, width, -1)
        columns = read.transpose(1, 2).reshape(n * width, height, -1)
        read = self.columns(columns)[0].reshape(n, width, height, -1)
        return read.permute(0, 3, 2, 1)


class Recurrent(nn.Module):
    """Reads a sequence step by step: (N, C, T) -> (N, hidden_size, T), doubled when read in both directions."""

    def __init__(
        self, in_channels: int, hidden_size: int, num_layers: int, bidirectional: bool, cell: str, dropout: float
    ) -> None:
        super().__init__()
        self.reader = reader(cell, in_channels, hidden_size, num_layers, bidirectional, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.reader(x.transpose(1, 2))[0].transpose(1, 2)
