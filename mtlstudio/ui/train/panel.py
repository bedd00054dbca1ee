"""A plot in its card: title, newest figures, the curves of the total or of one task."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.runs.events import StageStarted
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.train.canvas import Canvas
from mtlstudio.ui.train.growing import Numbers
from mtlstudio.ui.train.overlay import PlotMark
from mtlstudio.ui.train.reduce import reduced, span
from mtlstudio.ui.train.series import TOTAL, RunSeries
from mtlstudio.ui.train.stage_words import marked_words, short_title, state_words
from mtlstudio.ui.train.ticks import Unit
from mtlstudio.ui.train.words import can_be_seen, change_words, headline, lines_at, rate_words
from mtlstudio.ui.widgets.panel import Panel

_LEAST_LOG = 1e-12


@dataclass(frozen=True)
class Frame:
    """How all plots look at the run: what the x axis counts, its range, whether y is logarithmic."""

    unit: Unit = "step"
    low: float = 0.0
    high: float = 1.0
    log: bool = False


class LossPanel(Panel):
    """The plot of the total or of one task.

    Signals:
        asked(float, float), reset(), pointed(float): see `Canvas`.
        export_asked(str): `png` or `csv` of this plot is wanted.
        log_asked(bool): this plot alone with a logarithmic y axis, or without.
    """

    asked = Signal(float, float)
    reset = Signal()
    pointed = Signal(float)
    export_asked = Signal(str)
    log_asked = Signal(bool)

    def __init__(self, task: TaskSpec | None, parent: QWidget | None = None) -> None:
        self.task = task
        self.name = task.id if task is not None else TOTAL
        colour = task.colour if task is not None else "text"
        super().__init__(task.name if task is not None else tr("Total"), " ", colour=colour, parent=parent)
        self.setObjectName(f"plot-{self.name or 'total'}")
        self.canvas = Canvas(colour)
        self.canvas.asked.connect(self.asked)
        self.canvas.reset.connect(self.reset)
        self.canvas.pointed.connect(self.pointed)
        self.canvas.log_switched.connect(lambda: self.log_asked.emit(not self.canvas.is_log))
        self.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.canvas.customContextMenuRequested.connect(self._menu)
        self.canvas.setAccessibleName(self.title())
        self.canvas.setToolTip("")
        self._title.setToolTip(
            tr(
                "Solid: training. Dashed: validation. Faint: as measured. A tick below: checkpoint; a green one: best epoch."
            )
        )
        self.own_log: bool | None = None
        self._headline = ""
        self.add(self.canvas, 1)
        around = self.layout()
        assert around is not None
        around.setContentsMargins(12, 8, 12, 4)
        around.setSpacing(4)

    def is_log(self, frame: Frame) -> bool:
        """Whether its y axis is logarithmic: its own choice, else that of all."""
        return frame.log if self.own_log is None else self.own_log

    def show_figures(self, series: RunSeries) -> None:
        """Shows the newest figures at the right of the title."""
        parts = headline(series, self.name, self.task)
        for words in (" · ".join(parts), " · ".join((parts[0], *parts[2:])), parts[0]):
            if self._fits(words):
                break
        if words != self._headline:
            self._headline = words
            self.set_subtitle(words)

    def _fits(self, words: str) -> bool:
        return self.fontMetrics().horizontalAdvance(self.title() + words) < self.width() - scaled(54)

    def show_curves(self, series: RunSeries, frame: Frame) -> None:
        """Draws what can be seen of the curves."""
        curve, validation = series.curves[self.name], series.validation[self.name]
        scale = 1.0 / series.steps_per_epoch if frame.unit == "epoch" else 1.0
        x = series.seconds.values if frame.unit == "time" else series.step.values
        at = (validation.seconds if frame.unit == "time" else validation.step).values
        low, high, pixels = frame.low / scale, frame.high / scale, self.canvas.pixels()
        log = self.is_log(frame)
        shown = _scaled(reduced(x, curve.shown.values, low, high, pixels), scale, log)
        raw = _scaled(reduced(x, curve.raw.values, low, high, pixels), scale, log) if series.smoothing > 0 else None
        validated = _scaled(reduced(at, validation.loss.values, low, high, pixels), scale, log)
        self.canvas.set_axes(frame.unit, log)
        self.canvas.set_lines(raw, shown, validated)
        self.canvas.set_marks(self._marks(series, frame.unit, scale))
        lines = [line for line in (raw, shown, validated) if line is not None]
        inside = [y[(line_x >= frame.low) & (line_x <= frame.high)] for line_x, y in lines]
        self.canvas.set_view((frame.low, frame.high), _y_range(span(inside) or span([y for _, y in lines]), log))

    def point(self, series: RunSeries, frame: Frame, index: int | None) -> None:
        """Reads the values at a measured step; None takes the crosshair away."""
        if index is None or index >= len(series.step):
            self.canvas.set_cross(None)
            self.set_subtitle(self._headline)
            return
        curve = series.curves[self.name]
        value = float(curve.shown.values[index])
        if self.is_log(frame):
            value = math.log10(value) if value > _LEAST_LOG else math.nan
        colour = self.task.colour if self.task is not None else "text"
        self.canvas.set_cross(x_of(series, frame.unit, index), [(value, colour)])
        self.set_subtitle(lines_at(series, self.name, index))

    def _marks(self, series: RunSeries, unit: Unit, scale: float) -> list[PlotMark]:
        def place(step: float) -> float:
            return series.seconds_at(step) if unit == "time" else step * scale

        found = [PlotMark(place(event.step), colour="line", height=4) for event in series.checkpoints]
        best = series.best_epoch if self.name == TOTAL else series.best.get(self.name)
        if best is not None:
            found.append(PlotMark(place(best.step), colour="good", height=9))
        for event in series.track.marked():
            if isinstance(event, StageStarted):
                found.append(PlotMark(place(event.step), short_title(event), "accent"))
            elif self.name in (event.task, TOTAL):
                names = {event.task: series.spec.task(event.task).name}
                words = marked_words(event, names) if self.name == TOTAL else state_words(event)
                found.append(PlotMark(place(event.step), words))
        for mark in series.marks:
            change = mark.changes.get(self.name if self.name != TOTAL else mark.main)
            if change is not None and can_be_seen(*change):
                found.append(PlotMark(place(mark.step), change_words(*change)))
        if self.name == TOTAL:
            found += [PlotMark(place(mark.step), rate_words(mark), "dim") for mark in series.rate_marks]
        return found

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        log = menu.addAction(tr("Logarithmic y axis"))
        log.setCheckable(True)
        log.setChecked(self.canvas.is_log)
        log.toggled.connect(self.log_asked)
        menu.addAction(tr("Show all and follow"), self.reset.emit)
        menu.addSeparator()
        menu.addAction(tr("Save as PNG…"), lambda: self.export_asked.emit("png"))
        menu.addAction(tr("Save the numbers as CSV…"), lambda: self.export_asked.emit("csv"))
        menu.popup(self.canvas.mapToGlobal(at))


def x_of(series: RunSeries, unit: Unit, index: int) -> float:
    """Where a measured step stands on the x axis."""
    if unit == "time":
        return float(series.seconds.values[index])
    return float(series.step.values[index]) / (series.steps_per_epoch if unit == "epoch" else 1)


def index_at(series: RunSeries, unit: Unit, x: float) -> int | None:
    """The measured step nearest to a place of the x axis; None while there is none."""
    if not len(series.step) or not math.isfinite(x):
        return None
    values = series.seconds.values if unit == "time" else series.step.values
    wanted = x * series.steps_per_epoch if unit == "epoch" else x
    right = min(len(values) - 1, int(np.searchsorted(values, wanted)))
    left = max(0, right - 1)
    return left if abs(values[left] - wanted) < abs(values[right] - wanted) else right


def ask_path(parent: QWidget, title: str, name: str, kind: str) -> str:
    """Asks where to save; "" when the user gives up."""
    path, _ = QFileDialog.getSaveFileName(parent, title, f"{name}.{kind}", f"*.{kind}")
    return path if not path or path.lower().endswith(f".{kind}") else f"{path}.{kind}"


def _scaled(line: tuple[Numbers, Numbers], scale: float, log: bool) -> tuple[Numbers, Numbers]:
    x, y = line
    if log:
        y = np.log10(np.where(y > _LEAST_LOG, y, np.nan))
    return (x if scale == 1.0 else x * scale), y


def _y_range(found: tuple[float, float] | None, log: bool) -> tuple[float, float]:
    """A little more than the values; from 0 where they are positive."""
    if found is None:
        return (-3.0, 0.0) if log else (0.0, 1.0)
    low, high = found
    room = max(high - low, 0.05 * max(abs(high), 1e-9) if not log else 0.1) * 0.06
    if log or low < 0:
        return low - room, high + room
    return 0.0, high + max(room, high * 0.04, 1e-9)
