"""The backward pass of methods that work on the gradients of the single tasks.

A step costs one forward, the backward of each head once, and at the level of parameters one backward through the shared
layers per task; at the level of features, and in steps that keep their weights, one for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mtlstudio.training.balancing.on_gradients import GradientBalancer, Moment
from mtlstudio.training.gradients.forward import Cut, CutForward, Passed
from mtlstudio.training.gradients.levels import COMMON, OWN, SHARED, Level, Levels, has_clean_split
from mtlstudio.training.gradients.rows import Rows
from mtlstudio.training.gradients.watch import Stretch, Watch
from mtlstudio.training.ranks import Ranks

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mtlstudio.network.compile import MultiTaskNetwork
    from mtlstudio.project.spec import NetworkSpec

Partial = dict[int, "Tensor"]
"""Slot -> gradient of a task's loss at the cut there, by the ways that lead downwards from it directly."""


class GradientEngine:
    """Per-task gradients on any network, put together as a method says.

    Attributes:
        level: `parameters` or `features`.
        fell_back: features were asked for, but the tasks do not part at one place of this network.

    Args:
        network: to be trained.
        spec: its specification.
        balancer: the method.
        level: what gradients are compared at.
        ranks: the processes that each have a part of the batch.
    """

    def __init__(
        self, network: MultiTaskNetwork, spec: NetworkSpec, balancer: GradientBalancer, level: Level = "parameters",
        ranks: Ranks | None = None,
    ) -> None:  # fmt: skip
        self._ranks = ranks or Ranks()
        self.fell_back = level == "features" and not has_clean_split(spec, network.plan(), network.tasks)
        self.level: Level = "parameters" if self.fell_back else level
        self._balancer, self._network = balancer, network
        self._levels = Levels(spec, self.level)
        self._forward = CutForward(network, self._levels)
        self._sort()

    def _sort(self) -> None:
        """Looks which parameters are trained now."""
        network, levels = self._network, self._levels
        self._held = network.held
        self._own = {task: _trained(network, levels, OWN, task) for task in network.tasks}
        self._stretches = {level: _stretch(network, levels, level) for level in (SHARED, COMMON)}
        self._common = list(self._stretches[COMMON].parameters)
        self._shared = list(self._stretches[SHARED].parameters)
        places = {id(parameter): place for place, parameter in enumerate(self._shared)}
        self._reached = {
            task: [places[id(parameter)] for parameter in _trained(network, levels, SHARED, task)]
            for task in network.tasks
        }
        self._rows: Rows | None = None
        self._features: Rows | None = None

    @property
    def held_bytes(self) -> int:
        """What the matrices of gradients take."""
        return sum(rows.held_bytes for rows in (self._rows, self._features) if rows is not None)

    def forget(self) -> None:
        """Gives back the memory of the rows until they are filled again."""
        self._rows = self._features = None

    def forward(self, inputs: Mapping[str, Tensor], tasks: Iterable[str]) -> Passed:
        """A forward pass whose outputs' losses `backward` takes. Layers may have been held or let go since the last.

        Args:
            inputs: input id -> (N, C, S, S).
            tasks: ids.
        """
        if self._network.held != self._held:
            self._sort()
        return self._forward(inputs, tuple(tasks))

    def backward(
        self,
        passed: Passed,
        losses: Mapping[str, Tensor],
        weights: Mapping[str, float],
        scale: Tensor | None = None,
        watch: Watch | None = None,
    ) -> Tensor:
        """Adds the gradients of one batch to the `grad` of all parameters that they reach.

        Args:
            passed: of `forward`.
            losses: task id -> () float32, of the tasks with targets in the batch.
            weights: task id -> λ, of all tasks.
            scale: () that losses are multiplied with (fp16); the gradients left are multiplied with it too.
            watch: is shown the tasks' gradients of all shared weights. The gradients left stay the same, but for the
                last digits; a step that would do without some of the backward passes makes them for it.

        Returns:
            () float32 without graph: Σ of the losses times their weights, for the log.
        """
        import torch

        factors = self._balancer.factors(weights)
        present = [task for task, loss in losses.items() if factors[task] > 0 and loss.requires_grad]
        weighed = {task: _scaled(losses[task], factors[task]) for task in present}
        own, partials = self._heads(
            {t: loss if scale is None else loss * scale for t, loss in weighed.items()}, passed.cuts
        )
        if watch is not None:
            watch.begin(factors, scale)
        found = self._shared_pass(passed.cuts, partials, weighed, scale, watch) if partials else None
        if watch is not None and found is not None:
            watch.weigh(found)
        each = dict(zip(partials, found.unbind(), strict=True)) if found is not None else {}
        for task in present:
            _assign(self._own[task], _times(own[task], self._balancer.own_weight(task, each.get(task))))
        terms = [loss.detach() * each[task] if task in each else loss.detach() for task, loss in weighed.items()]
        return torch.stack(terms).sum() if terms else torch.zeros((), device=self._balancer.device)

    def _heads(
        self, losses: Mapping[str, Tensor], cuts: Mapping[int, Cut]
    ) -> tuple[dict[str, list[Tensor | None]], dict[str, Partial]]:
        """One backward through all heads: gradients of each task's own parameters, and at the cuts that it reaches."""
        import torch

        places = [(task, slot) for slot, cut in cuts.items() for task in cut.leaves if task in losses]
        wanted: list[Tensor] = [parameter for task in losses for parameter in self._own[task]]
        wanted += [cuts[slot].leaves[task] for task, slot in places]
        if not wanted:
            return {task: [] for task in losses}, {}
        found = iter(torch.autograd.grad(list(losses.values()), wanted, allow_unused=True))
        own: dict[str, list[Tensor | None]] = {task: [next(found) for _ in self._own[task]] for task in losses}
        partials: dict[str, Partial] = {}
        for (task, slot), gradient in zip(places, found, strict=True):
            if gradient is not None:
                partials.setdefault(task, {})[slot] = gradient
        return own, {task: partials[task] for task in losses if task in partials}

    def _shared_pass(
        self,
        cuts: Mapping[int, Cut],
        partials: dict[str, Partial],
        losses: Mapping[str, Tensor],
        scale: Tensor | None,
        watch: Watch | None,
    ) -> Tensor | None:
        """The shared layers' gradients. Returns the weights of the rows, None of element-wise methods."""
        import torch

        balancer = self._balancer
        tasks = tuple(partials)
        values = torch.stack([losses[task].detach() for task in tasks])
        moment = Moment(tasks, tuple(balancer.places[task] for task in tasks), values)
        due = balancer.due(tasks)
        if not due and watch is None:
            kept = balancer.kept(moment)
            merged = _sum(list(partials.values()), kept)
            _assign(self._shared, self._back(cuts, merged, self._shared))
            self._through_common(cuts, merged)
            return kept
        reached = self._fill_rows(cuts, partials)
        features = self._feature_rows(cuts, partials)
        whole = features is None or balancer.element_wise or watch is not None
        if whole and self._rows is not None:
            self._ranks.reduce_rows(self._rows.matrix)
        if watch is not None:
            watch.see(tasks, self._all_rows(cuts, partials))
        held = [rows for rows in (features, self._rows) if rows is not None and rows.filled]
        if not held:
            return None
        found = None if balancer.element_wise else balancer.kept(moment)
        if due and found is not None:
            gramian = held[0].gramian()
            gramian = gramian if features is None else self._ranks.reduce_products(gramian)
            found = balancer.found(_unscaled(gramian, scale), moment)
        self._merge(cuts, held, moment, found, reached, whole)
        return found

    def _merge(
        self,
        cuts: Mapping[int, Cut],
        held: Sequence[Rows],
        moment: Moment,
        found: Tensor | None,
        reached: set[int],
        whole: bool,
    ) -> None:
        """The tasks' gradients as one. What is the whole batch's already is shared out among the processes, since
        their gradients are added up before the optimizer's step."""
        merged: Partial = {}
        for part, rows in enumerate(held):
            is_shared = rows is self._rows
            draws = part if is_shared else part + len(held) * self._ranks.index
            vector = self._balancer.merge(rows.matrix, moment, draws) if found is None else found @ rows.matrix
            if is_shared and whole and self._ranks.count > 1:
                vector = vector / self._ranks.count
            pieces = rows.split(vector)
            if is_shared:
                _assign(self._shared, [piece if place in reached else None for place, piece in enumerate(pieces)])
            else:
                merged = dict(zip(self._common_slots(cuts), pieces, strict=True))
        self._through_common(cuts, merged)

    def _fill_rows(self, cuts: Mapping[int, Cut], partials: dict[str, Partial]) -> set[int]:
        """One backward per task through the layers that are told apart; returns the parameters reached at all.

        What arrives at the common layers is added to the partials of the task.
        """
        reached: set[int] = set()
        if self._shared and self._rows is None:
            self._rows = Rows(self._shared, len(self._own))
        if self._rows is not None:
            self._rows.clear()
        last = len(partials) - 1
        for number, (task, partial) in enumerate(partials.items()):
            places = self._reached[task]
            found = self._back(cuts, partial, [self._shared[place] for place in places], keep=number < last)
            row: list[Tensor | None] = [None] * len(self._shared)
            for place, gradient in zip(places, found, strict=True):
                row[place] = gradient
                if gradient is not None:
                    reached.add(place)
            if self._rows is not None:
                self._rows.add(row)
        return reached

    def _back(
        self, cuts: Mapping[int, Cut], partial: Partial, parameters: Sequence[Tensor], keep: bool = False
    ) -> list[Tensor | None]:
        """From the cuts at shared layers to parameters of those layers, and to the cuts above (added to `partial`)."""
        import torch

        starts = [slot for slot in partial if cuts[slot].level == SHARED]
        above = [slot for slot in self._common_slots(cuts) if "" in cuts[slot].leaves]
        wanted = [*parameters, *(cuts[slot].leaves[""] for slot in above)]
        if not starts or not wanted:
            return [None] * len(parameters)
        found = torch.autograd.grad(
            [cuts[slot].source for slot in starts], wanted, [partial.pop(slot) for slot in starts],
            retain_graph=keep, allow_unused=True,
        )  # fmt: skip
        for slot, gradient in zip(above, found[len(parameters) :], strict=True):
            if gradient is not None:
                partial[slot] = partial[slot] + gradient if slot in partial else gradient
        return list(found[: len(parameters)])

    def _through_common(self, cuts: Mapping[int, Cut], merged: Partial) -> None:
        """One backward for all tasks through the layers that all depend on."""
        import torch

        starts = [slot for slot in merged if cuts[slot].level == COMMON]
        if not starts or not self._common:
            return
        ends = [cuts[slot].source for slot in starts]
        gradients = [merged[slot].to(cuts[slot].source.dtype) for slot in starts]
        _assign(self._common, torch.autograd.grad(ends, self._common, gradients, allow_unused=True))

    def _all_rows(self, cuts: Mapping[int, Cut], partials: Mapping[str, Partial]) -> list[tuple[Stretch, Rows]]:
        """The gradients of all shared weights, also of those in layers that one backward for all would do for."""
        import torch

        found = [] if self._rows is None else [(self._stretches[SHARED], self._rows)]
        starts = self._common_slots(cuts)
        if self._common and starts:
            rows = Rows(self._common, len(self._own))
            for partial in partials.values():
                ends = [slot for slot in starts if slot in partial]
                gradients = [partial[slot].to(cuts[slot].source.dtype) for slot in ends]
                rows.add(
                    torch.autograd.grad(
                        [cuts[slot].source for slot in ends], self._common, gradients,
                        retain_graph=True, allow_unused=True,
                    )
                )  # fmt: skip
            self._ranks.reduce_rows(rows.matrix)
            found.append((self._stretches[COMMON], rows))
        return found

    def _feature_rows(self, cuts: Mapping[int, Cut], partials: dict[str, Partial]) -> Rows | None:
        slots = self._common_slots(cuts)
        if not slots:
            return None
        like = [
            _as_most(cuts[slot].source, [partial[slot] for partial in partials.values() if slot in partial])
            for slot in slots
        ]
        if self._features is None or not self._features.fits(like):
            self._features = None  # freed before the next is made
            self._features = Rows(like, len(self._own))
        self._features.clear()
        for partial in partials.values():
            self._features.add([partial.get(slot) for slot in slots])
        return self._features

    @staticmethod
    def _common_slots(cuts: Mapping[int, Cut]) -> list[int]:
        return [slot for slot, cut in cuts.items() if cut.level == COMMON]


