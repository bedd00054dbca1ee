"""Compare: the runs of the project side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QItemSelection, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QPushButton, QTableView, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.check import check_structure
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, RunFailed, RunFinished, RunStarted
from mtlstudio.runs.folder import RunFolder, runs_of
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.session.studio import Studio
from mtlstudio.ui.compare.chart import MetricChart
from mtlstudio.ui.compare.plan_dialogs import BaselinesDialog, PlanDialog, SeedsDialog
from mtlstudio.ui.compare.rows import RunRow, differences, read_row
from mtlstudio.ui.compare.study_bar import StudyBar, read_queue
from mtlstudio.ui.compare.sweep_dialogs import BakeOffDialog, SweepDialog
from mtlstudio.ui.compare.table import RunModel, sorted_model
from mtlstudio.ui.compare.verdict_panel import VerdictPanel, read_verdicts
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.shell.workspace import Workspace
from mtlstudio.ui.widgets.common import label, row, set_property
from mtlstudio.ui.widgets.feedback import EmptyState
from mtlstudio.ui.widgets.panel import Panel
from mtlstudio.ui.widgets.titles import FactList


class CompareWorkspace(Workspace):
    """A table of the runs, their metrics as bars, and in what the selected ones differ."""

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(studio, actions, parent)
        assert studio.document is not None
        self._document = studio.document
        self._jobs = Jobs(1, self)
        self.bar = StudyBar(studio.studies, self._document.spec)
        self.verdict = VerdictPanel()
        self.model = RunModel(self._document.spec.tasks)
        self.sorted = sorted_model(self.model)
        self.table = self._make_table()
        self.chart = MetricChart()
        self.facts = FactList()
        self.advice = label("", "dim", wrap=True)
        self.empty = EmptyState(
            "compare",
            tr("There is no run yet."),
            tr("Train"),
            detail=tr("Runs stand here side by side, best epoch each."),
        )
        self.empty.triggered.connect(lambda: self.actions_.trigger("train.start"))
        self._lay_out()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(300)
        self._later.timeout.connect(self.refresh)
        self.bar.go_on.connect(self._go_on)
        self.verdict.baselines_wanted.connect(self.run_baselines)
        self.verdict.said.connect(studio.say)
        studio.studies.changed.connect(self._later.start)
        studio.training.events.connect(self._notice)
        studio.training.state_changed.connect(self._refresh_soon)
        self._document.changed.connect(self._follow_tasks)

    def handlers(self) -> dict[str, object]:
        """The studies."""
        return {
            "compare.baselines": self.run_baselines,
            "compare.seeds": lambda: self._plan(SeedsDialog),
            "compare.bakeoff": lambda: self._plan(BakeOffDialog),
            "compare.sweep": lambda: self._plan(SweepDialog),
            "compare.report": self._report,
        }

    def run_baselines(self) -> None:
        """Asks how, then trains each task alone."""
        self._plan(BaselinesDialog)

    def _plan(self, kind: Callable[[ProjectSpec, Path, QWidget], PlanDialog]) -> None:
        document = self._document
        problem = next((one for one in check_structure(document.spec) if one.severity == Severity.ERROR), None)
        if problem is not None:
            self.studio.say(tr("It cannot be trained yet. {problem}", problem=problem.line()), "bad")
            return
        dialog = kind(document.spec, document.folder, self)
        if dialog.exec():
            self.studio.studies.add(document.folder, dialog.plan())
        dialog.deleteLater()

    def _report(self) -> None:
        self.verdict.open_menu(self.window().findChild(QPushButton, "button-compare.report"))

    def _go_on(self) -> None:
        try:
            self.studio.studies.start_queue(self._document.folder)
        except StudioError as error:
            self.studio.say(error.text(), "bad")

    def entered(self) -> None:
        """Reads the runs anew."""
        self.refresh()

    def status(self) -> list[str]:
        """How many runs there are and are selected."""
        count = len(self.model.rows)
        texts = [ntr("{n} run", "{n} runs", count)]
        chosen = len(self._selected())
        if chosen > 1:
            texts.append(ntr("{n} selected", "{n} selected", chosen))
        return texts

    def settled(self) -> bool:
        """The runs are read."""
        return not self._jobs.busy and not self._later.isActive()

    def refresh(self) -> None:
        """Reads the runs of the project in the background."""
        folder = self._document.folder

        def read(token: Token) -> list[RunRow]:
            rows = []
            for run in reversed(runs_of(folder)):
                token.check()
                row = read_row(run)
                if row is not None:
                    rows.append(row)
            return rows

        self._jobs.submit(read, self._show, key="rows")
        self._jobs.submit(lambda _token: read_queue(folder), self.bar.set_waiting, key="queue")
        self._jobs.submit(lambda _token: read_verdicts(folder), self.verdict.set_verdicts, key="verdicts")

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setObjectName("runs")
        table.setModel(self.sorted)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setStretchLastSection(True)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._menu)
        table.doubleClicked.connect(lambda _index: self._inspect())
        return table

    def _lay_out(self) -> None:
        runs = Panel(tr("Runs"), tr("validation metrics at each run's best epoch"))
        runs.add(self.table, 1)
        bars = Panel(tr("Metrics"), tr("of the selected runs; all of them when none is selected"))
        bars.add(self.chart, 1)
        differs = Panel(tr("What differs"))
        differs.add(self.advice)
        differs.add(self.facts)
        self.full = QWidget()
        column = QVBoxLayout(self.full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(runs, 2)
        middle = row(self.verdict, bars, spacing=12)
        middle.setStretch(0, 3)
        middle.setStretch(1, 2)
        column.addLayout(middle, 3)
        column.addWidget(differs)
        page = QVBoxLayout(self)
        page.setContentsMargins(14, 14, 14, 14)
        page.setSpacing(12)
        page.addWidget(self.bar)
        page.addWidget(self.empty)
        page.addWidget(self.full)
        self.full.hide()

    def _show(self, rows: list[RunRow]) -> None:
        chosen = {row.run.id for row in self._selected()}
        self.model.set_rows(rows)
        selection = QItemSelection()
        for number, item in enumerate(rows):
            if item.run.id in chosen:
                index = self.sorted.mapFromSource(self.model.index(number, 0))
                selection.select(index, index)
        model = self.table.selectionModel()
        model.select(selection, model.SelectionFlag.ClearAndSelect | model.SelectionFlag.Rows)
        model.selectionChanged.connect(self._show_selection, Qt.ConnectionType.UniqueConnection)
        self.empty.setVisible(not rows)
        self.full.setVisible(bool(rows))
        self._show_selection()

    def _show_selection(self, *_changes: object) -> None:
        chosen = self._selected()
        self.chart.set_rows(chosen or self.model.rows, self._document.spec.tasks)
        found = differences(chosen) if len(chosen) > 1 else []
        self.facts.set_facts([(key, "  →  ".join(values)) for key, values in found])
        self.facts.setVisible(bool(found))
        self.advice.setText(self._advice(len(chosen), len(found)))
        set_property(self.advice, "role", "warning" if len(found) > 1 else "dim")
        self.status_changed.emit(self.status())

    def _advice(self, chosen: int, found: int) -> str:
        if chosen < 2:
            return tr("Select two or more runs (Ctrl and click) to see in what they differ.")
        if found == 0:
            return tr("They were trained alike; only chance differs.")
        if found == 1:
            return tr("One thing differs.")
        return tr("{count} things differ: do not credit one of them alone.", count=found)

    def _selected(self) -> list[RunRow]:
        model = self.table.selectionModel()
        rows = sorted(self.sorted.mapToSource(index).row() for index in model.selectedRows()) if model else []
        return [self.model.rows[row] for row in rows if row < len(self.model.rows)]

    def _refresh_soon(self, _state: str) -> None:
        self._later.start()

    def _follow_tasks(self, before: object, after: object) -> None:
        if getattr(before, "tasks", None) != getattr(after, "tasks", None):
            self._later.start()

    def _notice(self, events: list[object]) -> None:
        if self.isVisible() and any(
            isinstance(event, EpochFinished | RunStarted | RunFinished | RunFailed) for event in events
        ):
            self._later.start()

    def _menu(self, at: QPoint) -> None:
        chosen = self._selected()
        if not chosen:
            return
        run = chosen[0].run
        menu = QMenu(self)
        menu.addAction(tr("Inspect this run"), self._inspect)
        menu.addAction(tr("Show its curves"), lambda: self._curves(run))
        menu.addAction(tr("Open its folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.path))))
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _inspect(self) -> None:
        chosen = self._selected()
        if chosen:
            self.studio.prediction.load(chosen[0].run)
            self.actions_.trigger("view.inspect")

    def _curves(self, run: RunFolder) -> None:
        self.studio.training.show(run)
        self.actions_.trigger("view.train")
