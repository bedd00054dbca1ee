"""Many tasks at one glance: a row per task, the steps across, the colour is the loss relative to its start."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.theme import font, scaled, theme
from mtlstudio.ui.theme.colours import diverging_colour
from mtlstudio.ui.theme.tokens import Tokens
from mtlstudio.ui.train.heat import LEVELS, Heat, levels, table
from mtlstudio.ui.train.ranking import COUNTS, RULES
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.words import figure
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import label, paint_focus_ring, repaint_on_theme, row
from mtlstudio.ui.widgets.panel import Panel

_ROW, _LEAST_ROW, _FOLD = 20, 13, 12
_NAMES, _VALUES = 116, 50


class HeatStrip(QWidget):
    """The picture. It is made anew by `refresh`, however often it is painted.

    Signals:
        chosen(str): a task's row was clicked, or Enter pressed on it: its plot is wanted.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heat = Heat()
        self._tasks: tuple[TaskSpec, ...] = ()
        self._image = QImage()
        self._relative = np.zeros((0, 0))
        self._losses = np.zeros((0, 0))
        self._per_epoch = 1
        self._row = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Losses of all tasks over the steps"))
        repaint_on_theme(self, 11)

    def refresh(self, series: RunSeries) -> None:
        """Shows the newest figures."""
        if series.spec.tasks != self._tasks:
            self._tasks, self._row = series.spec.tasks, 0
            self.updateGeometry()
        self.heat.update(series)
        self._per_epoch = series.steps_per_epoch
        self._losses, self._relative = self.heat.losses(), self.heat.relative()
        self._image = _picture(self._relative)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """A row per task, lower ones where there are many."""
        return QSize(scaled(400), max(1, len(self._tasks)) * self._row_height())

    def words(self, row_: int, column: int) -> str:
        """What a cell says: `Depth · steps 121–128 (epoch 7) · loss 0.312 · 0.41 × its start`."""
        first, last = self.heat.steps(column)
        steps = str(last) if first == last else f"{first}–{last}"
        loss, share = float(self._losses[row_, column]), float(self._relative[row_, column])
        parts = [
            self._tasks[row_].name,
            tr("step {steps} (epoch {epoch})", steps=steps, epoch=(last - 1) // self._per_epoch + 1),
            tr("loss {loss}", loss=figure(loss)),
        ]
        if math.isfinite(share):
            parts.append(tr("{share} × its start", share=f"{share:.2f}"))
        return " · ".join(parts)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """(row, column) under a point; None beside the picture."""
        area, count = self._area(), self._relative.shape[1]
        row_ = int(y // self._row_height())
        if not (0 <= row_ < len(self._tasks) and count and area.left() <= x < area.right()):
            return None
        return row_, min(count - 1, int((x - area.left()) / area.width() * count))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Names, picture, newest values."""
        painter, tokens, area, high = QPainter(self), theme(), self._area(), self._row_height()
        painter.setFont(font(11 if high >= scaled(16) else 9.5))
        if not self._image.isNull():
            self._image.setColorTable(_colours(tokens))
            painter.drawImage(area, self._image)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        letters, dot = painter.fontMetrics(), scaled(7)
        for place, task in enumerate(self._tasks):
            top = place * high
            painter.fillRect(QRectF(1, top + (high - dot) / 2, dot, dot), tokens.colour(task.colour))
            name = letters.elidedText(task.name, Qt.TextElideMode.ElideRight, int(area.left()) - dot - 14)
            painter.setPen(tokens.colour("text" if place == self._row and self.hasFocus() else "dim"))
            painter.drawText(QRectF(dot + 6, top, area.left() - dot - 10, high), left, name)
            painter.drawText(QRectF(area.right() + 4, top, scaled(_VALUES) - 6, high), right, self._newest(place))
        if self.hasFocus():
            painter.setPen(QPen(tokens.colour("accent"), 1))
            painter.drawRect(QRectF(area.left(), self._row * high, area.width() - 1, high - 1))
        paint_focus_ring(painter, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click opens the task's plot."""
        row_ = int(event.position().y() // self._row_height())
        if event.button() == Qt.MouseButton.LeftButton and 0 <= row_ < len(self._tasks):
            self._row = row_
            self.update()
            self.chosen.emit(self._tasks[row_].id)

    def event(self, event: QEvent) -> bool:
        """The tool tip tells the cell's figures."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._tell(event.pos().x(), event.pos().y())
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tells the cell's figures at once."""
        self._tell(event.position().x(), event.position().y())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Up and down walk through the tasks, Enter opens the plot."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps and self._tasks:
            self._row = max(0, min(len(self._tasks) - 1, self._row + steps[Qt.Key(event.key())]))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._tasks:
            self.chosen.emit(self._tasks[self._row].id)
        else:
            super().keyPressEvent(event)

    def _tell(self, x: float, y: float) -> None:
        cell = self.cell_at(x, y)
        if cell is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(self.mapToGlobal(QRectF(x, y, 1, 1).toRect().topLeft()), self.words(*cell), self)

    def _newest(self, place: int) -> str:
        known = self._relative[place][np.isfinite(self._relative[place])] if len(self._relative) else []
        return f"{known[-1]:.2f} ×" if len(known) else ""

    def _row_height(self) -> int:
        return scaled(_ROW if len(self._tasks) <= _FOLD else _LEAST_ROW)

    def _area(self) -> QRectF:
        left = min(scaled(_NAMES), 0.3 * self.width())
        return QRectF(left, 0, max(1.0, self.width() - left - scaled(_VALUES)), len(self._tasks) * self._row_height())


class Overview(Panel):
    """The strip in its card, and which tasks have a plot.

    Signals:
        rule_chosen(str), count_chosen(int): another rule, another number of plots is wanted.
        task_chosen(str): a task's plot is wanted.
    """

    rule_chosen = Signal(str)
    count_chosen = Signal(int)
    task_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("All tasks"), tr("loss relative to its start"), parent=parent)
        self.setObjectName("overview")
        self.strip = HeatStrip()
        self.strip.chosen.connect(self.task_chosen)
        self.count, self.rule = (Chip("", icon="chevron-down", checkable=False) for _ in range(2))
        self.count.setObjectName("worst-count")
        self.rule.setObjectName("worst-rule")
        self.count.clicked.connect(self._choose_count)
        self.rule.clicked.connect(self._choose_rule)
        self.header.insertSpacing(2, scaled(8))
        self.header.insertLayout(3, row(self.count, self.rule, spacing=6))
        self.add(self.strip)
        self.add(label(tr("A click on a row gives the task a plot."), "small"))

    def show_choice(self, rule: str, count: int) -> None:
        """Names how the tasks with a plot are chosen."""
        self._count = count
        self.count.set_text(_count_words(count))
        self.rule.set_text(tr(RULES[rule]))
        self.rule.setVisible(count > 0)

    def _choose_count(self) -> None:
        self._menu(self.count, [(_count_words(count), partial(self.count_chosen.emit, count)) for count in COUNTS])

    def _choose_rule(self) -> None:
        self._menu(self.rule, [(tr(words), partial(self.rule_chosen.emit, rule)) for rule, words in RULES.items()])

    def _menu(self, chip: Chip, entries: list[tuple[str, Callable[[], object]]]) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, do in entries:
            action = QAction(words, menu)
            action.setCheckable(True)
            action.setChecked(words == chip.text())
            action.triggered.connect(lambda _checked=False, do=do: do())
            menu.addAction(action)
        menu.popup(chip.mapToGlobal(chip.rect().bottomLeft()))


def _count_words(count: int) -> str:
    return ntr("Worst {n}", "Worst {n}", count) if count else tr("Every task")


@lru_cache
def _colours(tokens: Tokens) -> list[int]:
    """The table of colours of a theme: good below the start, bad above."""
    middle = (LEVELS + 1) / 2
    return table([diverging_colour((middle - place) / (middle - 1), tokens).rgba() for place in range(1, LEVELS + 1)])


def _picture(relative: np.ndarray) -> QImage:
    """(tasks, columns) as an indexed image of that size."""
    if not relative.size:
        return QImage()
    places = np.ascontiguousarray(levels(relative))
    high, wide = places.shape
    return QImage(places.tobytes(), wide, high, wide, QImage.Format.Format_Indexed8).copy()
