"""What methods that work on the gradients of the single tasks have in common.

Where tasks share different layers (branches, trees, layers between tasks), a task's gradient counts as zero where it
does not reach, and its weight holds wherever it does. A task without targets in the batch, with λ = 0, or whose gradient
reaches no shared layer, has no row. The layers of one task alone get that task's own gradient, as in the literature: not
times the weight that the method finds for the shared ones. λ, where it counts, multiplies each task's loss beforehand,
relative to the mean of all λ: as long as they are equal the method is exactly that of its paper.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.training import notes
from mtlstudio.training.balancing.interface import Balancer, Facts, Remark
from mtlstudio.training.devices import places_on

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mtlstudio.training.gradients.solvers import Array

LEVEL = Parameter(
    "level", "choice", "parameters", mark("Compare gradients"),
    mark("Of all shared weights, one backward pass per task; or of the features where the tasks part, one for all."),
    choices=FrozenDict(parameters=mark("Of the shared weights"), features=mark("Of the shared features")),
)  # fmt: skip
EVERY = Parameter(
    "every", "int", 1, mark("Every … steps"),
    mark("In between, the weights found last are kept: a step then costs hardly more than with fixed ones."),
    minimum=1, maximum=10000,
)  # fmt: skip
SHARED_PARAMETERS = (LEVEL, EVERY)


@dataclass(frozen=True)
class Moment:
    """One step as a method sees it.

    Attributes:
        tasks: ids of the rows.
        rows: their places among all tasks of the project.
        losses: (rows,) float32, times λ where λ counts.
    """

    tasks: tuple[str, ...]
    rows: tuple[int, ...]
    losses: Tensor


class GradientBalancer(Balancer):
    """A method that weighs the tasks' gradients by their inner products.

    Attributes:
        element_wise: it merges the gradients number by number (`merge`) instead of weighing them.
        weighs_own: the weights hold for the layers of single tasks too.
        uses_weights: λ counts.

    Args:
        tasks: of the project.
        device: where the weights are kept.
        every: they are found anew in every so manieth step.
    """

    element_wise: ClassVar[bool] = False
    weighs_own: ClassVar[bool] = False
    uses_weights: ClassVar[bool] = True

    def __init__(self, tasks: Sequence[str], device: torch.device, every: int = 1) -> None:
        import torch

        self.tasks = tuple(tasks)
        self.places = {task: place for place, task in enumerate(self.tasks)}
        self.device, self.every = device, every
        self.seed = self.step = self.failures = 0
        self._kept = torch.ones(len(self.tasks), dtype=torch.float32, device=device)
        self._known: set[str] = set()

    def combine(self, losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """The plain sum, each loss times what λ stands for; for what does not tell the gradients apart."""
        import torch

        factors = self.factors(weights)
        return torch.stack([loss * factors[task] for task, loss in losses.items()]).sum()

    def factors(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Task id -> what its loss is multiplied with beforehand: λ relative to the mean of all, or 1."""
        total = sum(weights[task] for task in self.tasks)
        if not self.uses_weights:
            return dict.fromkeys(self.tasks, 1.0)
        if total <= 0:
            return dict.fromkeys(self.tasks, 0.0)
        return {task: weights[task] * len(self.tasks) / total for task in self.tasks}

    def prepare(self, facts: Facts) -> list[Remark]:
        """See `Balancer.prepare`."""
        self.seed = facts.seed
        return []

    def begin(self, step: int) -> None:
        """See `Balancer.begin`."""
        self.step = step

    def due(self, tasks: Sequence[str]) -> bool:
        """Whether weights are to be found in this step for tasks with such rows."""
        return self.element_wise or self.step % self.every == 0 or not self._known.issuperset(tasks)

    def found(self, gramian: Tensor, moment: Moment) -> Tensor:
        """The weights of the rows (`weigh`), kept for the steps to come.

        Args:
            gramian: inner products of the rows, (rows, rows) float32.

        Returns:
            (rows,) float32.
        """
        weights = self.weigh(gramian, moment)
        kept = weights.detach().where(weights.isfinite(), self.kept(moment))  # a batch that explodes is not remembered
        if len(moment.rows) == len(self.tasks):
            self._kept = kept
        else:
            self._kept[places_on(self.device, moment.rows)] = kept
        self._known.update(moment.tasks)
        return weights

    def kept(self, moment: Moment) -> Tensor:
        """The weights found last, (rows,)."""
        whole = len(moment.rows) == len(self.tasks)
        return self._kept if whole else self._kept[places_on(self.device, moment.rows)]

    @abstractmethod
    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        """The weights of the rows, (rows,) float32 on the device."""

    def own_weight(self, task: str, weight: Tensor | None) -> Tensor | None:
        """What the gradient of a task's own layers is multiplied with, () or None for 1.

        Args:
            weight: () of its row; None where it has none, or the method merges.
        """
        return weight if self.weighs_own else None

    def merge(self, matrix: Tensor, moment: Moment, part: int) -> Tensor:
        """The common direction, (numbers,), of element-wise methods.

        Args:
            matrix: (rows, numbers) float32.
            part: 0, 1, …: which of the matrices of one step.
        """
        raise NotImplementedError

    def end_epoch(self, losses: Mapping[str, float | None]) -> list[Remark]:
        """See `Balancer.end_epoch`: the steps of the epoch whose problem could not be solved."""
        failures, self.failures = self.failures, 0
        return [(notes.SOLVER_FAILED, {"n": failures})] if failures else []

    def effective(self, weights: Mapping[str, float]) -> dict[str, float]:
        """What the shared layers' gradients are multiplied with."""
        found = self._kept.tolist()
        return {task: found[self.places[task]] * factor for task, factor in self.factors(weights).items()}

    def state(self) -> dict[str, Tensor]:
        """See `Balancer.state`."""
        import torch

        known = [task in self._known for task in self.tasks]
        return {
            "weights": self._kept.detach().cpu().clone(),
            "known": torch.tensor(known),
            "failures": torch.tensor(self.failures),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Balancer.load`."""
        self._kept = state["weights"].to(self.device).clone()
        self._known = {task for task, known in zip(self.tasks, state["known"].tolist(), strict=True) if known}
        self.failures = int(state["failures"])


class SolvedBalancer(GradientBalancer):
    """A method whose weights are the solution of a small problem, found in float64 on the host.

    The inner products are brought over in one transfer. A row of zeros (no target among the batch's elements, nothing
    left to learn) is dropped: it would stop the solvers. Where there is no solution the mean is taken, and counted.
    """

    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        """See `GradientBalancer.weigh`."""
        import numpy as np
        import torch

        matrix = gramian.detach().cpu().double().numpy()
        weights = np.full(len(matrix), 1.0 / len(matrix))
        if np.isfinite(matrix).all():  # else the scaler of fp16 passes over the step, or the run ends
            alive = np.flatnonzero(matrix.diagonal() > 0)
            if len(alive):
                weights[:] = 0.0
                weights[alive] = self._solved(matrix[np.ix_(alive, alive)], [moment.rows[row] for row in alive])
        return torch.from_numpy(weights).float().to(self.device, non_blocking=True)

    @abstractmethod
    def solve(self, gramian: Array, places: Sequence[int]) -> Array:
        """The weights of rows that are not zero.

        Args:
            gramian: inner products, (rows, rows) float64.
            places: of the rows among all tasks.

        Raises:
            ArithmeticError: there is no solution.
        """

    def _solved(self, matrix: Array, places: Sequence[int]) -> Array:
        import numpy as np

        try:
            weights = self.solve(matrix, places)
        except (ArithmeticError, np.linalg.LinAlgError):
            weights = np.full(len(matrix), np.nan)
        if np.isfinite(weights).all():
            return weights
        self.failures += 1
        return np.full(len(matrix), 1.0 / len(matrix))
