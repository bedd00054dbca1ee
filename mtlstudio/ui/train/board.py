"""The plots side by side, with one x axis, one crosshair and the controls above them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.train.board_bar import BoardBar
from mtlstudio.ui.train.exports import all_names, write_csv
from mtlstudio.ui.train.heat_strip import Overview
from mtlstudio.ui.train.panel import Frame, LossPanel, ask_path, index_at, x_of
from mtlstudio.ui.train.ranking import COUNTS, MANY, RULES, Selection
from mtlstudio.ui.train.series import TOTAL, RunSeries
from mtlstudio.ui.widgets.common import column

_BETWEEN_PLOTS_MS = 12
_LEAST_WIDTH = 212


@dataclass(frozen=True)
class Options:
    """What the user chose above the plots; kept as text in the settings."""

    unit: str = "step"
    log: bool = False
    smoothing: float = 0.8
    rule: str = "start"
    count: int = 7

    @classmethod
    def read(cls, text: str) -> Options:
        """What `text` holds; the defaults where it holds something else."""
        try:
            values = json.loads(text)
            made = cls(
                str(values["unit"]), bool(values["log"]), float(values["smoothing"]), str(values["rule"]),
                int(values["count"]),
            )  # fmt: skip
        except (ValueError, TypeError, KeyError):
            return cls()
        known = made.unit in ("step", "epoch", "time") and 0 <= made.smoothing < 1
        return made if known and made.rule in RULES and made.count in COUNTS else cls()

    def text(self) -> str:
        """For `read`."""
        return json.dumps(asdict(self))


class Board(QWidget):
    """Controls and plots of one run. Plots are redrawn one after another, so that none keeps the window waiting.

    Signals:
        options_changed(): the user has chosen other options.
        failed(str): something could not be saved.
        opened(object): a task's plot was asked for: the panel.
    """

    options_changed = Signal()
    opened = Signal(object)
    failed = Signal(str)

    def __init__(self, options: Options, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.options = options
        self.series: RunSeries | None = None
        self.selection = Selection(options.rule, options.count)
        self.panels: list[LossPanel] = []
        self.frame = Frame(unit=options.unit, log=options.log)  # type: ignore[arg-type]
        self._cross: int | None = None
        self._columns = 0
        self._dirty: list[LossPanel] = []
        self._painter = QTimer(self)
        self._painter.setInterval(_BETWEEN_PLOTS_MS)
        self._painter.timeout.connect(self._paint_next)
        self.bar = BoardBar(options.unit, options.log, options.smoothing)
        self.bar.unit_chosen.connect(self._set_unit)
        self.bar.log_chosen.connect(self._set_log)
        self.bar.smoothing_chosen.connect(self.set_smoothing)
        self.bar.follow_clicked.connect(self.redraw)
        self.bar.export_asked.connect(self._export_all)
        self._plots = QWidget()
        self._grid = QGridLayout(self._plots)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(10)
        self.overview = Overview()
        self.overview.task_chosen.connect(self.open)
        self.overview.rule_chosen.connect(lambda rule: self.set_selection(rule=rule))
        self.overview.count_chosen.connect(lambda count: self.set_selection(count=count))
        self.overview.hide()
        plots = column(self._plots, self.overview, spacing=10)
        plots.setStretch(0, 1)
        self.setLayout(plots)

    # --- the run ----------------------------------------------------------------------------------------------

    def set_series(self, series: RunSeries | None) -> None:
        """Shows another run; plots are kept where the tasks are the same."""
        self.series, self._cross = series, None
        self._choose_plots()
        self.bar.follow.setChecked(True)
        self.refresh()

    def refresh(self) -> None:
        """The run has new numbers: texts at once, curves one after another."""
        if self.series is None:
            self.bar.show_equation(None)
            return
        self.bar.show_equation(self.series)
        self._choose_plots()
        if self.overview.isVisible():
            self.overview.strip.refresh(self.series)
        for panel in self.panels:
            panel.show_figures(self.series)
        self.redraw()

    def redraw(self) -> None:
        """The curves are to be drawn anew."""
        if self.bar.follow.isChecked():
            self._follow_end()
        self._dirty = [*self._dirty, *(panel for panel in self.panels if panel not in self._dirty)]
        if self._dirty and not self._painter.isActive():
            self._painter.start()

    def is_idle(self) -> bool:
        """Nothing waits to be drawn."""
        return not self._dirty

    def open(self, task: str) -> None:
        """Gives a task a plot, and brings it into view."""
        self.selection.open(task)
        self.refresh()
        panel = next((panel for panel in self.panels if panel.name == task), None)
        if panel is not None:
            self.opened.emit(panel)

    def set_selection(self, rule: str = "", count: int | None = None) -> None:
        """Chooses the tasks that have a plot by another rule, or more or fewer of them."""
        self.options = replace(
            self.options, rule=rule or self.options.rule, count=self.options.count if count is None else count
        )
        self.selection = Selection(self.options.rule, self.options.count)
        self.options_changed.emit()
        self.refresh()

    def _choose_plots(self) -> None:
        """Makes plots for the tasks that are to have one; those that have one keep it."""
        series = self.series
        wanted: list[TaskSpec | None] = [None, *self.selection.tasks(series)] if series is not None else []
        if wanted != [panel.task for panel in self.panels]:
            self._build(wanted)
        self.overview.setVisible(series is not None and len(series.spec.tasks) > MANY)
        self.overview.show_choice(self.selection.rule, self.selection.count)

    def _build(self, tasks: Sequence[TaskSpec | None]) -> None:
        kept = {panel.name: panel for panel in self.panels if panel.task in tasks}
        for panel in self.panels:
            self._grid.removeWidget(panel)
            if panel.name not in kept:
                panel.hide()
                panel.deleteLater()
        self._dirty = [panel for panel in self._dirty if panel.name in kept]
        self.panels = [kept.get(task.id if task is not None else TOTAL) or self._plot(task) for task in tasks]
        self._columns = 0
        self._arrange()

    def _plot(self, task: TaskSpec | None) -> LossPanel:
        panel = LossPanel(task)
        panel.asked.connect(self.look_at)
        panel.reset.connect(self.show_all)
        panel.pointed.connect(self._point)
        panel.export_asked.connect(partial(self._export, panel))
        panel.log_asked.connect(partial(self._own_log, panel))
        return panel

    def _arrange(self) -> None:
        count = len(self.panels)
        wished = 1 if count < 2 else 2 if count <= 4 else 3 if count in (5, 6, 9) else 4
        columns = max(1, min(wished, self.width() // scaled(_LEAST_WIDTH)))
        if columns == self._columns:
            return
        self._columns = columns
        least = scaled(132 if count <= 9 else 120)
        for number, panel in enumerate(self.panels):
            panel.setMinimumHeight(least)
            self._grid.addWidget(panel, number // columns, number % columns)
        for place in range(max(columns, self._grid.columnCount())):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Fewer plots side by side in a narrow window; other pixels, other points."""
        super().resizeEvent(event)
        self._arrange()
        self.redraw()

    # --- what is looked at ------------------------------------------------------------------------------------

    def look_at(self, low: float, high: float) -> None:
        """Shows a part of the x axis and follows no more. Nonsense (not a number, no width) changes nothing."""
        if not (math.isfinite(low) and math.isfinite(high)) or high - low < 1e-6 * max(1.0, abs(high)):
            return
        self.bar.follow.setChecked(False)
        self.frame = replace(self.frame, low=low, high=high)
        self.redraw()

    def show_all(self) -> None:
        """Shows the whole run and follows it."""
        self.bar.follow.setChecked(True)
        self.redraw()

    def _follow_end(self) -> None:
        series = self.series
        end = x_of(series, self.frame.unit, len(series.step) - 1) if series is not None and len(series.step) else 0.0
        least = {"step": 10.0, "epoch": 1.0, "time": 5.0}[self.frame.unit]
        self.frame = replace(self.frame, low=0.0, high=max(end, least))

    def _paint_next(self) -> None:
        while self._dirty:
            panel = self._dirty.pop(0)
            if self.series is not None and not panel.canvas.visibleRegion().isEmpty():
                panel.show_curves(self.series, self.frame)
                if self._cross is not None:
                    panel.point(self.series, self.frame, self._cross)
                break
        if not self._dirty:
            self._painter.stop()

    def _point(self, x: float) -> None:
        if self.series is None:
            return
        self._cross = index_at(self.series, self.frame.unit, x)
        for panel in self.panels:
            panel.point(self.series, self.frame, self._cross)

    # --- the controls -----------------------------------------------------------------------------------------

    def set_smoothing(self, factor: float) -> None:
        """Averages the curves on the screen with another factor."""
        self.options = replace(self.options, smoothing=factor)
        self.bar.set_smoothing(factor)
        if self.series is not None:
            self.series.smooth(factor)
        self.options_changed.emit()
        self.refresh()

    def _set_unit(self, unit: str) -> None:
        self.options = replace(self.options, unit=unit)
        self.frame = replace(self.frame, unit=unit)  # type: ignore[arg-type]
        self._cross = None
        self.bar.follow.setChecked(True)  # a range of steps says nothing of seconds
        self.options_changed.emit()
        self.redraw()

    def _set_log(self, log: bool) -> None:
        self.options = replace(self.options, log=log)
        self.frame = replace(self.frame, log=log)
        for panel in self.panels:
            panel.own_log = None
        self.options_changed.emit()
        self.redraw()

    def _own_log(self, panel: LossPanel, log: bool) -> None:
        panel.own_log = log
        self.redraw()

    # --- files ------------------------------------------------------------------------------------------------

    def _export(self, panel: LossPanel, kind: str) -> None:
        if self.series is None:
            return
        title = tr("Save as PNG…") if kind == "png" else tr("Save the numbers as CSV…")
        path = ask_path(self, title.rstrip("…"), panel.name or "total", kind)
        if path:
            self.export(panel, Path(path))

    def _export_all(self, kind: str) -> None:
        if self.series is None:
            return
        title = tr("Save all plots as PNG…") if kind == "png" else tr("Save all numbers as CSV…")
        path = ask_path(self, title.rstrip("…"), self.series.spec.name, kind)
        if path:
            self.export_all(Path(path))

    def export_all(self, path: Path) -> None:
        """Saves all plots as they stand: one picture for .png; the numbers of all tasks, exactly as measured, for .csv."""
        assert self.series is not None
        try:
            if path.suffix.lower() == ".png":
                for panel in self.panels:  # those out of view were not drawn
                    panel.show_curves(self.series, self.frame)
                if not self._plots.grab().save(str(path)):
                    self.failed.emit(tr("The picture cannot be saved: {path}", path=path))
            else:
                write_csv(path, self.series, all_names(self.series))
        except StudioError as error:
            self.failed.emit(error.text())

    def export(self, panel: LossPanel, path: Path) -> None:
        """Saves a plot: its picture for .png; its numbers, exactly as measured, for .csv."""
        assert self.series is not None
        try:
            if path.suffix.lower() == ".png":
                if not panel.grab().save(str(path)):
                    self.failed.emit(tr("The picture cannot be saved: {path}", path=path))
            else:
                names = all_names(self.series) if panel.task is None else (panel.name,)
                write_csv(path, self.series, names)
        except StudioError as error:
            self.failed.emit(error.text())
