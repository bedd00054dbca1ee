"""Free λ: minimised along with the network. It collapses; here one can watch it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.training import notes
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod, Remark
from mtlstudio.training.balancing.on_losses import LossBalancer

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_MOST = 0.8
_LEAST = 0.5


class FreeBalancer(LossBalancer):
    """total = Σ_t w_t L_t with w = exp(s), or w = softmax(s); s is trained to make the total small.

    Nothing holds the weights up: free ones all go to 0, and of those that sum to 1 the task with the smallest loss
    takes all. A note says so at the end of an epoch once a task holds 80 %, or the sum has halved.

    Source: what uncertainty weighting (Kendall et al. 2018, arXiv 1705.07115) adds a term against.
    """

    def __init__(self, tasks: Sequence[str], device: torch.device, sum_to_one: bool) -> None:
        import torch

        super().__init__(tasks, device)
        self.sum_to_one = sum_to_one
        start = 0.0 if sum_to_one else -torch.tensor(float(len(self.tasks))).log().item()
        self.logits = torch.nn.Parameter(torch.full((len(self.tasks),), start, device=device))
        self._told = False

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """See `Balancer.combine`; the λ of the sliders do not count."""
        import torch

        return (torch.stack(list(losses.values())) * self._weights()[self.rows(losses)]).sum()

    def parameters(self) -> list[nn.Parameter]:
        """See `Balancer.parameters`."""
        return [self.logits]

    def end_epoch(self, losses: Mapping[str, float | None]) -> list[Remark]:
        """See `Balancer.end_epoch`: whether the weights have collapsed; told once."""
        found = self.effective({})
        total = sum(found.values())
        task = max(found, key=found.__getitem__)
        share = found[task] / total if total > 0 else 0.0
        if self._told or len(found) < 2 or (share < _MOST and total > _LEAST):
            return []
        self._told = True
        return [(notes.WEIGHTS_COLLAPSED, {"task": task, "share": round(100 * share), "total": round(total, 3)})]

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The weights as they are now."""
        return dict(zip(self.tasks, self._weights().tolist(), strict=True))

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        import torch

        return {"logits": self.logits.detach().cpu().clone(), "told": torch.tensor(self._told)}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        self.logits.data.copy_(state["logits"])
        self._told = bool(state["told"])

    def _weights(self) -> Tensor:
        import torch

        return torch.softmax(self.logits, 0) if self.sum_to_one else self.logits.exp()


def _build(values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
    return FreeBalancer(tasks, device, values["sum_to_one"])


METHOD = BalancingMethod(
    "free_weights", mark("Free λ"), mark("Minimises over λ too, which collapses: for seeing that it does."),
    "Kendall, Gal & Cipolla 2018, arXiv 1705.07115",
    (
        Parameter(
            "sum_to_one", "bool", True, mark("λ sum to 1"), mark("Else all λ are free to go to 0."),
        ),
    ),
    build=_build, uses_weights=False,
)  # fmt: skip
