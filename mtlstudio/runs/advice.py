"""Advice on a run, each with the figures it rests on. Pure; the sentences are declared here and made at the edge."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.problems import Place, Problem, Severity, declare
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, Event, RunStarted, StepsMeasured
from mtlstudio.runs.interactions import FEWEST, Interactions

LOUD = declare(
    "advice_loud",
    mark(
        "{task}: its loss times its weight is {factor} × that of the others (mean of {n} steps: {own} against {other})."
    ),
    mark("Lower its λ, or choose a method that finds the weights, such as uncertainty or IMTL-L."),
)
RARE_LABELS = declare(
    "advice_rare_labels",
    mark("{task}: no labels in {share} of the batches ({without} of {n})."),
    mark("Larger batches or batches gathered for one step; more labels; or more epochs."),
)
SMALL_SHARE = declare(
    "advice_small_share",
    mark(
        "{task}: its part of the shared layers' gradient is {share} (mean of {n} measurements; an equal one: {equal})."
    ),
    mark("Raise its λ, or choose a method that works on gradients, such as IMTL-G."),
)
LARGE_SHARE = declare(
    "advice_large_share",
    mark(
        "{task}: its part of the shared layers' gradient is {share} (mean of {n} measurements; an equal one: {equal})."
    ),
    mark("Lower its λ, or choose a method that works on gradients, such as IMTL-G."),
)
PULL_APART = declare(
    "advice_pull_apart",
    mark(
        "{first} and {second} pull apart in {layer} since epoch {epoch} (cosine {cosine} ± {error} in {n} measurements)."
    ),
    mark("Split that layer, or choose a method for conflicts, such as PCGrad or UPGrad."),
)
STANDS_STILL = declare(
    "advice_stands_still",
    mark("{task}: does not improve: after {n} epochs its training loss is {share} of that of the first."),
    mark("Look at its targets; raise its λ or the learning rate; or train it alone to see whether it can be learned."),
)
COLLAPSED = declare(
    "advice_collapsed",
    mark("{task}: the method has taken its weight down to {share} of all; at the start it was {before}."),
    mark("If the task counts, choose a method that cannot silence it, such as equal weights."),
)
OVERFITS = declare(
    "advice_overfits",
    mark("{task}: learns by heart: since epoch {epoch} its validation loss went from {best} to {now}, in training from {train_then} to {train_now}."),
    mark("Stop this task early, augment more, add dropout, or share more of its way."),
)  # fmt: skip

_RECENT = 100
_LOUD, _RARE, _FEW_STEPS = 20.0, 0.3, 30
_TINY, _STILL, _COLLAPSED = 0.2, 0.97, 0.05
_EPOCHS, _RISEN, _FELL = 4, 1.1, 0.95
_PAIRS = 3


@dataclass
class Evidence:
    """Gathers what advice rests on, event by event.

    Attributes:
        spec: the run's snapshot.
        interactions: what its tasks do to one another; brought up to date by whoever shares it.
    """

    spec: ProjectSpec
    interactions: Interactions
    _losses: deque[dict[str, float | None]] = field(default_factory=lambda: deque(maxlen=_RECENT))
    _seen: dict[str, list[int]] = field(default_factory=dict)
    _first_weights: dict[str, float] = field(default_factory=dict)
    _weights: dict[str, float] = field(default_factory=dict)
    _found_by_method: bool = False
    _epochs: list[EpochFinished] = field(default_factory=list)

    def take(self, events: Iterable[Event]) -> None:
        """Takes in further events; what a resumed run has lost is forgotten, as far as it matters."""
        for event in events:
            if isinstance(event, StepsMeasured):
                self._take_steps(event)
            elif isinstance(event, EpochFinished):
                self._epochs.append(event)
            elif isinstance(event, RunStarted):
                self._epochs = [item for item in self._epochs if item.step <= event.step]
                if not event.step:
                    self._losses.clear()
                    self._seen, self._first_weights, self._weights = {}, {}, {}

    def advice(self) -> list[Problem]:
        """What can be said now, the gravest kinds first; at most one of a kind per task."""
        found = [*self._loud(), *self._stand_still(), *self._overfit(), *self._collapsed()]
        return [*found, *self._shares(), *self._apart(), *self._rare()]

    def _take_steps(self, event: StepsMeasured) -> None:
        count = len(event.total)
        for place in range(max(0, count - _RECENT), count):
            self._losses.append({task: values[place] for task, values in event.losses.items() if place < len(values)})
        for task, values in event.losses.items():
            counts = self._seen.setdefault(task, [0, 0])
            counts[0] += len(values)
            counts[1] += len(values) - values.count(None)
        self._weights = dict(event.weights)
        self._found_by_method = bool(event.lambdas)
        if not self._first_weights:
            self._first_weights = dict(event.weights)

    def _loud(self) -> Iterable[Problem]:
        sizes = {}
        for task in self.spec.task_ids:
            known = [loss for row in self._losses if (loss := row.get(task)) is not None]
            weight = self._weights.get(task)
            if len(known) >= _FEW_STEPS and weight is not None:
                sizes[task] = abs(weight) * math.fsum(known) / len(known)
        for task, size in sizes.items():
            others = [value for other, value in sizes.items() if other != task]
            usual = statistics.median(others) if others else 0.0
            if usual > 0 and size / usual >= _LOUD:
                yield self._problem(
                    LOUD,
                    task,
                    factor=f"{size / usual:.0f}",
                    n=len(self._losses),
                    own=_figure(size),
                    other=_figure(usual),
                )

    def _rare(self) -> Iterable[Problem]:
        for task, (count, there) in self._seen.items():
            if count >= _FEW_STEPS and task in self.spec.task_ids and 1 - there / count >= _RARE:
                yield self._problem(
                    RARE_LABELS, task, share=_percent(1 - there / count), without=count - there, n=count
                )

    def _shares(self) -> Iterable[Problem]:
        count, tasks = len(self.interactions.gradients), len(self.spec.tasks)
        if count < FEWEST or tasks < 2:
            return
        large = 1 - _TINY / tasks if tasks == 2 else 0.8
        for task, share in self.interactions.shares().items():
            values = {"share": _percent(share), "n": count, "equal": _percent(1 / tasks)}
            if share >= large:
                yield self._problem(LARGE_SHARE, task, **values)
            elif share <= _TINY / tasks:
                yield self._problem(SMALL_SHARE, task, **values)

    def _apart(self) -> Iterable[Problem]:
        layers = {layer.id: layer.name for layer in self.spec.network.layers}
        told: set[tuple[str, str]] = set()
        for item in self.interactions.conflicts():
            if (item.first, item.second) in told or len(told) >= _PAIRS:
                continue
            told.add((item.first, item.second))
            values = {
                "first": self._name(item.first), "second": self._name(item.second),
                "layer": layers.get(item.layer, item.layer), "epoch": item.since_epoch,
                "cosine": f"{item.cosine.mean:.2f}".replace("-", "−"), "error": f"{item.cosine.error:.2f}",
                "n": item.cosine.count,
            }  # fmt: skip
            yield Problem(PULL_APART, Severity.WARNING, Place("layer", item.layer), FrozenDict(values))

    def _stand_still(self) -> Iterable[Problem]:
        if len(self._epochs) <= _EPOCHS:
            return
        for task in self.spec.task_ids:
            losses = [item.train_losses.get(task) for item in self._epochs]
            known = [loss for loss in losses if loss is not None]
            if len(known) > _EPOCHS and known[0] > 0 and min(known) > _STILL * known[0]:
                yield self._problem(STANDS_STILL, task, n=len(known), share=_percent(known[-1] / known[0]))

    def _collapsed(self) -> Iterable[Problem]:
        total, before = sum(map(abs, self._weights.values())), sum(map(abs, self._first_weights.values()))
        if not self._found_by_method or total <= 0 or before <= 0 or len(self.spec.tasks) < 2:
            return
        for task, weight in self._weights.items():
            first = abs(self._first_weights.get(task, 0.0)) / before
            if first > 0 and abs(weight) / total <= _COLLAPSED * min(first, 1 / len(self.spec.tasks)):
                yield self._problem(COLLAPSED, task, share=_percent(abs(weight) / total), before=_percent(first))

    def _overfit(self) -> Iterable[Problem]:
        for task in self.spec.task_ids:
            known = [
                (item.epoch, val, train)
                for item in self._epochs
                if (val := item.val_losses.get(task)) is not None and (train := item.train_losses.get(task)) is not None
            ]
            if not known:
                continue
            epoch, best, then = min(known, key=lambda row: row[1])
            last, now, train = known[-1]
            if last - epoch >= _EPOCHS and now >= _RISEN * best and train <= _FELL * then:
                yield self._problem(
                    OVERFITS, task, epoch=epoch, best=_figure(best), now=_figure(now), train_then=_figure(then),
                    train_now=_figure(train),
                )  # fmt: skip

    def _problem(self, code: str, task: str, **values: object) -> Problem:
        return Problem(code, Severity.WARNING, Place("task", task), FrozenDict(task=self._name(task), **values))

    def _name(self, task: str) -> str:
        return self.spec.task(task).name if task in self.spec.task_ids else task


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _figure(value: float) -> str:
    return f"{value:.3g}"
