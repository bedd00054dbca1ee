"""From a batch to gradients: forward, losses, backward, by whichever way the balancing method asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.training.feed import Fed
    from mtlstudio.training.gradients.watch import Watch
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

    def __call__(
        self, fed: Fed, tasks: Sequence[str], weights: Mapping[str, float], share: float = 1.0,
        watch: Watch | None = None,
    ) -> Descended:  # fmt: skip
        """One batch.

        Args:
            fed: the batch.
            tasks: ids of those whose losses count; each has targets in it.
            weights: task id -> λ, of all tasks.
            share: what the gradients are multiplied with: 1 / n where the mean over n batches is wanted.
            watch: is shown the tasks' gradients, where the method works on them.
        """
        parts, engine, scaler = self._parts, self._parts.engine, self._parts.precision.scaler
        with parts.precision.autocast():
            passed = engine.forward(fed.batch.inputs, tasks) if engine else None
            outputs = passed.outputs if passed else parts.network(fed.batch.inputs, tasks)
            losses, counts = self.losses(fed, tasks, outputs)
        if engine and passed:
            total = engine.backward(passed, losses, weights, self.scale(share), watch)
            return Descended(total, losses, counts)
        total = parts.balancer.combine(losses, weights)
        if total.requires_grad:
            scaler.scale(total if share == 1.0 else total * share).backward()
        return Descended(total.detach(), losses, counts)

    def scale(self, share: float) -> Tensor | None:
        """() what losses are multiplied with before their backward pass; None for 1."""
        scaler = self._parts.precision.scaler
        return scaler.scale(self._one) * share if scaler.is_enabled() or share != 1.0 else None

    def losses(
        self, fed: Fed, tasks: Sequence[str], outputs: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Task id -> () its mean loss, and task id -> () how many elements it is the mean of; of the whole batch, also
        where this process has a part of it only."""
        losses: dict[str, Tensor] = {}
        counts: dict[str, Tensor] = {}
        with self._parts.ranks.joined():
            for task in tasks:
                loss = self._parts.tasks[task].loss(outputs[task], fed.batch.targets[task], fed.batch.present[task])
                losses[task], counts[task] = loss.value, loss.count
            for task, taught in self._parts.stages.taught(fed.batch.inputs).items():
                if task in losses:
                    own = 0 if fed.batch.stands_in else len(fed.batch)
                    kept = self._parts.ranks.mean(self._parts.tasks[task].kept(outputs[task], taught), own)
                    losses[task] = losses[task] + self._parts.stages.distillation * kept
                    counts[task] = counts[task].clamp(min=1)
        return losses, counts
