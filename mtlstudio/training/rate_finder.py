"""Which learning rate suits a project: one short training whose rate rises, step by step, until it falls apart."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.control import Control

if TYPE_CHECKING:
    from mtlstudio.training.setup import Parts

STEPS = 100
LOWEST, HIGHEST = 1e-6, 10.0
_MEMORY = 0.8
_NEIGHBOURS = 7
_SLACK = 0.15
"""So much of what the loss fell by counts as still at its least: valleys are flat and noisy."""
_FELL = 0.98
"""The least mean loss must be below so much of the first, or nothing was learnt."""
_APART = 3.0
"""How many times the least loss ends it."""
_AT_LEAST = 10


@dataclass(frozen=True)
class RateTried:
    """One step.

    Attributes:
        step: 1-based, of `of`.
        rate: the learning rate of the step.
        losses: task id -> loss before the step; None where the batch had no target.
        loss: mean over the tasks of the loss, each relative to its first; None where that is no number.
        smoothed: running mean of `loss`, without the pull of its start; for a curve.
    """

    step: int
    of: int
    rate: float
    losses: dict[str, float | None]
    loss: float | None
    smoothed: float | None


@dataclass(frozen=True)
class RateFound:
    """What is proposed.

    Attributes:
        rate: a tenth of the highest rate at which the loss is still about its least; None where the losses never fell.
        steepest: the rate at which they fall most steeply: a cautious choice.
        tried: all steps.
    """

    rate: float | None
    steepest: float | None
    tried: tuple[RateTried, ...]


def find_rate(
    spec: ProjectSpec, folder: Path, control: Control | None = None, steps: int = STEPS
) -> Generator[RateTried, None, RateFound]:
    """Tries rates from `LOWEST` to `HIGHEST`, each some per cent above the one before. Nothing is written anywhere.

    The project's own network, start weights, data, optimizer and balancing method are used; weight decay and averaging
    stay as they are set. A `stop` of the control ends it early, with what is known by then.

    Args:
        spec: the project.
        folder: its folder.
        control: may stop it; is told of the loading.
        steps: how many rates.

    Raises:
        StudioError: there is nothing to train with, or a setting is wrong.

    Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks", arXiv 1506.01186, section 3.3. The paper
    raises the rate linearly and looks at the accuracy; here it is raised geometrically, the losses of all tasks are looked
    at alike, each relative to its first, and the proposal is the usual tenth, but of the end of the valley.
    """
    from mtlstudio.training.devices import arithmetic, default_threads

    control = control or Control()
    with arithmetic(spec.training.threads or default_threads(), spec.training.deterministic):
        found = yield from _tried(spec, folder, control, steps)
    return suggested(found)


def suggested(tried: Sequence[RateTried]) -> RateFound:
    """What the steps tell, by their losses averaged over neighbours at both sides (a running mean comes late)."""
    known = [(one.rate, one.loss) for one in tried if one.loss is not None]
    if len(known) < _AT_LEAST:
        return RateFound(None, None, tuple(tried))
    means = [_around([loss for _, loss in known], place) for place in range(len(known))]
    least = min(range(len(means)), key=lambda place: means[place])
    if means[least] > _FELL * means[0]:
        return RateFound(None, None, tuple(tried))
    bound = means[least] + _SLACK * (means[0] - means[least])
    end = next((place for place in range(least, len(means)) if means[place] > bound), len(means))
    slopes = {place: means[place + 1] - means[place - 1] for place in range(1, least)}
    steepest = min(slopes, key=lambda place: slopes[place], default=least)
    return RateFound(known[end - 1][0] / 10, known[steepest][0], tuple(tried))


def _around(losses: Sequence[float], place: int) -> float:
    near = losses[max(place - _NEIGHBOURS, 0) : place + _NEIGHBOURS + 1]
    return sum(near) / len(near)


def rate_at(step: int, steps: int) -> float:
    """The rate of the step with that (0-based) number."""
    return float(LOWEST * (HIGHEST / LOWEST) ** (step / max(steps - 1, 1)))


def _tried(
    spec: ProjectSpec, folder: Path, control: Control, steps: int
) -> Generator[RateTried, None, list[RateTried]]:
    from mtlstudio.data.memory import LoadingCancelled
    from mtlstudio.training.devices import resolve_device
    from mtlstudio.training.heritage import ancestor_of
    from mtlstudio.training.setup import build, load_data

    device = resolve_device(spec.training.device)
    ancestor = ancestor_of(spec, folder, "")
    try:
        loaded = load_data(spec, folder, control, None, ancestor)
    except LoadingCancelled:
        return []
    longer = replace(spec, training=replace(spec.training, epochs=steps, compile=False, strategy=()))
    parts = build(longer, folder, loaded, device, fresh=True, ancestor=ancestor)
    return (yield from _climb(parts, control, steps))


def _climb(parts: Parts, control: Control, steps: int) -> Generator[RateTried, None, list[RateTried]]:
    from mtlstudio.training.loop import Stepper
    from mtlstudio.training.progress import Progress

    progress = Progress()
    stepper = Stepper(parts, progress)
    parts.learning_rate.at = lambda step, total=None: rate_at(step, steps)  # type: ignore[method-assign]
    parts.network.train()
    tried: list[RateTried] = []
    first: dict[str, float] = {}
    mean = weight = 0.0
    while len(tried) < steps:
        progress.step_in_epoch = 0
        for fed in parts.train.epoch(progress.epoch):
            if control.stopped or len(tried) == steps:
                return tried
            stepper.step(fed)
            event, fault = stepper.measured()
            losses = {task: values[-1] for task, values in event.losses.items()} if event else {}
            loss = None if fault else _relative(losses, first)
            if loss is not None:
                mean, weight = _MEMORY * mean + (1 - _MEMORY) * loss, _MEMORY * weight + (1 - _MEMORY)
            number = len(tried)
            tried.append(
                RateTried(number + 1, steps, rate_at(number, steps), losses, loss, mean / weight if weight else None)
            )
            yield tried[-1]
            if fault or _fell_apart(tried):
                return tried
        progress.epoch += 1
    return tried


def _relative(losses: dict[str, float | None], first: dict[str, float]) -> float | None:
    ratios = [
        value / max(first.setdefault(task, value), 1e-8)
        for task, value in losses.items()
        if value is not None and math.isfinite(value)
    ]
    return sum(ratios) / len(ratios) if ratios else None


def _fell_apart(tried: Sequence[RateTried]) -> bool:
    known = [one.smoothed for one in tried if one.smoothed is not None]
    return len(known) > _AT_LEAST and known[-1] > _APART * min(known)
