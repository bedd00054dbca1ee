"""Training from the window: the trainer in a worker thread, its events on the GUI thread 20 times a second."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.base.logs import log_traceback
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.inheritance import Inheritance, preview
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event, Paused, Resumed, RunFailed, RunFinished, RunStarted
from mtlstudio.runs.folder import RUNNING, RunFolder, create_run

if TYPE_CHECKING:
    from mtlstudio.runs.folder import Follower
    from mtlstudio.training.control import Control

POLL_MS = 50
FOLLOW_MS = 500
PORTION = 2000
"""Events given out at once while a long log is read: the window must stay awake."""


class State(StrEnum):
    """What the training session does."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FOLLOWING = "following"


class TrainingSession(QObject):
    """At most one training of this window, or a run that is looked at (and followed while another process writes it).

    Attributes:
        waits_for: set when the machine is free for a training.
        occupied: whether somebody else trains on this machine for this window (a study does); set by who may.

    Signals:
        run_changed: another run is shown (a RunFolder, or None); `events` of it start anew.
        events: a list of new events, in order; at most 20 times a second.
        state_changed: a `State`.
        failed: the training could not start or go on; the sentence says why.
    """

    run_changed = Signal(object)
    events = Signal(list)
    state_changed = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run: RunFolder | None = None
        self.spec: ProjectSpec | None = None
        self.state = State.IDLE
        self.visiting = False
        self.history: list[Event] = []
        self.waits_for = threading.Event()
        self.waits_for.set()
        self._control: Control | None = None
        self._thread: threading.Thread | None = None
        self._queue: deque[Any] = deque()
        self._follower: Follower | None = None
        self._backlog: deque[Event] = deque()
        self._reading = False
        self.occupied: Callable[[], bool] = lambda: False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)

    @property
    def is_training(self) -> bool:
        """A training of this window is under way (paused ones included)."""
        return self._thread is not None

    @property
    def is_reading(self) -> bool:
        """The log of the run that is shown is still being read."""
        return self._reading or bool(self._backlog)

    @property
    def loading(self) -> tuple[int, int] | None:
        """(pictures read, of how many) while a training of this window reads its data."""
        return self._control.loading if self._control is not None else None

    def would_inherit(self, spec: ProjectSpec) -> Inheritance | None:
        """What the layers of a design would inherit from the run that is shown; None where none of the project is. Needs
        no torch."""
        if self.run is None or self.spec is None or self.visiting:
            return None
        return preview(spec, self.spec, self.run.id)

    def start(self, spec: ProjectSpec, folder: Path, name: str | None = None) -> None:
        """Trains a snapshot of the project in a new run."""
        self._launch(spec, folder, name, None)

    def resume(self, spec: ProjectSpec, folder: Path, run: RunFolder) -> None:
        """Goes on with a run that was stopped or interrupted. `spec`: its snapshot, perhaps with more epochs."""
        self._launch(spec, folder, None, run)

    def pause(self) -> None:
        """The run stands still after the step under way."""
        if self._control is not None and self.state == State.RUNNING:
            self._control.pause()

    def unpause(self) -> None:
        """The run goes on."""
        if self._control is not None and self.state == State.PAUSED:
            self._control.resume()

    def stop(self) -> None:
        """The run ends after the step under way, with a checkpoint."""
        if self._control is not None:
            self._set_state(State.STOPPING)
            self._control.stop()

    def set_weights(self, weights: Mapping[str, float]) -> None:
        """λ of the running training, taken up at its next step."""
        if self._control is not None:
            self._control.set_weights(dict(weights))

    def set_states(self, states: Mapping[str, str]) -> None:
        """Trains, mutes or freezes tasks of the running training, from its next step on."""
        if self._control is not None:
            self._control.set_states(dict(states))

    def show(self, run: RunFolder | None, visiting: bool = False) -> None:
        """Shows a run; follows it as long as another process writes it, here or on another computer.

        Args:
            run: its folder.
            visiting: it may be of another project.

        Raises:
            StudioError: the run's files are damaged; nothing has changed then.
        """
        if self.is_training:
            return
        live = run is not None and run.info().status == RUNNING
        self._attach(run)
        self.visiting = visiting
        self._set_state(State.FOLLOWING if live else State.IDLE)
        if run is not None:
            follower = self._follower = run.follow()
            self._reading = True
            threading.Thread(
                target=lambda: self._queue.append(("read", follower, follower.poll())),
                name="mtlstudio-log",
                daemon=True,
            ).start()
            self._timer.start(POLL_MS)

    def shut_down(self) -> None:
        """Stops a running training (a checkpoint is kept) and waits for its thread."""
        self._timer.stop()
        if self._control is not None:
            self._control.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._control = None
        self._follower = None
        self._reading = False
        self._backlog.clear()
        self._queue.clear()
        self.state = State.IDLE

    def _launch(self, spec: ProjectSpec, folder: Path, name: str | None, run: RunFolder | None) -> None:
        if self.is_training:
            raise StudioError(mark("a training is under way"), fix=mark("Stop it first, or wait until it ends."))
        if self.occupied():
            raise StudioError(mark("a study is under way"), fix=mark("Stop it first, or wait until it ends."))
        from mtlstudio.training.control import Control

        self._timer.stop()
        self._attach(None)
        self.spec, self._control = spec, Control()
        self._thread = threading.Thread(
            target=self._work, args=(spec, folder, name, run, self._control), name="mtlstudio-training", daemon=True
        )
        self._set_state(State.STARTING)
        self._thread.start()
        self._timer.start(POLL_MS)

    def _work(self, spec: ProjectSpec, folder: Path, name: str | None, run: RunFolder | None, control: Control) -> None:
        try:
            from mtlstudio.training.trainer import Trainer

            self.waits_for.wait()
            resuming = run is not None
            if run is None:
                run = create_run(folder, name, spec)
            trainer = Trainer(spec, folder, run, control, resume=resuming)
            self._queue.append(("started", run, None))
            for event in trainer.run():
                if resuming and isinstance(event, RunStarted):
                    self._queue.extend(run.events())  # what came before, up to this event; the log was cut just now
                else:
                    self._queue.append(event)
        except StudioError as error:
            self._queue.append(("failed", error.text(), None))
        except Exception as error:
            path = log_traceback(error)
            self._queue.append(("failed", tr("Training could not go on. The details are in {path}.", path=path), None))
        finally:
            self._queue.append(("ended", None, None))

    def _attach(self, run: RunFolder | None) -> None:
        spec = run.spec() if run is not None else None
        self.run, self.spec, self._follower, self.history = run, spec, None, []
        self.visiting = False
        self._reading = False
        self._backlog.clear()
        self._queue.clear()
        self.run_changed.emit(run)

    def _poll(self) -> None:
        fresh = self._followed()
        ended = False
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, Event):
                fresh.append(item)
            elif item[0] == "started":
                self.run, self.history = item[1], []
                self.run_changed.emit(self.run)
                if self.state == State.STARTING:
                    self._set_state(State.RUNNING)
            elif item[0] == "read":
                if item[1] is self._follower:
                    self._reading = False
                    self._backlog.extend(item[2])
                    self._timer.start(POLL_MS if self._backlog else FOLLOW_MS)
            elif item[0] == "failed":
                self.failed.emit(item[1])
            else:
                ended = True
        if fresh:
            self.history.extend(fresh)
            self._notice(fresh)
            self.events.emit(fresh)
        if ended:
            self._end()

    def _followed(self) -> list[Event]:
        """The next events of a run that is only looked at: first those in its log, in portions, then new ones."""
        if self._follower is None or self._reading:
            return []
        if self._backlog:
            portion = [self._backlog.popleft() for _ in range(min(PORTION, len(self._backlog)))]
            if not self._backlog:
                self._timer.start(FOLLOW_MS)
            return portion
        fresh = self._follower.poll()
        if any(isinstance(event, RunStarted) for event in fresh):
            self._set_state(State.FOLLOWING)
        return fresh

    def _notice(self, fresh: list[Event]) -> None:
        for event in fresh:
            if not self.is_training:
                if isinstance(event, RunFinished | RunFailed):
                    self._set_state(State.IDLE)
                continue
            if isinstance(event, Paused):
                self._set_state(State.PAUSED)
            elif isinstance(event, Resumed | RunStarted) and self.state != State.STOPPING:
                self._set_state(State.RUNNING)

    def _end(self) -> None:
        if self._thread is not None:
            self._thread.join()
        self._thread = self._control = None
        self._timer.stop()
        self._set_state(State.IDLE)

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
