"""Auto-λ: chooses the weights that make a step best for the validation loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.adam import SomeAdam
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod, Laboratory
from mtlstudio.training.balancing.on_losses import LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class AutoLambdaBalancer(LossBalancer):
    """total = Σ_t w_t L_t; w goes against the gradient of the validation loss after a step with those weights.

    With θ' = θ - η ∇ Σ_t w_t L_t(θ) and h = ∇ Σ_t L_t^val(θ'), that gradient is -η ∇L_t(θ) · h, found as the
    difference -η (L_t(θ + ε h) - L_t(θ - ε h)) / 2ε with ε = 0.01 / ‖h‖: no second derivatives.

    Source: Liu et al. 2022, "Auto-Lambda", arXiv 2202.03091. All tasks count as primary. Deviations: w is learned in
    every so manieth step only (two backward and two forward passes each), by Adam and, as η, with the learning rate of
    the step; w of tasks absent from the batch rests, and none falls below 0. λ does not count.
    """

    experiments = wants_validation = True

    def __init__(
        self, tasks: Sequence[str], device: torch.device, start: float, learning_rate: float, every: int
    ) -> None:
        import torch

        super().__init__(tasks, device)
        self.learned = SomeAdam(torch.full((len(self.tasks),), start, device=device), learning_rate)
        self.every = every
        self.used = self.learned.value

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count."""
        return self.total(losses, self.learned.value[self.rows(losses)])

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The weights as learned so far."""
        return dict(zip(self.tasks, self.learned.value.tolist(), strict=True))

    def before_step(self, laboratory: Laboratory) -> None:
        """See `Balancer.before_step`."""
        import torch

        if self.step % self.every:
            return
        rate = laboratory.learning_rate
        parameters: list[Tensor] = list(laboratory.parameters)
        losses = laboratory.losses()
        if not losses or rate <= 0:
            return
        total = self.combine(losses, {})
        if not total.requires_grad:
            return
        kept = [parameter.detach().clone() for parameter in parameters]
        direction = laboratory.summed(_gradients(total, parameters))
        with torch.no_grad():
            torch._foreach_add_(parameters, direction, alpha=-rate)
        validation = list(laboratory.validation().values())
        towards = direction
        if validation:
            towards = laboratory.summed(_gradients(torch.stack(validation).sum(), parameters))
        length = torch.stack(torch._foreach_norm(towards)).norm().clamp_min(1e-12)
        small = 0.01 / length
        ahead = self._moved(laboratory, parameters, kept, towards, small)
        behind = self._moved(laboratory, parameters, kept, towards, -small)
        with torch.no_grad():
            torch._foreach_copy_(parameters, kept)
        gradient = torch.zeros_like(self.learned.value)
        moves = torch.zeros_like(gradient, dtype=torch.bool)
        rows = self.rows(losses)
        gradient[rows] = torch.stack([-rate * (ahead[task] - behind[task]) / (2 * small) for task in losses])
        moves[rows] = True
        self.learned.step(gradient, moves)
        self.learned.value = self.learned.value.clamp_min(0.0)

    @staticmethod
    def _moved(
        laboratory: Laboratory,
        parameters: Sequence[Tensor],
        kept: Sequence[Tensor],
        towards: Sequence[Tensor],
        by: Tensor,
    ) -> dict[str, Tensor]:
        """The losses of the batch with the weights moved by so much."""
        import torch

        with torch.no_grad():
            for parameter, old, way in zip(parameters, kept, towards, strict=True):
                parameter.copy_(old + by * way)
            return laboratory.losses()

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        return {**super().state(), **self.learned.state()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        super().load(state)
        self.learned.load(state, self.device)


def _gradients(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    import torch

    found = torch.autograd.grad(loss, list(parameters), allow_unused=True)
    return [
        torch.zeros_like(parameter) if gradient is None else gradient
        for parameter, gradient in zip(parameters, found, strict=True)
    ]


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return AutoLambdaBalancer(tasks, device, values["start"], values["learning_rate"], values["every"])


METHOD = BalancingMethod(
    "auto_lambda", mark("Auto-λ"), mark("Learns the weights whose steps lower the validation loss most."),
    "Liu et al. 2022, arXiv 2202.03091",
    (
        Parameter("start", "float", 0.1, mark("Weights at the start"), minimum=0.0, maximum=100.0, step=0.1),
        Parameter(
            "learning_rate", "float", 1e-2, mark("Learning rate of the weights"), minimum=0.0, maximum=10.0, step=0.001
        ),
        Parameter(
            "every", "int", 10, mark("Every … steps"), mark("How often the weights are learned."),
            minimum=1, maximum=10000,
        ),
    ),
    build=_build, uses_weights=False, extra_passes=8,
)  # fmt: skip
