"""Taking a network away, for the window: one export at a time, in a thread."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.network.export.formats import ExportResult
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.jobs import POLL_MS, Cancelled, Jobs, Token


class Exporter(QObject):
    """Writes a network in one of `network.export.export_formats()` and verifies it.

    How the window uses it: `start(...)`; `progressed` says what is being done now (a sentence for the status strip),
    then comes exactly one of `finished` (its `ExportResult.text()` is the sentence to show, `.files` what was written,
    `.notes` what else to tell), `failed` (a sentence; nothing is left on disk) or, after `cancel()`, `cancelled`.
    Formats that cannot be had here say why with `ExportFormat.lacks()`.

    Signals:
        progressed: what is being done now, in the user's language.
        finished: an `ExportResult`.
        failed: the sentence says what could not be done; where parts cannot be exported it names them all.
        cancelled: it was given up; nothing is left on disk.
    """

    progressed = Signal(str)
    finished = Signal(object)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = Jobs(1, self)
        self._told: deque[str] = deque()
        self._token: Token | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._tell)

    @property
    def busy(self) -> bool:
        """An export is under way."""
        return self._token is not None

    def start(
        self, source: RunFolder | ProjectSpec, format: str, path: Path, with_weights: bool = True,
        which: str | int = "best",
    ) -> None:  # fmt: skip
        """Begins an export; an older one is given up.

        Args:
            source: a run, or a design without one (only for formats that need no run).
            format: id of a format.
            path: the file to write, or a folder to write it into.
            with_weights: the run's trained weights go along (Python: in a file beside it).
            which: checkpoint of the run: best, last, or a step.
        """
        self.cancel()
        token = self.jobs.submit(
            lambda token: self._work(source, format, path, with_weights, which, token), self._finish, self._fail
        )
        self._token = token
        self._timer.start()

    def cancel(self) -> None:
        """Gives the export up that is under way; it ends at its next step."""
        if self._token is not None:
            self._token.cancel()
            self._end()
            self.cancelled.emit()

    def shut_down(self) -> None:
        """Ends the thread."""
        if self._token is not None:
            self._token.cancel()
        self._end()
        self.jobs.shut_down()

    def _work(
        self, source: RunFolder | ProjectSpec, format: str, path: Path, with_weights: bool, which: str | int,
        token: Token,
    ) -> ExportResult:  # fmt: skip
        from mtlstudio.inspection.takeaway import ExportCancelled, take_away

        def progress(sentence: str) -> None:
            if not token():
                self._told.append(sentence)

        try:
            return take_away(
                source, format, path, with_weights=with_weights, which=which, progress=progress, cancelled=token
            )
        except ExportCancelled as error:
            raise Cancelled from error

    def _tell(self) -> None:
        while self._told:
            self.progressed.emit(self._told.popleft())

    def _finish(self, result: ExportResult) -> None:
        self._tell()
        self._end()
        self.finished.emit(result)

    def _fail(self, error: StudioError) -> None:
        self._end()
        self.failed.emit(error.text())

    def _end(self) -> None:
        self._token = None
        self._told.clear()
        self._timer.stop()
