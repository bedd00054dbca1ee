"""The steps of an epoch: forward, losses, backward, optimizer; measured in bunches, so that no step waits for the device."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mtlstudio.network.dice import TURN
from mtlstudio.runs.events import StepsMeasured
from mtlstudio.training.balancing.interface import Remark
from mtlstudio.training.checkpoints import NotFinite, finite_or_none
from mtlstudio.training.descent import Descended, Descent
from mtlstudio.training.devices import seed_step
from mtlstudio.training.exploding import Explosions
from mtlstudio.training.laboratory import StepLaboratory
from mtlstudio.training.measuring import Measuring
from mtlstudio.training.meta import MetaDescent
from mtlstudio.training.progress import Progress
from mtlstudio.training.schedules import weight_decay_at

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.training.feed import Fed
    from mtlstudio.training.setup import Parts

MEASURE_SECONDS = 0.15
"""How often the losses are brought to the host."""


class Stepper:
    """Takes the steps of a run and measures them.

    Attributes:
        measuring: what the tasks do to one another, in every so manieth step.

    Args:
        parts: of the run.
        progress: where it stands; brought up to date.
    """

    def __init__(self, parts: Parts, progress: Progress) -> None:
        import torch

        self.parts, self.progress = parts, progress
        self._rows: list[Tensor] = []
        self._images = 0
        self._began = time.perf_counter()
        self._rate = 0.0
        self._weights: dict[str, float] = {}
        self._weights_fresh = False
        self._zero = torch.zeros((), device=parts.device)
        self._descent, self._meta = Descent(parts), MetaDescent(parts)
        self.measuring = Measuring(parts, progress, self._descent)
        self._explosions = Explosions(tuple(parts.tasks), parts.precision.scaler.is_enabled())
        self._parameters = [item for group in parts.optimizer.param_groups for item in group["params"]]
        for task in parts.tasks:
            progress.sums.setdefault(task, [0.0, 0.0])

    def start_clock(self) -> None:
        """Forgets the time that passed since the last measurement (validation, pause)."""
        self._began = time.perf_counter()
        self.parts.train.waited = 0.0

    def weights_changed(self) -> None:
        """λ was set by hand: looked up anew at the next step."""
        self._weights_fresh = False

    def step(self, fed: Fed) -> None:
        """One step on one batch. Nothing waits for the device, but for methods whose problem is solved on the host."""
        with TURN:
            self._step(fed)

    @property
    def settled(self) -> bool:
        """No gradients are being gathered: the weights have taken up every batch so far."""
        place, steps = self.progress.step_in_epoch, self.parts.steps_per_epoch
        return place % self.parts.spec.training.accumulate == 0 or place == steps

    def _step(self, fed: Fed) -> None:
        import torch

        parts, progress = self.parts, self.progress
        fed = parts.stages.counted(fed, progress)
        self._prepare()
        first, last, share = self._place()
        if first:
            parts.optimizer.zero_grad(set_to_none=True)
        found = Descended(self._zero)
        if fed.tasks:
            laboratory = self._laboratory(fed) if last and parts.balancer.experiments else None
            if laboratory is not None:
                parts.balancer.before_step(laboratory)
                seed_step(parts.spec.training.seed, progress.step, parts.device, parts.ranks.index)
            found = self._way()(fed, fed.tasks, self._weights, share)
            if last:
                self._update()
            if laboratory is not None:
                with torch.no_grad():
                    parts.balancer.after_step(laboratory)
        elif last:
            self._update()
        self._note(found)
        self._images += len(fed.whole)
        progress.step += 1
        progress.step_in_epoch += 1

    def _way(self) -> Callable[..., Descended]:
        """What leads from the batch to gradients. What a teacher adds to a loss is no loss to be measured."""
        stages = self.parts.stages
        if stages.meta:
            return self._meta
        return self.measuring if self.measuring.due and not stages.distillation else self._descent

    def _place(self) -> tuple[bool, bool, float]:
        """Where the coming batch stands among those whose gradients are gathered for one step of the optimizer: whether
        it is the first, whether the last, and its share of the mean."""
        wanted, steps, place = (
            self.parts.spec.training.accumulate,
            self.parts.steps_per_epoch,
            self.progress.step_in_epoch,
        )
        start = place - place % wanted
        size = min(wanted, steps - start)
        return place == start, place == start + size - 1, 1.0 / size

    def due(self) -> bool:
        """Whether it is time to bring the measurements to the host."""
        return bool(self._rows) and self.parts.ranks.due(time.perf_counter() - self._began >= MEASURE_SECONDS)

    def measured(self) -> tuple[StepsMeasured | None, NotFinite | None]:
        """The steps since the last call, brought to the host in one transfer, and what ends the run if a loss among
        them is no number (the steps after it are left out). None where there were no steps.
        """
        import torch

        if not self._rows:
            return None, None
        rows: list[list[float]] = torch.stack(self._rows).tolist()
        first = self.progress.step - len(rows) + 1
        bad = self._explosions.end(rows)
        fault = None if bad is None else self._explosions.fault(rows[bad], first + bad)
        rows = rows if bad is None else rows[: bad + 1]
        if fault is None:
            self._add(rows)
        event = self._event(rows, first + len(rows) - 1)
        self._rows, self._images = [], 0
        self.start_clock()
        return event, fault

    def remarks(self) -> list[Remark]:
        """What is worth noting of the steps of an epoch, at its end."""
        return self._explosions.remarks()

    def _prepare(self) -> None:
        """Learning rate, weight decay, λ and random numbers of the coming step."""
        parts, step = self.parts, self.progress.step
        settings = parts.spec.training
        self._rate = parts.stages.rate(parts.learning_rate, step)
        share = step / max(parts.total_steps - 1, 1)
        decay = weight_decay_at(parts.weight_decay, settings.weight_decay_end, settings.weight_decay_schedule, share)
        for group in parts.optimizer.param_groups:
            group["lr"] = self._rate * group["factor"]
            if group["decays"]:
                group["weight_decay"] = decay
        if parts.weights.varies or not self._weights_fresh:
            self._weights = parts.weights.used(step / parts.steps_per_epoch)
            self._weights_fresh = True
        parts.balancer.begin(step)
        seed_step(settings.seed, step, parts.device, parts.ranks.index)

    def _laboratory(self, fed: Fed) -> StepLaboratory:
        return StepLaboratory(self.parts, fed, self.progress.step, self._rate)

    def _update(self) -> None:
        """The optimizer's step; none where no gradient reached anything."""
        import torch

        parts = self.parts
        if all(parameter.grad is None for parameter in self._parameters):
            return
        parts.ranks.reduce(parts.network.parameters())
        scaler, optimizer, clip = parts.precision.scaler, parts.optimizer, parts.spec.training.clip_norm
        if clip is not None:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(self._parameters, clip)
        scaler.step(optimizer)
        scaler.update()
        if parts.average is not None:
            parts.average.update()

    def _note(self, found: Descended) -> None:
        import torch

        values = [found.losses.get(task, self._zero).detach() for task in self.parts.tasks]
        numbers = [found.counts.get(task, self._zero) for task in self.parts.tasks]
        self._rows.append(torch.stack([*values, *numbers, found.total]))

    def _add(self, rows: list[list[float]]) -> None:
        tasks = list(self.parts.tasks)
        for row in rows:
            for number, task in enumerate(tasks):
                count = row[len(tasks) + number]
                if not math.isfinite(row[number]):
                    continue
                self.progress.sums[task][0] += row[number] * count
                self.progress.sums[task][1] += count

    def _event(self, rows: list[list[float]], step: int) -> StepsMeasured:
        import torch

        parts, count = self.parts, len(self.parts.tasks)
        losses = {
            task: tuple(finite_or_none(row[number]) if row[count + number] else None for row in rows)
            for number, task in enumerate(parts.tasks)
        }
        weights = parts.stages.shown(parts.balancer.effective(self._weights), self._weights)
        told = parts.weights.told((step - 1) / parts.steps_per_epoch)
        now = time.perf_counter()
        on_cuda = parts.device.type == "cuda"
        return StepsMeasured(
            time=time.time(), step=step, epoch=self.progress.epoch, losses=losses,
            total=tuple(finite_or_none(row[-1]) for row in rows), weights=weights,
            learning_rate=self._rate, seconds=now - self._began, loading=parts.train.waited, images=self._images,
            memory=int(torch.cuda.max_memory_allocated(parts.device)) if on_cuda else 0,
            lambdas={} if weights == told else told,
        )  # fmt: skip
