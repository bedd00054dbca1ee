"""Tells the window how a study ended, whichever room is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from mtlstudio.base.texts import tr
from mtlstudio.session.studio import Studio
from mtlstudio.studies.folder import StudyFolder
from mtlstudio.ui.compare.outcome import study_outcome
from mtlstudio.ui.widgets.feedback import show_toast


class StudyTeller(QObject):
    """A child of the window that shows a toast with the way to Compare."""

    def __init__(self, studio: Studio, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        studio.studies.ended.connect(self._tell)

    def _tell(self, study: StudyFolder, status: str) -> None:
        words, tone = study_outcome(study, status)
        show_room = getattr(self._window, "show_workspace", None)
        go = tr("Go to Compare") if show_room is not None else ""
        show_toast(
            self._window, words, go, lambda: show_room("compare") if show_room else None, tone=tone, timeout=12000
        )
