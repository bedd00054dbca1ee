"""What the tasks do to one another, measured while it trains: in every so manieth step, and left on the device until
the losses are brought to the host anyway.

A measured step is the step. Methods on gradients have every task's gradient at hand. For methods on losses it takes the
shared layers' backward pass once per task instead of once, with the weights that the method gives the losses: their
sum is the gradient of the total, the same but for the last digits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtlstudio.network.dice import drawn_apart
from mtlstudio.runs.events import AffinityMeasured, GradientsMeasured
from mtlstudio.training.balancing.on_gradients import GradientBalancer, Moment
from mtlstudio.training.descent import Descended, Descent
from mtlstudio.training.gradients.engine import GradientEngine
from mtlstudio.training.gradients.watch import Watch
from mtlstudio.training.laboratory import StepLaboratory

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.project.settings import TrainingSettings
    from mtlstudio.training.feed import Fed
    from mtlstudio.training.progress import Progress
    from mtlstudio.training.setup import Parts

SELDOM, PER_TASK = 50, 20
"""Automatic: in every 50th step; with T tasks, whose T - 1 further backward passes cost more, in every (20 T)th."""
EVERY_FOURTH = 4
GAIN, REACH = 0.01, 0.02
"""How far a step of the affinity goes: so that no task's own step promises more than this share of its loss, and at
most this share of the length of the shared weights."""
_DIGITS = 6


def measures_every(settings: TrainingSettings, tasks: int) -> int:
    """In every which step gradients are measured; 0: never."""
    wanted = settings.measure_every
    return max(SELDOM, PER_TASK * tasks) if wanted is None else wanted


def affinity_every(settings: TrainingSettings) -> int:
    """In every which of these steps the affinity is measured too; 0: never."""
    return EVERY_FOURTH if settings.affinity_every is None else settings.affinity_every


class GivenWeights(GradientBalancer):
    """Adds the tasks' gradients up with the weights that a method on losses gives them, own layers' too.

    Attributes:
        given: task id -> () weight, of the tasks in the batch.
    """

    uses_weights = False
    given: dict[str, Tensor]

    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        """See `GradientBalancer.weigh`."""
        import torch

        return torch.stack([self.given[task] for task in moment.tasks])

    def own_weight(self, task: str, weight: Tensor | None) -> Tensor | None:
        """See `GradientBalancer.own_weight`."""
        return self.given[task]


@dataclass
class _Pending:
    """A measurement that is still on the device; `affinity`: (rows, rows) or None."""

    step: int
    epoch: int
    tasks: tuple[str, ...]
    layers: tuple[str, ...]
    products: Tensor
    weights: Tensor
    losses: Tensor
    affinity: Tensor | None


class Measuring:
    """Takes the steps of a run in which gradients are measured, and keeps what was found until it is fetched.

    Args:
        parts: of the run.
        progress: where it stands.
        descent: takes the other steps.
    """

    def __init__(self, parts: Parts, progress: Progress, descent: Descent) -> None:
        self._parts, self._progress, self._descent = parts, progress, descent
        self._pending: list[_Pending] = []
        self._every = measures_every(parts.spec.training, len(parts.tasks))
        self._affinity = affinity_every(parts.spec.training)
        self._given: GivenWeights | None = None
        self._engine = parts.engine
        if self._engine is None and self._every:
            self._given = GivenWeights(parts.spec.task_ids, parts.device)
            self._engine = GradientEngine(parts.network, parts.spec.network, self._given, ranks=parts.ranks)

    @property
    def due(self) -> bool:
        """Whether gradients are measured in the coming step."""
        return self._every > 0 and (self._progress.step + 1) % self._every == 0

    def __call__(self, fed: Fed, tasks: Sequence[str], weights: Mapping[str, float], share: float = 1.0) -> Descended:
        """One batch whose gradients are measured; see `Descent`."""
        watch = Watch()
        if self._given is None:
            found = self._descent(fed, tasks, weights, share, watch)
        else:
            found = self._by_losses(fed, tasks, weights, share, watch)
        if len(watch.tasks) > 1 and watch.weights is not None:
            self._keep(watch, found, fed)
        if self._given is not None and self._engine is not None:
            self._engine.forget()
        return found

    def events(self) -> list[GradientsMeasured | AffinityMeasured]:
        """What was measured since the last call, brought to the host."""
        pending, self._pending = self._pending, []
        found: list[GradientsMeasured | AffinityMeasured] = []
        for item in pending:
            found.append(_gradients(item))
            if item.affinity is not None:
                found.append(_affinity(item, item.affinity))
        return found

    def _by_losses(
        self, fed: Fed, tasks: Sequence[str], weights: Mapping[str, float], share: float, watch: Watch
    ) -> Descended:
        """A step of a method on losses, with the gradients of the single tasks.

        The method combines leaves in place of the losses: its backward pass gives what each loss is multiplied with,
        and the gradients of whatever it learns itself.
        """
        parts, engine, given = self._parts, self._engine, self._given
        assert engine is not None and given is not None
        with parts.precision.autocast():
            passed = engine.forward(fed.batch.inputs, tasks)
            losses, counts = self._descent.losses(fed, tasks, passed.outputs)
        leaves = {task: loss.detach().requires_grad_() for task, loss in losses.items()}
        total = parts.balancer.combine(leaves, weights)
        scale = self._descent.scale(share)
        (total if scale is None else total * scale).backward()
        given.given = {task: _weight(leaf, scale) for task, leaf in leaves.items()}
        engine.backward(passed, losses, weights, scale, watch)
        return Descended(total.detach(), losses, counts)

    def _keep(self, watch: Watch, found: Descended, fed: Fed) -> None:
        import torch

        step, epoch = self._progress.step, self._progress.epoch
        laboratory = StepLaboratory(self._parts, fed, step, 0.0)
        losses = torch.stack([found.losses[task].detach() for task in watch.tasks])
        products = watch.products()
        every = self._every * self._affinity
        ahead = None
        if every and (step + 1) % every == 0:
            norms = products.diagonal(dim1=1, dim2=2).sum(0).sqrt()
            ahead = look_ahead(watch, losses, norms, laboratory)
        assert watch.weights is not None
        self._pending.append(
            _Pending(step + 1, epoch, watch.tasks, watch.layers, products, watch.weights, losses, ahead)
        )


def look_ahead(watch: Watch, losses: Tensor, norms: Tensor, laboratory: StepLaboratory) -> Tensor:
    """Z, (rows, rows): what a step along each task's gradient of the shared layers does to the losses of all.

    Z[i][j] = 1 - L_j(θ - l g_i / ‖g_i‖) / L_j(θ) on the batch that g_i is of, heads held fixed, normalised as in
    training; l = min(min_k 0.01 L_k / ‖g_k‖, 0.02 ‖θ‖). Weights, running statistics and the random numbers of the
    training are left exactly as they were.

    Args:
        watch: of the step, after its backward pass.
        losses: (rows,) of the batch.
        norms: (rows,) ‖g_i‖, of the unweighted losses.
        laboratory: of the step.

    Source: Fifty et al. 2021, arXiv 2109.04617. Deviation: the paper steps as its optimizer would, so that a task with
    a large loss steps further and seems to help more, and everything depends on the learning rate. Here all tasks step
    equally far, in whatever unit a loss is: as far as makes 1 % of the loss of the task that is the most sensitive.
    Divided by Z[j][j] it tells which share of what a step of j's own does for j a step for i does.
    """
    import torch

    with torch.no_grad(), drawn_apart():
        moved = list(watch.directions())
        parameters: list[Tensor] = [parameter for parameter, _pieces in moved]
        kept = [parameter.detach().clone() for parameter in parameters]
        reach = REACH * torch.stack(torch._foreach_norm(kept)).norm()
        promising = (norms > 0) & (losses > 0)
        length = torch.where(promising, GAIN * losses / norms, reach).min().clamp_max(reach)
        found = []
        for row in range(len(watch.tasks)):
            ways = [pieces[row] for _parameter, pieces in moved]
            norm = torch.stack(torch._foreach_norm(ways)).norm()
            step = torch.where(norm > 0, length / norm, torch.zeros_like(norm))
            for parameter, old, way in zip(parameters, kept, ways, strict=True):
                parameter.copy_(old - step * way)
            after = laboratory.losses()
            found.append(1.0 - torch.stack([after[task] for task in watch.tasks]) / losses)
        torch._foreach_copy_(parameters, kept)
    return torch.stack(found)


def _weight(leaf: Tensor, scale: Tensor | None) -> Tensor:
    import torch

    if leaf.grad is None:
        return torch.zeros_like(leaf)
    return leaf.grad if scale is None else leaf.grad / scale


def _gradients(item: _Pending) -> GradientsMeasured:
    layers = zip(item.layers, item.products.tolist(), strict=True)
    products = {layer: tuple(tuple(map(_rounded, row)) for row in matrix) for layer, matrix in layers}
    weights = dict(zip(item.tasks, map(_rounded, item.weights.tolist()), strict=True))
    return GradientsMeasured(
        time=time.time(), step=item.step, epoch=item.epoch, tasks=item.tasks, weights=weights, products=products
    )


def _affinity(item: _Pending, affinity: Tensor) -> AffinityMeasured:
    return AffinityMeasured(
        time=time.time(), step=item.step, epoch=item.epoch, tasks=item.tasks,
        losses=dict(zip(item.tasks, map(_rounded, item.losses.tolist()), strict=True)),
        affinity=tuple(tuple(map(_rounded, row)) for row in affinity.tolist()),
    )  # fmt: skip


def _rounded(value: float) -> float | None:
    """As many digits as float32 has: the log stays small. None for what is no number."""
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
