"""The interface of balancing methods. A new one is one file in this folder that declares `METHOD`."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.training.declarations import Method

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Remark = tuple[str, dict[str, Any]]
"""A code of `mtlstudio.training.notes` and its values."""


@dataclass(frozen=True)
class Facts:
    """What a method may want to know of the run.

    Attributes:
        seed: of the run.
        labels: task id -> number of training samples with a target.
        affinity_in: name of a run -> the affinity measured in it, a row per task of this run, one number after another;
            empty where none was measured.
    """

    seed: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    affinity_in: Callable[[str], Sequence[float]] = field(default=lambda run: ())


class Laboratory(Protocol):
    """What a method may try out before and after a step (`Balancer.experiments`).

    Running statistics of normalisations stay as they are, and random numbers are those of the step itself.
    """

    @property
    def parameters(self) -> Sequence[nn.Parameter]:
        """The trained weights of the network."""

    @property
    def learning_rate(self) -> float:
        """Of the step."""

    def losses(self) -> dict[str, Tensor]:
        """The losses of the step's batch, computed anew with the weights as they are now."""

    def validation(self) -> dict[str, Tensor]:
        """The losses of a batch of validation pictures (of the step's batch where there are none)."""

    def summed(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Gradients of such losses, as autograd finds them, of the whole batch: where several processes have a part of
        it each, they are added up."""


class Balancer(ABC):
    """A balancing method at work in one run.

    Attributes:
        experiments: `before_step` and `after_step` are called.
        wants_validation: it looks at validation pictures then.
    """

    experiments: bool = False
    wants_validation: bool = False

    @abstractmethod
    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """The total loss of a batch.

        Args:
            losses: task id -> () float32, only of the tasks that have targets in this batch (at least one).
            weights: task id -> λ, of all tasks.

        Returns:
            () float32, to be differentiated.
        """

    def prepare(self, facts: Facts) -> list[Remark]:
        """Is told what there is to know of the run, once, before the first step; returns what is worth noting."""
        return []

    def begin(self, step: int) -> None:
        """Is told the number of the coming step (0-based): random draws are functions of seed and step."""

    def before_step(self, laboratory: Laboratory) -> None:
        """May try something out before the losses of a step are computed."""

    def after_step(self, laboratory: Laboratory) -> None:
        """May look at what the step did."""

    def end_epoch(self, losses: Mapping[str, float | None]) -> list[Remark]:
        """Is told the mean training losses of an epoch (None without targets); returns what is worth noting."""
        return []

    def parameters(self) -> list[nn.Parameter]:
        """Values that are trained along with the network, without weight decay."""
        return []

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Task id -> what its loss is multiplied with now (may wait for the device). Default: λ."""
        return dict(weights)

    def state(self) -> dict[str, Tensor]:
        """What `load` needs to go on."""
        return {}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Goes on from a `state`."""


@dataclass(frozen=True)
class BalancingMethod(Method):
    """Declaration of a balancing method; no torch at import.

    Attributes:
        build: makes the balancer from (its values, task ids, device).
        uses_weights: λ counts; if not, the sliders do nothing.
        works_on: `losses` (combines them into one) or `gradients`.
        constant: the weights stay what they are at the start, but for λ.
        simple: it looks at no loss and no gradient.
        needs: import names of packages that it cannot do without.
        install: what to ask the package manager for, if one is missing.
        extra_passes: forward passes of the whole network beside the step's own (a backward pass counts as two), in each
            step, or in every so manieth where it has a parameter `every`.
    """

    build: Callable[[Mapping[str, Any], Sequence[str], torch.device], Balancer] | None = None
    uses_weights: bool = True
    works_on: Literal["losses", "gradients"] = "losses"
    constant: bool = False
    simple: bool = False
    needs: tuple[str, ...] = ()
    install: str = ""
    extra_passes: float = 0.0

    def lacks(self) -> str:
        """Why it cannot be chosen here, in the user's language; empty where it can."""
        missing = [name for name in self.needs if importlib.util.find_spec(name) is None]
        if not missing:
            return ""
        return tr(
            "needs {packages}, which is not installed: pip install {install}",
            packages=", ".join(missing), install=f'"{self.install}"',
        )  # fmt: skip

    def built(self, values: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Balancer:
        """The balancer of a run.

        Raises:
            StudioError: a package is missing.
        """
        if lacking := self.lacks():
            raise StudioError(
                mark("{method} {reason}"), where="training.balancing", fix=mark("Install it, or choose another method."),
                method=tr(self.name), reason=lacking,
            )  # fmt: skip
        assert self.build is not None
        return self.build(values, tasks, device)
