"""The open project's data for the window: opened, read and described in threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.jobs import Jobs, Token

if TYPE_CHECKING:
    from mtlstudio.data.project import ProjectData
    from mtlstudio.data.statistics import DataReport


class DataSession(QObject):
    """The data sets of the project.

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
        self._asked: tuple[Any, ...] = ()

    def open(self, spec: ProjectSpec, folder: Path) -> None:
        """Opens the project's data sets unless they are open as asked already."""
        asked = (
            spec.datasets, spec.data.val_fraction, spec.data.test_fraction, spec.data.split_seed,
            tuple((task.id, task.type, task.parameters) for task in spec.tasks), folder,
        )  # fmt: skip
        if asked == self._asked:
            return
        self._asked = asked
        self.data = self.report = None
        self.jobs.submit(lambda token: _open(spec, folder), lambda data: self._opened(spec, data), self._failed, "open")

    def close(self) -> None:
        """Forgets the data."""
        self._asked = ()
        self.jobs.cancel("open")
        self.jobs.cancel("report")
        self.data = self.report = None
        self.opened.emit(None)

    def shut_down(self) -> None:
        """Ends the threads."""
        self.jobs.shut_down()
        self.pictures.shut_down()

    def _opened(self, spec: ProjectSpec, data: ProjectData) -> None:
        self.data = data
        self.opened.emit(data)
        self.jobs.submit(lambda token: _report(data, spec, token), self._reported, self._failed, "report")

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

    result = report(data, spec)
    token.check()
    return result