def _stretch(network: MultiTaskNetwork, levels: Levels, level: int) -> Stretch:
    """The trained weights of the layers of a level."""
    layers = [layer for layer in network.layers if levels.of(layer) == level]
    return Stretch.of([(layer, [p for p in network.layers[layer].parameters() if p.requires_grad]) for layer in layers])


def _trained(network: MultiTaskNetwork, levels: Levels, level: int, task: str | None = None) -> list[nn.Parameter]:
    """The trained parameters of the layers of a level, each once; of those that a task's gradient reaches, if named."""
    found = [
        parameter
        for layer in network.layers
        if levels.of(layer) == level and (task is None or task in levels.reached[layer])
        for parameter in network.layers[layer].parameters()
        if parameter.requires_grad
    ]
    return list({id(parameter): parameter for parameter in found}.values())


def _assign(parameters: Sequence[Tensor], gradients: Sequence[Tensor | None]) -> None:
    """Sets the `grad` of parameters, or adds to what is there (gradients gathered over several batches)."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is None:
            continue
        if parameter.grad is None:
            parameter.grad = gradient
        else:
            parameter.grad.add_(gradient)


def _times(gradients: Sequence[Tensor | None], weight: Tensor | None) -> Sequence[Tensor | None]:
    if weight is None:
        return gradients
    return [None if gradient is None else gradient * weight for gradient in gradients]


def _sum(partials: Sequence[Partial], weights: Tensor) -> Partial:
    """The weighted sum of the tasks' gradients at each cut."""
    merged: Partial = {}
    for row, partial in enumerate(partials):
        for slot, gradient in partial.items():
            part = gradient * weights[row].to(gradient.dtype)
            merged[slot] = merged[slot] + part if slot in merged else part
    return merged


def _scaled(loss: Tensor, factor: float) -> Tensor:
    return (
        loss if abs(factor - 1.0) < 1e-12 else loss * factor
    )  # the mean of equal numbers may be off in the last digit


def _as_most(source: Tensor, gradients: Sequence[Tensor]) -> Tensor:
    """One in the memory order that most gradients of a value have: turning them round takes longer than copying them."""
    plain = [gradient for gradient in gradients if gradient.is_contiguous()]
    return plain[0] if 2 * len(plain) > len(gradients) else source


def _unscaled(gramian: Tensor, scale: Tensor | None) -> Tensor:
    return gramian if scale is None else gramian / (scale * scale)
