"""Signed figures between tasks: a matrix of few, a list of the worst pairs of many, and a pair's figures over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QToolTip, QWidget

from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.theme import diverging_colour, font, mix, readable_on, scaled, tabular, theme
from mtlstudio.ui.widgets.common import paint_focus_ring, repaint_on_theme

MOST = 8
"""More tasks than these are shown as a list of pairs."""
_WORST, _ROOMY = 8, 4
_HEAD, _GAP = 18, 2

Tip = Callable[[int, int], str]


def signed(value: float) -> str:
    """`0.42`, `−0.21`, `—`."""
    if not math.isfinite(value):
        return "—"
    text = f"{abs(value):.2f}"
    return f"−{text}" if value < 0 and float(text) else text


class SignedMatrix(QWidget):
    """A matrix of tasks × tasks: green for agreement, red for conflict, with the figure in each cell.

    Signals:
        chosen(int, int): the user points at a cell (row, column), by click or keys.
    """

    chosen = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks: tuple[TaskSpec, ...] = ()
        self._values: NDArray[np.floating] = np.zeros((0, 0))
        self._tip: Tip = lambda _row, _column: ""
        self._cell = (-1, -1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        repaint_on_theme(self, 11)

    def show_values(self, tasks: Sequence[TaskSpec], values: NDArray[np.floating], tip: Tip) -> None:
        """Shows figures, −1 … 1.

        Args:
            tasks: of rows and columns.
            values: T × T; NaN where nothing is known.
            tip: the words for a cell.
        """
        if len(tasks) != len(self._tasks):
            self._cell = (-1, -1)
        self._tasks, self._values, self._tip = tuple(tasks), values, tip
        self.setAccessibleDescription("; ".join(self._words(*cell) for cell in self._cells()))
        self.updateGeometry()
        self.update()

    def choose(self, row: int, column: int) -> None:
        """Frames a cell, without a signal."""
        self._cell = (row, column)
        self.update()

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        left, side = self._left(), self._side()
        return QRectF(
            left + column * (side + _GAP), scaled(_HEAD) + row * (self._height() + _GAP), side, self._height()
        )

    def text_at(self, row: int, column: int) -> str:
        """What stands in a cell."""
        words = "" if row == column else signed(float(self._values[row, column]))
        return words.replace("0.", ".", 1) if self._tight else words

    @property
    def _tight(self) -> bool:
        """Many tasks: figures without their 0, colours in place of the columns' names."""
        return len(self._tasks) > _ROOMY

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as there is room; rows not higher than wide."""
        count = len(self._tasks)
        return QSize(scaled(200), scaled(_HEAD) + int(count * (self._height() + _GAP)))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Names, cells, frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, left, side = theme(), self._left(), self._side()
        metrics = self.fontMetrics()
        painter.setPen(tokens.colour("dim"))
        for place, task in enumerate(self._tasks):
            beside = self.cell_rect(place, 0)
            words = metrics.elidedText(task.name, Qt.TextElideMode.ElideRight, int(left - 6))
            painter.drawText(
                QRectF(0, beside.top(), left - 6, beside.height()), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words
            )  # fmt: skip
            above = QRectF(self.cell_rect(0, place).left(), 0, side, scaled(_HEAD))
            if self._tight:
                size = scaled(9)
                dot = QRectF(above.center().x() - size / 2, above.center().y() - size / 2, size, size)
                painter.fillRect(dot, QColor(task.colour))
            else:
                words = metrics.elidedText(task.name, Qt.TextElideMode.ElideRight, int(side + _GAP))
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, words)
        painter.setFont(tabular(font(9.5 if self._tight else 11.5)))
        for row, column in self._cells():
            self._paint_cell(painter, row, column)
        paint_focus_ring(painter, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Chooses the cell under the pointer."""
        cell = self._at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows move from cell to cell."""
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        step, last = steps.get(Qt.Key(event.key())), len(self._tasks) - 1
        if step is None or last < 0:
            super().keyPressEvent(event)
            return
        row, column = self._cell if self._cell != (-1, -1) else (0, 0)
        self._choose(min(last, max(0, row + step[0])), min(last, max(0, column + step[1])))

    def event(self, event: QEvent) -> bool:
        """The words for the cell under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._tip(*cell) if cell is not None else "", self)
            return True
        return super().event(event)

    def _paint_cell(self, painter: QPainter, row: int, column: int) -> None:
        tokens, area = theme(), self.cell_rect(row, column)
        value, words = float(self._values[row, column]), self.text_at(row, column)
        ground = diverging_colour(value, tokens) if words else QColor(mix(tokens.card, tokens.good, 0.08))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(area, 4, 4)
        if words:
            painter.setPen(QColor(readable_on(ground)))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
        if (row, column) == self._cell:
            painter.setPen(QPen(tokens.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)

    def _cells(self) -> list[tuple[int, int]]:
        count = len(self._tasks)
        return [(row, column) for row in range(count) for column in range(count)]

    def _words(self, row: int, column: int) -> str:
        return f"{self._tasks[row].name} – {self._tasks[column].name}: {self.text_at(row, column)}"

    def _left(self) -> float:
        """Room for the names at the left: what they need, at most two fifths."""
        widest = max((self.fontMetrics().horizontalAdvance(task.name) for task in self._tasks), default=0)
        return min(widest + 8.0, (0.3 if self._tight else 0.4) * self.width())

    def _side(self) -> float:
        count = max(1, len(self._tasks))
        return max(8.0, (self.width() - self._left() - (count - 1) * _GAP) / count)

    def _height(self) -> float:
        return min(float(scaled(44)), max(float(scaled(22)), 0.8 * self._side()))

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        return next((cell for cell in self._cells() if self.cell_rect(*cell).contains(point)), None)

    def _choose(self, row: int, column: int) -> None:
        self.choose(row, column)
        self.chosen.emit(row, column)


class PairList(QListWidget):
    """The pairs of many tasks, the worst first.

    Signals:
        chosen(int, int): a pair was clicked.
    """

    chosen = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.itemClicked.connect(lambda item: self.chosen.emit(*item.data(Qt.ItemDataRole.UserRole)))

    def show_values(self, tasks: Sequence[TaskSpec], values: NDArray[np.floating], tip: Tip) -> None:
        """Shows the lowest of the figures, each pair once (of a figure that has a direction the lower one)."""
        lower = np.fmin(values, values.T)
        pairs = [(i, j) for i in range(len(tasks)) for j in range(i + 1, len(tasks)) if math.isfinite(lower[i, j])]
        worst = sorted(pairs, key=lambda pair: float(lower[pair]))[:_WORST]
        while self.count() > len(worst):
            self.takeItem(self.count() - 1)
        for place, (i, j) in enumerate(worst):
            item = self.item(place)
            if item is None:
                item = QListWidgetItem()
                self.addItem(item)
            i, j = (i, j) if values[i, j] <= values[j, i] or not math.isfinite(values[j, i]) else (j, i)
            item.setText(f"{signed(float(values[i, j]))}  {tasks[i].name} · {tasks[j].name}")
            item.setToolTip(tip(i, j))
            item.setData(Qt.ItemDataRole.UserRole, (i, j))
            item.setForeground(theme().colour("bad" if values[i, j] < 0 else "text"))
        self.setFixedHeight(max(1, len(worst)) * max(scaled(22), self.sizeHintForRow(0)) + 8)


class Sparkline(QWidget):
    """Figures between −1 and 1 over the steps, with a line at 0."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps: list[int] = []
        self.values: list[float] = []
        self.setFixedHeight(scaled(48))
        self.setAccessibleName(name)
        repaint_on_theme(self, 10.5)

    def show_series(self, steps: Sequence[int], values: Sequence[float]) -> None:
        """Shows another series."""
        self.steps, self.values = list(steps), list(values)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The line at 0, the curve, a dot at the newest figure."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, area = theme(), self.rect().toRectF().adjusted(2, 4, -6, -4)
        bound = max(0.2, max((abs(value) for value in self.values), default=0.2)) * 1.1
        middle = area.center().y()
        painter.setPen(QPen(tokens.colour("line"), 1))
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))
        if not self.values:
            return
        first, last = self.steps[0], max(self.steps[-1], self.steps[0] + 1)
        points = [
            QPointF(area.left() + area.width() * (step - first) / (last - first), middle - area.height() / 2 * value / bound)
            for step, value in zip(self.steps, self.values, strict=True)
        ]  # fmt: skip
        painter.setPen(QPen(tokens.colour("dim"), 1))
        painter.drawPolyline(points)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.colour("good" if self.values[-1] >= 0 else "bad"))
        painter.drawEllipse(points[-1], 3, 3)
