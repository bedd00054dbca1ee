"""The tasks in figures: losses now, metric of the last epoch, the best one so far."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.train.agreement_words import RECENT
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.words import DASH, figure, main_metric, short_name
from mtlstudio.ui.widgets.panel import Panel

_WIDER = {0: 1.7, 3: 1.5, 6: 1.25}
"""Columns that are wider than the others: names, the metric with its name, the gradient share with its long head."""


class TaskTable(Panel):
    """One line per task. Its figures are those of the plots' titles."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._tasks: tuple[TaskSpec, ...] = ()
        self.table = QTableWidget()
        self.table.setObjectName("task-figures")
        self.table.setShowGrid(False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setIconSize(QSize(scaled(10), scaled(10)))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(scaled(28))
        self.add(self.table)
        around = self.layout()
        assert around is not None
        around.setContentsMargins(10, 4, 10, 6)

    def set_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        """Shows lines for those tasks."""
        self._tasks = tuple(tasks)
        names = [
            tr("Task"),
            tr("Train loss"),
            tr("Val loss"),
            tr("Metric"),
            tr("Best"),
            tr("at epoch"),
            tr("Gradient share"),
        ]
        tips = [
            "", tr("The newest loss, as the curve shows it"), tr("On the validation split, last epoch"),
            tr("On the validation split, last epoch"), tr("The best value of the metric so far"), "",
            tr("Of the weighted gradients of the shared layers, mean of the newest measurements"),
        ]  # fmt: skip
        self.table.setColumnCount(len(names))
        self.table.setRowCount(len(self._tasks))
        for place, (name, tip) in enumerate(zip(names, tips, strict=True)):
            head = QTableWidgetItem(name)
            head.setToolTip(tip)
            head.setTextAlignment(_side(place))
            self.table.setHorizontalHeaderItem(place, head)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        for line, task in enumerate(self._tasks):
            for place in range(len(names)):
                cell = QTableWidgetItem(task.name if place == 0 else DASH)
                cell.setTextAlignment(_side(place))
                if place == 0:
                    cell.setIcon(dot_icon(task.colour))
                self.table.setItem(line, place, cell)
        high = header.sizeHint().height() + len(self._tasks) * self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(high + 4)
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The names take what the figures leave."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        widths = [_WIDER.get(place, 1.0) for place in range(self.table.columnCount())]
        for place in range(1, len(widths)):
            self.table.setColumnWidth(place, int((self.width() - scaled(22)) * widths[place] / sum(widths)))

    def refresh(self, series: RunSeries) -> None:
        """Shows the newest figures."""
        shares = series.interactions.shares(RECENT)
        for line, task in enumerate(self._tasks):
            share = shares.get(task.id)
            figures = (*self._words(series, task), DASH if share is None else f"{share:.0%}")
            for place, words in enumerate(figures, 1):
                cell = self.table.item(line, place)
                if cell is not None and cell.text() != words:
                    cell.setText(words)

    def texts(self) -> list[list[str]]:
        """What is shown, line by line."""
        columns = range(self.table.columnCount())
        cells = [[self.table.item(line, place) for place in columns] for line in range(self.table.rowCount())]
        return [[cell.text() if cell is not None else "" for cell in line] for line in cells]

    def _words(self, series: RunSeries, task: TaskSpec) -> tuple[str, ...]:
        metric, value, best = main_metric(task), series.main_value(task.id), series.best.get(task.id)
        measured = f"{short_name(metric)} {figure(value)}" if metric is not None and value is not None else DASH
        return (
            figure(series.current(task.id)), figure(series.validation[task.id].last()), measured,
            figure(best.value) if best else DASH, str(best.epoch) if best else DASH,
        )  # fmt: skip


def dot_icon(colour: str, size: int = 10) -> QIcon:
    """A task's colour as an icon."""
    picture = QPixmap(2 * size, 2 * size)
    picture.setDevicePixelRatio(2.0)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(0, 0, size, size, size * 0.28, size * 0.28)
    painter.end()
    return QIcon(picture)


def _side(place: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if place == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
