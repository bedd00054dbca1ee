"""The log of a run in a card that folds: filtered, copied, and the way to the run's folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QBrush, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QToolButton, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event
from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.train.log_words import KINDS, LogLine, LogWriter
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import button, column, row
from mtlstudio.ui.widgets.flow import FlowLayout
from mtlstudio.ui.widgets.icons import set_icon
from mtlstudio.ui.widgets.panel import Panel
from mtlstudio.ui.widgets.search_field import SearchField

_HIGH = 170


class LogPanel(Panel):
    """What happened, newest last. Folded it shows the newest line alone.

    Signals:
        unfolded(): it was opened by a click.
    """

    unfolded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Log"), " ", parent=parent)
        self.setObjectName("log")
        self._writer: LogWriter | None = None
        self._folder: Path | None = None
        self._shown: list[LogLine] = []
        self.fold = QToolButton()
        self.fold.setObjectName("log-fold")
        self.fold.setAutoRaise(True)
        self.fold.clicked.connect(self._toggle)
        self.add_header_widget(self.fold)
        self.kinds = {kind: Chip(tr(words)) for kind, words in KINDS.items()}
        chips = FlowLayout(spacing=6)
        for kind, chip in self.kinds.items():
            chip.setObjectName(f"log-{kind}")
            chip.setChecked(True)
            chip.toggled.connect(self._filter_changed)
            chips.addWidget(chip)
        self.field = SearchField(tr("Search the log…"))
        self.field.textChanged.connect(self._filter_changed)
        self.field.setMaximumWidth(scaled(220))
        self.copy = button(tr("Copy"), "copy", small=True)
        self.copy.setObjectName("log-copy")
        self.copy.clicked.connect(self._copy)
        self.open = button(tr("Open the folder"), "folder-open", small=True)
        self.open.setObjectName("log-open")
        self.open.clicked.connect(self._open)
        self.list = QListWidget()
        self.list.setObjectName("log-lines")
        self.list.setAccessibleName(tr("Log"))
        self.list.setFixedHeight(scaled(_HIGH))
        self.list.setWordWrap(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget()
        self._inside.setLayout(column(chips, row(self.field, self.copy, self.open, 1), self.list, spacing=8))
        self.add(self._inside)
        self.set_folded(True)

    def is_folded(self) -> bool:
        """Whether the lines are hidden."""
        return self._folded

    def set_folded(self, folded: bool) -> None:
        """Opens or folds it."""
        self._folded = folded
        self._inside.setVisible(not folded)
        set_icon(self.fold, "chevron-right" if folded else "chevron-down", "dim", 16)
        self.fold.setAccessibleName(tr("Show the log") if folded else tr("Fold the log"))
        self.fold.setToolTip(self.fold.accessibleName())

    def set_run(self, spec: ProjectSpec | None, folder: Path | None, events: list[Event]) -> None:
        """Shows the log of another run."""
        self._writer = LogWriter(spec) if spec is not None else None
        self._folder = folder
        self.open.setEnabled(folder is not None)
        if self._writer is not None:
            self._writer.take(events)
        self.refresh()

    def take(self, events: list[Event]) -> None:
        """The run goes on; `refresh` shows it."""
        if self._writer is not None:
            self._writer.take(events)

    def refresh(self) -> None:
        """Shows the lines that the filter lets through; those that are there stay where they are."""
        wanted = [line for line in (self._writer.lines if self._writer is not None else []) if self._passes(line)]
        same = 0
        while same < min(len(wanted), len(self._shown)) and wanted[same] == self._shown[same]:
            same += 1
        bar = self.list.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        while self.list.count() > same:
            self.list.takeItem(self.list.count() - 1)
        for line in wanted[same:]:
            self.list.addItem(_item(line))
        self._shown = wanted
        newest = (
            self._writer.lines[-1].text() if self._writer is not None and self._writer.lines else tr("Nothing yet.")
        )
        self.set_subtitle(newest)
        if at_end:
            self.list.scrollToBottom()

    def texts(self) -> list[str]:
        """The lines that are shown."""
        return [line.text() for line in self._shown]

    def _passes(self, line: LogLine) -> bool:
        words = self.field.text().casefold().split()
        return self.kinds[line.kind].isChecked() and all(word in line.text().casefold() for word in words)

    def _filter_changed(self, _news: object) -> None:
        self.refresh()

    def _toggle(self) -> None:
        self.set_folded(not self._folded)
        if not self._folded:
            self.refresh()
            self.unfolded.emit()

    def _copy(self) -> None:
        """The selected lines, or all that are shown."""
        chosen = sorted({self.list.row(item) for item in self.list.selectedItems()})
        lines = [self.texts()[place] for place in chosen] if chosen else self.texts()
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _open(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def _item(line: LogLine) -> QListWidgetItem:
    item = QListWidgetItem(line.text())
    if line.tone:
        item.setForeground(QBrush(theme().colour(line.tone)))
    return item
