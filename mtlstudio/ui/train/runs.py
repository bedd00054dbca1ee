"""RUN: which run is shown, and what the next one is called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.runs.folder import RunFolder, runs_of
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.session.studio import Studio
from mtlstudio.ui.compare.table import status_words
from mtlstudio.ui.train.controller import TrainController
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.titles import SectionTitle

_LOOK_AGAIN_MS = 3000


@dataclass(frozen=True)
class Entry:
    """A run in the list."""

    run: RunFolder
    name: str
    status: str


class RunBox(QWidget):
    """The project's runs, newest first, and a run of elsewhere that is followed; choosing one shows it.

    Signals:
        listed(): the list was read anew.
    """

    listed = Signal()

    def __init__(self, studio: Studio, controller: TrainController | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert studio.document is not None
        self._studio, self._controller = studio, controller
        self._folder = studio.document.folder
        self._jobs = Jobs(1, self)
        self.entries: list[Entry] = []
        self.combo = QComboBox()
        self.combo.setObjectName("runs")
        self.combo.setAccessibleName(tr("Run"))
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(8)
        self.combo.setPlaceholderText(tr("No run yet"))
        self.combo.activated.connect(self._chosen)
        self.name = QLineEdit()
        self.name.setObjectName("next-name")
        self.name.setAccessibleName(tr("Name of the next run"))
        self.name.setPlaceholderText(tr("Name of the next run"))
        if controller is not None:
            self.name.setText(controller.next_name)
            self.name.textChanged.connect(self._named)
            controller.name_taken.connect(self.name.clear)
        self.steered = label("", "warning", wrap=True)
        self.steered.setObjectName("steered")
        self.steered.hide()
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addWidget(SectionTitle(tr("Run")))
        inside.addWidget(self.combo)
        inside.addWidget(self.steered)
        inside.addWidget(self.name)
        self._again = QTimer(self)
        self._again.setInterval(_LOOK_AGAIN_MS)
        self._again.timeout.connect(self.refresh)
        studio.training.run_changed.connect(self.refresh)
        studio.training.state_changed.connect(self.refresh)

    def set_watching(self, watching: bool) -> None:
        """Looks for runs of other processes now and then, while it can be seen."""
        if watching:
            self.refresh()
            self._again.start()
        else:
            self._again.stop()

    def is_idle(self) -> bool:
        """The list is read."""
        return not self._jobs.busy

    def refresh(self, *_news: object) -> None:
        """Reads the list anew, in the background."""
        folder, shown = self._folder, self._studio.training.run
        self._jobs.submit(lambda token: _listed(folder, shown, token), self._show, key="list")

    def show_steered(self, changes: int, states: int = 0) -> None:
        """Says that λ or the states of tasks were changed by hand in the run that is shown: it cannot be compared like
        others."""
        parts = [tr("λ-steered · {n} ×", n=changes)] if changes else []
        parts += [tr("tasks muted or frozen · {n} ×", n=states)] if states else []
        self.steered.setText("\n".join(parts))
        self.steered.setToolTip(tr("Changed by hand while it trained: another run of these settings differs."))
        self.steered.setVisible(bool(parts))

    def status(self, run: RunFolder | None) -> str:
        """A run's status as last read; "" for an unknown one."""
        return next((entry.status for entry in self.entries if run is not None and entry.run.path == run.path), "")

    def _show(self, entries: list[Entry]) -> None:
        self.entries = entries
        training = self._studio.training
        current = str(training.run.path) if training.run is not None else ""
        texts = [f"{entry.name} — {status_words(entry.status)}" for entry in entries]
        if texts != [self.combo.itemText(place) for place in range(self.combo.count())]:
            self.combo.clear()
            for entry, text in zip(entries, texts, strict=True):
                self.combo.addItem(text, str(entry.run.path))
                self.combo.setItemData(self.combo.count() - 1, str(entry.run.path), Qt.ItemDataRole.ToolTipRole)
        self.combo.setCurrentIndex(self.combo.findData(current))
        self.combo.setEnabled(bool(entries) and not training.is_training)
        self.combo.setToolTip(tr("Other runs can be shown when this one has ended.") if training.is_training else "")
        if not current and entries and not training.is_training:
            self._look_at(entries[0])
        self.listed.emit()

    def _chosen(self, place: int) -> None:
        if 0 <= place < len(self.entries):
            self._look_at(self.entries[place])

    def _look_at(self, entry: Entry) -> None:
        try:
            self._studio.training.show(entry.run, visiting=entry.run.project_folder != self._folder)
        except StudioError as error:
            self._studio.say(error.text(), "bad")

    def _named(self, text: str) -> None:
        if self._controller is not None:
            self._controller.next_name = text


def _listed(folder: Path, shown: RunFolder | None, token: Token) -> list[Entry]:
    """The project's runs, and the one that is shown if it is another's."""
    found = []
    runs = list(reversed(runs_of(folder)))
    if shown is not None and shown.path not in [run.path for run in runs]:
        runs.insert(0, shown)
    for run in runs:
        token.check()
        try:
            info = run.info()
        except StudioError:
            continue
        found.append(Entry(run, info.name, info.status))
    return found
