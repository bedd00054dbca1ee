"""Chooses how the tasks are balanced: what each method does, who thought of it, and what it costs here."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.studio import Studio
from mtlstudio.session.trials import Trial
from mtlstudio.training.costs import REFERENCE, MethodCost, estimated, scaled
from mtlstudio.training.methods import balancing_methods
from mtlstudio.ui.train.method_list import MethodList
from mtlstudio.ui.train.method_words import advice, facts, search
from mtlstudio.ui.widgets.common import button, column, dialog_buttons, label, row
from mtlstudio.ui.widgets.feedback import Spinner
from mtlstudio.ui.widgets.panel import Notice
from mtlstudio.ui.widgets.search_field import SearchField
from mtlstudio.ui.widgets.sizes import resize_on_screen
from mtlstudio.ui.widgets.titles import ElidedLabel, FactList


class MethodDialog(QDialog):
    """The balancing methods. When it was accepted, `chosen` is the id of the one to take.

    Args:
        studio: with the project open.
    """

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert studio.document is not None
        self.setObjectName("method-dialog")
        self.setWindowTitle(tr("How the tasks are balanced"))
        self._studio, self._document = studio, studio.document
        self._spec: ProjectSpec = studio.document.spec
        self._methods = {method.id: method for method in balancing_methods()}
        self._lacking = {method.id: why for method in self._methods.values() if (why := method.lacks())}
        self._measured = studio.trials.costs_of(_basis(self._spec))
        self._waiting: list[str] = []
        self.field = SearchField(tr("Search methods…"))
        self.list = MethodList()
        self._make_detail()
        self._lay_out()
        self._connect()
        self.list.fill(tuple(self._methods.values()), self._lacking)
        self.list.make_current(self._spec.training.balancing.method)
        self._show(self.list.current())
        self._show_costs()
        self._show_state()
        self.field.setFocus()

    @property
    def chosen(self) -> str:
        """Id of the current method."""
        return self.list.current()

    def costs(self) -> dict[str, MethodCost]:
        """What is known of each method: measured, else estimated."""
        analysis = self._studio.analysis
        figures = analysis.analysis if analysis.spec == self._spec else None
        reference = self._measured.get(REFERENCE)
        found = dict(self._measured)
        for method in self._methods.values():
            if method.id not in found and figures is not None:
                found[method.id] = scaled(estimated(self._spec, figures, method), reference)
        return found

    def done(self, code: int) -> None:
        """Ends a measurement with the dialog."""
        self._studio.trials.cancel()
        super().done(code)

    # --- layout -----------------------------------------------------------------------------------------------

    def _make_detail(self) -> None:
        self.name, self.summary = label(role="heading", wrap=True), label(wrap=True)
        self.source = label(role="small", wrap=True)
        self.source.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.why = label(role="warning", wrap=True)
        self.why.setObjectName("method-lacks")
        self.why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.facts = FactList()
        self.advice = Notice(tone="accent")
        self.measure_one = button(tr("Measure this one"), "clock", small=True)
        self.measure_one.setObjectName("measure-one")
        self.measure_all = button(tr("Measure all"), "clock", small=True)
        self.measure_all.setObjectName("measure-all")
        self.stop = button(tr("Stop"), "stop", small=True)
        self.stop.setObjectName("measure-stop")
        self.spinner, self.state = Spinner(), ElidedLabel(role="dim")
        self.state.setObjectName("measure-state")

    def _lay_out(self) -> None:
        words = QWidget()
        words.setLayout(
            column(self.name, self.summary, self.source, self.why, self.facts, self.advice, 1, spacing=10, margins=14)
        )
        words.setMinimumWidth(1)
        detail = QScrollArea()
        detail.setWidgetResizable(True)
        detail.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        detail.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        detail.setWidget(words)
        body = row(column(self.field, self.list, spacing=8), detail, spacing=12)
        body.setStretch(0, 7)
        body.setStretch(1, 4)
        self.buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel)
        self.take = button(tr("Use this method"), accent=True)
        self.take.setObjectName("method-accept")
        self.take.setDefault(True)
        self.buttons.addButton(self.take, QDialogButtonBox.ButtonRole.ActionRole)
        measuring = row(self.measure_one, self.measure_all, self.stop, self.spinner, self.state)
        measuring.setStretchFactor(self.state, 1)
        page = QVBoxLayout(self)
        page.setSpacing(10)
        page.addLayout(body, 1)
        page.addLayout(measuring)
        page.addWidget(self.buttons)
        resize_on_screen(self, 1000, 640)

    def _connect(self) -> None:
        self.field.textChanged.connect(self._filter)
        self.field.stepped.connect(self.list.step)
        self.field.accepted.connect(self._accept)
        self.field.cancelled.connect(self.reject)
        self.list.chosen.connect(self._show)
        self.list.itemActivated.connect(lambda _item: self._accept())
        self.take.clicked.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.measure_one.clicked.connect(lambda: self._measure([self.chosen]))
        self.measure_all.clicked.connect(lambda: self._measure(self.list.ids()))
        self.stop.clicked.connect(self._studio.trials.cancel)
        self._studio.trials.arrived.connect(self._take)
        self._studio.trials.ended.connect(self._ended)

    # --- the methods ------------------------------------------------------------------------------------------

    def _filter(self, text: str) -> None:
        self.list.fill(search(tuple(self._methods.values()), text), self._lacking)
        self._show(self.list.current())
        self._show_costs()

    def _show(self, method_id: str) -> None:
        method = self._methods.get(method_id)
        self.take.setEnabled(method is not None and method_id not in self._lacking)
        for widget in (self.name, self.summary, self.source, self.why, self.facts, self.advice):
            widget.setVisible(method is not None)
        self._show_state()
        if method is None:
            return
        self.name.setText(tr(method.name))
        self.summary.setText(tr(method.summary))
        self.source.setText(method.source)
        lacking = self._lacking.get(method_id, "")
        self.why.setText(lacking[:1].upper() + lacking[1:])
        self.why.setVisible(bool(lacking))
        self.facts.set_facts(facts(method, len(self._spec.tasks)))
        words = advice(method)
        self.advice.set_message(tr("Strong baseline"), words, tone="accent")
        self.advice.setVisible(bool(words))

    def _accept(self) -> None:
        if self.take.isEnabled():
            self.accept()

    # --- measuring --------------------------------------------------------------------------------------------

    def _measure(self, methods: list[str]) -> None:
        wanted = [method for method in methods if method and method not in self._lacking]
        spec, folder = self._spec, self._document.folder

        def trial(token: object) -> Trial:
            from mtlstudio.training.costs import measured

            yield from measured(spec, folder, wanted, token)  # type: ignore[arg-type]

        try:
            self._studio.trials.start(trial)
        except StudioError as error:
            self.state.set_text(error.text())
            return
        self._waiting = list(dict.fromkeys((REFERENCE, *wanted)))
        self._show_costs()
        self._show_state()

    def _take(self, cost: object) -> None:
        if isinstance(cost, MethodCost):
            self._measured[cost.method] = cost
            self._waiting = [method for method in self._waiting if method != cost.method]
            self._show_costs()
            self._show_state()

    def _ended(self, why: str) -> None:
        self._waiting = []
        self._show_costs()
        self._show_state(why)

    def _show_costs(self) -> None:
        self.list.show_costs(self.costs(), self._waiting[0] if self._waiting else "")

    def _show_state(self, why: str = "") -> None:
        busy = self._studio.trials.busy
        training = not self._studio.trials.possible
        possible = not busy and not training
        self.measure_one.setEnabled(possible and bool(self.chosen) and self.chosen not in self._lacking)
        self.measure_all.setEnabled(possible)
        self.stop.setVisible(busy)
        self.spinner.setVisible(busy)
        self.spinner.start() if busy else self.spinner.stop()
        self.state.set_text(why or self._state_words(busy, training))

    def _state_words(self, busy: bool, training: bool) -> str:
        if training:
            return tr("Costs are measured while nothing trains.")
        if busy:
            name = self._methods[self._waiting[0]].name if self._waiting else ""
            return tr("Measuring {method} · {n} to go", method=tr(name), n=len(self._waiting)) if name else ""
        if any(cost.measured for cost in self._measured.values()):
            return tr("Measured with a few steps on this machine; ≈ is estimated.")
        return tr("≈ is estimated from the network's arithmetic; measuring takes a few steps of each.")


def _basis(spec: ProjectSpec) -> object:
    """What costs depend on, but for the parameters of the methods."""
    training = replace(spec.training, balancing=MethodSpec(REFERENCE))
    return spec.network, spec.tasks, spec.data, spec.datasets, training, spec.training.balancing
