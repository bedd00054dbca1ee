"""All that a window works on: settings, the open document and the sessions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mtlstudio.base.settings import Settings, save_settings
from mtlstudio.project import files
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.analysis import AnalysisSession
from mtlstudio.session.data import DataSession
from mtlstudio.session.document import Document
from mtlstudio.session.engine import Engine
from mtlstudio.session.prediction import PredictionSession
from mtlstudio.session.studies import StudySession
from mtlstudio.session.training import TrainingSession
from mtlstudio.session.trials import TrialSession

if TYPE_CHECKING:
    from mtlstudio.data.statistics import DataReport


class Studio(QObject):
    """The window's model. One document at a time.

    Signals:
        document_opened: a Document was opened or made.
        document_closed: there is no document any more.
        said: something to tell the user for a moment (text, kind: info, good, warning or bad).
    """

    document_opened = Signal(object)
    document_closed = Signal()
    said = Signal(str, str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.document: Document | None = None
        self.engine = Engine(self)
        self.analysis = AnalysisSession(self)
        self.data = DataSession(self)
        self.training = TrainingSession(self)
        self.trials = TrialSession(self.training, self)
        self.studies = StudySession(self.training, self)
        self.prediction = PredictionSession(self)
        self.studies.failed.connect(lambda text: self.say(text, "bad"))
        self.studies.said.connect(self.say)
        self.studies.state_changed.connect(lambda _state: self.trials.cancel())
        self.training.failed.connect(lambda text: self.say(text, "bad"))
        self.prediction.failed.connect(lambda text: self.say(text, "bad"))
        self.data.failed.connect(lambda text: self.say(text, "bad"))
        self.data.reported.connect(self._tell_samples)

    def say(self, text: str, kind: str = "info") -> None:
        """Tells the user something."""
        self.said.emit(text, kind)

    def create(self, folder: Path, spec: ProjectSpec) -> None:
        """Makes a project folder and opens it. Raises StudioError: it exists already or cannot be written."""
        files.create(folder, spec)
        self._show(Document(folder, spec, self))

    def open(self, folder: Path, recovered: ProjectSpec | None = None) -> None:
        """Opens a project folder; `recovered` replaces what is on disk (after the user accepted a recovery).

        Raises:
            StudioError: it is damaged, newer, missing, or open in another window.
        """
        spec = recovered if recovered is not None else files.load(folder)
        document = Document(folder, spec, self)
        self._show(document)
        if recovered is not None:
            document.mark_unsaved()

    def close_document(self) -> None:
        """Leaves the document (saving is the caller's question) and its sessions."""
        if self.document is None:
            return
        self.trials.cancel()
        self.studies.close()
        self.training.shut_down()
        self.training.show(None)
        self.prediction.unload()
        self.analysis.clear()
        self.data.close()
        document, self.document = self.document, None
        document.close()
        self.document_closed.emit()
        document.deleteLater()

    def remember_settings(self) -> None:
        """Writes the settings."""
        save_settings(self.settings)

    def shut_down(self) -> None:
        """Ends everything; the order matters: studies and trainings first, their threads may wait for
        data."""
        self.close_document()
        self.studies.shut_down()
        self.training.shut_down()
        self.trials.shut_down()
        self.prediction.shut_down()
        self.analysis.shut_down()
        self.data.shut_down()
        self.engine.wait()

    def _show(self, document: Document) -> None:
        document.lock()
        self.close_document()
        self.document = document
        document.changed.connect(self._follow_document)
        document.refused.connect(lambda text: self.say(text, "warning"))
        self.settings.add_recent(document.folder)
        self.remember_settings()
        self._follow_document(None, document.spec)
        self.document_opened.emit(document)

    def _tell_samples(self, report: DataReport) -> None:
        """Some warnings about the network depend on how many samples there are."""
        self.analysis.tell_samples({task.id: int(task.coverage.get("train", 0)) for task in report.tasks})

    def _follow_document(self, _before: ProjectSpec | None, after: ProjectSpec) -> None:
        document = self.document
        if document is not None:
            self.analysis.request(after)
            self.data.open(after, document.folder)
