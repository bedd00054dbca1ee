"""The controls above the plots, and the equation of the total: beside them where it fits, else below."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.train.equation import EquationLabel, equation_of
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import button, column, row
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl

SMOOTHINGS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)


class BoardBar(QWidget):
    """What the x axis counts, logarithm, smoothing, follow, saving.

    Signals:
        unit_chosen(str), log_chosen(bool), smoothing_chosen(float): as their controls say.
        follow_clicked(): "follow" was turned on or off.
        export_asked(str): `png` or `csv` of all plots is wanted.
    """

    unit_chosen = Signal(str)
    log_chosen = Signal(bool)
    smoothing_chosen = Signal(float)
    follow_clicked = Signal()
    export_asked = Signal(str)

    def __init__(self, unit: str, log: bool, smoothing: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.units = SegmentedControl(
            [Segment("step", tr("Step")), Segment("epoch", tr("Epoch")), Segment("time", tr("Time"))],
            small=True, name=tr("What the x axis counts"),
        )  # fmt: skip
        self.units.set_current(unit)
        self.units.changed.connect(self.unit_chosen)
        self.log = Chip(tr("log y"))
        self.log.setObjectName("log-y")
        self.log.setChecked(log)
        self.log.toggled.connect(self.log_chosen)
        self.smoothing = Chip("", icon="chevron-down", checkable=False)
        self.smoothing.setObjectName("smoothing")
        self.smoothing.clicked.connect(self._choose_smoothing)
        self._factor = smoothing
        self.set_smoothing(smoothing)
        self.follow = Chip(tr("Follow"))
        self.follow.setObjectName("follow")
        self.follow.setChecked(True)
        self.follow.setToolTip(tr("Keeps the newest step in view; zooming and panning turn it off."))
        self.follow.clicked.connect(self.follow_clicked)
        self.save = button("", "export", quiet=True, small=True)
        self.save.setObjectName("save-plots")
        self.save.setToolTip(tr("Save all plots, or their numbers"))
        self.save.setAccessibleName(tr("Save all plots, or their numbers"))
        self.save.clicked.connect(self._choose_export)
        self.equation, self.below = EquationLabel(wraps=False), EquationLabel(wraps=True)
        self.equation.setObjectName("equation")
        self.below.setObjectName("equation-below")
        self._controls = (self.units, self.log, self.smoothing, self.follow, self.save)
        self._filler = QWidget()
        beside = row(*self._controls, self.equation, self._filler)
        beside.setStretchFactor(self.equation, 1)
        beside.setStretchFactor(self._filler, 1)
        self.setLayout(column(beside, self.below, spacing=6))
        self.below.hide()

    def set_smoothing(self, factor: float) -> None:
        """Names another factor."""
        self._factor = factor
        self.smoothing.set_text(tr("Smoothing {factor}", factor=f"{factor:g}") if factor else tr("No smoothing"))
        self.smoothing.setToolTip(tr("Moving average, on the screen alone; the numbers stay as they were measured."))

    def show_equation(self, series: RunSeries | None) -> None:
        """Shows the newest figures of a run."""
        found = equation_of(series) if series is not None else None
        colours = {task.id: task.colour for task in series.spec.tasks} if series is not None else {}
        for label in (self.equation, self.below):
            label.show_equation(found, colours)
        self._place_equation()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The equation may fit beside the controls now."""
        super().resizeEvent(event)
        self._place_equation()

    def _place_equation(self) -> None:
        margins = self.contentsMargins()
        taken = sum(control.sizeHint().width() + 8 for control in self._controls)
        room = self.width() - margins.left() - margins.right() - taken
        beside = self.equation.length() <= room
        self._filler.setVisible(not beside)
        self.equation.setVisible(beside)
        self.below.setVisible(not beside and bool(self.below.full_text()))

    def _choose_smoothing(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for factor in SMOOTHINGS:
            action = QAction(f"{factor:g}" if factor else tr("None"), menu)
            action.setCheckable(True)
            action.setChecked(factor == self._factor)
            action.triggered.connect(partial(self._take_smoothing, factor))
            menu.addAction(action)
        menu.popup(self.smoothing.mapToGlobal(self.smoothing.rect().bottomLeft()))

    def _take_smoothing(self, factor: float, _checked: bool = False) -> None:
        self.smoothing_chosen.emit(factor)

    def _choose_export(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Save all plots as PNG…"), lambda: self.export_asked.emit("png"))
        menu.addAction(tr("Save all numbers as CSV…"), lambda: self.export_asked.emit("csv"))
        menu.popup(self.save.mapToGlobal(self.save.rect().bottomLeft()))
