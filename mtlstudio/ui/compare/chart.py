"""The runs' main metrics as bars, a group per task, in the tasks' colours."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.compare.lines import TASK, Line, cell
from mtlstudio.ui.theme import font, mix, scaled, theme
from mtlstudio.ui.widgets.common import repaint_on_theme

MOST = 8


class MetricChart(QWidget):
    """One group of bars per task, each on its own scale from zero; the figure stands on the bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self._tasks: tuple[TaskSpec, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(scaled(150))
        repaint_on_theme(self)

    def set_lines(self, lines: Sequence[Line], tasks: Sequence[TaskSpec]) -> None:
        """Shows at most eight lines of the table, with its very figures."""
        self._lines = list(lines)[:MOST]
        self._tasks = tuple(tasks)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for bars and words."""
        return QSize(scaled(600), scaled(220))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Groups, bars, figures, names."""
        if not self._lines or not self._tasks:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        width = self.width() / len(self._tasks)
        for number, task in enumerate(self._tasks):
            self._paint_task(painter, task, QRectF(number * width, 0, width, self.height()).adjusted(8, 0, -8, 0))

    def _paint_task(self, painter: QPainter, task: TaskSpec, area: QRectF) -> None:
        tokens = theme()
        metric = task_type(task.type).main_metric()
        cells = [cell(line, f"{TASK}{task.id}") for line in self._lines]
        values = [one.value for one in cells]
        most = max((value for value in values if value is not None), default=1.0)
        top = max(most, 1.0) if metric.higher_is_better else most or 1.0
        line = painter.fontMetrics().height()
        ground = area.bottom() - 2 * line - 6
        painter.setPen(tokens.colour("line"))
        painter.drawLine(QPointF(area.left(), ground), QPointF(area.right(), ground))
        slot = area.width() / len(self._lines)
        roomy = slot >= painter.fontMetrics().horizontalAdvance("0.000")
        for number, (shown, value) in enumerate(zip(self._lines, values, strict=True)):
            place = QRectF(area.left() + number * slot, ground + 2, slot, line)
            if roomy:
                painter.setPen(tokens.colour("dim"))
                words = shown.title
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, _elided(painter, words, slot - 4))
            if value is None:
                continue
            height = max(2.0, (ground - 2 * line) * value / top)
            wide = min(slot * 0.62, scaled(56))
            bar = QRectF(place.center().x() - wide / 2, ground - height, wide, height)
            shade = 1 - 0.55 * number / max(1, len(self._lines))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mix(tokens.colour("panel"), QColor(task.colour), shade))
            painter.drawRoundedRect(bar, 3, 3)
            if roomy:
                painter.setPen(tokens.colour("text"))
                above = QRectF(place.left(), bar.top() - line, slot, line)
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, cells[number].text)
        painter.setPen(tokens.colour("text"))
        arrow = "" if metric.higher_is_better else " ↓"
        name = f"{task.name} · {tr(metric.name)}{arrow}"
        painter.drawText(
            QRectF(area.left(), ground + line + 4, area.width(), line), Qt.AlignmentFlag.AlignCenter,
            _elided(painter, name, area.width()),
        )  # fmt: skip


def _elided(painter: QPainter, text: str, width: float) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(width))
