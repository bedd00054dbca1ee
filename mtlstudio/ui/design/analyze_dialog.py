"""Analyze: every layer and every set of tasks with type, shapes and costs; the memory that a training takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import write_atomic
from mtlstudio.base.texts import ntr, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design import figures, report
from mtlstudio.ui.design.memory_panel import MemoryPanel
from mtlstudio.ui.design.report import LAYER_COLUMNS, TASK_COLUMNS, WORDS, Line
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, label
from mtlstudio.ui.widgets.search_field import SearchField
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl
from mtlstudio.ui.widgets.sizes import resize_on_screen

_NUMBER = Qt.ItemDataRole.UserRole
_LAYER = Qt.ItemDataRole.UserRole + 1


class AnalyzeDialog(QDialog):
    """Two tables of the network and its memory; it stays open beside the work.

    Signals:
        layer_wanted(str): a line was double-clicked.
    """

    layer_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None, device: str = "cpu", room: int = 0) -> None:
        super().__init__(parent)
        self.setObjectName("analyze")
        self.setWindowTitle(tr("Analyze"))
        self._shown: tuple[ProjectSpec, Analysis] | None = None
        self._lines: dict[str, list[Line]] = {"layers": [], "tasks": []}
        self.summary = label(role="dim", wrap=True)
        self.kind = SegmentedControl([Segment("layers", tr("Layers")), Segment("tasks", tr("Who shares them"))])
        self.kind.setObjectName("analyze-kind")
        self.field = SearchField(tr("Filter…"))
        self.field.setObjectName("analyze-filter")
        self.table, self.task_table = _Table(LAYER_COLUMNS, "layers"), _Table(TASK_COLUMNS, "tasks")
        self.table.setObjectName("analyze-table")
        self.task_table.setObjectName("analyze-tasks")
        self.tables = QStackedWidget()
        self.tables.addWidget(self.table)
        self.tables.addWidget(self.task_table)
        self.memory = MemoryPanel(device, room)
        self._lay_out()
        self.kind.changed.connect(self._switch)
        self.field.textChanged.connect(self._filter)
        self.table.itemActivated.connect(lambda item: self.layer_wanted.emit(item.data(_LAYER)))

    def show_analysis(self, spec: ProjectSpec, analysis: Analysis | None) -> None:
        """Fills the tables anew; the order chosen stays."""
        if analysis is None:
            self.summary.setText(tr("There are no figures yet."))
            return
        self._shown = spec, analysis
        lines = figures.cost_lines(analysis.total, analysis.separate)
        problems = ntr("{n} problem", "{n} problems", len(analysis.problems))
        self.summary.setText(tr("{costs} · {problems}", costs=lines[0], problems=problems))
        self._lines = {"layers": report.layer_lines(spec, analysis), "tasks": report.task_lines(spec, analysis)}
        self.table.fill(self._lines["layers"])
        self.task_table.fill(self._lines["tasks"])
        self.memory.show_project(spec, analysis)
        self._filter()

    def visible_lines(self) -> list[Line]:
        """What the table in view shows, from top to bottom: filtered and sorted."""
        table = self._table()
        return [table.line(row) for row in range(table.rowCount()) if not table.isRowHidden(row)]

    def copy(self) -> None:
        """Puts the table in view on the clipboard, as HTML and as text."""
        columns, lines = self._columns(), self.visible_lines()
        data = QMimeData()
        data.setHtml(report.as_html(columns, lines))
        data.setText(report.as_text(columns, lines))
        QGuiApplication.clipboard().setMimeData(data)

    def save(self, path: Path) -> None:
        """Writes the table in view, as HTML or CSV by the file's ending.

        Raises:
            StudioError: it cannot be written.
        """
        columns, lines = self._columns(), self.visible_lines()
        html = path.suffix.lower() in (".html", ".htm")
        write_atomic(path, report.as_html(columns, lines) if html else report.as_csv(columns, lines))

    def _lay_out(self) -> None:
        copy, save = button(tr("Copy"), "copy", small=True), button(tr("Save…"), "save", small=True)
        copy.setObjectName("analyze-copy")
        copy.clicked.connect(self.copy)
        save.clicked.connect(self._ask_where)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.kind)
        self.field.setMaximumWidth(scaled(240))
        head.addWidget(self.field, 1)
        head.addStretch(1)
        head.addWidget(copy)
        head.addWidget(save)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addWidget(self.summary)
        column.addLayout(head)
        column.addWidget(self.tables, 1)
        column.addWidget(self.memory)
        resize_on_screen(self, 1180, 620)

    def _table(self) -> _Table:
        return self.task_table if self.kind.current() == "tasks" else self.table

    def _columns(self) -> tuple[str, ...]:
        return TASK_COLUMNS if self.kind.current() == "tasks" else LAYER_COLUMNS

    def _switch(self, _key: str) -> None:
        self.tables.setCurrentWidget(self._table())

    def _filter(self) -> None:
        words = self.field.text().casefold().split()
        for table in (self.table, self.task_table):
            for row in range(table.rowCount()):
                line = table.line(row)
                everything = " ".join(f"{cell.text} {cell.tip}" for cell in line.cells).casefold()
                table.setRowHidden(row, not all(word in everything for word in words))

    def _ask_where(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(
            self, tr("Save the table"), "analyze.csv", "CSV (*.csv);;HTML (*.html)"
        )
        if not path:
            return
        try:
            self.save(Path(path))
        except StudioError as error:
            self.summary.setText(error.text())


class _Table(QTableWidget):
    """A table of lines."""

    def __init__(self, columns: Sequence[str], kind: str) -> None:
        super().__init__(0, len(columns))
        self._words = WORDS[kind]
        self._lines: list[Line] = []
        self.setAccessibleName(tr("Layers") if kind == "layers" else tr("Who shares them"))
        self.setHorizontalHeaderLabels([tr(name) for name in columns])
        for column in range(len(columns)):
            side = Qt.AlignmentFlag.AlignRight if column >= self._words else Qt.AlignmentFlag.AlignLeft
            header = self.horizontalHeaderItem(column)
            if header is not None:
                header.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setStretchLastSection(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)

    def fill(self, lines: Sequence[Line]) -> None:
        """Shows lines, in the order chosen."""
        self._lines = list(lines)
        self.setSortingEnabled(False)
        self.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for column, cell in enumerate(line.cells):
                item = _Item(cell.text)
                item.setData(_NUMBER, cell.number)
                item.setData(_LAYER, line.layer)
                item.setData(_LAYER + 1, row)
                if cell.tip:
                    item.setToolTip(cell.tip)
                if column >= self._words:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        self.setSortingEnabled(True)

    def line(self, row: int) -> Line:
        """The line shown in a row."""
        item = self.item(row, 0)
        assert item is not None
        return self._lines[int(item.data(_LAYER + 1))]


class _Item(QTableWidgetItem):
    """Sorts by its number where it has one, else by its words."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        one, two = self.data(_NUMBER), other.data(_NUMBER)
        if one is None or two is None:
            return self.text().lower() < other.text().lower()
        return bool(one < two)
