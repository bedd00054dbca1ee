"""Mixtures of experts."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ExpertMix(nn.Module):
    """A weighted sum of the experts: E × (N, C, …) and what the gate looks at (N, G, …) -> (N, C, …).

    `out = Σ_e softmax(linear(mean of gate))_e · expert_e`: the weights are one set per sample.

    Source: Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts", 2018.
    """

    def __init__(self, experts: int, gate_channels: int) -> None:
        super().__init__()
        self.gate = nn.Linear(gate_channels, experts)

    def shares(self, gate: Tensor) -> Tensor:
        """How much of each expert a sample takes: (N, G, …) -> (N, E), each row sums to 1."""
        pooled = gate.flatten(2).mean(dim=2) if gate.ndim > 2 else gate
        return torch.softmax(self.gate(pooled), dim=1)

    def forward(self, experts: list[Tensor], gate: Tensor, *own_experts: list[Tensor]) -> Tensor:
        """`own_experts`: for each task its own experts, which are mixed in behind the others."""
        mixed = [*experts, *(expert for own in own_experts for expert in own)]
        return torch.einsum("ne,nec...->nc...", self.shares(gate), torch.stack(mixed, dim=1))
