"""Plans studies: asks how, and hands the plan to the session of studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.check import check_structure
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.studio import Studio
from mtlstudio.ui.compare.plan_dialogs import BaselinesDialog, PlanDialog, SeedsDialog
from mtlstudio.ui.compare.sweep_dialogs import BakeOffDialog, SweepDialog

Asks = Callable[[ProjectSpec, Path, QWidget], PlanDialog]


class Planner(QObject):
    """The commands that begin studies."""

    def __init__(self, studio: Studio, owner: QWidget) -> None:
        super().__init__(owner)
        self._studio, self._owner = studio, owner

    def handlers(self) -> dict[str, object]:
        """Action id -> who carries it out."""
        return {
            "compare.baselines": self.baselines,
            "compare.seeds": lambda: self._plan(SeedsDialog),
            "compare.bakeoff": lambda: self._plan(BakeOffDialog),
            "compare.sweep": lambda: self._plan(SweepDialog),
        }

    def baselines(self) -> None:
        """The network as it is, and each task alone."""
        self._plan(BaselinesDialog)

    def go_on(self) -> None:
        """Works through the queue."""
        document = self._studio.document
        if document is None:
            return
        try:
            self._studio.studies.start_queue(document.folder)
        except StudioError as error:
            self._studio.say(error.text(), "bad")

    def _plan(self, asks: Asks) -> None:
        document = self._studio.document
        if document is None:
            return
        problem = next((one for one in check_structure(document.spec) if one.severity == Severity.ERROR), None)
        if problem is not None:
            self._studio.say(tr("It cannot be trained yet. {problem}", problem=problem.line()), "bad")
            return
        dialog = asks(document.spec, document.folder, self._owner)
        if dialog.exec():
            self._studio.studies.add(document.folder, dialog.plan())
        dialog.deleteLater()
