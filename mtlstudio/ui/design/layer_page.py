"""The properties of the selected layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.network.analysis import Analysis, LayerReport
from mtlstudio.network.interface import layer_type
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LayerSpec, ProjectSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.problem_list import ProblemList
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.flow import FlowLayout
from mtlstudio.ui.widgets.parameter_form import MIXED, ParameterForm
from mtlstudio.ui.widgets.titles import FactList, SectionTitle

_TRAINING = (
    Parameter("frozen", "bool", False, mark("Frozen"), mark("Its weights are not trained.")),
    Parameter("bypassed", "bool", False, mark("Bypassed"), mark("Its input goes through unchanged.")),
    Parameter(
        "learning_rate_factor", "float", 1.0, mark("Learning rate ×"),
        mark("Multiplies the learning rate of its weights."), minimum=0.0, maximum=1000.0, step=0.1,
    ),
)  # fmt: skip


class LayerPage(QWidget):
    """Name, parameters, sharing, shape, problems of one layer or several.

    Signals:
        parameter_changed(str, object), training_changed(str, object): a value of the form.
        sharing_wanted(object): these tasks (frozenset) are to share it; None: each its own.
        problem_activated(object), mend_wanted(object): as in the list of problems.
    """

    parameter_changed = Signal(str, object)
    training_changed = Signal(str, object)
    sharing_wanted = Signal(object)
    problem_activated = Signal(object)
    mend_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.sharing_title = SectionTitle(), SectionTitle(tr("Sharing"))
        self.form, self.training = ParameterForm(), ParameterForm(_TRAINING)
        self.form.setObjectName("parameters")
        self.training.setObjectName("training-form")
        self.facts = FactList()
        self.shape_title, self.training_title = SectionTitle(tr("Shape")), SectionTitle(tr("Training"))
        self.problem_title, self.problems = SectionTitle(tr("Problems")), ProblemList()
        self._chips_box = QWidget()
        self._chips = FlowLayout(self._chips_box)
        self._chips_for: tuple[object, ...] = ()
        self._chip_by_name: dict[str, Chip] = {}
        self._wanted: dict[str, tuple[bool, frozenset[str] | None]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (
            self.title, self.form, self.sharing_title, self._chips_box, self.shape_title, self.facts,
            self.training_title, self.training, self.problem_title, self.problems,
        ):  # fmt: skip
            column.addWidget(widget)
        for form in (self.form, self.training):  # they keep their height; the panel scrolls
            form.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.form.changed.connect(self.parameter_changed)
        self.training.changed.connect(self.training_changed)
        self.problems.activated.connect(self.problem_activated)
        self.problems.mend_wanted.connect(self.mend_wanted)

    def show_layers(self, spec: ProjectSpec, layers: Sequence[LayerSpec]) -> None:
        """Shows layers; parameters that differ are marked so."""
        first = layers[0]
        same_type = all(layer.type == first.type for layer in layers)
        name = first.name if len(layers) == 1 else ntr("{n} layer", "{n} layers", len(layers))
        self.title.set_text(shortened(name, 17))
        self.title.setToolTip(name)
        self.title.set_trailing(_type_name(first) if same_type else "")
        parameters = _parameters(first) if same_type else ()
        self.form.set_parameters(parameters, {p.name: _common(layers, p) for p in parameters})
        self.form.setVisible(bool(parameters))
        self.training.set_values({
            name: _same([getattr(layer, name) for layer in layers]) for name in (p.name for p in _TRAINING)
        })  # fmt: skip
        self._show_sharing(spec, layers)

    def show_figures(self, layers: Sequence[LayerSpec], analysis: Analysis | None) -> None:
        """Shows shapes, costs and problems."""
        ids = [layer.id for layer in layers]
        reports = [analysis.layers[i] for i in ids if analysis is not None and i in analysis.layers]
        self.shape_title.setVisible(bool(reports))
        self.facts.setVisible(bool(reports))
        if analysis is not None and reports:
            self.facts.set_facts(_facts(reports, analysis))
        found: list[Problem] = []
        if analysis is not None:
            found = [p for p in analysis.problems if p.place.kind == "layer" and p.place.id in ids]
        self.problem_title.setVisible(bool(found))
        self.problems.setVisible(bool(found))
        self.problem_title.set_text(tr("Problems · {n}", n=len(found)))
        self.problems.show_problems(found)

    def chip(self, name: str) -> Chip:
        """A sharing chip: `share-all`, `share-own`, `share-<task id>`."""
        return self._chip_by_name[name]

    def _show_sharing(self, spec: ProjectSpec, layers: Sequence[LayerSpec]) -> None:
        visible = len(spec.tasks) > 1 and all(layer.type != "input" for layer in layers)
        self.sharing_title.setVisible(visible)
        self._chips_box.setVisible(visible)
        if not visible:
            return
        self._make_chips(spec)
        sets = [layer.tasks for layer in layers]
        now = frozenset.intersection(*sets)
        every = frozenset(spec.task_ids)
        self._dress_chip("share-all", all(tasks == every for tasks in sets), every)
        self._dress_chip("share-own", all(len(tasks) == 1 for tasks in sets), None)
        for task in spec.tasks:
            after = now - {task.id} if task.id in now else now | {task.id}
            self._dress_chip(f"share-{task.id}", task.id in now, after or now)

    def _make_chips(self, spec: ProjectSpec) -> None:
        """A chip for all, one for each its own, one per task; the same ones as long as the tasks are."""
        wanted = tuple((task.id, task.name, task.colour) for task in spec.tasks)
        if wanted == self._chips_for:
            return
        self._chips_for = wanted
        self._chips.clear()
        self._chip_by_name.clear()
        own = [("all", tr("All"), ""), ("own", tr("Each its own"), "")]
        for name, text, colour in (*own, *wanted):
            chip = Chip(shortened(text, 24), colour, parent=self._chips_box)
            chip.setAccessibleName(text)
            chip.setToolTip(text)
            chip.setObjectName(f"share-{name}")
            chip.clicked.connect(lambda _checked, name=f"share-{name}": self._ask(name))
            self._chip_by_name[f"share-{name}"] = chip
            self._chips.addWidget(chip)
            chip.show()

    def _dress_chip(self, name: str, on: bool, tasks: frozenset[str] | None) -> None:
        self._chip_by_name[name].setChecked(on)
        self._wanted[name] = on, tasks

    def _ask(self, name: str) -> None:
        on, tasks = self._wanted[name]
        self._chip_by_name[name].setChecked(on)  # it changes when the edit is done; it may be refused
        self.sharing_wanted.emit(tasks)


def shortened(text: str, letters: int) -> str:
    """A text that is cut where it has more letters; Chinese ones count double."""
    room = float(letters)
    for index, letter in enumerate(text):
        room -= 2 if ord(letter) > 0x2E7F else 1
        if room < 0:
            return text[: max(1, index - 1)].rstrip() + "…"
    return text


def _type_name(layer: LayerSpec) -> str:
    try:
        return tr(layer_type(layer.type).name)
    except KeyError:
        return layer.type


def _parameters(layer: LayerSpec) -> tuple[Parameter, ...]:
    try:
        return layer_type(layer.type).parameters
    except KeyError:
        return ()


def _same(values: Sequence[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else MIXED


def _common(layers: Sequence[LayerSpec], parameter: Parameter) -> Any:
    return _same([layer.parameters.get(parameter.name, parameter.default) for layer in layers])


def _facts(reports: Sequence[LayerReport], analysis: Analysis) -> list[tuple[str, str]]:
    parameters, macs = sum(r.parameters for r in reports), sum(r.macs for r in reports)
    facts: list[tuple[str, str]] = []
    if len(reports) == 1:
        report = reports[0]
        inputs = [(port, shape) for port, shapes in report.input_shapes.items() for shape in shapes]
        for port, shape in inputs:
            facts.append((tr("In") if port == "in" else tr("In {port}", port=port), figures.long_shape(shape)))
        if not inputs:
            facts.append((tr("In"), "—"))
        outputs = report.output_shapes
        for port, shape in outputs.items():
            name = tr("Out") if len(outputs) == 1 else tr("Out {port}", port=port)
            facts.append((name, figures.long_shape(shape)))
        if not outputs:
            facts.append((tr("Out"), "—"))
    facts += [
        (tr("Parameters"), _share(parameters, analysis.total.parameters)),
        (tr("MACs"), _share(macs, analysis.total.macs)),
        (tr("Activations"), figures.memory(sum(r.activation_bytes for r in reports))),
    ]
    if len(reports) == 1 and reports[0].receptive_field is not None:
        facts.append((tr("Receptive field"), tr("{n} px", n=reports[0].receptive_field)))
    uncounted = sorted({name for report in reports for name in report.uncounted})
    if uncounted:
        facts.append((tr("Not in the MACs"), ", ".join(uncounted)))
    return facts


def _share(part: int, whole: int) -> str:
    return f"{figures.count(part)} · {figures.percent(part, whole)}" if part else "0"
