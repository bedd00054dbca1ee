"""Trainings elsewhere: a script that starts them, and a look at a run that somebody else writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.runs.folder import RUN_FILE, RunFolder
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.train.controller import TrainController
from mtlstudio.ui.train.job_dialog import JobDialog


class Elsewhere(QObject):
    """Carries out the commands that have to do with trainings outside of this window."""

    def __init__(self, studio: Studio, actions: Actions) -> None:
        super().__init__(actions)
        self._studio, self._actions = studio, actions
        studio.training.state_changed.connect(self._refresh)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Action id -> who carries it out."""
        return {"train.job": self.write_job, "train.follow": self.choose}

    def write_job(self) -> None:
        """Opens the dialog that writes a job script."""
        document, controller = self._studio.document, self._actions.findChild(TrainController)
        if document is None:
            return
        name = controller.next_name if controller is not None else ""
        JobDialog(document.spec, document.folder, name, self._window()).show()

    def choose(self) -> None:
        """Asks for the folder of a run, of whichever project."""
        document = self._studio.document
        start = str(document.folder / "runs") if document is not None else ""
        chosen = QFileDialog.getExistingDirectory(self._window(), tr("Folder of the run"), start)
        if chosen:
            self.follow(Path(chosen))

    def follow(self, folder: Path) -> None:
        """Shows the run of a folder, and goes along with it while it is written."""
        inside = folder / "runs"
        if not (folder / RUN_FILE).is_file() and inside.is_dir():
            self._studio.say(
                tr("This is the folder of a project: choose one of its runs, in {folder}.", folder=inside), "bad"
            )
            return
        try:
            self._studio.training.show(RunFolder(folder), visiting=True)
        except StudioError as error:
            self._studio.say(error.text(), "bad")
            return
        self._actions.trigger("view.train")

    def _refresh(self, *_news: object) -> None:
        self._actions.allow("train.follow", not self._studio.training.is_training)

    def _window(self) -> QWidget | None:
        parent = self._actions.parent()
        return parent if isinstance(parent, QWidget) else None
