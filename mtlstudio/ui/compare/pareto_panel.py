"""The Pareto view with its axes, and what can be done with the chosen checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.runs.checkpoints import CHOSEN
from mtlstudio.runs.trail import Trail
from mtlstudio.ui.compare.pareto_points import Metric, ParetoPoint, cloud_of, metrics_of, tag_words, why_not
from mtlstudio.ui.compare.pareto_view import ParetoView
from mtlstudio.ui.widgets.common import button, label, row
from mtlstudio.ui.widgets.titles import ElidedLabel


class ParetoPanel(QWidget):
    """Signals:
    use_wanted(object): load this ParetoPoint's checkpoint for Inspect.
    choose_wanted(object, bool): keep it as its run's chosen one, or not any more.
    """

    use_wanted = Signal(object)
    choose_wanted = Signal(object, bool)

    def __init__(self, tasks: Sequence[TaskSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._metrics: list[Metric] = []
        self._trails: list[Trail] = []
        self.across, self.up = QComboBox(), QComboBox()
        for combo, name, words in (
            (self.across, "pareto-x", tr("Across")), (self.up, "pareto-y", tr("Up")),
        ):  # fmt: skip
            combo.setObjectName(name)
            combo.setAccessibleName(words)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(10)
            combo.currentIndexChanged.connect(self._show)
        self.view = ParetoView()
        self.none = label(tr("Nothing to show: no run measured both yet."), "dim", wrap=True)
        self.words = ElidedLabel(role="dim")
        self.use = button(tr("Use this checkpoint"), "inspect", small=True)
        self.use.setObjectName("use-checkpoint")
        self.keep = button(tr("Keep as chosen"), "pin", small=True)
        self.keep.setObjectName("choose-checkpoint")
        self.use.clicked.connect(self._use)
        self.keep.clicked.connect(self._keep)
        self.view.chosen.connect(self._tell)
        self.view.used.connect(lambda _point: self._use())
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(6)
        axes = row(self.across, label("×", "dim"), self.up)
        axes.setStretch(0, 1)
        axes.setStretch(2, 1)
        page.addLayout(axes)
        page.addWidget(self.view, 1)
        page.addWidget(self.none, 1)
        page.addWidget(self.words)
        page.addLayout(row(1, self.keep, self.use))
        self.set_tasks(tasks)

    def set_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        """Metrics of these tasks; at first the main ones of the first two."""
        self._metrics = metrics_of(tasks)
        firsts = {metric.task: place for place, metric in reversed(list(enumerate(self._metrics)))}
        places = sorted(firsts.values())
        for combo, number in ((self.across, 0), (self.up, 1)):
            before = combo.currentData()
            combo.blockSignals(True)
            combo.clear()
            for metric in self._metrics:
                combo.addItem(metric.words, metric.key)
            known = combo.findData(before)
            default = places[min(number, len(places) - 1)] if places else -1
            combo.setCurrentIndex(known if known >= 0 else default)
            combo.blockSignals(False)
        self._show()

    def set_trails(self, trails: Sequence[Trail]) -> None:
        """Epochs of these runs."""
        self._trails = list(trails)
        self._show()

    def _show(self, *_changes: object) -> None:
        across, up = self.across.currentIndex(), self.up.currentIndex()
        cloud = None
        if 0 <= across < len(self._metrics) and 0 <= up < len(self._metrics):
            cloud = cloud_of(self._trails, self._metrics[across], self._metrics[up])
        shown = cloud is not None and bool(cloud.points)
        self.view.setVisible(shown)
        self.none.setVisible(not shown)
        self.view.show_cloud(cloud)

    def _tell(self, point: ParetoPoint | None) -> None:
        self.use.setEnabled(point is not None and point.usable)
        self.keep.setEnabled(point is not None and point.usable)
        chosen = point is not None and CHOSEN in (point.tags or ())
        self.keep.setText(tr("Chosen") if chosen else tr("Keep as chosen"))
        self.keep.setToolTip(
            tr("evaluate and predict take it with --checkpoint chosen; it is not thinned out. “Best” stays what it is.")
        )
        if point is None:
            self.words.set_text(tr("Click a point. Filled: its checkpoint is on the disk."))
            return
        kept = tag_words(point)
        told = f"{point.words} ({kept})" if kept else point.words
        self.words.set_text((why_not(point) and f"{told}: {why_not(point)}") or told)

    def _use(self) -> None:
        point = self.view.chosen_point()
        if point is not None and point.usable:
            self.use_wanted.emit(point)

    def _keep(self) -> None:
        point = self.view.chosen_point()
        if point is not None and point.usable:
            self.choose_wanted.emit(point, CHOSEN not in (point.tags or ()))
