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
        self, tasks: Sequence[str], device: torch.device, affinity: Sequence[float], temperature: float
    ) -> None:
        import torch

        super().__init__(tasks, device)
        count = len(self.tasks)
        self._remarks: list[Remark] = []
        if not affinity:
            self._remarks.append((notes.NO_AFFINITY, {}))
        elif len(affinity) != count * count:
            self._remarks.append((notes.WRONG_AFFINITY, {"n": len(affinity), "wanted": count * count}))
        elif count > 1:
            matrix = torch.tensor(affinity, dtype=torch.float32).view(count, count).clone()
            matrix.fill_diagonal_(0.0)
            matrix /= matrix.abs().max().clamp_min(1e-12)
            self.used = torch.softmax(matrix.sum(1) / (count - 1) / temperature, 0).to(device)

    def prepare(self, facts: Facts) -> list[Remark]:
        """See `Balancer.prepare`."""
        return [*super().prepare(facts), *self._remarks]

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count."""
        import torch

        return (torch.stack(list(losses.values())) * self.used[self.rows(losses)]).sum()


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return RelationBalancer(tasks, device, values["affinity"], values["temperature"])


METHOD = BalancingMethod(
    "relation", mark("Relation"), mark("The more a task's steps help the others, the more it weighs."),
    "Fifty et al. 2021, arXiv 2109.04617",
    (
        Parameter(
            "affinity", "floats", (), mark("Affinity"),
            mark("As measured, a row per task: how much its step helps each task. Empty: not measured."),
        ),
        Parameter(
            "temperature", "float", 0.5, mark("Temperature"), mark("The larger, the more equal the weights."),
            minimum=0.01, maximum=100.0, step=0.1,
        ),
    ),
    build=_build, uses_weights=False, constant=True, simple=True,
)  # fmt: skip
