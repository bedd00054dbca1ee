"""The trainer: a generator of events. It prints nothing and knows no window."""

from __future__ import annotations

import contextlib
import gc
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mtlstudio import __version__
from mtlstudio.base.clock import now
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.codec import to_json
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.project.staging import settled
from mtlstudio.runs.checkpoints import NETWORK_FILE, sweep
from mtlstudio.runs.events import Event, Noted, RunFailed, RunFinished, RunStarted
from mtlstudio.runs.folder import FAILED, FINISHED, RUNNING, RunFolder, RunInfo
from mtlstudio.runs.folder import STOPPED as STATUS_STOPPED
from mtlstudio.training import notes
from mtlstudio.training.adding import account_notes
from mtlstudio.training.checkpoints import newest_checkpoint, read_facts, restore, tags_of
from mtlstudio.training.control import Control
from mtlstudio.training.course import STOPPED, Course
from mtlstudio.training.devices import arithmetic, default_threads
from mtlstudio.training.failures import Failure, explain, folder_gone, with_proposal
from mtlstudio.training.heritage import Ancestor, ancestor_of
from mtlstudio.training.progress import Progress
from mtlstudio.training.ranks import Ranks
from mtlstudio.training.setup import Loaded, Note, Parts, build, environment, load_data


class Trainer:
    """Trains one run.

    Args:
        spec: of a resumed run, `epochs` (the total), `device` and `threads` are taken from here; all else of every run
            from its own snapshot.
        project_folder: of the project.
        run: the folder of the run.
        control: what another thread may ask for.
        resume: go on from the newest checkpoint; what was logged after it is dropped.
        ranks: the processes that train it together, each with a trainer of its own. Default: this one alone.
    """

    def __init__(
        self, spec: ProjectSpec, project_folder: Path, run: RunFolder, control: Control | None = None,
        resume: bool = False, ranks: Ranks | None = None,
    ) -> None:  # fmt: skip
        self._ranks = ranks or Ranks()
        self._wanted, self._folder, self._run = spec, Path(project_folder), self._ranks.folder(run)
        self._control = self._ranks.control(control or Control())
        self._resume = resume
        self._reading_data = self._opened = False
        self._progress = Progress()
        self._spec, self._device = spec, "cpu"

    def run(self) -> Iterator[Event]:
        """The events, each recorded in the run's folder before it is given out.

        Whatever happens, the last one is `RunFinished` or `RunFailed`. Closing the generator early leaves the run as a
        killed process would: interrupted, to be resumed from its newest checkpoint.
        """
        lock = self._run.lock()
        try:
            lock.acquire()
            self._check_unstarted()
        except StudioError as error:  # its log is not ours to write
            lock.release()
            failure = explain(error, 1, reading_data=False)
            self._ranks.post(failure)
            yield self._failed(failure)
            return
        ended: Failure | None = None
        try:
            try:
                yield from self._guarded()
            except Exception as error:
                ended = self._explained(error)
                traceback.clear_frames(error.__traceback__)  # they hold the network and its gradients
            if ended is not None:
                yield self.ended_by(ended)
        finally:
            self._run.log.close()
            lock.release()

    def _explained(self, error: Exception) -> Failure:
        if isinstance(error, OSError | StudioError) and not self._run.path.is_dir():
            return folder_gone(self._run.path)
        understood = self._ranks.understood(error)
        return explain(understood, self._wanted.training.batch_size, self._reading_data)

    def _guarded(self) -> Iterator[Event]:
        for event in self._events():
            stamped = replace(event, time=now())  # whatever the system's clock is set to meanwhile
            self._run.record(stamped)
            yield stamped

    def _events(self) -> Iterator[Event]:
        info = self._run.info()
        snapshot = self._run.spec()
        spec = self._spec = self._merged(snapshot)
        known = info.threads if self._resume and info.processes == self._ranks.count else 0
        threads = spec.training.threads or known or default_threads()
        with arithmetic(threads, spec.training.deterministic):
            yield from self._trained(spec, snapshot, info, threads)

    def _trained(self, spec: ProjectSpec, snapshot: ProjectSpec, info: RunInfo, threads: int) -> Iterator[Event]:
        device = self._ranks.device(spec.training.device)
        self._device = device.type
        checkpoint, training, damaged = newest_checkpoint(self._run) if self._resume else (None, {}, [])
        if training:
            self._progress = Progress.from_plain(training["progress"])
        facts = read_facts(checkpoint.path / NETWORK_FILE) if checkpoint else None
        ancestor = ancestor_of(spec, self._folder, self._run.id) if checkpoint is None else None
        loaded = self._loaded(spec, facts, ancestor)
        if loaded is None:
            yield self._finished(STOPPED)
            return
        parts = build(
            spec, self._folder, loaded, device, fresh=checkpoint is None, ancestor=ancestor, ranks=self._ranks
        )
        if checkpoint:
            self._progress = restore(parts, checkpoint, training)
        self._ranks.begin()
        remarks = [*parts.notes, *self._remarks(spec, snapshot, info, parts, loaded.fingerprint, damaged)]
        self._open(spec, parts, threads, loaded.fingerprint, training.get("log_size", 0))
        course = Course(self._run, parts, self._progress, self._control)
        yield self._started(parts, threads)
        for code, values in remarks:
            yield Noted(time=time.time(), code=code, values=values)
        if checkpoint is None:
            yield from course.first_checkpoint()
        else:
            yield course.resumed_from(self._repaired_tags())
        reason = yield from course.events()
        if reason != STOPPED:
            for code, values in account_notes(self._run, spec):
                yield Noted(time=time.time(), code=code, values=values)
        yield self._finished(reason)

    def _loaded(self, spec: ProjectSpec, facts: dict[str, Any] | None, ancestor: Ancestor | None) -> Loaded | None:
        """The data; None where a stop was asked for while it was read."""
        from mtlstudio.data.memory import LoadingCancelled

        self._reading_data = True
        try:
            try:
                loaded = load_data(spec, self._folder, self._control, facts, ancestor, self._ranks)
            except LoadingCancelled:
                self._ranks.agree({"cancelled": True})
                return None
            self._ranks.agree(self._found(loaded))
        except LoadingCancelled:
            return None
        self._reading_data = False
        return loaded

    def _found(self, loaded: Loaded) -> dict[str, Any]:
        """What all processes must find alike."""
        val = len(loaded.val) if loaded.val is not None else 0
        return {
            "version": __version__, "fingerprint": loaded.fingerprint, "step": self._progress.step,
            "pictures": [len(loaded.train), val], "means": [*loaded.mean, *loaded.std],
        }  # fmt: skip

    def _check_unstarted(self) -> None:
        if not self._resume and self._run.store.steps():
            raise StudioError(
                mark("this run was started before"), where=self._run.id, fix=mark("Resume it, or start a new one.")
            )

    def _merged(self, snapshot: ProjectSpec) -> ProjectSpec:
        """The run's own specification, lengthened or moved to another device if that is asked for."""
        if not self._resume:
            return snapshot
        asked = self._wanted.training
        plan = snapshot.training.strategy
        if asked.epochs != snapshot.training.epochs:  # the past stays what it was
            plan = settled(plan, snapshot.training.epochs)
        training = replace(
            snapshot.training, epochs=asked.epochs, device=asked.device, threads=asked.threads, strategy=plan
        )
        return replace(snapshot, training=training)

    def _remarks(
        self, spec: ProjectSpec, snapshot: ProjectSpec, info: RunInfo, parts: Parts, fingerprint: str,
        damaged: list[int],
    ) -> list[Note]:  # fmt: skip
        """What is worth knowing about how the run goes on."""
        if not self._resume:
            return []
        found: list[Note] = [(notes.CHECKPOINT_SKIPPED, {"step": step}) for step in damaged]
        before, after = snapshot.training.epochs, spec.training.epochs
        if before != after and self._progress.step:
            found.append((notes.EXTENDED, {"before": before, "after": after}))
        if self._progress.epoch >= after:
            found.append((notes.COMPLETE, {"epochs": self._progress.epoch}))
        if info.fingerprint and info.fingerprint != fingerprint:
            found.append((notes.DATA_CHANGED, {}))
        if info.device and info.device != parts.device.type:
            found.append((notes.DEVICE_CHANGED, {"before": info.device, "after": parts.device.type}))
        if info.device and info.processes != self._ranks.count:
            found.append((notes.RANKS_CHANGED, {"before": info.processes, "after": self._ranks.count}))
        patience = spec.training.patience
        if patience is not None and self._progress.waited >= patience:
            self._progress.waited = 0  # it was stopped early: asked to go on, it waits that long again
        if woken := parts.stages.wake(self._progress):
            found.append((notes.WOKEN, {"tasks": ", ".join(woken)}))
        return found

    def _open(self, spec: ProjectSpec, parts: Parts, threads: int, fingerprint: str, log_size: int) -> None:
        """Brings the folder to the state that the run goes on from."""
        self._opened = True
        self._run.log.cut(log_size if self._resume else 0)
        if self._resume and self._run.writes:
            self._run.store.drop_after(self._progress.step)
            sweep(self._run.path)
        facts = environment(threads, parts.device, parts.precision.name, fingerprint, self._ranks.count)
        self._run.update(
            status=RUNNING, epochs=spec.training.epochs, seed=spec.training.seed, **facts, project=to_json(spec)
        )

    def _repaired_tags(self) -> tuple[str, ...]:
        """Writes the index of checkpoints anew: the process may have ended before it was written."""
        tags = tags_of(self._progress)
        self._run.store.tidy(tags)
        return tuple(tag for tag, step in tags.items() if step == self._progress.step)

    def _started(self, parts: Parts, threads: int) -> RunStarted:
        return RunStarted(
            time=time.time(), run=self._run.id, step=self._progress.step, epoch=self._progress.epoch,
            epochs=parts.spec.training.epochs, steps_per_epoch=parts.steps_per_epoch, device=str(parts.device),
            threads=threads, precision=parts.precision.name, tasks=parts.spec.task_ids,
            parameters=sum(parameter.numel() for parameter in parts.network.parameters()),
        )  # fmt: skip

    def _finished(self, reason: str) -> RunFinished:
        progress = self._progress
        self._run.update(status=STATUS_STOPPED if reason == STOPPED else FINISHED)
        return RunFinished(
            time=time.time(), step=progress.step, epoch=progress.epoch, reason=reason, seconds=progress.seconds
        )

    def ended_by(self, failure: Failure) -> RunFailed:
        """Frees the memory, then notes the failure as far as the disk still allows.

        A run that could not even be opened again stays what it was.
        """
        self._ranks.post(failure)
        gc.collect()
        _empty_device_cache()
        event = self._failed(with_proposal(failure, self._spec, self._device))
        if self._resume and not self._opened:
            return event
        with contextlib.suppress(OSError, StudioError):
            self._run.update(status=FAILED)
        with contextlib.suppress(OSError, StudioError):
            self._run.record(event)
        return event

    def _failed(self, failure: Failure) -> RunFailed:
        steps = self._run.store.steps()
        return RunFailed(
            time=now(), step=self._progress.step, epoch=self._progress.epoch, code=failure.code,
            message=failure.message, fix=failure.fix, checkpoint=steps[-1] if steps else None,
            proposal=failure.proposal,
        )  # fmt: skip


def _empty_device_cache() -> None:
    import torch

    with contextlib.suppress(RuntimeError):  # a device that reported an error
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
