"""Curves of the selected runs laid over one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.ui.compare.curve_data import (
    EPOCH,
    STEP,
    TRAINING,
    Quantity,
    RunCurves,
    quantities,
    read_curves,
    smoothed,
    thinned,
)
from mtlstudio.ui.theme import font, mix, scaled, signals, theme
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import label, row
from mtlstudio.ui.widgets.flow import FlowLayout
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl

MOST = 8
_POINTS = 2000
_SMOOTHINGS = (0.0, 0.6, 0.8, 0.9, 0.97)
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class CurvesPanel(QWidget):
    """One quantity, a line per run; the smoothed line over the faint measured one."""

    def __init__(self, tasks: Sequence[TaskSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = Jobs(1, self)
        self._quantities: list[Quantity] = []
        self.curves: list[RunCurves] = []
        self.choice, self.smoothing = QComboBox(), QComboBox()
        self.choice.setObjectName("curve-quantity")
        self.choice.setAccessibleName(tr("Quantity"))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(12)
        self.smoothing.setObjectName("curve-smoothing")
        self.smoothing.setAccessibleName(tr("Smoothing"))
        self.smoothing.setToolTip(tr("Smoothing; the measured line stays behind it"))
        for factor in _SMOOTHINGS:
            self.smoothing.addItem(
                tr("smoothing {factor}", factor=f"{factor:g}") if factor else tr("as measured"), factor
            )
        self.unit = SegmentedControl(
            [Segment(EPOCH, tr("Epoch")), Segment(STEP, tr("Step"))], small=True, name=tr("Axis")
        )
        self.log = Chip(tr("log"))
        self.log.setObjectName("curve-log")
        self.plot = pg.PlotWidget()
        self.plot.setObjectName("curve-plot")
        self.plot.setMinimumHeight(scaled(130))
        self.plot.getPlotItem().setMenuEnabled(False)
        self.plot.hideButtons()
        self.none = label(tr("Select runs in the table to lay their curves over one another."), "dim", wrap=True)
        self._legend = FlowLayout(spacing=10)
        self._names: list[QWidget] = []
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(6)
        head = row(self.choice, self.unit, self.smoothing, self.log)
        head.setStretch(0, 1)
        page.addLayout(head)
        page.addLayout(self._legend)
        page.addWidget(self.plot, 1)
        page.addWidget(self.none, 1)
        self.choice.currentIndexChanged.connect(self.draw)
        self.smoothing.currentIndexChanged.connect(self.draw)
        self.unit.changed.connect(self.draw)
        self.log.toggled.connect(self.draw)
        signals.theme_changed.connect(self.draw)
        self.set_tasks(tasks)

    def set_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        """The quantities of these tasks."""
        before = self.choice.currentData()
        self._quantities = quantities(tasks)
        self.choice.blockSignals(True)
        self.choice.clear()
        for quantity in self._quantities:
            self.choice.addItem(quantity.words, quantity.key)
        self.choice.setCurrentIndex(max(0, self.choice.findData(before)))
        self.choice.blockSignals(False)
        self.draw()

    def quantity(self) -> Quantity | None:
        """What is drawn."""
        place = self.choice.currentIndex()
        return self._quantities[place] if 0 <= place < len(self._quantities) else None

    def set_runs(self, runs: Mapping[str, RunFolder]) -> None:
        """Reads at most eight runs in the background and draws them; `runs` by what they are called."""
        chosen = list(runs.items())[:MOST]

        def read(token: Token) -> list[RunCurves]:
            found = []
            for name, run in chosen:
                token.check()
                try:
                    found.append(replace(read_curves(run), name=name))
                except StudioError:  # damaged: the table says so
                    continue
            return found

        self._jobs.submit(read, self._show, key="curves")

    def settled(self) -> bool:
        """All is read."""
        return not self._jobs.busy

    def _show(self, curves: list[RunCurves]) -> None:
        self.curves = curves
        self.draw()

    def draw(self, *_changes: object) -> None:
        """Draws what was read."""
        quantity = self.quantity()
        item = self.plot.getPlotItem()
        item.clear()
        self._clear_legend()
        if quantity is None:
            return
        self._dress()
        item.setLogMode(y=self.log.isChecked())
        self.smoothing.setEnabled(quantity.kind == TRAINING)
        drawn = 0
        for number, curves in enumerate(self.curves):
            x, y = curves.points(quantity, self.unit.current())
            if len(x):
                drawn += 1
                self._line(quantity, number, x, y)
                self._name(curves.name, self._ink(quantity, number))
        self.plot.setVisible(bool(drawn))
        self.none.setVisible(not drawn)
        item.setLabel("bottom", tr("Epoch") if self.unit.current() == EPOCH else tr("Step"))

    def _line(self, quantity: Quantity, number: int, x: object, y: object) -> None:
        factor = float(self.smoothing.currentData() or 0.0) if quantity.kind == TRAINING else 0.0
        ink, style = self._ink(quantity, number), _STYLES[number % len(_STYLES)]
        if factor:
            faint = QColor(ink)
            faint.setAlphaF(0.25)
            self._add(x, y, QPen(faint, 1))
            y = smoothed(y, factor)  # type: ignore[arg-type]
        pen = QPen(ink, 1, style)
        self._add(x, y, pen, dots=len(x) < 40)  # type: ignore[arg-type]

    def _add(self, x: object, y: object, pen: QPen, dots: bool = False) -> None:
        pen.setCosmetic(True)
        across, up = thinned(x, y, _POINTS)  # type: ignore[arg-type]
        line = pg.PlotDataItem(across, up, pen=pen, antialias=True)
        if dots:
            line.setSymbol("o")
            line.setSymbolSize(4)
            line.setSymbolPen(None)
            line.setSymbolBrush(pen.color())
        self.plot.getPlotItem().addItem(line)

    def _ink(self, quantity: Quantity, number: int) -> QColor:
        """Shades of the task's colour; the total in the accent's."""
        tokens = theme()
        base = QColor(quantity.colour or tokens.accent)
        count = max(1, len(self.curves) - 1)
        return mix(base, tokens.text, 0.6 * number / count)

    def _name(self, name: str, ink: QColor) -> None:
        chip = Chip(name, ink.name(), checkable=False)
        chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._names.append(chip)
        self._legend.addWidget(chip)

    def _clear_legend(self) -> None:
        for name in self._names:
            self._legend.removeWidget(name)
            name.hide()
            name.deleteLater()
        self._names = []

    def _dress(self) -> None:
        tokens = theme()
        self.plot.setBackground(tokens.panel)
        for side in ("left", "bottom"):
            axis = self.plot.getPlotItem().getAxis(side)
            axis.setPen(QPen(tokens.colour("line"), 1))
            axis.setTextPen(tokens.colour("dim"))
            axis.setStyle(tickFont=font(11))
            axis.label.setFont(font(11))
