"""What the properties show while no layer is selected: the whole network."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.project.weights import shown_weights
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.picture import weight_top
from mtlstudio.ui.design.problem_list import ProblemList
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label, row
from mtlstudio.ui.widgets.dots import ColourDot
from mtlstudio.ui.widgets.titles import ElidedLabel, FactList, SectionTitle
from mtlstudio.ui.widgets.value_slider import ValueSlider


class NetworkPage(QWidget):
    """Figures, tasks and problems of the network.

    Signals:
        problem_activated(object), mend_wanted(object): as in the list of problems.
        weight_changed(str, float, str): a task's λ was moved; the text names the movement (one undo step).
    """

    weight_changed = Signal(str, float, str)
    problem_activated = Signal(object)
    mend_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = FactList()
        self.problem_title, self.problems = SectionTitle(tr("Problems")), ProblemList()
        self._tasks_box = QWidget()
        self._tasks = QVBoxLayout(self._tasks_box)
        self._tasks.setContentsMargins(0, 0, 0, 0)
        self._tasks.setSpacing(4)
        self._shown: tuple[object, ...] | None = None
        self._movement = 0
        self.weights: dict[str, ValueSlider] = {}
        self._network = SectionTitle(tr("Network"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (
            self._network, self.facts, self.problem_title, self.problems, SectionTitle(tr("Tasks"), "λ"), self._tasks_box,
        ):  # fmt: skip
            column.addWidget(widget)
        hint = label(tr("Select a card to see its properties."), "small", wrap=True)
        hint.setContentsMargins(0, 8, 0, 0)
        column.addWidget(hint)
        self.problems.activated.connect(self.problem_activated)
        self.problems.mend_wanted.connect(self.mend_wanted)

    def show_project(self, spec: ProjectSpec, analysis: Analysis | None) -> None:
        """Shows a project with its figures, if there are any."""
        self._network.set_trailing(ntr("{n} layer", "{n} layers", len(spec.network.layers)))
        self._show_tasks(spec)
        self.facts.setVisible(analysis is not None)
        if analysis is None:
            return
        total, separate = analysis.total, analysis.separate
        saved = separate.parameters - total.parameters
        self.facts.set_facts([
            (tr("Parameters"), figures.count(total.parameters)),
            (tr("Without sharing"), figures.count(separate.parameters)),
            (tr("Saved by sharing"), figures.percent(saved, separate.parameters)),
            (tr("MACs per image"), figures.count(total.macs)),
            (tr("Activations per image"), figures.memory(total.activation_bytes)),
        ])  # fmt: skip
        self.problem_title.set_text(tr("Problems · {n}", n=len(analysis.problems)))
        self.problems.show_problems(analysis.problems)

    def _show_tasks(self, spec: ProjectSpec) -> None:
        weights = shown_weights(spec)
        top = weight_top(spec)
        known = tuple((task.id, task.name, task.colour) for task in spec.tasks)
        if known != self._shown:
            self._shown = known
            self._make_lines(spec)
        for task in spec.tasks:
            slider = self.weights[task.id]
            if not slider.is_dragging():
                slider.set_range(0.0, max(top, slider.value()))
                slider.set_value(weights[task.id])

    def _make_lines(self, spec: ProjectSpec) -> None:
        while self._tasks.count():
            item = self._tasks.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.weights.clear()
        for task in spec.tasks:
            slider = ValueSlider(0.0, 1000.0, task.loss_weight, colour=task.colour,
                                 name=tr("Loss weight of {task}", task=task.name))  # fmt: skip
            slider.setFixedWidth(scaled(112))
            slider.changed.connect(lambda weight, task_id=task.id: self._move(task_id, weight))
            slider.released.connect(lambda _weight: self._let_go())
            self.weights[task.id] = slider
            line = QWidget()
            line.setLayout(row(ColourDot(task.colour), ElidedLabel(task.name), slider, spacing=8))
            self._tasks.addWidget(line)

    def _move(self, task_id: str, weight: float) -> None:
        self.weight_changed.emit(task_id, weight, f"weight-{task_id}-panel-{self._movement}")

    def _let_go(self) -> None:
        self._movement += 1
