"""A sweep over any fields, and the bake-off of methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.studies.axes import FieldChoice, field_choices, parted
from mtlstudio.studies.methods import METHOD_FIELD
from mtlstudio.studies.plan import Axis, sweep, sweep_members
from mtlstudio.studies.study import SWEEP, Member, Study
from mtlstudio.training.methods import balancing_methods
from mtlstudio.ui.compare.plan_dialogs import PlanDialog
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, label, row

_ALWAYS = "equal"
_FIRST_CHOICE = ("fixed", "uncertainty", "pcgrad", "upgrad")


class AxisRow(QWidget):
    """A field and what is typed for it."""

    def __init__(self, choices: list[FieldChoice], changed: Callable[[], None], removed: Callable[[AxisRow], None]):
        super().__init__()
        self._choices = {choice.path: choice for choice in choices}
        self.field = QComboBox()
        self.field.setObjectName("field")
        self.field.setAccessibleName(tr("Field"))
        self.field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.field.setMinimumContentsLength(24)
        for choice in choices:
            self.field.addItem(choice.words, choice.path)
            self.field.setItemData(self.field.count() - 1, choice.path, Qt.ItemDataRole.ToolTipRole)
        self.values = QLineEdit()
        self.values.setObjectName("values")
        self.values.setAccessibleName(tr("Values, separated by commas"))
        self.away = button("", "close", quiet=True, small=True)
        self.away.setAccessibleName(tr("Remove this field"))
        self.away.setToolTip(tr("Remove this field"))
        self.hint = label(role="small", wrap=True)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(2)
        line = row(self.field, self.values, self.away)
        line.setStretch(0, 1)
        line.setStretch(1, 1)
        page.addLayout(line)
        page.addWidget(self.hint)
        self.field.currentIndexChanged.connect(lambda _place: self._choose(changed))
        self.values.textChanged.connect(lambda _text: changed())
        self.away.clicked.connect(lambda: removed(self))
        self._choose(lambda: None)

    def axis(self) -> Axis:
        """The field and its values."""
        return str(self.field.currentData()), parted(self.values.text())

    def choose(self, path: str) -> None:
        """Chooses a field."""
        self.field.setCurrentIndex(max(0, self.field.findData(path)))

    def _choose(self, changed: Callable[[], None]) -> None:
        choice = self._choices[str(self.field.currentData())]
        self.values.setText(choice.example)
        known = tr("There are: {known}", known=", ".join(choice.known)) if choice.known else ""
        self.hint.setText(f"{choice.path}  {known}".rstrip())
        changed()


class SweepDialog(PlanDialog):
    """A grid over any fields."""

    kind = SWEEP

    def __init__(self, spec: ProjectSpec, folder: Path, parent: QWidget | None = None) -> None:
        words = tr("Every combination of the values is trained, each with the same seeds.")
        super().__init__(spec, folder, tr("Sweep"), words, parent)
        self.setObjectName("plan-sweep")
        self._choices = field_choices(spec)
        self.axes: list[AxisRow] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        self.more = button(tr("Add a field"), "plus", small=True)
        self.more.setObjectName("add-field")
        self.more.clicked.connect(self.add_axis)
        self.page.insertLayout(1, self._rows)
        self.page.insertLayout(2, row(self.more, 1))
        self.seeds.setValue(1)
        self.resize(scaled(640), scaled(380))
        self.add_axis()

    def add_axis(self) -> AxisRow:
        """One more field, the first that is not there yet."""
        made = AxisRow(self._choices, self.refresh, self._remove)
        taken = {one.axis()[0] for one in self.axes}
        self.axes.append(made)
        self._rows.addWidget(made)
        made.choose(next(choice.path for choice in self._choices if choice.path not in taken))
        self.refresh()
        return made

    def members(self, spec: ProjectSpec) -> tuple[Member, ...]:
        """See `PlanDialog`."""
        return sweep_members(spec, [one.axis() for one in self.axes], self.seeds.value())

    def plan(self) -> Callable[[], Study]:
        """See `PlanDialog`."""
        return partial(sweep, self.spec(), self._folder, [one.axis() for one in self.axes], self.seeds.value())

    def kinds_told(self, kinds: int) -> str:
        """See `PlanDialog`."""
        return ntr("{n} point", "{n} points", kinds)

    def _remove(self, gone: AxisRow) -> None:
        if len(self.axes) > 1:
            self.axes.remove(gone)
            self._rows.removeWidget(gone)
            gone.deleteLater()
            self.refresh()


class BakeOffDialog(PlanDialog):
    """Several balancing methods on the same network; equal weights are always among them.

    Source of the rule: Kurin et al. 2022, "In Defense of the Unitary Scalarization for Deep Multi-Task Learning".
    """

    kind = SWEEP

    def __init__(self, spec: ProjectSpec, folder: Path, parent: QWidget | None = None) -> None:
        words = tr(
            "Every chosen method trains the same network. Equal weights are always among them: they are a strong "
            "baseline (Kurin et al. 2022)."
        )
        super().__init__(spec, folder, tr("Bake-off of methods"), words, parent)
        self.setObjectName("plan-bakeoff")
        self.methods = QListWidget()
        self.methods.setObjectName("methods")
        self.methods.setAccessibleName(tr("Methods"))
        for method in balancing_methods():
            lacks = method.lacks()
            item = QListWidgetItem(tr(method.name) if not lacks else f"{tr(method.name)} — {lacks}")
            item.setData(Qt.ItemDataRole.UserRole, method.id)
            item.setToolTip(tr(method.summary))
            fixed = method.id == _ALWAYS or bool(lacks)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | (Qt.ItemFlag.NoItemFlags if fixed else _ENABLED))
            chosen = method.id == _ALWAYS or (
                not lacks and method.id in (spec.training.balancing.method, *_FIRST_CHOICE)
            )
            item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
            self.methods.addItem(item)
        self.methods.itemChanged.connect(self.refresh)
        self.methods.setMinimumHeight(scaled(280))
        self.page.insertWidget(1, self.methods, 4)
        self.resize(scaled(480), scaled(560))
        self.refresh()

    def chosen(self) -> tuple[str, ...]:
        """Ids of the methods, in the order of the list."""
        items = (self.methods.item(place) for place in range(self.methods.count()))
        return tuple(str(i.data(Qt.ItemDataRole.UserRole)) for i in items if i.checkState() == Qt.CheckState.Checked)

    def members(self, spec: ProjectSpec) -> tuple[Member, ...]:
        """See `PlanDialog`."""
        return sweep_members(spec, [(METHOD_FIELD, self.chosen())], self.seeds.value())

    def plan(self) -> Callable[[], Study]:
        """See `PlanDialog`."""
        return partial(sweep, self.spec(), self._folder, [(METHOD_FIELD, self.chosen())], self.seeds.value())

    def kinds_told(self, kinds: int) -> str:
        """See `PlanDialog`."""
        return ntr("{n} method", "{n} methods", kinds)


_ENABLED = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
