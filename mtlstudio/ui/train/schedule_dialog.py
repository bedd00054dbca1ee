"""λ of one task over the epochs: points that are joined by straight lines, with a picture of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.training.weights import LossWeights
from mtlstudio.ui.theme import font, scaled, theme
from mtlstudio.ui.widgets.common import button, dialog_buttons, label, row
from mtlstudio.ui.widgets.number_edit import number_text
from mtlstudio.ui.widgets.parameter_editors import Editor, editor_for

Points = tuple[tuple[float, float], ...]
_COLUMNS = (
    Parameter("epoch", "float", 0.0, mark("Epoch"), minimum=0.0, step=1.0),
    Parameter("weight", "float", 1.0, mark("λ"), minimum=0.0),
)


class ScheduleDialog(QDialog):
    """Asks for the points; `points()` once it was accepted. None: λ stays as it is set.

    Args:
        task: with its λ and the points it has.
        epochs: how long the next run is.
    """

    def __init__(self, task: TaskSpec, epochs: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("schedule")
        self.setWindowTitle(tr("λ of {task}", task=task.name))
        self._task, self._epochs = task, max(1, epochs)
        self._points: list[list[float]] = [list(point) for point in task.weight_schedule]
        self._rows: list[tuple[Editor, Editor]] = []
        self.preview = SchedulePreview()
        self.words = label("", "dim", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self.more = button(tr("Add a point"), "plus", small=True)
        self.more.setObjectName("add-point")
        self.more.clicked.connect(self._add)
        self.constant = button(tr("Constant"), small=True)
        self.constant.setObjectName("constant")
        self.constant.clicked.connect(self._clear)
        standard = QDialogButtonBox.StandardButton
        self.buttons = dialog_buttons(standard.Ok, standard.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        page = QVBoxLayout(self)
        page.setSpacing(10)
        page.addWidget(self.preview, 1)
        page.addLayout(self._grid)
        page.addLayout(row(self.more, self.constant, 1))
        page.addWidget(self.words)
        page.addWidget(self.buttons)
        self.resize(scaled(360), scaled(380))
        self._make_rows()

    def points(self) -> Points:
        """(epoch, λ) in the order of the epochs; empty: constant."""
        return tuple((epoch, weight) for epoch, weight in sorted(map(tuple, self._points)))

    def editors(self) -> list[tuple[Editor, Editor]]:
        """Of each point the editors of its epoch and its λ."""
        return list(self._rows)

    def _add(self) -> None:
        """From constant to a line with two ends; after that one point more behind the last."""
        if self._points:
            epoch, weight = max(map(tuple, self._points))
            self._points.append([epoch + max(1.0, self._epochs // 10), weight])
        else:
            self._points = [[0.0, self._task.loss_weight], [float(self._epochs), self._task.loss_weight]]
        self._make_rows()

    def _clear(self) -> None:
        self._points = []
        self._make_rows()

    def _remove(self, index: int) -> None:
        del self._points[index]
        self._make_rows()

    def _make_rows(self) -> None:
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = []
        for index, point in enumerate(self._points):
            made = [editor_for(column) for column in _COLUMNS]
            for column, editor in enumerate(made):
                editor.set_value(point[column])
                editor.edited.connect(partial(self._take, index, column))
                self._grid.addWidget(label(tr(_COLUMNS[column].label), "dim"), index, 2 * column)
                self._grid.addWidget(editor, index, 2 * column + 1)
            gone = button("", "close", quiet=True, small=True)
            gone.setObjectName(f"remove-point-{index}")
            gone.setAccessibleName(tr("Remove this point"))
            gone.setToolTip(tr("Remove this point"))
            gone.clicked.connect(partial(self._remove, index))
            self._grid.addWidget(gone, index, 4)
            self._rows.append((made[0], made[1]))
        self._show()

    def _take(self, index: int, column: int, value: Any) -> None:
        self._points[index][column] = float(value)
        self._show()

    def _show(self) -> None:
        epochs = [epoch for epoch, _weight in self._points]
        twice = len(set(epochs)) < len(epochs)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not twice)
        self.constant.setEnabled(bool(self._points))
        constant = tr("Constant: {weight}", weight=number_text(round(self._task.loss_weight, 4)))
        joined = tr("Joined by straight lines; constant before the first and after the last.")
        self.words.setText(tr("Two points are at the same epoch.") if twice else joined if epochs else constant)
        if not twice:
            self.preview.set_task(replace(self._task, weight_schedule=self.points()), self._epochs)


class SchedulePreview(QWidget):
    """The line of λ over the epochs of a run, as training would follow it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(scaled(110))
        self._line: list[tuple[float, float]] = []
        self._colour = ""

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide enough for a line."""
        return QSize(scaled(320), scaled(130))

    def line(self) -> list[tuple[float, float]]:
        """(epoch, λ) at every bend."""
        return list(self._line)

    def set_task(self, task: TaskSpec, epochs: int) -> None:
        """Shows what a task's λ would do."""
        weights, last = LossWeights([task], normalise=False), float(epochs)
        bends = sorted({0.0, last, *(epoch for epoch, _ in task.weight_schedule if epoch <= last)})
        self._line = [(epoch, weights.as_set(epoch)[task.id]) for epoch in bends]
        self._colour = task.colour
        self.setAccessibleName(schedule_words(task.weight_schedule))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paints the frame, the line and the figures at its ends."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(10.5))
        tokens, ground = theme(), QRectF(self.rect()).adjusted(scaled(36), scaled(8), -scaled(10), -scaled(22))
        painter.setPen(QPen(tokens.colour("line"), 1))
        painter.drawLine(ground.bottomLeft(), ground.bottomRight())
        painter.drawLine(ground.topLeft(), ground.bottomLeft())
        if not self._line:
            return
        top, last = max(weight for _, weight in self._line) or 1.0, self._line[-1][0]
        painter.setPen(tokens.colour("dim"))
        edge, side = scaled(34), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for weight, y in ((top, ground.top()), (0.0, ground.bottom())):
            painter.drawText(QRectF(0, y - 8, edge, 16), side, number_text(round(weight, 3)))
        below = QRectF(ground.left(), ground.bottom() + 3, ground.width(), scaled(18))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, tr("epoch {epoch}", epoch=number_text(last)))
        painter.setPen(QPen(tokens.colour(self._colour), 2))
        places = [
            QPointF(ground.left() + ground.width() * epoch / last, ground.bottom() - ground.height() * weight / top)
            for epoch, weight in self._line
        ]
        painter.drawPolyline(places)


def schedule_words(points: Sequence[tuple[float, float]]) -> str:
    """`0: 1 → 10: 0.25`; without points `constant`."""
    if not points:
        return tr("constant")
    return " → ".join(f"{number_text(epoch)}: {number_text(weight)}" for epoch, weight in sorted(points))
