"""Inspect's left side: which network, which layers, how opaque, and what each task says in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from mtlstudio.base.texts import mark, tr
from mtlstudio.runs.folder import RunFolder
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import Prediction, Row
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.bars import Bar
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.common import row as labelled_row
from mtlstudio.ui.widgets.dots import ColourDot
from mtlstudio.ui.widgets.icons import set_icon
from mtlstudio.ui.widgets.titles import ElidedLabel, SectionTitle
from mtlstudio.ui.widgets.value_slider import ValueSlider

MOST_ROWS = 8
_KINDS = (("best", mark("best epoch")), ("last", mark("last epoch")))


class LayerRow(QWidget):
    """A task's line: eye, colour, name, number key.

    Signals:
        toggled: the eye was opened or closed.
    """

    toggled = Signal(bool)

    def __init__(self, name: str, colour: str, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.eye = QToolButton()
        self.eye.setCheckable(True)
        self.eye.setChecked(True)
        self.eye.setAutoRaise(True)
        self.eye.setIconSize(QSize(16, 16))
        self.eye.setAccessibleName(tr("Show {task}", task=name))
        self.eye.toggled.connect(self._show)
        self.eye.toggled.connect(self.toggled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.eye)
        row.addWidget(ColourDot(colour))
        row.addWidget(ElidedLabel(name), 1)
        row.addWidget(label(str(number) if number < 10 else "", "small"))
        self._show(True)

    def _show(self, shown: bool) -> None:
        set_icon(self.eye, "eye" if shown else "eye-off", "text" if shown else "dim", 16)


class RowList(QWidget):
    """What a task says: a title and lines with bars; with the truth beside where it is known."""

    def __init__(self, task: BoundTask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self._title = SectionTitle(task.spec.name)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._title)
        column.addLayout(self._lines)

    def show_prediction(self, prediction: Prediction | None, truth: Prediction | None) -> None:
        """Replaces the lines."""
        while self._lines.count():
            item = self._lines.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._title.set_trailing(tr("truth: {truth}", truth=self._task.summary(truth)) if truth is not None else "")
        shown = prediction if prediction is not None else truth
        rows = self._task.rows(shown) if shown is not None else []
        for row in rows[:MOST_ROWS]:
            self._lines.addWidget(self._line(row))
        if len(rows) > MOST_ROWS:
            self._lines.addWidget(label(tr("and {count} more", count=len(rows) - MOST_ROWS), "small"))

    def _line(self, row: Row) -> QWidget:
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        if row.colour:
            layout.addWidget(ColourDot(row.colour, circle=True))
        name = ElidedLabel(row.label)
        name.setMinimumWidth(scaled(56))
        layout.addWidget(name, 3)
        if row.fraction is not None:
            layout.addWidget(Bar(row.fraction, row.colour or self._task.spec.colour), 2)
        layout.addWidget(label(row.value), 0, Qt.AlignmentFlag.AlignRight)
        return line


class Sidebar(QScrollArea):
    """Signals:
    run_chosen: a RunFolder and best or last.
    task_toggled: (task id, shown).
    opacity_changed: 0 … 1.
    """

    run_chosen = Signal(object, str)
    task_toggled = Signal(str, bool)
    opacity_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(scaled(180))
        self.runs = QComboBox()
        self.runs.setObjectName("inspect-run")
        self.which = QComboBox()
        self.which.setObjectName("inspect-which")
        for kind, name in _KINDS:
            self.which.addItem(tr(name), kind)
        self.opacity = ValueSlider(0.0, 1.0, 0.6, digits=2, name=tr("Opacity"))
        self.opacity.changed.connect(self.opacity_changed)
        self.layers: dict[str, LayerRow] = {}
        self._lists: dict[str, RowList] = {}
        body = QFrame()
        body.setProperty("surface", "side")
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(8)
        self._column.addWidget(SectionTitle(tr("Network")))
        self._column.addWidget(self.runs)
        self._column.addWidget(self.which)
        self._column.addWidget(SectionTitle(tr("Layers")))
        self._layers = QVBoxLayout()
        self._layers.setSpacing(2)
        self._column.addLayout(self._layers)
        self._column.addLayout(labelled_row(label(tr("Opacity"), "dim"), self.opacity, spacing=10))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(12)
        self._column.addSpacing(4)
        self._column.addLayout(self._rows)
        self._column.addStretch(1)
        self.setWidget(body)
        self._runs: list[RunFolder] = []
        self.runs.activated.connect(lambda _index: self._choose())
        self.which.activated.connect(lambda _index: self._choose())

    def set_runs(self, runs: Sequence[RunFolder], current: RunFolder | None) -> None:
        """The runs that have a checkpoint, newest first."""
        self._runs = list(runs)
        self.runs.clear()
        for run in self._runs:
            self.runs.addItem(run.info().name)
        ids = [run.id for run in self._runs]
        self.runs.setCurrentIndex(ids.index(current.id) if current is not None and current.id in ids else -1)
        self.runs.setPlaceholderText(tr("no trained run yet"))
        self.runs.setEnabled(bool(self._runs))
        self.which.setEnabled(bool(self._runs))

    def set_which(self, which: str | int, epoch: int) -> None:
        """The checkpoint in use: best, last, or one that was picked elsewhere, which then has a line of its own."""
        while self.which.count() > len(_KINDS):
            self.which.removeItem(len(_KINDS))
        if self.which.findData(which) < 0:
            self.which.addItem(tr("epoch {epoch}", epoch=epoch), which)
        self.which.setCurrentIndex(self.which.findData(which))

    def set_tasks(self, tasks: Mapping[str, BoundTask], shown: Mapping[str, bool]) -> None:
        """The tasks of the network in use."""
        for layout in (self._layers, self._rows):
            while layout.count():
                item = layout.takeAt(0)
                widget = item.widget() if item is not None else None
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()
        self.layers.clear()
        self._lists.clear()
        for number, (task_id, task) in enumerate(tasks.items(), 1):
            row = LayerRow(task.spec.name, task.spec.colour, number)
            row.setObjectName(f"layer-{task_id}")
            row.eye.setChecked(shown.get(task_id, True))
            row.toggled.connect(lambda on, task_id=task_id: self._toggled(task_id, on))
            self.layers[task_id] = row
            self._layers.addWidget(row)
            self._lists[task_id] = RowList(task)
            self._rows.addWidget(self._lists[task_id])

    def show_predictions(self, predictions: Mapping[str, Prediction], truths: Mapping[str, Prediction]) -> None:
        """What the tasks say, beside what is true."""
        for task_id, rows in self._lists.items():
            rows.show_prediction(predictions.get(task_id), truths.get(task_id))

    def toggle(self, number: int) -> None:
        """Opens or closes the eye of the n-th task (1-based)."""
        rows = list(self.layers.values())
        if 0 < number <= len(rows):
            rows[number - 1].eye.toggle()

    def _toggled(self, task_id: str, shown: bool) -> None:
        self.task_toggled.emit(task_id, shown)

    def _choose(self) -> None:
        index = self.runs.currentIndex()
        if 0 <= index < len(self._runs):
            self.run_chosen.emit(self._runs[index], self.which.currentData())
