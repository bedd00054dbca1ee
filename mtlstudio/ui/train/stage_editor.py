"""One stage of the plan: a line that unfolds into its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.settings import parameters_of
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.ui.train.stage_words import detail, epochs_words, title_of
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import button, label, row, set_property
from mtlstudio.ui.widgets.flow import FlowLayout
from mtlstudio.ui.widgets.panel import Collapsible
from mtlstudio.ui.widgets.parameter_form import ParameterForm
from mtlstudio.ui.widgets.titles import ElidedLabel

_FIRST = ("name", "epochs", "order", "trains", "depth", "layers")
_BY_CHIPS = ("tasks", "old_tasks")


class TaskChips(QWidget):
    """Chips of tasks, those that are named lit; none named means all.

    Signals:
        changed(tuple): ids of those named now; all of them: ().
    """

    changed = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: dict[str, Chip] = {}
        self._flow = FlowLayout(self, spacing=4)
        self._built: tuple[tuple[str, str, str], ...] = ()

    def show_tasks(self, spec: ProjectSpec, named: tuple[str, ...]) -> None:
        """Shows the project's tasks and which of them are named."""
        wanted = tuple((task.id, task.name, task.colour) for task in spec.tasks)
        if wanted != self._built:
            self._built = wanted
            self._flow.clear()
            self.chips = {task: Chip(name, colour) for task, name, colour in wanted}
            for chip in self.chips.values():
                self._flow.addWidget(chip)
                chip.clicked.connect(self._clicked)
        for task, chip in self.chips.items():
            chip.setChecked(not named or task in named)

    def _clicked(self) -> None:
        lit = tuple(task for task, chip in self.chips.items() if chip.isChecked())
        if not lit:  # the last one stays lit
            sender = self.sender()
            if isinstance(sender, Chip):
                sender.setChecked(True)
            return
        self.changed.emit(() if len(lit) == len(self.chips) else lit)


class StageRow(QFrame):
    """A stage as a line, unfolded while it is edited.

    Signals:
        opened(): the line was clicked.
        changed(str, object): a field's new, valid value.
        moved(int): up (-1) or down (1).
        removed(): away with it.
    """

    opened = Signal()
    changed = Signal(str, object)
    moved = Signal(int)
    removed = Signal()

    def __init__(self, place: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setObjectName(f"stage-{place}")
        self._title, self._detail, self._epochs = ElidedLabel(role="title"), label("", "dim", wrap=True), ""
        self.fields, self.more, self.chips = ParameterForm(), ParameterForm(), TaskChips()
        self.fields.setObjectName(f"stage-fields-{place}")
        self.more.setObjectName(f"stage-more-{place}")
        self._unfolded = QWidget()
        self._place = place
        self._fill()
        self.set_open(False)

    def _fill(self) -> None:
        self.up, self.down, self.away = (
            button("", icon, quiet=True, small=True) for icon in ("chevron-up", "chevron-down", "trash")
        )
        names = (("up", tr("Earlier")), ("down", tr("Later")), ("away", tr("Remove this stage")))
        for widget, (name, words) in zip((self.up, self.down, self.away), names, strict=True):
            widget.setObjectName(f"stage-{name}-{self._place}")
            widget.setToolTip(words)
            widget.setAccessibleName(words)
        self.up.clicked.connect(lambda: self.moved.emit(-1))
        self.down.clicked.connect(lambda: self.moved.emit(1))
        self.away.clicked.connect(self.removed)
        advanced = Collapsible(tr("More"), expanded=False)
        advanced.add(self.more)
        inner = QVBoxLayout(self._unfolded)
        inner.setContentsMargins(0, 4, 0, 0)
        inner.setSpacing(6)
        for part in (label(tr("Tasks whose losses count"), "dim"), self.chips, self.fields, advanced):
            inner.addWidget(part)
        inner.addLayout(row(self.up, self.down, 1, self.away, spacing=2))
        inside = QVBoxLayout(self)
        inside.setContentsMargins(9, 6, 9, 7)
        inside.setSpacing(2)
        inside.addWidget(self._title)
        inside.addWidget(self._detail)
        inside.addWidget(self._unfolded)
        self.chips.changed.connect(lambda tasks: self.changed.emit("tasks", tasks))
        for form in (self.fields, self.more):
            form.changed.connect(self.changed)

    def show_stage(self, spec: ProjectSpec, stage: StageSpec, epochs: int, editable: bool, current: bool) -> None:
        """Shows a stage; `epochs`: those it has in a run of the project's length; `current`: the run is in it."""
        self._title.set_text(title_of(self._place + 1, stage.name))
        self._epochs = epochs_words(epochs)
        self._detail.setText(f"{self._epochs} · {detail(spec, stage)}")
        set_property(self, "tone", "accent" if current else "")
        self.setCursor(Qt.CursorShape.PointingHandCursor if editable else Qt.CursorShape.ArrowCursor)
        first, more = _parameters()
        values: Mapping[str, Any] = {item.name: getattr(stage, item.name) for item in fields(stage)}
        self.fields.set_parameters(first, {item.name: values[item.name] for item in first})
        self.more.set_parameters(more, {item.name: values[item.name] for item in more})
        self.chips.show_tasks(spec, stage.tasks)
        self.up.setEnabled(self._place > 0)
        self.down.setEnabled(self._place + 1 < len(spec.training.strategy))

    def words(self) -> str:
        """The line as it reads: `2 · Breed alone, 4 epochs`."""
        return f"{self._title.full_text()}, {self._epochs}"

    def is_open(self) -> bool:
        """Whether its fields are shown."""
        return not self._unfolded.isHidden()

    def set_open(self, unfolded: bool) -> None:
        """Shows or hides its fields."""
        self._unfolded.setVisible(unfolded)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click on the line unfolds it, or folds it again."""
        inside = self.is_open() and self._unfolded.geometry().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and not inside:
            self.opened.emit()


def _parameters() -> tuple[list[Any], list[Any]]:
    known = {item.name: item for item in parameters_of(StageSpec)}
    more = [item for name, item in known.items() if name not in (*_FIRST, *_BY_CHIPS)]
    return [known[name] for name in _FIRST], [*more, known["old_tasks"]]
