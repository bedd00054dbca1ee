"""Studies from the window: a study, or the whole queue, in a worker thread; its events on the GUI thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.base.logs import log_traceback
from mtlstudio.base.texts import mark, tr
from mtlstudio.runs.events import Event, Paused, Resumed
from mtlstudio.runs.folder import FINISHED, RUNS, RunFolder
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.session.training import TrainingSession
from mtlstudio.studies.events import MemberStarted, StudyEvent
from mtlstudio.studies.folder import StudyFolder, create_study, same_study
from mtlstudio.studies.progress import Reckoner, StudyProgress
from mtlstudio.studies.queue import enqueue, leave, queued
from mtlstudio.studies.study import BASELINES, Study

if TYPE_CHECKING:
    from mtlstudio.training.control import Control

POLL_MS = 50

Plan = Callable[[], Study]


class StudyState(StrEnum):
    """What the session of studies does."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


class StudySession(QObject):
    """At most one study of this window at work, and no training beside it.

    Signals:
        state_changed: a `StudyState`.
        progressed: a `StudyProgress`; at most 20 times a second.
        changed(): a study was planned, ended, or moved in the queue.
        ended: (StudyFolder, status) of a study that nobody works on any more: finished, stopped or failed.
        failed: the sentence says what could not be done.
        said: (text, kind) for the user.
    """

    state_changed = Signal(str)
    progressed = Signal(object)
    changed = Signal()
    ended = Signal(object, str)
    failed = Signal(str)
    said = Signal(str, str)

    def __init__(self, training: TrainingSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = StudyState.IDLE
        self.progress: StudyProgress | None = None
        self.current: StudyFolder | None = None
        self._training = training
        self._jobs = Jobs(1, self)
        self._control: Control | None = None
        self._thread: threading.Thread | None = None
        self._queue: deque[Any] = deque()
        self._reckoner: Reckoner | None = None
        self._shown = ""
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        training.occupied = lambda: self.is_working

    @property
    def is_working(self) -> bool:
        """A study of this window is under way (paused ones included)."""
        return self._thread is not None

    @property
    def is_planning(self) -> bool:
        """A plan is being made."""
        return self._jobs.busy

    def add(self, project_folder: Path, plan: Plan, again: bool = False) -> None:
        """Plans a study, puts it into the queue, and begins at once if the machine is free.

        Args:
            project_folder: of the project.
            plan: makes the plan, in a thread (it looks at the data).
            again: trains anew what a study of the very same plan has trained already.
        """

        def made(_token: Token) -> tuple[StudyFolder, bool]:
            study = plan()
            known = None if again else same_study(project_folder, study)
            folder = known or create_study(project_folder, study)
            done = folder.status() == FINISHED
            if not done:
                enqueue(folder)
            return folder, done

        self._jobs.submit(made, self._planned, lambda error: self.failed.emit(error.text()))

    def start(self, folder: StudyFolder) -> None:
        """Works on a study, then on the rest of the queue.

        Raises:
            StudioError: a study or a training is under way.
        """
        self._launch(folder.project_folder, folder)

    def start_queue(self, project_folder: Path) -> None:
        """Works through the queue from its head.

        Raises:
            StudioError: a study or a training is under way.
        """
        self._launch(project_folder, None)

    def pause(self) -> None:
        """The study stands still after the step under way; or goes on."""
        if self._control is None:
            return
        if self.state == StudyState.PAUSED:
            self._control.resume()
        elif self.state == StudyState.RUNNING:
            self._control.pause()

    def stop(self) -> None:
        """Ends after the step under way; the study stays in the queue and can go on later."""
        if self._control is not None:
            self._set_state(StudyState.STOPPING)
            self._control.stop()

    def move(self, folder: StudyFolder, place: int) -> None:
        """Moves a waiting study to another place of the queue."""
        self._edit(lambda: enqueue(folder, place))

    def leave(self, folder: StudyFolder) -> None:
        """Takes a waiting study out of the queue; what it has trained stays."""
        self._edit(lambda: leave(folder))

    def close(self) -> None:
        """Stops the study (it is offered again) and waits for its thread; the project is left."""
        self._timer.stop()
        if self._control is not None:
            self._control.stop()
        if self._thread is not None:
            self._thread.join()
        self._thread = self._control = None
        self.progress = self.current = None
        self._queue.clear()
        self._set_state(StudyState.IDLE)

    def shut_down(self) -> None:
        """Ends everything."""
        self.close()
        self._jobs.shut_down()

    def _planned(self, planned: tuple[StudyFolder, bool]) -> None:
        folder, done = planned
        self.changed.emit()
        if done:
            self.said.emit(tr("This very study is done already: {study}.", study=folder.id), "info")
        elif self.is_working:
            self.said.emit(tr("{study} waits in the queue.", study=folder.id), "info")
        elif self._training.is_training:
            self.said.emit(
                tr("{study} waits in the queue: a training is under way. Start it in Compare.", study=folder.id), "info"
            )
        else:
            self.start(folder)

    def _launch(self, project_folder: Path, first: StudyFolder | None) -> None:
        if self.is_working:
            raise StudioError(mark("a study is under way"), fix=mark("Stop it first, or wait until it ends."))
        if self._training.is_training:
            raise StudioError(mark("a training is under way"), fix=mark("Stop it first, or wait until it ends."))
        from mtlstudio.training.control import Control

        self._control = Control()
        self._shown = ""
        self._thread = threading.Thread(
            target=self._work, args=(project_folder, first, self._control), name="mtlstudio-studies", daemon=True
        )
        self._set_state(StudyState.RUNNING)
        self._thread.start()
        self._timer.start()

    # --- in the thread ----------------------------------------------------------------------------------------

    def _work(self, project_folder: Path, first: StudyFolder | None, control: Control) -> None:
        self._training.waits_for.wait()
        tried: set[str] = set()
        try:
            while not control.stopped:
                waiting = [one for one in queued(project_folder) if one.id not in tried]
                folder = first if first is not None else next(iter(waiting), None)
                if folder is None:
                    break
                tried.add(folder.id)
                first = None
                self._work_on(folder, control)
        except Exception as error:  # the folder of the project is gone, say
            path = log_traceback(error)
            self._queue.append(("failed", tr("The queue could not go on. The details are in {path}.", path=path), None))
        finally:
            self._queue.append(("all_ended", None, None))

    def _work_on(self, folder: StudyFolder, control: Control) -> None:
        try:
            from mtlstudio.studies.publish import publish
            from mtlstudio.studies.runner import StudyRunner

            study = folder.study()
            self._queue.append(("study", folder, _reckoner(folder, study)))
            for event in StudyRunner(folder, control).run():
                self._queue.append(event)
            if study.kind == BASELINES and any(state.measured for state in folder.states()):
                publish(folder)
            self._queue.append(("ended", folder, folder.status()))
        except StudioError as error:
            self._queue.append(("failed", f"{folder.id}: {error.text()}", None))
        except Exception as error:
            path = log_traceback(error)
            text = tr("{study} could not go on. The details are in {path}.", study=folder.id, path=path)
            self._queue.append(("failed", text, None))

    # --- in the window's thread -------------------------------------------------------------------------------

    def _poll(self) -> None:
        told = False
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, Event | StudyEvent):
                told = True
                self._take(item)
            elif item[0] == "study":
                self.current, self._reckoner = item[1], item[2]
                self.progress = item[2].progress
                self.changed.emit()
            elif item[0] == "ended":
                self.changed.emit()
                self.ended.emit(item[1], item[2])
            elif item[0] == "failed":
                self.failed.emit(item[1])
            else:
                self._end()
        if told and self.progress is not None:
            self.progressed.emit(self.progress)

    def _take(self, event: Event | StudyEvent) -> None:
        assert self._reckoner is not None
        self.progress = self._reckoner.take(event)
        if isinstance(event, MemberStarted):
            self._show_run(event.run)
        elif isinstance(event, Paused):
            self._set_state(StudyState.PAUSED)
        elif isinstance(event, Resumed) and self.state != StudyState.STOPPING:
            self._set_state(StudyState.RUNNING)

    def _show_run(self, run_id: str) -> None:
        """Train follows the member under way, unless the user looks at another run there."""
        assert self.current is not None
        run = self._training.run
        if self._shown and run is not None and run.id != self._shown:
            return
        self._shown = run_id
        try:
            self._training.show(RunFolder(self.current.project_folder / RUNS / run_id))
        except StudioError as error:
            self.failed.emit(error.text())

    def _end(self) -> None:
        if self._thread is not None:
            self._thread.join()
        self._thread = self._control = None
        self._timer.stop()
        self.progress = self.current = None
        self._set_state(StudyState.IDLE)
        self.changed.emit()

    def _edit(self, edit: Callable[[], None]) -> None:
        try:
            edit()
        except StudioError as error:
            self.failed.emit(error.text())
        self.changed.emit()

    def _set_state(self, state: StudyState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def _reckoner(folder: StudyFolder, study: Study) -> Reckoner:
    """Knows what the members took that are done."""
    done: dict[str, float | None] = {}
    for state in folder.states():
        if state.trained and state.measured and not state.failure and state.run is not None:
            done[state.member.id] = state.run.summary().seconds
    return Reckoner(folder.id, study, done)
