"""By amount of data: a task weighs the more, the more labels it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod, Facts, Remark
from mtlstudio.training.balancing.on_losses import LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class DataAmountBalancer(LossBalancer):
    """total = Σ_t w_t L_t, w_t = n_t^(1/τ) / Σ_s n_s^(1/τ), n_t the number of training samples with a target of t.

    A batch's loss is the mean over its targets, so that equal weights let a rare label count more than a frequent one;
    with τ = 1 each label counts the same, with a large τ each task.

    Source: Raffel et al. 2020, arXiv 1910.10683, section 3.5.2 (mixing by temperature), there of what is drawn, here
    of the weights.
    """

    def __init__(self, tasks: Sequence[str], device: torch.device, temperature: float) -> None:
        super().__init__(tasks, device)
        self.temperature = temperature

    def prepare(self, facts: Facts) -> list[Remark]:
        """See `Balancer.prepare`."""
        import torch

        counts = torch.tensor([float(facts.labels.get(task, 0)) for task in self.tasks])
        if counts.sum() > 0:
            shares = (counts / counts.max()) ** (1.0 / self.temperature)
            self.used = (shares / shares.sum()).to(self.device)
        return super().prepare(facts)

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; λ does not count."""
        import torch

        return (torch.stack(list(losses.values())) * self.used[self.rows(losses)]).sum()


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return DataAmountBalancer(tasks, device, values["temperature"])


METHOD = BalancingMethod(
    "data_amount", mark("Amount of data"), mark("The more labels a task has, the more it weighs."),
    "Raffel et al. 2020, arXiv 1910.10683",
    (
        Parameter(
            "temperature", "float", 1.0, mark("Temperature"),
            mark("1: every label weighs the same; large: every task."), minimum=0.1, maximum=100.0, step=0.5,
        ),
    ),
    build=_build, uses_weights=False, simple=True,
)  # fmt: skip
