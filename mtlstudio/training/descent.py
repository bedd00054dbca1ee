"""From a batch to gradients: forward, losses, backward, by whichever way the balancing method asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.training.feed import Fed
    from mtlstudio.training.setup import Parts


@dataclass
class Descended:
    """What a batch gave.

    Attributes:
        total: () float32 without graph, the weighted total.
        losses: task id -> () float32 mean over the present elements, unweighted.
        counts: task id -> () how many those are.
    """

    total: Tensor
    losses: dict[str, Tensor] = field(default_factory=dict)
    counts: dict[str, Tensor] = field(default_factory=dict)


class Descent:
    """Adds the gradients of one batch after another to the parameters' `grad`.

    Args:
        parts: of the run.
    """

    def __init__(self, parts: Parts) -> None:
        import torch

        self._parts = parts
        self._one = torch.ones((), device=parts.device)

    def __call__(self, fed: Fed, tasks: Sequence[str], weights: Mapping[str, float], share: float = 1.0) -> Descended:
        """One batch.

        Args:
            fed: the batch.
            tasks: ids of those whose losses count; each has targets in it.
            weights: task id -> λ, of all tasks.
            share: what the gradients are multiplied with: 1 / n where the mean over n batches is wanted.
        """
        parts, engine, scaler = self._parts, self._parts.engine, self._parts.precision.scaler
        with parts.precision.autocast():
            passed = engine.forward(fed.batch.inputs, tasks) if engine else None
            outputs = passed.outputs if passed else parts.network(fed.batch.inputs, tasks)
            losses, counts = self._losses(fed, tasks, outputs)
        if engine and passed:
            scaled = scaler.is_enabled() or share != 1.0
            scale = scaler.scale(self._one) * share if scaled else None
            return Descended(engine.backward(passed, losses, weights, scale), losses, counts)
        total = parts.balancer.combine(losses, weights)
        if total.requires_grad:
            scaler.scale(total if share == 1.0 else total * share).backward()
        return Descended(total.detach(), losses, counts)

    def _losses(
        self, fed: Fed, tasks: Sequence[str], outputs: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        losses: dict[str, Tensor] = {}
        counts: dict[str, Tensor] = {}
        for task in tasks:
            loss = self._parts.tasks[task].loss(outputs[task], fed.batch.targets[task], fed.batch.present[task])
            losses[task], counts[task] = loss.value, loss.count
        return self._parts.ranks.joined(losses, counts), counts
