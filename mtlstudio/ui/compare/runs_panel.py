"""The runs: filters above, the table, what can be done with the selected ones."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QMenu, QTableView, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.runs.delta import PER_METRIC, PER_TASK
from mtlstudio.runs.folder import RunFolder
from mtlstudio.ui.compare.delegate import LesserDelegate
from mtlstudio.ui.compare.keeper import Keeper
from mtlstudio.ui.compare.lines import BALANCE, DELTA, NAME, NETWORK, NO_STUDY, NOTE, STATUS, TAGS, TASK, Filter, Line
from mtlstudio.ui.compare.rows import RunRow, status_words
from mtlstudio.ui.compare.section import Section
from mtlstudio.ui.compare.table import RunModel
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import button
from mtlstudio.ui.widgets.search_field import SearchField
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl

MOST_TASKS = 8
"""Columns of tasks that are shown before the user chooses others."""

_TASK_WIDTH = 112
_MOST_WIDTH = {NAME: 330, NETWORK: 150, BALANCE: 130, NOTE: 240}
_ROW = 30
_STATUSES = ("finished", "running", "stopped", "interrupted", "failed")


class RunTable(QTableView):
    """Signals:
    key_pressed(str): pin, words, delete or open.
    """

    key_pressed = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """P pins, F2 renames, Delete moves to the trash, Enter opens or unfolds; the rest is a table's."""
        keys = {
            Qt.Key.Key_P: "pin", Qt.Key.Key_F2: "words", Qt.Key.Key_Delete: "delete", Qt.Key.Key_Return: "open",
            Qt.Key.Key_Enter: "open",
        }  # fmt: skip
        if event.key() in keys and not event.modifiers():
            self.key_pressed.emit(keys[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


class RunsPanel(Section):
    """Signals:
    selection_changed(): other runs are selected.
    inspect_wanted, curves_wanted, design_wanted: of a RunFolder.
    """

    selection_changed = Signal()
    inspect_wanted = Signal(object)
    curves_wanted = Signal(object)
    design_wanted = Signal(object)

    def __init__(self, tasks: Sequence[TaskSpec], keeper: Keeper, parent: QWidget | None = None) -> None:
        super().__init__(tr("Runs"), parent=parent)
        self.setObjectName("runs-panel")
        self.keeper = keeper
        self.model = RunModel(tasks)
        self._task_ids: tuple[str, ...] = ()
        self._shown_tasks: set[str] = set()
        self.search = SearchField(tr("Filter runs"))
        self.search.setObjectName("filter-text")
        self.search.setFixedWidth(scaled(190))
        self.status, self.study = QComboBox(), QComboBox()
        self.status.setObjectName("filter-status")
        self.status.setAccessibleName(tr("Status"))
        self.study.setObjectName("filter-study")
        self.study.setAccessibleName(tr("Study"))
        for text, data in ((tr("Any status"), ""), *((status_words(one), one) for one in _STATUSES)):
            self.status.addItem(text, data)
        self.grouped = Chip(tr("Mean of seeds"))
        self.grouped.setObjectName("grouped")
        self.grouped.setChecked(True)
        self.grouped.setToolTip(tr("Runs of a study that differ in their seeds alone stand in one line: mean ± SD"))
        self.convention = SegmentedControl(
            [Segment(PER_TASK, tr("Δm per task")), Segment(PER_METRIC, tr("Δm per metric"))], small=True,
            name=tr("Convention of Δm"),
        )  # fmt: skip
        self.columns = button(tr("Columns"), "table", small=True)
        self.columns.setObjectName("columns")
        self.table = self._make_table()
        self._lay_out()
        self._connect()
        self.set_tasks(tasks)

    # --- what is shown ----------------------------------------------------------------------------------------

    def set_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        """Columns for these tasks; of many the first few are shown."""
        ids = tuple(task.id for task in tasks)
        if ids != self._task_ids:
            self._shown_tasks = set(ids[:MOST_TASKS])
        self._task_ids = ids
        self.model.set_tasks(tasks)
        self._fit()

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Shows other runs; the selected ones stay selected."""
        chosen = {line.key for line in self._selected_lines()}
        self.model.set_rows(rows)
        self._fill_studies(rows)
        self._select(chosen)
        self._fit()

    def selected(self) -> list[RunRow]:
        """The selected runs, in the order of the table; those of a selected group are all among them."""
        found = {run.run.id: run for line in self._selected_lines() for run in line.rows}
        return list(found.values())

    def selected_lines(self) -> list[Line]:
        """The selected lines, in the order of the table."""
        return self._selected_lines()

    def select_runs(self, run_ids: Sequence[str]) -> None:
        """Selects the lines of runs; folded groups stand for theirs."""
        wanted = set(run_ids)
        self._select({line.key for line in self.model.lines if any(one.run.id in wanted for one in line.rows)})

    # --- building ---------------------------------------------------------------------------------------------

    def _make_table(self) -> RunTable:
        table = RunTable()
        table.setObjectName("runs")
        table.setModel(self.model)
        table.setItemDelegate(LesserDelegate(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(scaled(_ROW))
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setSectionsMovable(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.setSortingEnabled(True)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.setMinimumHeight(scaled(_ROW) * 4 + scaled(46))
        return table

    def _lay_out(self) -> None:
        self.header.addSpacing(scaled(8))
        for widget in (self.search, self.status, self.study, self.grouped):
            self.header.addWidget(widget)
        self.header.addStretch(1)
        self.add_header_widget(self.convention)
        self.add_header_widget(self.columns)
        self.add(self.table, 1)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._filter)
        self.status.currentIndexChanged.connect(self._filter)
        self.study.currentIndexChanged.connect(self._filter)
        self.grouped.toggled.connect(self._filter)
        self.convention.changed.connect(self._filter)
        self.columns.clicked.connect(self._choose_columns)
        header = self.table.horizontalHeader()
        header.customContextMenuRequested.connect(lambda _at: self._choose_columns())
        self.table.customContextMenuRequested.connect(self._menu)
        self.table.doubleClicked.connect(lambda _index: self._inspect())
        self.table.clicked.connect(self._clicked)
        self.table.key_pressed.connect(self.act)
        self.table.selectionModel().selectionChanged.connect(self._selection_moved)

    # --- what the user does -----------------------------------------------------------------------------------

    def _filter(self, *_changes: object) -> None:
        chosen = {line.key for line in self._selected_lines()}
        model = self.model
        model.filter = Filter(self.search.text(), str(self.status.currentData()), str(self.study.currentData() or ""))
        model.grouped, model.convention = self.grouped.isChecked(), self.convention.current()
        model.refresh()
        self._select(chosen)

    def _clicked(self, index: object) -> None:
        """A click on the arrow of a group folds it."""
        line = self.model.lines[index.row()]  # type: ignore[attr-defined]
        at = self.table.viewport().mapFromGlobal(self.table.cursor().pos())
        place = self.table.visualRect(index)  # type: ignore[arg-type]
        if line.is_group and index.column() == 0 and at.x() - place.left() < scaled(26):  # type: ignore[attr-defined]
            self.toggle(line)

    def toggle(self, line: Line) -> None:
        """Folds or unfolds a group; the selection stays."""
        chosen = {one.key for one in self._selected_lines()}
        self.model.toggle(line)
        self._select(chosen)

    def act(self, what: str) -> None:
        """Pins, asks for words, deletes, opens (`pin`, `words`, `delete`, `open`) the selected runs."""
        if what == "open":
            self._inspect()
            return
        chosen = self.selected()
        if chosen:
            {"pin": self.keeper.pin, "words": self.keeper.edit_words, "delete": self.keeper.delete}[what](chosen)

    def _menu(self, at: QPoint) -> None:
        chosen, lines = self.selected(), self._selected_lines()
        if not chosen:
            return
        menu = QMenu(self)
        menu.setObjectName("run-menu")
        if len(lines) == 1 and lines[0].is_group:
            words = tr("Show its runs") if lines[0].folded else tr("Fold its runs")
            menu.addAction(words, lambda: self.toggle(lines[0]))
            menu.addSeparator()
        if len(chosen) == 1:
            run = chosen[0].run
            menu.addAction(tr("Inspect this run"), self._inspect)
            menu.addAction(tr("Show its curves"), lambda: self.curves_wanted.emit(run))
            menu.addAction(tr("Compare the design with it"), lambda: self.design_wanted.emit(run))
            menu.addAction(tr("Open its folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.path))))
            menu.addSeparator()
        pinned = all(one.info.pinned for one in chosen)
        self._act(menu, tr("Let go of the pin") if pinned else tr("Pin to the top"), "P", "pin")
        words = tr("Name, tags, note…") if len(chosen) == 1 else tr("Tags…")
        self._act(menu, words, "F2", "words")
        menu.addSeparator()
        self._act(menu, ntr("Move to the trash", "Move {n} runs to the trash", len(chosen)), "Del", "delete")
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _act(self, menu: QMenu, words: str, key: str, what: str) -> None:
        native = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
        menu.addAction(f"{words}\t{native}", lambda: self.act(what))

    def _inspect(self) -> None:
        lines = self._selected_lines()
        if len(lines) == 1 and lines[0].is_group:
            self.toggle(lines[0])
        elif lines:
            self.inspect_wanted.emit(lines[0].first.run)

    def _choose_columns(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("columns-menu")
        for name in self.model.columns:
            if name == NAME:
                continue
            action = menu.addAction(self.model.title(name))
            action.setCheckable(True)
            action.setChecked(not self.table.isColumnHidden(self.model.column(name)))
            action.toggled.connect(lambda shown, name=name: self._show_column(name, shown))
        if len(self._task_ids) > MOST_TASKS:
            menu.addSeparator()
            menu.addAction(tr("All tasks"), lambda: self._show_tasks(self._task_ids))
            menu.addAction(
                tr("The first {n} tasks", n=MOST_TASKS), lambda: self._show_tasks(self._task_ids[:MOST_TASKS])
            )
        menu.popup(self.columns.mapToGlobal(self.columns.rect().bottomLeft()))

    def _show_column(self, name: str, shown: bool) -> None:
        if name.startswith(TASK):
            task = name.removeprefix(TASK)
            self._shown_tasks = self._shown_tasks | {task} if shown else self._shown_tasks - {task}
        self.table.setColumnHidden(self.model.column(name), not shown)

    def _show_tasks(self, tasks: Sequence[str]) -> None:
        self._shown_tasks = set(tasks)
        self._fit()

    # --- keeping things in step -------------------------------------------------------------------------------

    def _selection_moved(self, *_changes: object) -> None:
        self.selection_changed.emit()

    def _selected_lines(self) -> list[Line]:
        model = self.table.selectionModel()
        places = sorted(index.row() for index in model.selectedRows()) if model is not None else []
        return [self.model.lines[place] for place in places if place < len(self.model.lines)]

    def _select(self, keys: set[str]) -> None:
        selection = QItemSelection()
        for place, line in enumerate(self.model.lines):
            if line.key in keys:
                index = self.model.index(place, 0)
                selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)
        self.selection_changed.emit()

    def _fill_studies(self, rows: Sequence[RunRow]) -> None:
        known = list(dict.fromkeys(one.study for one in rows if one.study))
        items = [(tr("All studies"), ""), (tr("No study"), NO_STUDY), *((study, study) for study in known)]
        if items == [(self.study.itemText(i), self.study.itemData(i)) for i in range(self.study.count())]:
            return
        before = self.study.currentData()
        self.study.blockSignals(True)
        self.study.clear()
        for text, data in items:
            self.study.addItem(text, data)
        self.study.setCurrentIndex(max(0, self.study.findData(before)))
        self.study.blockSignals(False)
        self.study.setVisible(bool(known))

    def _fit(self) -> None:
        """Widths as the contents want them; tasks beyond the first few, and empty words, are hidden."""
        for task in self._task_ids:
            self.table.setColumnHidden(self.model.column(f"{TASK}{task}"), task not in self._shown_tasks)
        infos = [one.info for one in self.model.rows]
        self.table.setColumnHidden(self.model.column(TAGS), not any(info.tags for info in infos))
        self.table.setColumnHidden(self.model.column(NOTE), not any(info.note for info in infos))
        all_done = all(info.status == "finished" for info in infos)
        self.table.setColumnHidden(self.model.column(STATUS), all_done)
        judged = any(one.entry.delta is not None for one in self.model.rows)
        self.table.setColumnHidden(self.model.column(DELTA), not judged)
        self.table.resizeColumnsToContents()
        for name in self.model.columns:  # long words must not push the figures out of sight
            place = self.model.column(name)
            most = scaled(_MOST_WIDTH.get(name, 0))
            if name.startswith(TASK):
                most = max(self.table.sizeHintForColumn(place), scaled(_TASK_WIDTH))
            if most:
                self.table.setColumnWidth(place, min(self.table.columnWidth(place), most))

    def run_named(self, run_id: str) -> RunFolder | None:
        """A run of the table by its id."""
        return next((one.run for one in self.model.rows if one.run.id == run_id), None)
