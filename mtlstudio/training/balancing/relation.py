"""By relation: a task weighs the more, the more its steps help the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training import notes
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod, Facts, Remark
from mtlstudio.training.balancing.on_losses import LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class RelationBalancer(LossBalancer):
    """total = Σ_t w_t L_t, w = softmax(a / τ), a_t the mean over s ≠ t of the affinity Z[t, s]: by what share a step
    for t alone lowers the loss of s. The affinity is divided by its largest entry (in size) beforehand.

    Source: of the affinity, Fifty et al. 2021, "Efficiently Identifying Task Groupings", arXiv 2109.04617. What the
    weights are made of it is this program's own. Unmeasured, the weights are equal, and a note says so.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        device: torch.device,
        affinity: Sequence[float],
        measured_in: str,
        temperature: float,
    ) -> None:
        super().__init__(tasks, device)
        self._affinity, self._measured_in, self._temperature = tuple(affinity), measured_in.strip(), temperature

    def prepare(self, facts: Facts) -> list[Remark]:
        """See `Balancer.prepare`."""
        remarks, count = super().prepare(facts), len(self.tasks)
        affinity = self._affinity
        if not affinity and self._measured_in:
            affinity = tuple(facts.affinity_in(self._measured_in))
            if not affinity:
                return [*remarks, (notes.AFFINITY_UNMEASURED, {"run": self._measured_in})]
        if not affinity:
            return [*remarks, (notes.NO_AFFINITY, {})]
        if len(affinity) != count * count:
            return [*remarks, (notes.WRONG_AFFINITY, {"n": len(affinity), "wanted": count * count})]
        self.used = self._weights(affinity)
        return remarks

    def _weights(self, affinity: Sequence[float]) -> Tensor:
        import torch

        count = len(self.tasks)
        matrix = torch.tensor(affinity, dtype=torch.float32).view(count, count).clone()
        matrix.fill_diagonal_(0.0)
        matrix /= matrix.abs().max().clamp_min(1e-12)
        return torch.softmax(matrix.sum(1) / max(count - 1, 1) / self._temperature, 0).to(self.device)

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count."""
        import torch

        return (torch.stack(list(losses.values())) * self.used[self.rows(losses)]).sum()


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return RelationBalancer(tasks, device, values["affinity"], values["measured_in"], values["temperature"])


METHOD = BalancingMethod(
    "relation", mark("Relation"), mark("The more a task's steps help the others, the more it weighs."),
    "Fifty et al. 2021, arXiv 2109.04617",
    (
        Parameter(
            "affinity", "floats", (), mark("Affinity"),
            mark("As measured, a row per task: how much its step helps each task. Empty: not measured."),
        ),
        Parameter(
            "measured_in", "text", "", mark("Measured in"),
            mark("A run of this project in which the affinity was measured; counts where none stands above."),
        ),
        Parameter(
            "temperature", "float", 0.5, mark("Temperature"), mark("The larger, the more equal the weights."),
            minimum=0.01, maximum=100.0, step=0.1,
        ),
    ),
    build=_build, uses_weights=False, constant=True, simple=True,
)  # fmt: skip
