"""Parallel coordinates over a sweep: which sweep, coloured by what; the selected points are selected in the table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.compare.lines import DELTA, Filter, Line, Order, lines_of
from mtlstudio.ui.compare.parallel_data import Parallel, parallel_of
from mtlstudio.ui.compare.parallel_view import ParallelView
from mtlstudio.ui.compare.rows import RunRow
from mtlstudio.ui.widgets.common import button, label, row
from mtlstudio.ui.widgets.titles import ElidedLabel


class ParallelPanel(QWidget):
    """Signals:
    runs_wanted(list): ids of the runs to be selected in the table.
    """

    runs_wanted = Signal(list)

    def __init__(self, tasks: Sequence[TaskSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._rows, self._convention = list(tasks), list[RunRow](), ""
        self.study, self.colour = QComboBox(), QComboBox()
        self.study.setObjectName("parallel-study")
        self.study.setAccessibleName(tr("Sweep"))
        self.colour.setObjectName("parallel-colour")
        self.colour.setAccessibleName(tr("Colour by"))
        for combo in (self.study, self.colour):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(9)
        self.view = ParallelView()
        self.words = ElidedLabel(role="dim")
        self.all = button(tr("Show all"), small=True)
        self.all.setObjectName("parallel-all")
        self.none = label(
            tr("No sweep yet: Sweep… in the Run menu trains every combination of the values of any fields."),
            "dim",
            True,
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.view)
        self._shown = (scroll, self.study, self.colour, self.words, self.all)
        head = row(self.study, label(tr("colour"), "dim"), self.colour)
        head.setStretch(0, 1)
        head.setStretch(2, 1)
        foot = row(self.words, self.all)
        foot.setStretch(0, 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(6)
        page.addLayout(head)
        page.addWidget(scroll, 1)
        page.addWidget(self.none, 1)
        page.addLayout(foot)
        self.study.currentIndexChanged.connect(self._show)
        self.colour.currentIndexChanged.connect(lambda _place: self.view.colour_by(str(self.colour.currentData())))
        self.view.brushed.connect(self._brushed)
        self.all.clicked.connect(self.view.clear_brush)

    def set_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        """Axes for these tasks."""
        self._tasks = list(tasks)
        self._show()

    def set_rows(self, rows: Sequence[RunRow], convention: str) -> None:
        """The runs of the project; those of sweeps are shown."""
        self._rows, self._convention = list(rows), convention
        known = list(dict.fromkeys(one.study for one in rows if one.info.study.get("changes")))
        before = self.study.currentText()
        self.study.blockSignals(True)
        self.study.clear()
        self.study.addItems(known)
        self.study.setCurrentIndex(max(0, self.study.findText(before)) if known else -1)
        self.study.blockSignals(False)
        self._show()

    def lines(self) -> list[Line]:
        """The points of the chosen sweep, seeds folded."""
        if not self.study.currentText():
            return []
        return [
            line
            for line in lines_of(self._rows, Filter(study=self.study.currentText()), Order(), ())
            if any(one.summary.best_epoch for one in line.rows)
        ]

    def _show(self, *_changes: object) -> None:
        lines = self.lines()
        parallel: Parallel | None = parallel_of(lines, self._tasks, self._convention) if lines else None
        for widget in self._shown:
            widget.setVisible(parallel is not None)
        self.none.setVisible(parallel is None)
        self._fill_colours(parallel)
        self.view.show_parallel(parallel)
        self._tell()

    def _fill_colours(self, parallel: Parallel | None) -> None:
        axes = [axis for axis in parallel.axes if axis.is_result] if parallel is not None else []
        before = self.colour.currentData() or DELTA
        self.colour.blockSignals(True)
        self.colour.clear()
        for axis in axes:
            self.colour.addItem(axis.title, axis.id)
        self.colour.setCurrentIndex(max(0, self.colour.findData(before)) if axes else -1)
        self.colour.blockSignals(False)
        self.view.colour_by(str(self.colour.currentData()))

    def _brushed(self) -> None:
        self._tell()
        parallel = self.view.parallel
        if parallel is not None:
            chosen = self.view.selected() if self.view.brush else []
            self.runs_wanted.emit([one.run.id for place in chosen for one in parallel.lines[place].rows])

    def _tell(self) -> None:
        parallel = self.view.parallel
        count = len(parallel.lines) if parallel is not None else 0
        self.all.setEnabled(bool(self.view.brush))
        if self.view.brush:
            self.words.set_text(tr("{n} of {all} points selected", n=len(self.view.selected()), all=count))
        else:
            self.words.set_text(tr("Drag along an axis to select points."))
