"""Data's right side: what goes into the network, and from which target of each data set."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QMessageBox, QVBoxLayout, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.data.inputs import PICTURE
from mtlstudio.data.project import ProjectData
from mtlstudio.project import edits
from mtlstudio.project.spec import DatasetSpec, InputSpec, ProjectSpec
from mtlstudio.session.document import Document
from mtlstudio.ui.data.input_edits import Candidate, Offer, candidates, offer, use_as_input
from mtlstudio.ui.widgets.common import button
from mtlstudio.ui.widgets.flow import FlowLayout
from mtlstudio.ui.widgets.panel import Collapsible
from mtlstudio.ui.widgets.parameter_form import ParameterForm
from mtlstudio.ui.widgets.titles import SectionTitle

FROM = "from."


class InputsPanel(QWidget):
    """The project's inputs, each with its form; every change is one undo step.

    Attributes:
        forms: input id -> its form.
        use: the button that makes an input of a map the data have; hidden where they have none.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._offers: Offer = {}
        self._candidate: Candidate | None = None
        self.forms: dict[str, ParameterForm] = {}
        self.folds: dict[str, Collapsible] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        self.use = button("", small=True)
        self.use.setObjectName("use-as-input")
        self.use.clicked.connect(lambda: self._ask(self._candidate))
        self.add = button(tr("Add an input"), "plus", small=True)
        self.add.setObjectName("add-input")
        self.add.clicked.connect(self._show_menu)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(8)
        page.addWidget(SectionTitle(tr("Inputs")))
        page.addLayout(self._list)
        buttons = FlowLayout(spacing=6)
        buttons.addWidget(self.use)
        buttons.addWidget(self.add)
        page.addLayout(buttons)
        document.changed.connect(lambda _before, after: self._show(after))
        self._show(document.spec)

    def set_data(self, data: ProjectData | None) -> None:
        """The data sets are open: what they offer is known. While they are not, what they last offered stays."""
        if data is not None:
            self._offers = offer(data.spec, data.sources)
            self._show(self._document.spec)

    # --- what it shows ----------------------------------------------------------------------------------------

    def _show(self, spec: ProjectSpec) -> None:
        if tuple(self.forms) != tuple(item.id for item in spec.inputs):
            self._make_forms(spec)
        for item in spec.inputs:
            channels = ntr("{n} channel", "{n} channels", item.channels)
            self.folds[item.id].set_title(tr("{input} · {channels}", input=item.name, channels=channels))
            self.forms[item.id].set_parameters(self._parameters(spec, item), _values(spec, item))
        maps = [one for one in candidates(spec, self._offers) if one.measures]
        self._candidate = maps[0] if maps else None
        self.use.setVisible(bool(maps))
        if maps:
            self.use.setText(tr("Use {target} as an input", target=maps[0].name))

    def _make_forms(self, spec: ProjectSpec) -> None:
        opened = {input_id for input_id, fold in self.folds.items() if fold.is_expanded()}
        known = set(self.folds)
        while self._list.count():
            item = self._list.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.forms, self.folds = {}, {}
        for given in spec.inputs:
            fold = Collapsible(expanded=given.id in opened or (bool(known) and given.id not in known))
            form = ParameterForm()
            form.setObjectName(f"input-{given.id}")
            form.changed.connect(partial(self._change, given.id))
            fold.add(form)
            if len(spec.inputs) > 1:
                fold.add(self._remove_button(given))
            self.forms[given.id], self.folds[given.id] = form, fold
            self._list.addWidget(fold)

    def _remove_button(self, item: InputSpec) -> QWidget:
        made = button(tr("Remove"), danger=True, quiet=True, small=True)
        made.setObjectName(f"remove-input-{item.id}")
        made.clicked.connect(lambda: self._remove(item.id))
        return made

    def _parameters(self, spec: ProjectSpec, item: InputSpec) -> list[Parameter]:
        found = [Parameter("name", "text", "", mark("Name"))]
        if item.type != PICTURE:
            found.append(Parameter("channels", "int", 1, mark("Channels"), minimum=1, maximum=4096))
        return [*found, *(self._source(dataset, item) for dataset in spec.datasets)]

    def _source(self, dataset: DatasetSpec, item: InputSpec) -> Parameter:
        """Where a data set takes the input from."""
        none = mark("the picture") if item.type == PICTURE else mark("nothing yet")
        choices = {"": none} | {info.id: info.name for info in self._offers.get(dataset.id, ())}
        if item.type == PICTURE:
            choices.pop(PICTURE, None)
        words = tr("Which of the targets of {dataset} it is read from", dataset=dataset.name)
        return Parameter(FROM + dataset.id, "choice", "", dataset.name, words, choices=choices)

    # --- what it does -----------------------------------------------------------------------------------------

    def _change(self, input_id: str, name: str, value: Any) -> None:
        item = self._document.spec.input(input_id)
        if name.startswith(FROM):
            dataset = name.removeprefix(FROM)
            text = tr("Take {input} from elsewhere", input=item.name)
            self._document.apply(text, lambda spec: edits.set_dataset_input(spec, dataset, input_id, value or None))
        elif name == "name":
            self._rename(item, value)
        else:
            text = tr("Change {setting}", setting=tr("Channels"))
            self._document.apply(
                text, lambda spec: edits.set_input(spec, input_id, channels=value), f"input.{input_id}.channels"
            )

    def _rename(self, item: InputSpec, name: str) -> None:
        if not name.strip():  # half-way between two names
            self.forms[item.id].set_problem("name", tr("A name cannot be empty"))
            return
        if name.strip() == item.name:  # a blank at its end: the next word is on its way
            return
        text = tr("Rename {input}", input=item.name)
        self._document.apply(text, lambda spec: edits.rename_input(spec, item.id, name), f"input.{item.id}.name")

    def _remove(self, input_id: str) -> None:
        text = tr("Remove {name}", name=self._document.spec.input(input_id).name)
        self._document.apply(text, lambda spec: edits.remove_input(spec, input_id))

    def _show_menu(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("input-menu")
        for one in candidates(self._document.spec, self._offers):
            words = tr("{target} (map)", target=one.name)
            menu.addAction(words).triggered.connect(lambda _checked=False, one=one: self._ask(one))
        menu.addAction(tr("Another map")).triggered.connect(lambda: self._use(None, ()))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def _ask(self, wanted: Candidate | None) -> None:
        """Makes an input of a target; first asks what becomes of the tasks that learn it."""
        if wanted is None or not wanted.learners or wanted.target == PICTURE:
            self._use(wanted, ())
            return
        tasks = ", ".join(self._document.spec.task(task).name for task in wanted.learners)
        box = QMessageBox(self)
        box.setObjectName("drop-task")
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(tr("The task {task} learns {target}.", task=tasks, target=wanted.name))
        box.setInformativeText(tr("A network that is given the answer has nothing to learn there."))
        drop = box.addButton(tr("Remove the task"), QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton(tr("Keep it"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(drop)
        drop.clicked.connect(lambda: self._use(wanted, wanted.learners))
        keep.clicked.connect(lambda: self._use(wanted, ()))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _use(self, wanted: Candidate | None, dropped: tuple[str, ...]) -> None:
        name = wanted.name if wanted is not None else tr("Map")
        offers = self._offers
        self._document.apply(
            tr("Add the input {name}", name=name), lambda spec: use_as_input(spec, wanted, offers, dropped)[0]
        )


def _values(spec: ProjectSpec, item: InputSpec) -> dict[str, Any]:
    sources = {FROM + dataset.id: dataset.inputs.get(item.id, "") for dataset in spec.datasets}
    return {"name": item.name, "channels": item.channels, **sources}
