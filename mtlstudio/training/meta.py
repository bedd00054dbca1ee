"""Meta-learning over the tasks: steps by what a few steps on each task alone lead to, without second derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from mtlstudio.training.descent import Descended
from mtlstudio.training.laboratory import still

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mtlstudio.tasks.interface import TaskLoss
    from mtlstudio.training.feed import Fed
    from mtlstudio.training.setup import Parts


class MetaDescent:
    """Adds the gradients of one batch after another to the parameters' `grad`; in place of `Descent`.

    From the weights θ, k steps of plain gradient descent at rate α on task t alone lead to θ_t. The gradient is

    - first-order MAML: Σ_t w_t ∇L_t(θ_t) on samples that these steps did not see,
    - Reptile: Σ_t w_t (θ - θ_t) / α.

    The samples of a batch that have a target are dealt out by turns into two parts; the inner steps see the first part
    (Reptile: both by turns), the last gradient of MAML the second (of a single sample: that again). Running statistics
    of normalisations follow the first pass, the one at θ, alone. The losses told are those at θ.

    Sources: Finn et al. 2017, arXiv 1703.03400; Nichol et al. 2018, arXiv 1803.02999. Deviations: tasks are heads of one
    network; Reptile's difference is divided by α, so that it is of the size of a gradient and goes into the optimizer.

    Args:
        parts: of the run.
    """

    def __init__(self, parts: Parts) -> None:
        import torch

        self._parts = parts
        self._one = torch.ones((), device=parts.device)

    def __call__(self, fed: Fed, tasks: Sequence[str], weights: Mapping[str, float], share: float = 1.0) -> Descended:
        """One batch; arguments as for `Descent`."""
        import torch

        parts = self._parts
        trained = [parameter for parameter in parts.network.parameters() if parameter.requires_grad]
        start = [parameter.detach().clone() for parameter in trained]
        found = Descended(torch.zeros((), device=parts.device))
        scale = parts.precision.scaler.scale(self._one) / parts.ranks.count  # whole already, and added up once more
        for task in tasks:
            first, gradients = self._task(fed, task, trained, start)
            found.losses[task], found.counts[task] = first.value.detach(), first.count
            found.total = found.total + weights[task] * first.value.detach()
            for parameter, origin, gradient in zip(trained, start, gradients, strict=True):
                parameter.data.copy_(origin)
                if gradient is None:
                    continue
                part = gradient * (weights[task] * share * scale)
                parameter.grad = part if parameter.grad is None else parameter.grad.add_(part)
        return found

    def _task(
        self, fed: Fed, task: str, trained: Sequence[nn.Parameter], start: Sequence[Tensor]
    ) -> tuple[TaskLoss, list[Tensor | None]]:
        """Leads the weights to θ_t; returns the loss at θ and the gradients there are for the step."""
        stage = self._parts.stages.window.stage
        fed_parts = self._dealt(fed, task)
        first, reached = None, [False] * len(trained)
        for number in range(stage.inner_steps):
            part = fed_parts[number % 2] if stage.meta == "reptile" else fed_parts[0]
            loss, gradients = self._gradients(fed, task, part, trained, moving=number == 0)
            first = first or loss
            for place, (parameter, gradient) in enumerate(zip(trained, gradients, strict=True)):
                if gradient is not None:
                    parameter.data.sub_(gradient, alpha=stage.inner_rate)
                    reached[place] = True
        assert first is not None
        if stage.meta == "reptile":
            rows = zip(trained, start, reached, strict=True)
            return first, [(old - new.detach()) / stage.inner_rate if there else None for new, old, there in rows]
        return first, self._gradients(fed, task, fed_parts[1], trained, moving=False)[1]

    def _gradients(
        self, fed: Fed, task: str, present: Tensor, trained: Sequence[nn.Parameter], moving: bool
    ) -> tuple[TaskLoss, list[Tensor | None]]:
        import torch

        parts = self._parts
        with parts.precision.autocast(), nullcontext() if moving else still(parts.network), parts.ranks.joined():
            outputs = parts.network(fed.batch.inputs, (task,))
            loss = parts.tasks[task].loss(outputs[task], fed.batch.targets[task], present)
        if not loss.value.requires_grad:
            return loss, [None] * len(trained)
        scaler = parts.precision.scaler
        found = self._summed(torch.autograd.grad(scaler.scale(loss.value), trained, allow_unused=True))
        scale = scaler.scale(self._one)
        return loss, [None if gradient is None else gradient / scale for gradient in found]

    def _summed(self, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Of the whole batch, where this process has a part of it only."""
        found = iter(self._parts.ranks.summed([gradient for gradient in gradients if gradient is not None]))
        return [None if gradient is None else next(found) for gradient in gradients]

    def _dealt(self, fed: Fed, task: str) -> tuple[Tensor, Tensor]:
        """The two parts, of this process's samples."""
        import torch

        ranks, present = self._parts.ranks, fed.batch.present[task]
        if ranks.count == 1:
            return _dealt(present)
        if fed.batch.stands_in:
            return torch.zeros_like(present), torch.zeros_like(present)
        even, odd = (part[ranks.index :: ranks.count].to(present.device) for part in _dealt(fed.whole.present[task]))
        return even, odd


def _dealt(present: Tensor) -> tuple[Tensor, Tensor]:
    """The samples with a target by turns into two parts, (N,) bool each; of a single one both have it."""
    import torch

    even = present & (present.cumsum(0) % 2 == 1)
    odd = present & ~even
    return even, torch.where(odd.any(), odd, even)
