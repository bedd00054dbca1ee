"""The bar at the top: project, workspaces, search, device, what can be done now."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.shell.workspace import WorkspaceDeclaration
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, label, set_property
from mtlstudio.ui.widgets.dots import StatusDot
from mtlstudio.ui.widgets.icons import set_icon
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl


class TopBar(QFrame):
    """Signals:
    workspace_chosen: id of a workspace.
    """

    workspace_chosen = Signal(str)

    def __init__(
        self, actions: Actions, workspaces: Sequence[WorkspaceDeclaration], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "bar")
        self._actions = actions
        logo = QToolButton()
        set_icon(logo, "logo", None, 20)
        logo.setIconSize(QSize(20, 20))
        logo.setAutoRaise(True)
        logo.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._title = label("MTL Studio", "title")
        self.project = QToolButton()
        self.project.setObjectName("project-menu")
        self.project.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.project.setAutoRaise(True)
        self.project.setMenu(self._project_menu())
        self.workspaces = SegmentedControl(
            [
                Segment(item.id, tr(item.name), item.icon, _key(actions, f"view.{item.id}"))
                for item in workspaces
            ],
            name=tr("Workspaces"),
        )  # fmt: skip
        self.workspaces.changed.connect(self.workspace_chosen)
        self.search = button(tr("Search commands"), "search", small=True)
        self.search.setObjectName("search-commands")
        self.search.setToolTip(actions.hint("view.palette"))
        self.search.clicked.connect(lambda: actions.trigger("view.palette"))
        self._dot = StatusDot()
        self._device = label("", "small")
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 14, 6)
        row.setSpacing(8)
        row.addWidget(logo)
        row.addWidget(self._title)
        row.addWidget(self.project)
        row.addStretch(1)
        row.addWidget(self.workspaces)
        row.addStretch(1)
        row.addWidget(self.search)
        row.addWidget(self._dot)
        row.addWidget(self._device)
        row.addSpacing(4)
        row.addLayout(self._buttons)

    def set_project(self, name: str, saved: bool) -> None:
        """Shows the project's name, with a dot while it is not saved."""
        self.project.setText(name if saved else f"{name} •")
        self.project.setToolTip("" if saved else tr("There are unsaved changes; an autosave is kept."))

    def set_device(self, text: str, good: bool) -> None:
        """Shows the device; `good` once the engine is there."""
        self._device.setText(text)
        self._dot.set_tone("good" if good else "busy")

    def set_buttons(self, action_ids: Sequence[str]) -> None:
        """The actions that stand as buttons at the right; the last one accented."""
        while self._buttons.count():
            item = self._buttons.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, action_id in enumerate(action_ids):
            self._buttons.addWidget(self._button(action_id, number == len(action_ids) - 1))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """In a narrow window words give way to icons."""
        super().resizeEvent(event)
        narrow = self.width() < scaled(1180)
        self._title.setVisible(not narrow)
        self.search.setText("" if narrow else tr("Search commands"))
        self._device.setVisible(self.width() >= scaled(1000))

    def _button(self, action_id: str, accent: bool) -> QPushButton:
        action = self._actions[action_id]
        declaration = self._actions.declaration(action_id)
        danger = action_id == "train.stop"
        made = button(action.text().rstrip("…"), declaration.icon, accent=accent and not danger, danger=danger)
        made.setObjectName(f"button-{action_id}")
        made.setToolTip(self._actions.hint(action_id))
        made.setEnabled(action.isEnabled())
        made.clicked.connect(lambda: self._actions.trigger(action_id))
        action.enabledChanged.connect(made.setEnabled)
        _WordsFollower(made, action)
        return made

    def _project_menu(self) -> QMenu:
        menu = QMenu(self)
        for action_id in ("project.save", "project.close", "", "project.new", "project.sample", "project.open"):
            if action_id:
                menu.addAction(self._actions[action_id])
            else:
                menu.addSeparator()
        return menu


class _WordsFollower(QObject):
    """A child of a button that gives it its action's words whenever these change (Pause becomes Resume), and the icon
    that the action names in its property `icon_name`."""

    def __init__(self, made: QPushButton, action: QAction) -> None:
        super().__init__(made)
        self._button, self._action = made, action
        action.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        words = self._action.text().rstrip("…")
        if words != self._button.text():
            self._button.setText(words)
        name = self._action.property("icon_name")
        if name and name != self._button.property("icon_name"):
            self._button.setProperty("icon_name", name)
            set_icon(self._button, str(name), None, 16, 3)


class StatusStrip(QFrame):
    """The strip at the bottom: texts of the workspace, problems, whether all is saved.

    Signals:
        problems_clicked: the user wants to see the problems.
    """

    problems_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "bar")
        self.setProperty("edge", "top")
        self._left = QHBoxLayout()
        self._left.setSpacing(24)
        self.problems = QToolButton()
        self.problems.setObjectName("problems")
        self.problems.setAutoRaise(True)
        self.problems.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.problems.clicked.connect(self.problems_clicked)
        self.problems.hide()
        self._right = label("", "small")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 3, 14, 3)
        row.setSpacing(24)
        row.addLayout(self._left)
        row.addWidget(self.problems)
        row.addStretch(1)
        row.addWidget(self._right)
        self.setFixedHeight(scaled(28))

    def set_texts(self, texts: Sequence[str]) -> None:
        """What stands at the left."""
        while self._left.count() > len(texts):
            item = self._left.takeAt(self._left.count() - 1)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        while self._left.count() < len(texts):
            self._left.addWidget(label("", "small"))
        for number, text in enumerate(texts):
            item = self._left.itemAt(number)
            widget = item.widget() if item is not None else None
            if isinstance(widget, QLabel):
                widget.setText(text)

    def set_problems(self, text: str, severity: str) -> None:
        """How many problems there are; an empty text hides it."""
        self.problems.setVisible(bool(text))
        self.problems.setText(text)
        if text:
            set_icon(self.problems, "error" if severity == "error" else "warning", _tone(severity), 14)
            set_property(self.problems, "tone", _tone(severity))

    def set_right(self, text: str) -> None:
        """What stands at the right."""
        self._right.setText(text)


def _tone(severity: str) -> str:
    return {"error": "bad", "warning": "warning"}.get(severity, "dim")


def _key(actions: Actions, action_id: str) -> str:
    return actions[action_id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
