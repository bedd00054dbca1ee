"""GradNorm: learns weights under which all tasks train at a similar rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.adam import SomeAdam
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import EVERY, LEVEL, GradientBalancer, Moment
from mtlstudio.training.devices import places_on

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class GradNormBalancer(GradientBalancer):
    """d = Σ_t w_t g_t. After a step w goes against the gradient of Σ_t |w_t n_t - mean_s(w_s n_s) r_t^α|, the mean and
    r held constant: n_t = ‖g_t‖, r_t = (L_t / L_t(0)) / mean_s(L_s / L_s(0)); then Σ w = T again.

    Source: Chen et al. 2018, "GradNorm", arXiv 1711.02257. Deviations: the norms are of the gradients of all shared
    weights, or of the features where the tasks part, instead of the last shared layer, which not every network has;
    the w take steps of Adam. They hold for the layers of single tasks too, as in the paper. λ does not count.
    """

    weighs_own = True
    uses_weights = False

    def __init__(
        self, tasks: Sequence[str], device: torch.device, every: int, alpha: float, learning_rate: float
    ) -> None:
        import torch

        super().__init__(tasks, device, every)
        self.alpha = alpha
        self.learned = SomeAdam(torch.ones(len(self.tasks), device=device), learning_rate)
        self.first = torch.zeros(len(self.tasks), device=device)  # losses of the first steps; 0: not seen yet

    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        """See `GradientBalancer.weigh`; this step's weights, while those of the next are learned."""
        import torch

        rows = places_on(self.device, moment.rows)
        used = self.learned.value[rows]
        norms = gramian.diagonal().clamp_min(0.0).sqrt()
        first = self.first[rows]
        first = torch.where((first == 0) & moment.losses.isfinite(), moment.losses.clamp_min(1e-8), first)
        self.first[rows] = first
        progress = moment.losses / first
        aim = (used * norms).mean() * (progress / progress.mean()) ** self.alpha
        gradient, moves = torch.zeros_like(self.first), torch.zeros_like(self.first, dtype=torch.bool)
        gradient[rows] = torch.sign(used * norms - aim) * norms
        moves[rows] = norms > 0
        self.learned.step(gradient, moves)
        value = self.learned.value.clamp_min(1e-4)
        self.learned.value = value * (len(self.tasks) / value.sum())
        return used

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        return {**super().state(), **self.learned.state(), "first": self.first.cpu().clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        super().load(state)
        self.learned.load(state, self.device)
        self.first = state["first"].to(self.device).clone()


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return GradNormBalancer(tasks, device, values["every"], values["alpha"], values["learning_rate"])


METHOD = BalancingMethod(
    "gradnorm", mark("GradNorm"), mark("Learns weights under which all tasks train at a similar rate."),
    "Chen et al. 2018, arXiv 1711.02257",
    (
        Parameter(
            "alpha", "float", 1.5, mark("α"), mark("How strongly tasks that lag behind are pulled."),
            minimum=0.0, maximum=10.0, step=0.1,
        ),
        Parameter(
            "learning_rate", "float", 0.025, mark("Learning rate of the weights"), minimum=0.0, maximum=10.0, step=0.005
        ),
        LEVEL, EVERY,
    ),
    build=_build, uses_weights=False, works_on="gradients",
)  # fmt: skip
