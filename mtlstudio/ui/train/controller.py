"""Start, pause, stop, resume: from any workspace, whether or not Train was ever opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.check import check_structure
from mtlstudio.project.fields import set_fields
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import FAILED, FINISHED, INTERRUPTED, STOPPED, RunFolder
from mtlstudio.session.studio import Studio
from mtlstudio.session.training import State
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.widgets.feedback import show_toast
from mtlstudio.ui.widgets.icons import set_icon

_TO_BE_RESUMED = (STOPPED, INTERRUPTED, FAILED)


class TrainController(QObject):
    """Carries out the actions of the Run menu and keeps them offered or greyed as the training goes.

    Attributes:
        next_name: free text for the next run; "" lets the program choose.

    Signals:
        name_taken(): a run has begun under the name: it is used up.
    """

    name_taken = Signal()

    def __init__(self, studio: Studio, actions: Actions) -> None:
        super().__init__(actions)
        self._studio, self._actions = studio, actions
        self.next_name = ""
        studio.training.state_changed.connect(self.refresh)
        studio.studies.state_changed.connect(self.refresh)
        studio.training.run_changed.connect(self._run_changed)
        studio.document_opened.connect(self.refresh)
        self.refresh()

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Action id -> who carries it out."""
        return {
            "train.start": self.start, "train.pause": self.pause, "train.stop": self.stop, "train.resume": self.resume,
        }  # fmt: skip

    def start(self) -> None:
        """Trains the project as it stands; lets a paused run go on. Shows the Train workspace."""
        training, document = self._studio.training, self._studio.document
        if document is None:
            return
        if training.state == State.PAUSED:
            training.unpause()
        elif not training.is_training:
            problem = self.obstacle(document.spec)
            if problem is not None:
                self._refuse(problem)
                return
            self._launched(lambda: training.start(document.spec, document.folder, self.next_name.strip() or None))
        self._actions.trigger("view.train")

    def pause(self) -> None:
        """Pauses, or lets a paused run or study go on."""
        training, studies = self._studio.training, self._studio.studies
        if studies.is_working:
            studies.pause()
            return
        if training.state == State.PAUSED:
            training.unpause()
        else:
            training.pause()

    def stop(self) -> None:
        """Ends the run or the study; it can be resumed later."""
        studies = self._studio.studies
        (studies if studies.is_working else self._studio.training).stop()

    def resume(self) -> None:
        """Goes on with the run that is shown: one that was stopped, failed or interrupted, or a finished one when the
        project asks for more epochs than it has."""
        training, document = self._studio.training, self._studio.document
        run = training.run
        if document is None or run is None or training.is_training:
            return
        try:
            spec, status = run.spec(), run.info().status
        except StudioError as error:
            self._studio.say(error.text(), "bad")
            return
        if status == FINISHED:
            wanted = document.spec.training.epochs
            if wanted <= spec.training.epochs:
                self._studio.say(
                    tr("This run has had its {n} epochs. To go on, raise Epochs first.", n=spec.training.epochs), "info"
                )
                self._actions.trigger("view.train")
                return
            spec = replace(spec, training=replace(spec.training, epochs=wanted))
        if self._launched(lambda: training.resume(spec, run.project_folder, run)):
            self._actions.trigger("view.train")

    def change_and_train(self, fields: Mapping[str, Any]) -> None:
        """Changes fields of the project (path -> value) as one step that can be undone, and trains it anew."""
        document = self._studio.document
        if document is None or self._studio.training.is_training:
            return
        settings = [(path, str(value)) for path, value in fields.items()]
        if document.apply(tr("Change what did not suffice"), lambda spec: set_fields(spec, settings)):
            self.start()

    def can_resume(self, run: RunFolder | None) -> bool:
        """Whether a run could go on (a finished one: with more epochs)."""
        if run is None or self._studio.training.is_training or self._studio.studies.is_working:
            return False
        try:
            return run.info().status in (*_TO_BE_RESUMED, FINISHED)
        except StudioError:
            return False

    def obstacle(self, spec: ProjectSpec) -> Problem | None:
        """The first error that stands against training, or None."""
        analysis = self._studio.analysis
        figures = analysis.analysis
        known = figures.problems if figures is not None and analysis.spec == spec else tuple(check_structure(spec))
        return next((problem for problem in known if problem.severity == Severity.ERROR), None)

    def refresh(self, *_news: object) -> None:
        """Offers what can be done now."""
        training, studies, allow = self._studio.training, self._studio.studies, self._actions.allow
        under_way = training.is_training or studies.is_working
        state = str(studies.state if studies.is_working else training.state)
        paused = state == State.PAUSED
        allow("train.start", (paused and training.is_training) or not under_way)
        allow("train.pause", state in (State.RUNNING, State.PAUSED) and under_way)
        allow("train.stop", under_way and state != State.STOPPING)
        allow("train.resume", self.can_resume(training.run))
        action, name = self._actions["train.pause"], "play" if paused else "pause"
        action.setProperty("icon_name", name)
        set_icon(action, name)
        action.setText(tr("Resume") if paused else tr("Pause"))

    def _run_changed(self, run: RunFolder | None) -> None:
        if run is not None and self._studio.training.is_training:
            self.next_name = ""
            self.name_taken.emit()
        self.refresh()

    def _launched(self, launch: Callable[[], None]) -> bool:
        try:
            launch()
        except StudioError as error:
            self._studio.say(error.text(), "bad")
            return False
        return True

    def _refuse(self, problem: Problem) -> None:
        words = tr("It cannot be trained yet. {problem}", problem=problem.line())
        window = self._actions.parent()
        if isinstance(window, QWidget):
            room = "data" if problem.place.kind in ("dataset", "data", "file") else "design"
            go = tr("Go to Data") if room == "data" else tr("Go to Design")
            show_toast(window, words, go, lambda: self._actions.trigger(f"view.{room}"), tone="bad", timeout=12000)
        else:
            self._studio.say(words, "bad")
