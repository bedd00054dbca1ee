"""Small toggles beside a task's slider: its loss counts or not, its own layers are trained or held."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, row
from mtlstudio.ui.widgets.icons import set_icon

_PATIENCE = (3, 5, 10, 20)


class StateToggles(QWidget):
    """Mute and freeze of one task.

    Signals:
        chosen(str): `trained`, `muted` or `frozen` is wanted.
        patience_chosen(object): epochs without gain after which it rests, or None.
    """

    chosen = Signal(str)
    patience_chosen = Signal(object)

    def __init__(self, task: TaskSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task, self._state = task, "trained"
        self.mute = self._button("mute", "muted", tr("Mute {task}: its loss does not count", task=task.name))
        self.freeze = self._button(
            "snowflake", "frozen", tr("Freeze {task}: nor are its own layers trained", task=task.name)
        )
        self.setLayout(row(self.mute, self.freeze, spacing=0))
        self.show_task(task, task.state, live=False)

    def state(self) -> str:
        """What is shown."""
        return self._state

    def show_task(self, task: TaskSpec, state: str, live: bool) -> None:
        """Shows a task's state; `live`: of the run in training, which takes up changes at its next step."""
        self._task, self._state, self._live = task, state, live
        for widget, icon, name in ((self.mute, "mute", "muted"), (self.freeze, "snowflake", "frozen")):
            widget.setChecked(state == name)
            set_icon(widget, icon, "accent" if state == name else "dim", 14)

    def menu(self, at: QPoint) -> None:
        """Opens the context menu."""
        menu = QMenu(self)
        menu.setObjectName(f"states-{self._task.id}")
        group = QActionGroup(menu)
        for state, words in (("trained", tr("Train")), ("muted", tr("Mute")), ("frozen", tr("Freeze"))):
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(state == self._state)
            action.triggered.connect(partial(self.chosen.emit, state))
            group.addAction(action)
        if not self._live:
            self._add_patience(menu)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def _add_patience(self, menu: QMenu) -> None:
        """Early stopping of the task alone: of the next run."""
        inner = menu.addMenu(tr("Rests without gain"))
        group = QActionGroup(inner)
        choices = sorted({*_PATIENCE, self._task.patience} - {None}, key=lambda epochs: epochs or 0)
        for epochs in (None, *choices):
            words = tr("Never") if epochs is None else ntr("After {n} epoch", "After {n} epochs", epochs)
            action = inner.addAction(words)
            action.setCheckable(True)
            action.setChecked(epochs == self._task.patience)
            action.triggered.connect(partial(self.patience_chosen.emit, epochs))
            group.addAction(action)

    def _button(self, icon: str, state: str, words: str) -> QPushButton:
        made = button("", icon, quiet=True, small=True)
        made.setObjectName(f"{state}-{self._task.id}")
        made.setCheckable(True)
        made.setFixedWidth(scaled(25))
        made.setToolTip(words)
        made.setAccessibleName(words)
        made.clicked.connect(lambda checked: self.chosen.emit(state if checked else "trained"))
        return made
