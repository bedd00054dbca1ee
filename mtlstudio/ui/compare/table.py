"""The table of runs: sorted by any column, several selected at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.compare.rows import RunRow, duration

Index = QModelIndex | QPersistentModelIndex
SORT_ROLE = Qt.ItemDataRole.UserRole + 1


class RunModel(QAbstractTableModel):
    """Runs as rows; the columns: name, status, network, balance, one per task, parameters, epochs, time."""

    def __init__(self, tasks: Sequence[TaskSpec]) -> None:
        super().__init__()
        self.rows: list[RunRow] = []
        self._tasks = tuple(tasks)

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Replaces all rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Runs."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Columns."""
        return 0 if parent.isValid() else 7 + len(self._tasks)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Names of the columns; a task's has its colour."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        task = self._task(section)
        if role == Qt.ItemDataRole.DecorationRole and task is not None:
            return _dot(task.colour)
        if role == Qt.ItemDataRole.ToolTipRole and task is not None:
            return tr("{task}, best epoch, validation split", task=task.name)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if task is not None:
            metric = task_type(task.type).main_metric()
            return f"{task.name} · {tr(metric.short or metric.name)}"
        first = [tr("Run"), tr("Status"), tr("Network"), tr("Balance")]
        last = [tr("Parameters"), tr("Epochs"), tr("Time")]
        return (first + [""] * len(self._tasks) + last)[section]

    def data(self, index: Index, role: int = 0) -> Any:
        """Texts, numbers to sort by, alignment."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cells(row)[index.column()][0]
        if role == SORT_ROLE:
            return self._cells(row)[index.column()][1]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.summary.failure or row.info.note or row.run.id
        return None

    def _task(self, section: int) -> TaskSpec | None:
        number = section - 4
        return self._tasks[number] if 0 <= number < len(self._tasks) else None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column >= 4 else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def _cells(self, row: RunRow) -> list[tuple[str, Any]]:
        summary = row.summary
        steered = " λ" if summary.steered else ""
        cells: list[tuple[str, Any]] = [
            (row.info.name + steered, row.info.created),
            (status_words(row.info.status), row.info.status),
            (row.sharing, row.sharing),
            (row.balance, row.balance),
        ]
        for task in self._tasks:
            value = row.metrics.get(task.id)
            cells.append(("—" if value is None else f"{value:.3f}", -1.0 if value is None else value))
        cells.append((f"{summary.parameters / 1e6:.2f} M" if summary.parameters else "—", summary.parameters))
        cells.append((f"{summary.epochs}/{row.spec.training.epochs}", summary.epochs))
        cells.append((duration(summary.seconds), summary.seconds))
        return cells


def sorted_model(model: RunModel) -> QSortFilterProxyModel:
    """The model behind a proxy that sorts numbers as numbers."""
    proxy = QSortFilterProxyModel()
    proxy.setSourceModel(model)
    proxy.setSortRole(SORT_ROLE)
    return proxy


def status_words(status: str) -> str:
    """A run's status in the user's language."""
    return {
        "running": tr("running"),
        "finished": tr("finished"),
        "stopped": tr("stopped"),
        "failed": tr("failed"),
        "interrupted": tr("interrupted"),
    }.get(status, status)


def _dot(colour: str) -> QIcon:
    picture = QPixmap(10, 10)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(0, 0, 10, 10, 3, 3)
    painter.end()
    return QIcon(picture)
