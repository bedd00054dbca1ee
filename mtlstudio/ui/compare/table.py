"""The table of runs for Qt: lines as rows, columns by what they show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.runs.delta import PER_TASK
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.compare.lines import (
    BALANCE,
    DELTA,
    EPOCHS,
    NAME,
    NETWORK,
    NOTE,
    PARAMETERS,
    STATUS,
    TAGS,
    TASK,
    TIME,
    Filter,
    Line,
    Order,
    cell,
    lines_of,
)
from mtlstudio.ui.compare.rows import RunRow, status_words
from mtlstudio.ui.theme import font, theme
from mtlstudio.ui.widgets.icons import icon

__all__ = ["LESSER_ROLE", "RunModel", "status_words"]

Index = QModelIndex | QPersistentModelIndex
LESSER_ROLE = Qt.ItemDataRole.UserRole + 2
MOST_BEFORE_COSTS = 8
_LEFT_HAND = (NAME, STATUS, NETWORK, BALANCE, TAGS, NOTE)


class RunModel(QAbstractTableModel):
    """Lines of the table; `columns` are what they show, in order. Sorting, filtering and folding make the lines anew."""

    def __init__(self, tasks: Sequence[TaskSpec]) -> None:
        super().__init__()
        self.rows: list[RunRow] = []
        self.lines: list[Line] = []
        self.columns: list[str] = []
        self.filter, self.order = Filter(), Order()
        self.unfolded: set[str] = set()
        self.convention, self.grouped = PER_TASK, True
        self._tasks: dict[str, TaskSpec] = {}
        self.set_tasks(tasks)

    def set_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        """The columns of these tasks between the words and the costs; many stand behind these."""
        self.beginResetModel()
        self._tasks = {f"{TASK}{task.id}": task for task in tasks}
        first, costs = [NAME, STATUS, NETWORK, BALANCE], [DELTA, PARAMETERS, EPOCHS, TIME, TAGS, NOTE]
        few = len(self._tasks) <= MOST_BEFORE_COSTS
        self.columns = [*first, *self._tasks, *costs] if few else [*first, *costs, *self._tasks]
        self._make()
        self.endResetModel()

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Replaces all runs; newest first."""
        self.rows = list(rows)
        self.refresh()

    def refresh(self) -> None:
        """Makes the lines anew: a filter, the order, a fold or the convention has changed."""
        self.beginResetModel()
        self._make()
        self.endResetModel()

    def toggle(self, line: Line) -> None:
        """Folds or unfolds a group."""
        self.unfolded ^= {line.key}
        self.refresh()

    def column(self, name: str) -> int:
        """Where a column stands."""
        return self.columns.index(name)

    def task_of(self, column: str) -> TaskSpec | None:
        """The task that a column is about."""
        return self._tasks.get(column)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Lines."""
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Columns."""
        return 0 if parent.isValid() else len(self.columns)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; −1: newest first."""
        name = self.columns[column] if column >= 0 else ""
        self.order = Order(name, order == Qt.SortOrder.DescendingOrder or column < 0)
        self.refresh()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Names of the columns; a task's has its colour."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        name = self.columns[section]
        task = self._tasks.get(name)
        if role == Qt.ItemDataRole.DecorationRole and task is not None:
            return _dot(task.colour)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._header_tip(name)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(name)
        return self.title(name) if role == Qt.ItemDataRole.DisplayRole else None

    def title(self, name: str) -> str:
        """What a column is called."""
        task = self._tasks.get(name)
        if task is not None:
            try:
                metric = task_type(task.type).main_metric()
            except KeyError:  # of a newer version
                return task.name
            return f"{task.name} · {tr(metric.short or metric.name)}"
        return {
            NAME: tr("Run"), STATUS: tr("Status"), NETWORK: tr("Network"), BALANCE: tr("Balance"),
            DELTA: tr("Δm per task, val") if self.convention == PER_TASK else tr("Δm per metric, val"),
            PARAMETERS: tr("Parameters"), EPOCHS: tr("Epochs"), TIME: tr("Time"), TAGS: tr("Tags"), NOTE: tr("Note"),
        }[name]  # fmt: skip

    def data(self, index: Index, role: int = 0) -> Any:
        """Texts, tips, alignment, colours."""
        line, name = self.lines[index.row()], self.columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(name)
        if role == Qt.ItemDataRole.DecorationRole and name == NAME:
            return self._sign(line)
        found = cell(line, name, self.convention)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._marked(line, found.text) if name == NAME else found.text
        if role == LESSER_ROLE:
            return found.lesser
        if role == Qt.ItemDataRole.ToolTipRole:
            return found.tip or None
        if role == Qt.ItemDataRole.FontRole and name == NAME:
            return font(13, QFont.Weight.DemiBold if line.depth == 0 else QFont.Weight.Normal)
        if role == Qt.ItemDataRole.ForegroundRole and name == DELTA and found.value:
            return QColor(theme().colour("good" if found.value > 0 else "bad"))
        return None

    def _marked(self, line: Line, text: str) -> str:
        """With λ where it was steered by hand, ◐ where tasks were muted or frozen by hand, ⚠ where it differs from its baselines in more than one thing."""
        steered = " λ" if any(row.summary.steered for row in line.rows) else ""
        steered += " ◐" if any(row.summary.restated for row in line.rows) else ""
        unlike = " ⚠" if not line.is_group and len(line.first.entry.unlike_baselines) > 1 else ""
        return f"{'      ' * line.depth}{text}{steered}{unlike}"

    def _sign(self, line: Line) -> QIcon | None:
        if line.is_group:
            return icon("chevron-right" if line.folded else "chevron-down", "dim")
        return icon("pin", "accent") if line.pinned else None

    def _header_tip(self, name: str) -> str | None:
        task = self._tasks.get(name)
        if task is not None:
            return tr("{task}, best epoch, validation split", task=task.name)
        if name == DELTA:
            return tr("Mean gain over the single-task networks, on validation at each run's best epoch")
        return None

    def _alignment(self, name: str) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignLeft if name in _LEFT_HAND else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter

    def _make(self) -> None:
        self.lines = lines_of(self.rows, self.filter, self.order, self.unfolded, self.convention, self.grouped)


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
