"""What each balancing method's paper says, written down a second time: in float64, on the gradients themselves.

Nothing of the methods is used but the random numbers they draw (`draws.generator`, `pcgrad.orders`). A statement is asked
step by step, so that what a method learns on the way is stated too, and of the tasks present in a batch alone.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mtlstudio.training.balancing.draws import generator
from mtlstudio.training.balancing.pcgrad import orders

TASKS = ("kind", "mask", "count")
LAMBDA = {"kind": 0.5, "mask": 0.3, "count": 0.2}
LABELS = {"kind": 90, "mask": 60, "count": 30}
AFFINITY = (1.0, 0.4, 0.2, 0.1, 1.0, 0.0, -0.2, 0.0, 1.0)
SEED, RATE = 3, 0.05
"""Of the draws; and of the plain descent that a method's own values take in these tests."""


@dataclass(frozen=True)
class Step:
    """A batch as a statement sees it.

    Attributes:
        number: 0-based.
        tasks: present in the batch.
        losses: (tasks,) float64.
        rows: gradients of the shared weights, (tasks, weights) float64.
    """

    number: int
    tasks: tuple[str, ...]
    losses: Tensor
    rows: Tensor


class Statement(ABC):
    """One method's paper."""

    @abstractmethod
    def update(self, step: Step) -> tuple[Tensor, dict[str, float]]:
        """The common gradient of the shared weights, (weights,), and what each task's own layers' is multiplied with."""

    def after(self, step: Step, losses: Tensor) -> None:
        """Is told the losses of the same batch after the step."""

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """Is told the mean losses of an epoch."""


class OfLosses(Statement):
    """A weighted sum of the losses.

    Args:
        weigh: (tasks present, their losses) -> their weights.
    """

    def __init__(self, weigh: Callable[[Step], Tensor]) -> None:
        self.weigh = weigh

    def update(self, step: Step) -> tuple[Tensor, dict[str, float]]:
        weights = self.weigh(step)
        return weights @ step.rows, dict(zip(step.tasks, weights.tolist(), strict=True))


class OfGradients(Statement):
    """A direction made of the rows; λ multiplies the losses beforehand, relative to its mean, where it counts."""

    def __init__(self, direction: Callable[[Step], Tensor], uses_weights: bool = True) -> None:
        self.direction, self.uses_weights = direction, uses_weights

    def update(self, step: Step) -> tuple[Tensor, dict[str, float]]:
        mean = sum(LAMBDA.values()) / len(LAMBDA)
        factors = {task: LAMBDA[task] / mean if self.uses_weights else 1.0 for task in step.tasks}
        scaled = torch.tensor(list(factors.values()), dtype=torch.float64)
        return self.direction(Step(step.number, step.tasks, step.losses * scaled, step.rows * scaled[:, None])), factors


def _of(values: Mapping[str, float], step: Step) -> Tensor:
    return torch.tensor([values[task] for task in step.tasks], dtype=torch.float64)


class Learned(OfLosses):
    """A scale per task that goes down the gradient of the total, written out by hand."""

    def __init__(self, start: float, weight: Callable[[Tensor], Tensor], slope: Callable[[Tensor, Tensor], Tensor]):
        super().__init__(self._weigh)
        self.scales = dict.fromkeys(TASKS, start)
        self._weight, self._slope = weight, slope

    def _weigh(self, step: Step) -> Tensor:
        return self._weight(_of(self.scales, step))

    def after(self, step: Step, losses: Tensor) -> None:
        moved = _of(self.scales, step)
        moved = moved - RATE * self._slope(moved, step.losses)
        self.scales.update(zip(step.tasks, moved.tolist(), strict=True))


class FreeShares(OfLosses):
    """w = softmax(s); ∂/∂s_i Σ w L = w_i (L_i - Σ w L), where absent losses are 0."""

    def __init__(self) -> None:
        super().__init__(lambda step: self.shares()[[TASKS.index(task) for task in step.tasks]])
        self.logits = torch.zeros(len(TASKS), dtype=torch.float64)

    def shares(self) -> Tensor:
        return self.logits.exp() / self.logits.exp().sum()

    def after(self, step: Step, losses: Tensor) -> None:
        full = torch.zeros(len(TASKS), dtype=torch.float64)
        full[[TASKS.index(task) for task in step.tasks]] = step.losses
        self.logits = self.logits - RATE * self.shares() * (full - self.shares() @ full)


