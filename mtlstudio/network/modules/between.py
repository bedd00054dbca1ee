"""Modules that stand between tasks: what comes in for each task goes out for each task, mixed.

Their ports are called `task:<task id>`; `forward` takes the features of the tasks in the order of `tasks`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mtlstudio.network.modules.basic import same_padding


class CrossStitch(nn.Module):
    """Each task goes on with a weighted sum of all tasks' features: T × (N, C, …) -> {"task:<id>": (N, C, …)}.

    `out_t = Σ_s weight[t, s] · features_s`, with one weight per channel or one for all. It starts with `own` for the
    task's own features and the rest in equal shares for the others.

    Source: Misra et al., "Cross-stitch Networks for Multi-task Learning", 2016.
    """

    def __init__(self, tasks: tuple[str, ...], channels: int, own: float) -> None:
        """`channels`: 1 for one weight per pair of tasks."""
        super().__init__()
        self.tasks = tasks
        others = (1 - own) / max(len(tasks) - 1, 1)
        self.weights = nn.ModuleDict()
        for task in tasks:
            sources = {f"from_{s}": torch.full((channels,), own if s == task else others) for s in tasks}
            self.weights[f"to_{task}"] = nn.ParameterDict(sources)

    def matrix(self) -> Tensor:
        """The weights as (T, T, channels), by target and source."""
        weights: list[Tensor] = [self.get_parameter(f"weights.to_{t}.from_{s}") for t in self.tasks for s in self.tasks]
        return torch.stack(weights).unflatten(0, (len(self.tasks), len(self.tasks)))

    def forward(self, *features: Tensor) -> dict[str, Tensor]:
        mixed = torch.einsum("tsc,nsc...->tnc...", self.matrix(), torch.stack(features, dim=1))
        return {f"task:{task}": mixed[index] for index, task in enumerate(self.tasks)}


class Distillation(nn.Module):
    """Each task takes from the others what its gate lets in: T × (N, C, …) -> {"task:<id>": (N, C, …)}.

    `out_t = f_t + sigmoid(gate_t(f_t)) · Σ_{s ≠ t} message_s(f_s)`; gates and messages are convolutions, on vectors
    fully connected (`kernel_size` 0).

    Source: Xu et al., "PAD-Net: Multi-Tasks Guided Prediction-and-Distillation Network", 2018, module C. Differs: it
    distils features; the first predictions of the paper, which have losses of their own, are left out.
    """

    def __init__(self, tasks: tuple[str, ...], channels: int, kernel_size: int) -> None:
        super().__init__()
        self.tasks = tasks
        self.gates = nn.ModuleDict({f"to_{task}": self._linear(channels, kernel_size) for task in tasks})
        self.messages = nn.ModuleDict({f"from_{task}": self._linear(channels, kernel_size) for task in tasks})

    @staticmethod
    def _linear(channels: int, kernel_size: int) -> nn.Module:
        if not kernel_size:
            return nn.Linear(channels, channels)
        return nn.Conv2d(channels, channels, kernel_size, padding=same_padding(kernel_size))

    def forward(self, *features: Tensor) -> dict[str, Tensor]:
        messages = [self.messages[f"from_{task}"](x) for task, x in zip(self.tasks, features, strict=True)]
        total = torch.stack(messages).sum(dim=0)
        outputs = {}
        for task, x, message in zip(self.tasks, features, messages, strict=True):
            gate = torch.sigmoid(self.gates[f"to_{task}"](x))
            outputs[f"task:{task}"] = x + gate * (total - message)
        return outputs


class PassLanes(nn.Module):
    """Lets each task's features through unchanged: T × (N, C, …) -> {"task:<id>": (N, C, …)}."""

    def __init__(self, tasks: tuple[str, ...]) -> None:
        super().__init__()
        self.tasks = tasks

    def forward(self, *features: Tensor) -> dict[str, Tensor]:
        return {f"task:{task}": x for task, x in zip(self.tasks, features, strict=True)}


class StopGradient(nn.Module):
    """The same values; no gradient goes back through them."""

    def forward(self, x: Tensor) -> Tensor:
        return x.detach()
