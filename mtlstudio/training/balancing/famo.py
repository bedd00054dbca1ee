"""FAMO: lets all losses fall by the same share, from nothing but what a step did to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.adam import SomeAdam
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod, Laboratory
from mtlstudio.training.balancing.on_losses import TINY, LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class FAMOBalancer(LossBalancer):
    """total = c Σ_t z_t log L_t, z = softmax(ξ), c = 1 / Σ_t z_t / L_t (a constant), over the tasks present.

    After a step the losses of the same batch are computed anew, L', and ξ takes a step of Adam against the gradient of
    Σ_t z_t (log L_t - log L'_t): who fell less weighs more.

    Source: Liu et al. 2023, "FAMO", arXiv 2306.03792. The second look costs a forward pass, without gradient and
    without touching running statistics; ξ of absent tasks rests.
    """

    experiments = True

    def __init__(self, tasks: Sequence[str], device: torch.device, learning_rate: float, decay: float) -> None:
        import torch

        super().__init__(tasks, device)
        self.logits = SomeAdam(torch.zeros(len(self.tasks), device=device), learning_rate, decay)
        self._before: dict[str, Tensor] = {}

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count."""
        import torch

        self._before = {task: loss.detach() for task, loss in losses.items()}
        values = torch.stack(list(losses.values())) + TINY
        shares = torch.softmax(self.logits.value[self.rows(losses)], 0)
        constant = 1.0 / (shares / values.detach()).sum()
        self.remember(losses, constant * shares / values.detach())
        return constant * (shares * values.log()).sum()

    def after_step(self, laboratory: Laboratory) -> None:
        """See `Balancer.after_step`."""
        self.look(laboratory.losses())

    def look(self, after: Mapping[str, Tensor]) -> None:
        """Takes in the losses of the same batch after the step, () each."""
        import torch

        if not self._before:
            return
        rows = self.rows(self._before)
        fell = torch.stack([(loss + TINY).log() - (after[task] + TINY).log() for task, loss in self._before.items()])
        shares = torch.softmax(self.logits.value[rows], 0)
        gradient, moves = torch.zeros_like(self.logits.value), torch.zeros_like(self.logits.value, dtype=torch.bool)
        gradient[rows] = shares * (fell - (shares * fell).sum())
        moves[rows] = True
        self.logits.step(gradient, moves)
        self._before = {}

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        return {**super().state(), **self.logits.state()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        super().load(state)
        self.logits.load(state, self.device)


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return FAMOBalancer(tasks, device, values["learning_rate"], values["decay"])


METHOD = BalancingMethod(
    "famo", mark("FAMO"), mark("Looks at what each step did to the losses, and lets all fall by the same share."),
    "Liu et al. 2023, arXiv 2306.03792",
    (
        Parameter(
            "learning_rate", "float", 0.025, mark("Learning rate of the weights"), minimum=0.0, maximum=10.0, step=0.005
        ),
        Parameter("decay", "float", 1e-3, mark("Decay of the weights"), minimum=0.0, maximum=1.0, step=0.001),
    ),
    build=_build, uses_weights=False, extra_passes=1,
)  # fmt: skip