class DWA(OfLosses):
    """w = T softmax((L(e-1) / L(e-2)) / 2)."""

    def __init__(self) -> None:
        super().__init__(lambda step: _of(self.weights, step))
        self.weights: dict[str, float] = dict.fromkeys(TASKS, 1.0)
        self.epochs: list[dict[str, float]] = []

    def end_epoch(self, means: Mapping[str, float]) -> None:
        self.epochs.append(dict(means))
        if len(self.epochs) < 2:
            return
        rates = {task: math.exp(self.epochs[-1][task] / self.epochs[-2][task] / 2.0) for task in TASKS}
        self.weights = {task: len(TASKS) * rate / sum(rates.values()) for task, rate in rates.items()}


class Adams:
    """torch's Adam, one for each task, so that tasks that are absent rest."""

    def __init__(self, start: float, rate: float, decay: float = 0.0) -> None:
        self.values = {task: torch.tensor(start, dtype=torch.float64, requires_grad=True) for task in TASKS}
        self.optimizers = {
            task: torch.optim.Adam([value], lr=rate, weight_decay=decay) for task, value in self.values.items()
        }

    def of(self, tasks: Sequence[str]) -> Tensor:
        return torch.stack([self.values[task] for task in tasks])

    def descend(self, loss: Tensor, tasks: Sequence[str]) -> None:
        for value in self.values.values():
            value.grad = None
        loss.backward()
        for task in tasks:
            self.optimizers[task].step()


class FAMO(OfLosses):
    """Descends c Σ z log L; ξ descends Σ z (log L - log L') afterwards, by autograd."""

    def __init__(self) -> None:
        super().__init__(self._weigh)
        self.logits = Adams(0.0, 0.025, 1e-3)

    def _weigh(self, step: Step) -> Tensor:
        shares = self.logits.of(step.tasks).detach().softmax(0)
        return shares / step.losses / (shares / step.losses).sum()

    def after(self, step: Step, losses: Tensor) -> None:
        shares = self.logits.of(step.tasks).softmax(0)
        self.logits.descend((shares * (step.losses.log() - losses.log())).sum(), step.tasks)


class GradNorm(Statement):
    """Σ |w n - mean(w n) r^1.5|, the mean and r constant, by autograd; then Σ w = T again."""

    def __init__(self) -> None:
        self.weights = Adams(1.0, 0.025)
        self.first: dict[str, float] = {}

    def update(self, step: Step) -> tuple[Tensor, dict[str, float]]:
        weights = self.weights.of(step.tasks)
        used = weights.detach().clone()
        for task, loss in zip(step.tasks, step.losses.tolist(), strict=True):
            self.first.setdefault(task, loss)
        norms, progress = step.rows.norm(dim=1), step.losses / _of(self.first, step)
        aim = ((weights * norms).mean() * (progress / progress.mean()) ** 1.5).detach()
        self.weights.descend((weights * norms - aim).abs().sum(), step.tasks)
        with torch.no_grad():
            total = sum(value.item() for value in self.weights.values.values())
            for value in self.weights.values.values():
                value *= len(TASKS) / total
        return used @ step.rows, dict(zip(step.tasks, used.tolist(), strict=True))


def pcgrad(step: Step) -> Tensor:
    """Algorithm 1 of the paper."""
    rows, total = step.rows, torch.zeros_like(step.rows[0])
    for i, order in enumerate(orders(len(rows), SEED, step.number).tolist()):
        gradient = rows[i].clone()
        for j in order:
            if (inner := gradient @ rows[j]) < 0:
                gradient -= inner / (rows[j] @ rows[j]) * rows[j]
        total += gradient
    return total


class GradVac:
    """Algorithm 1 of the paper, with one usual cosine for each pair of tasks, β = ½."""

    def __init__(self) -> None:
        self.usual: dict[tuple[str, str], float] = {}

    def __call__(self, step: Step) -> Tensor:
        rows, total = step.rows, torch.zeros_like(step.rows[0])
        for i, order in enumerate(orders(len(rows), SEED, step.number).tolist()):
            gradient = rows[i].clone()
            for j in order:
                pair = step.tasks[i], step.tasks[j]
                cosine, aim = float(torch.cosine_similarity(gradient, rows[j], 0)), self.usual.get(pair, 0.0)
                if cosine < aim:
                    top = aim * math.sqrt(1 - cosine**2) - cosine * math.sqrt(1 - aim**2)
                    gradient = gradient + gradient.norm() * top / (rows[j].norm() * math.sqrt(1 - aim**2)) * rows[j]
                self.usual[pair] = 0.5 * aim + 0.5 * cosine
            total += gradient
        return total


