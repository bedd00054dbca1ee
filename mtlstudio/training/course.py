"""The course of a run from one epoch to the next, as events."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import nullcontext
from typing import TYPE_CHECKING

from mtlstudio.runs.events import (
    CheckpointWritten,
    EpochFinished,
    Event,
    Noted,
    Paused,
    PreviewTaken,
    Resumed,
    WeightsChanged,
)  # fmt: skip
from mtlstudio.training.checkpoints import save_checkpoint
from mtlstudio.training.loop import Stepper
from mtlstudio.training.previews import Previews
from mtlstudio.training.validation import Validation, validate

if TYPE_CHECKING:
    from mtlstudio.runs.folder import RunFolder
    from mtlstudio.training.control import Control
    from mtlstudio.training.progress import Progress
    from mtlstudio.training.setup import Parts

DONE, STOPPED, EARLY = "done", "stopped", "early"
_RECENT = 0.3
"""Weight of the newest epoch in the estimate of the time that is left."""


class Course:
    """Trains epoch after epoch. Whoever reads the events records each before asking for the next.

    Args:
        run: where checkpoints and previews go.
        parts: of the run.
        progress: where it stands; brought up to date.
        control: what another thread asks for.
    """

    def __init__(self, run: RunFolder, parts: Parts, progress: Progress, control: Control) -> None:
        self._run, self._parts, self._progress, self._control = run, parts, progress, control
        self._stepper = Stepper(parts, progress)
        self._previews = Previews(run.path, parts.tasks, parts.spec.data.image_size)
        self._clock = time.perf_counter()
        self._saved: tuple[int, dict[str, float], dict[str, str]] | None = None

    def events(self) -> Generator[Event, None, str]:
        """The events until the end; returns why it ended: done, stopped, early.

        Raises:
            NotFinite: a loss or weight is no number any more.
        """
        settings, progress = self._parts.spec.training, self._progress
        self._parts.network.train()
        while progress.epoch < settings.epochs:
            stopped = yield from self._epoch()
            if stopped:
                return STOPPED
            waited = settings.patience is not None and progress.waited >= settings.patience
            if (waited and self._parts.stages.may_end(progress)) or self._parts.stages.over(progress):
                return EARLY if progress.epoch < settings.epochs else DONE
        return DONE

    def first_checkpoint(self) -> Generator[Event, None, None]:
        """Writes the checkpoint before the first step."""
        yield from self._checkpoint()

    def resumed_from(self, tags: tuple[str, ...]) -> CheckpointWritten:
        """Says again that the checkpoint was written with which the run goes on: its event comes after the cut."""
        self._saved = self._state()
        return self._written(tags)

    def _epoch(self) -> Generator[Event, None, bool]:
        """The rest of the epoch under way; returns whether a stop was asked for."""
        parts, progress, stepper, control = self._parts, self._progress, self._stepper, self._control
        every = parts.spec.training.checkpoint_steps
        stepper.start_clock()
        yield from parts.stages.begin(parts, progress)
        stepper.weights_changed()
        for fed in parts.train.epoch(progress.epoch, progress.step_in_epoch):
            control.agree()
            if control.asked and stepper.settled and (yield from self._attend()):
                return True
            stepper.step(fed)
            if stepper.due():
                yield from self._measure()
            if every and stepper.settled and progress.step // every > self._saved_step // every:
                yield from self._checkpoint()
        if control.asked and (yield from self._attend()):
            return True
        yield from self._measure()
        return (yield from self._finish_epoch())

    def _finish_epoch(self) -> Generator[Event, None, bool]:
        parts, progress = self._parts, self._progress
        self._tick()
        last = progress.epoch + 1 == parts.spec.training.epochs
        with_previews = parts.ranks.first(bool(parts.previews) and (last or self._previews.due(progress.seconds)))
        found: Validation | None = Validation()
        if parts.val is not None:
            with parts.average.used() if parts.average is not None else nullcontext():
                found = validate(parts, parts.val, with_previews, self._cancelled)
            if found is None:  # stopped: the epoch is validated when the run goes on
                yield from self._checkpoint()
                return True
        assert found is not None
        trained = progress.mean_losses()
        judged = self._judged(found)
        yield judged
        yield from parts.stages.rest(parts, progress, judged.best_tasks)
        for code, values in [*parts.balancer.end_epoch(trained), *self._stepper.remarks()]:
            yield Noted(time=time.time(), code=code, values=values)
        if found.previews:
            images = self._previews.write(progress.epoch, found.previews)
            yield PreviewTaken(time=time.time(), step=progress.step, epoch=progress.epoch, images=images)
        yield from self._checkpoint()
        return False

    def _cancelled(self) -> bool:
        self._control.agree()
        return self._control.stopped

    def _judged(self, found: Validation) -> EpochFinished:
        parts, progress = self._parts, self._progress
        train_losses = progress.mean_losses()
        progress.epoch += 1
        progress.step_in_epoch = 0
        progress.sums = {task: [0.0, 0.0] for task in parts.tasks}
        verdict = parts.best.judge(found.losses if parts.val else train_losses, found.metrics, progress)
        parts.learning_rate.judge(verdict.judged)
        self._tick()
        seconds = progress.seconds - progress.epoch_began
        progress.epoch_began = progress.seconds
        usual = progress.epoch_seconds or seconds
        progress.epoch_seconds = usual + _RECENT * (seconds - usual)
        epochs = parts.spec.training.epochs
        return EpochFinished(
            time=time.time(), step=progress.step, epoch=progress.epoch, epochs=epochs, train_losses=train_losses,
            val_losses=found.losses, metrics=found.metrics, score=verdict.score, best=verdict.best,
            best_tasks=verdict.best_tasks, seconds=seconds, eta=(epochs - progress.epoch) * progress.epoch_seconds,
        )  # fmt: skip

    def _attend(self) -> Generator[Event, None, bool]:
        """Does what was asked for; returns whether it was to stop."""
        yield from self._measure()
        yield from self._change_states()
        yield from self._change_weights()
        if self._control.paused and not self._control.stopped:
            yield from self._checkpoint()
            yield Paused(time=time.time(), step=self._progress.step)
            self._tick()
            self._control.wait()
            self._clock = time.perf_counter()
            yield from self._change_states()
            yield from self._change_weights()
            yield Resumed(time=time.time(), step=self._progress.step)
            self._stepper.start_clock()
        if self._control.stopped:
            yield from self._checkpoint()
        return self._control.stopped

    def _change_states(self) -> Generator[Event, None, None]:
        changes = self._control.take_states()
        if changes:
            yield from self._parts.stages.change(self._parts, self._progress, changes)
            self._stepper.weights_changed()

    def _change_weights(self) -> Generator[Event, None, None]:
        changes, parts, progress = self._control.take_weights(), self._parts, self._progress
        if not changes:
            return
        epoch = progress.step / parts.steps_per_epoch
        before = parts.weights.as_set(epoch)
        parts.weights.set(changes)
        after = parts.weights.as_set(epoch)
        self._stepper.weights_changed()
        if before != after:
            yield WeightsChanged(time=time.time(), step=progress.step, epoch=progress.epoch, before=before, after=after)

    def _measure(self) -> Generator[Event, None, None]:
        event, fault = self._stepper.measured()
        if event is not None:
            yield event
        if fault is not None:
            raise fault
        yield from self._stepper.measuring.events()

    @property
    def _saved_step(self) -> int:
        return self._saved[0] if self._saved is not None else 0

    def _checkpoint(self) -> Generator[Event, None, None]:
        """Writes a checkpoint, unless one of this very state is there."""
        yield from self._measure()
        self._tick()
        state = self._state()
        if state == self._saved:
            return
        tags = save_checkpoint(self._run, self._parts, self._progress)
        self._saved = state
        yield self._written(tags)
        self._stepper.start_clock()

    def _state(self) -> tuple[int, dict[str, float], dict[str, str]]:
        """What tells one checkpoint from the next."""
        return self._progress.step, self._parts.weights.state(), dict(self._progress.states)

    def _written(self, tags: tuple[str, ...]) -> CheckpointWritten:
        progress = self._progress
        path = self._run.store.path(progress.step).relative_to(self._run.path).as_posix()
        return CheckpointWritten(time=time.time(), step=progress.step, epoch=progress.epoch, path=path, tags=tags)

    def _tick(self) -> None:
        """Adds the time since the last tick to that of the run."""
        now = time.perf_counter()
        self._progress.seconds += now - self._clock
        self._clock = now
