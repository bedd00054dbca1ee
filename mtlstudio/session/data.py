"""The open project's data for the window: opened, read and described in threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.jobs import Jobs, Token

if TYPE_CHECKING:
    from mtlstudio.data.project import ProjectData
    from mtlstudio.data.statistics import DataReport

REOPEN_MS = 250


class DataSession(QObject):
    """The data sets of the project.

    Attributes:
        data: opened; None while they are not.
        report: what they are like; None until that is known.
        failure: why they cannot be opened; "" where they can.

    Signals:
        opened: the samples are known (a ProjectData); None while there are none.
        reported: the figures are there (a DataReport).
        failed: the sentence says what is wrong with the data.
    """

    opened = Signal(object)
    reported = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = Jobs(1, self)
        self.pictures = Jobs(2, self)
        self.data: ProjectData | None = None
        self.report: DataReport | None = None
        self.failure = ""
        self._asked: tuple[Any, ...] = ()
        self._wanted: tuple[ProjectSpec, Path] | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REOPEN_MS)
        self._later.timeout.connect(self._start)

    @property
    def is_opening(self) -> bool:
        """The data or their figures are on the way."""
        return self._later.isActive() or self.jobs.busy

    def open(self, spec: ProjectSpec, folder: Path) -> None:
        """Opens the project's data sets unless they are open as asked already.

        After the first time it waits until the user has let go of what changes them: a dial, a share.
        """
        asked = (
            spec.datasets, spec.inputs, spec.data.val_fraction, spec.data.test_fraction, spec.data.split_seed,
            tuple((task.id, task.type, task.parameters) for task in spec.tasks), folder,
        )  # fmt: skip
        if asked == self._asked:
            return
        first = not self._asked
        self._forget()
        self._asked, self._wanted = asked, (spec, folder)
        if first:
            self._start()
        else:
            self._later.start()

    def read_again(self) -> None:
        """Opens the same data sets anew: something on the disk has changed."""
        self._forget()
        self._start()

    def close(self) -> None:
        """Forgets the data."""
        self._asked, self._wanted = (), None
        self._forget()
        self.opened.emit(None)

    def shut_down(self) -> None:
        """Ends the threads."""
        self._later.stop()
        self.jobs.shut_down()
        self.pictures.shut_down()

    def _forget(self) -> None:
        self._later.stop()
        self.jobs.cancel("open")
        self.jobs.cancel("report")
        self.data = self.report = None
        self.failure = ""

    def _start(self) -> None:
        if self._wanted is None:
            return
        spec, folder = self._wanted
        if not spec.datasets:
            self.opened.emit(None)
            return
        self.jobs.submit(
            lambda token: _open(spec, folder), lambda data: self._opened(spec, data), self._not_opened, "open"
        )

    def _opened(self, spec: ProjectSpec, data: ProjectData) -> None:
        self.data = data
        self.opened.emit(data)
        self.jobs.submit(lambda token: _report(data, spec, token), self._reported, self._failed, "report")

    def _not_opened(self, error: StudioError) -> None:
        self.failure = error.text()
        self._failed(error)

    def _reported(self, report: DataReport) -> None:
        self.report = report
        self.reported.emit(report)

    def _failed(self, error: StudioError) -> None:
        self.failed.emit(error.text())


def _open(spec: ProjectSpec, folder: Path) -> ProjectData:
    from mtlstudio.data.project import open_data

    return open_data(spec, folder)


def _report(data: ProjectData, spec: ProjectSpec, token: Token) -> DataReport:
    from mtlstudio.data.statistics import report

    result = report(data, spec, progress=lambda _done, _all: token.check())
    token.check()
    return result
