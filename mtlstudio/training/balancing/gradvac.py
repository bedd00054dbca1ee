"""Gradient Vaccine: brings gradients closer where they agree less than they usually do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod
from mtlstudio.training.balancing.on_gradients import SHARED_PARAMETERS, GradientBalancer, Moment
from mtlstudio.training.balancing.pcgrad import orders
from mtlstudio.training.devices import places_on

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_EPS = 1e-8


class GradVacBalancer(GradientBalancer):
    """d = Σ_i g_i', where for the other tasks j in random order, φ the cosine of g_i' and g_j, and φ < φ̂_ij:

    g_i' ← g_i' + ‖g_i'‖ (φ̂_ij √(1-φ²) - φ √(1-φ̂_ij²)) / (‖g_j‖ √(1-φ̂_ij²)) g_j;   φ̂_ij ← (1-β) φ̂_ij + β φ

    φ̂ starts at 0 and is kept per pair of tasks; pairs without gradients rest.

    Source: Wang et al. 2021, "Gradient Vaccine", arXiv 2010.05874. Deviation: one φ̂ for all shared weights together
    (the paper's `whole_model`).
    """

    def __init__(self, tasks: Sequence[str], device: torch.device, every: int, beta: float) -> None:
        import torch

        super().__init__(tasks, device, every)
        self.beta = beta
        self.usual = torch.zeros((len(tasks), len(tasks)), device=device)

    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        """See `GradientBalancer.weigh`."""
        import torch

        count = len(gramian)
        rows = places_on(gramian.device, moment.rows)
        usual = self.usual[rows[:, None], rows]
        norms = gramian.diagonal().clamp_min(0.0).sqrt()
        there = (norms > 0) & norms.isfinite()
        gramian = gramian.where(there & there[:, None], 0.0)  # what is no number spoils no other pair
        mixed = torch.eye(count, dtype=gramian.dtype, device=gramian.device)
        for others in orders(count, self.seed, self.step).to(gramian.device, non_blocking=True).unbind(1):
            place = others[:, None]
            products = mixed @ gramian
            length = (products * mixed).sum(1).clamp_min(0.0).sqrt()
            cosine = products.gather(1, place)[:, 0] / (length * norms[others] + _EPS)
            wanted = usual.gather(1, place)[:, 0]
            other, own = (1 - wanted * wanted).clamp_min(0.0).sqrt(), (1 - cosine * cosine).clamp_min(0.0).sqrt()
            share = length * (wanted * own - cosine * other) / (norms[others] * other + _EPS)
            both = there & there[others]
            mixed = mixed.scatter_add(1, place, torch.where(both & (cosine < wanted), share, 0.0)[:, None])
            newer = torch.where(both, (1 - self.beta) * wanted + self.beta * cosine, wanted)
            usual = usual.scatter(1, place, newer[:, None])
        self.usual[rows[:, None], rows] = usual
        return mixed.sum(0)

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        return {**super().state(), "usual": self.usual.cpu().clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        super().load(state)
        self.usual = state["usual"].to(self.device).clone()


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return GradVacBalancer(tasks, device, values["every"], values["beta"])


METHOD = BalancingMethod(
    "gradvac", mark("GradVac"), mark("Brings two tasks' gradients as close as they usually are."),
    "Wang et al. 2021, arXiv 2010.05874",
    (
        Parameter(
            "beta", "float", 0.5, mark("Beta"), mark("Weight of the newest cosine in what is usual."),
            minimum=0.0, maximum=1.0, step=0.1,
        ),
        *SHARED_PARAMETERS,
    ),
    build=_build, works_on="gradients",
)  # fmt: skip