def graddrop(step: Step) -> Tensor:
    """The masks as the paper writes them."""
    rows = step.rows
    purity = 0.5 * (1 + rows.sum(0) / rows.abs().sum(0).clamp_min(1e-30))
    drawn = torch.rand(rows.shape[1], generator=generator(SEED, step.number), dtype=torch.float32).double()
    masks = (purity > drawn) * (rows > 0) + (purity < drawn) * (rows < 0)
    return (masks * rows).sum(0)


def _supports(count: int) -> list[list[int]]:
    return [list(part) for size in range(1, count + 1) for part in itertools.combinations(range(count), size)]


def mgda(step: Step) -> Tensor:
    """The shortest of the vectors at right angles to a face of the hull, among those that lie in it."""
    rows, found = step.rows, []
    for support in _supports(len(rows)):
        part = rows[support]
        gramian, ones = part @ part.T, torch.ones(len(support), dtype=torch.float64)
        weights = torch.linalg.solve(gramian, ones)
        weights = weights / weights.sum()
        if (weights >= 0).all():
            found.append(weights @ part)
    return min(found, key=lambda vector: float(vector.norm()))


def _minimised(value: Callable[[Tensor], Tensor], count: int) -> Tensor:
    """Where a smooth function is least, by L-BFGS in float64."""
    point = torch.zeros(count, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [point], max_iter=500, tolerance_grad=1e-13, tolerance_change=1e-16, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = value(point)
        loss.backward()
        return loss

    optimizer.step(closure)
    return point.detach()


def cagrad(step: Step) -> Tensor:
    """The best of the directions of each face of the simplex, for the task that gains least; c = 0.4."""
    rows = step.rows
    mean, found = rows.mean(0), []
    for support in _supports(len(rows)):

        def direction(logits: Tensor, part: Tensor = rows[support]) -> Tensor:
            mixed = logits.softmax(0) @ part
            return mean + 0.4 * mean.norm() * mixed / mixed.norm()

        def dual(logits: Tensor, part: Tensor = rows[support]) -> Tensor:
            mixed = logits.softmax(0) @ part
            return (mixed @ mean + 0.4 * mean.norm() * mixed.norm()) / mean.norm() ** 2

        found.append(direction(_minimised(dual, len(support))))
    return max(found, key=lambda vector: float((rows @ vector).min()))


def fair(rows: Tensor, alpha: float) -> Tensor:
    """The weights w > 0 with G w = w^(-1/α), as the minimum of ½ wᵀ G w - Σ w^(1-1/α) / (1-1/α) over log w."""
    gramian = rows @ rows.T
    scale = float(gramian.diagonal().mean())
    power = 1.0 / alpha

    def value(logs: Tensor) -> Tensor:
        w = logs.exp()
        gain = logs.sum() if power == 1.0 else (w ** (1 - power) / (1 - power)).sum()
        return 0.5 * w @ (gramian / scale) @ w - gain

    return _minimised(value, len(rows)).exp() * scale ** (-1.0 / (1.0 + power))


def nash(step: Step) -> Tensor:
    """(G / ‖G‖) w = 1 / w, and no longer than 1."""
    rows = step.rows
    size = (rows @ rows.T).norm().sqrt()
    found = fair(rows / size, 1.0) @ rows
    return found / max(1.0, float(found.norm()))


def imtl_g(step: Step) -> Tensor:
    """The closed form of the paper: α_2…T = g_1 Uᵀ (D Uᵀ)⁻¹, D = g_1 - g_t, U = u_1 - u_t, α_1 = 1 - Σ."""
    rows = step.rows
    if len(rows) == 1:
        return rows[0]
    units = rows / rows.norm(dim=1, keepdim=True)
    u, d = units[0] - units[1:], rows[0] - rows[1:]
    alphas = rows[0] @ u.T @ torch.linalg.inv(d @ u.T)
    return torch.cat([1 - alphas.sum()[None], alphas]) @ rows


def aligned(step: Step) -> Tensor:
    """The mean of the rows with all singular values made the smallest."""
    u, s, v = torch.linalg.svd(step.rows, full_matrices=False)
    return (s.min() * u @ v).mean(0)


def config(step: Step) -> Tensor:
    """Equation 2 of the paper, with the pseudoinverse of the unit gradients themselves."""
    units = step.rows / step.rows.norm(dim=1, keepdim=True)
    way = torch.linalg.pinv(units) @ torch.ones(len(units), dtype=torch.float64)
    way = way / way.norm()
    return (step.rows @ way).sum() * way


def _projected(vector: Tensor, rows: Tensor) -> Tensor:
    """The nearest vector that harms no task: at right angles to some of the rows, among those of the cone."""
    found = [vector] if float((rows @ vector).min()) >= 0 else []
    for support in _supports(len(rows)):
        part = rows[support]
        near = vector - part.T @ torch.linalg.solve(part @ part.T, part @ vector)
        if float((rows @ near).min()) >= -1e-9 * float(vector.norm() * rows.norm()):
            found.append(near)
    return min(found, key=lambda near: float((near - vector).norm()))


def upgrad(step: Step) -> Tensor:
    """The mean of the rows' projections onto the cone."""
    return torch.stack([_projected(row, step.rows) for row in step.rows]).mean(0)


def relation_weights() -> dict[str, float]:
    """softmax of each row's mean outside of the diagonal, over ½; the largest entry of this affinity is 0.4."""
    means = [(0.4 + 0.2) / 2 / 0.4, (0.1 + 0.0) / 2 / 0.4, (-0.2 + 0.0) / 2 / 0.4]
    sizes = [math.exp(mean / 0.5) for mean in means]
    return {task: size / sum(sizes) for task, size in zip(TASKS, sizes, strict=True)}


def random_weights(step: Step) -> Tensor:
    """Shares of the exponentials of what was drawn for all tasks."""
    sizes = torch.randn(len(TASKS), generator=generator(SEED, step.number)).double().exp()
    return _of(dict(zip(TASKS, (sizes / sizes.sum()).tolist(), strict=True)), step)


def stch_weights(step: Step) -> Tensor:
    """λ times the share of exp(λ L / 0.1)."""
    weights = _of(LAMBDA, step)
    sizes = (weights * step.losses / 0.1).exp()
    return weights * sizes / sizes.sum()


STATEMENTS: dict[str, Callable[[], Statement]] = {
    "equal": lambda: OfLosses(lambda step: torch.full((len(step.tasks),), 1 / len(TASKS), dtype=torch.float64)),
    "fixed": lambda: OfLosses(lambda step: _of(LAMBDA, step)),
    "data_amount": lambda: OfLosses(
        lambda step: _of({task: count / sum(LABELS.values()) for task, count in LABELS.items()}, step)
    ),
    "relation": lambda: OfLosses(lambda step: _of(relation_weights(), step)),
    "random": lambda: OfLosses(random_weights),
    "uncertainty": lambda: Learned(0.0, lambda s: 0.5 * (-s).exp(), lambda s, loss: 0.5 * (1 - (-s).exp() * loss)),
    "imtl_l": lambda: Learned(0.0, torch.exp, lambda s, loss: s.exp() * loss - 1),
    "free_weights": FreeShares,
    "dwa": DWA,
    "geometric": lambda: OfLosses(
        lambda step: step.losses.prod() ** (1 / len(step.losses)) / len(step.losses) / step.losses
    ),
    "stch": lambda: OfLosses(stch_weights),
    "famo": FAMO,
    "gradnorm": GradNorm,
    "pcgrad": lambda: OfGradients(pcgrad),
    "gradvac": lambda: OfGradients(GradVac()),
    "graddrop": lambda: OfGradients(graddrop),
    "mgda": lambda: OfGradients(mgda),
    "cagrad": lambda: OfGradients(cagrad),
    "imtl_g": lambda: OfGradients(imtl_g, uses_weights=False),
    "aligned_mtl": lambda: OfGradients(aligned, uses_weights=False),
    "fairgrad": lambda: OfGradients(lambda step: fair(step.rows, 2.0) @ step.rows, uses_weights=False),
    "nash_mtl": lambda: OfGradients(nash, uses_weights=False),
    "config": lambda: OfGradients(config, uses_weights=False),
    "upgrad": lambda: OfGradients(upgrad),
    "dual_projection": lambda: OfGradients(lambda step: _projected(step.rows.mean(0), step.rows)),
}
"""Method id -> what it must do. Auto-λ, which tries its steps out on the network, has a test of its own."""
