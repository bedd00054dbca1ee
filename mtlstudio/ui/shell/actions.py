"""Every command of the window in one table: text, icon, key, menu. Menus, buttons, the command palette, the key map
and the tool tips all read it; keys can be rebound in the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from mtlstudio.base.texts import mark, tr
from mtlstudio.ui.widgets.icons import icon

MENUS: tuple[tuple[str, str], ...] = (
    ("file", mark("File")),
    ("edit", mark("Edit")),
    ("view", mark("View")),
    ("network", mark("Network")),
    ("run", mark("Run")),
    ("picture", mark("Picture")),
    ("help", mark("Help")),
)


@dataclass(frozen=True)
class ActionDeclaration:
    """One command.

    Attributes:
        id: `room.verb`.
        text: marked for translation.
        menu: where it stands, in the order of the table; "" only in the palette.
        key: default key in Qt's portable form; "" none. Several are separated by "; ".
        workspace: id of the workspace in which alone its key works; "" everywhere.
        document: it needs an open project.
        separator: a line before it in the menu.
        checkable: it is on or off.
    """

    id: str
    text: str
    menu: str = ""
    icon: str = ""
    key: str = ""
    workspace: str = ""
    document: bool = True
    separator: bool = False
    checkable: bool = False


A = ActionDeclaration
ACTIONS: tuple[ActionDeclaration, ...] = (
    A("project.new", mark("New from my images…"), "file", "plus", "Ctrl+N", document=False),
    A("project.sample", mark("New from the sample scenes…"), "file", "star", document=False),
    A("project.open", mark("Open project…"), "file", "folder-open", "Ctrl+O", document=False),
    A("project.save", mark("Save"), "file", "save", "Ctrl+S", separator=True),
    A("data.add", mark("Add data…"), "file", "plus"),
    A("project.close", mark("Close project"), "file", "close", "Ctrl+W"),
    A("app.settings", mark("Settings…"), "file", "settings", "Ctrl+,", document=False, separator=True),
    A("app.quit", mark("Quit"), "file", "", "Ctrl+Q", document=False, separator=True),
    A("edit.undo", mark("Undo"), "edit", "undo", "Ctrl+Z"),
    A("edit.redo", mark("Redo"), "edit", "redo", "Ctrl+Shift+Z; Ctrl+Y"),
    A("design.delete", mark("Delete layers"), "edit", "trash", "Del", workspace="design", separator=True),
    A("design.duplicate", mark("Duplicate layer"), "edit", "duplicate", "Ctrl+D", workspace="design"),
    A("design.cut", mark("Cut layers"), "edit", "", "Ctrl+X", workspace="design"),
    A("design.copy", mark("Copy layers"), "edit", "copy", "Ctrl+C", workspace="design"),
    A("design.paste", mark("Paste layers"), "edit", "paste", "Ctrl+V", workspace="design"),
    A("design.group", mark("Group layers"), "edit", "", "Ctrl+G", workspace="design", separator=True),
    A("design.ungroup", mark("Dissolve the group"), "edit", "", "Ctrl+Shift+G", workspace="design"),
    A("design.fold", mark("Fold or unfold the group"), "edit", "", "Ctrl+E", workspace="design"),
    A("design.select_all", mark("Select all layers"), "edit", "", "Ctrl+A", workspace="design"),
    A("design.rename", mark("Rename layer"), "edit", "", "F2", workspace="design"),
    A("compare.pin", mark("Pin the runs or let go"), "edit", "pin", "P", workspace="compare", separator=True),
    A("compare.words", mark("Name, tags, note…"), "edit", "rename", "F2", workspace="compare"),
    A("compare.delete", mark("Move runs to the trash"), "edit", "trash", "Del", workspace="compare"),
    A("view.data", mark("Data"), "view", "data", "Alt+1"),
    A("view.design", mark("Design"), "view", "design", "Alt+2"),
    A("view.train", mark("Train"), "view", "train", "Alt+3"),
    A("view.inspect", mark("Inspect"), "view", "inspect", "Alt+4"),
    A("view.compare", mark("Compare"), "view", "compare", "Alt+5"),
    A("view.palette", mark("Search commands…"), "view", "search", "Ctrl+Shift+P", document=False, separator=True),
    A("view.dark", mark("Dark theme"), "view", "moon", document=False, checkable=True, separator=True),
    A("view.language", mark("Switch language"), "view", "language", document=False),
    A("view.reset_layout", mark("Reset layout"), "view", "refresh"),
    A("design.outline", mark("Search the outline"), "view", "search", "Ctrl+F", workspace="design", separator=True),
    A("design.minimap", mark("Minimap"), "view", "", "M", workspace="design"),
    A("design.agreement", mark("Agreement of tasks"), "view", "", checkable=True, workspace="design"),
    A("view.full_screen", mark("Full screen"), "view", "", "F11", document=False, checkable=True),
    A("design.add", mark("Add a layer…"), "network", "plus", "/; A", workspace="design"),
    A("design.connect", mark("Connect to…"), "network", "", "C", workspace="design"),
    A("design.heads", mark("Give every task a head"), "network", "", "H", workspace="design"),
    A("design.analyze", mark("Analyze"), "network", "chart", "F7"),
    A("design.activations", mark("Show activations"), "network", "heatmap", "Ctrl+Shift+A", checkable=True),
    A("design.microscope", mark("Microscope"), "network", "inspect", "Ctrl+Shift+M", workspace="design"),
    A("design.next_problem", mark("Next problem"), "network", "warning", "F8"),
    A("design.freeze", mark("Freeze or thaw"), "network", "snowflake", "Ctrl+M", workspace="design", separator=True),
    A("design.bypass", mark("Bypass"), "network", "", "Ctrl+B", workspace="design"),
    A("design.own", mark("Give each task its own"), "network", "split", workspace="design"),
    A("design.share", mark("Share among all tasks"), "network", "join", workspace="design"),
    A("design.share_down", mark("Share with the next row too"), "network", "", "Ctrl+Down", workspace="design"),
    A("design.share_up", mark("Share with one row less"), "network", "", "Ctrl+Up", workspace="design"),
    A("design.split_left", mark("Split point earlier"), "network", "", "Ctrl+Left", workspace="design"),
    A("design.split_right", mark("Split point later"), "network", "", "Ctrl+Right", workspace="design"),
    A("design.fit", mark("Fit the selection"), "network", "fit", "F", workspace="design", separator=True),
    A("design.home", mark("Show all"), "network", "", "Home", workspace="design"),
    A("design.template", mark("Replace by a template…"), "network", "star"),
    A("design.compare", mark("Compare with another design…"), "network", "compare", "Ctrl+Shift+D", workspace="design"),
    A("design.keep", mark("Keep as a pattern…"), "network", "group", "Ctrl+K", workspace="design"),
    A("design.export", mark("Take away…"), "network", "export", "Ctrl+Shift+E"),
    A("train.start", mark("Train"), "run", "play", "F5"),
    A("train.pause", mark("Pause"), "run", "pause", "F6"),
    A("train.stop", mark("Stop"), "run", "stop", "Shift+F5"),
    A("train.resume", mark("Resume this run"), "run", "refresh", separator=True),
    A("train.job", mark("Write a job script…"), "run", "code", separator=True),
    A("train.follow", mark("Follow a run folder…"), "run", "eye"),
    A("compare.baselines", mark("Run baselines…"), "run", "chart", "Ctrl+Shift+B", separator=True),
    A("compare.seeds", mark("Several seeds…"), "run", "seed"),
    A("compare.bakeoff", mark("Bake-off of methods…"), "run", "compare"),
    A("compare.sweep", mark("Sweep…"), "run", "sliders"),
    A("compare.report", mark("Report…"), "run", "export"),
    A("compare.trash", mark("Trash of runs…"), "run", "trash", separator=True),
    A("inspect.open", mark("Open images…"), "picture", "folder-open", "Ctrl+Shift+O"),
    A("inspect.next", mark("Next picture"), "picture", "", "D; Right", workspace="inspect"),
    A("inspect.previous", mark("Previous picture"), "picture", "", "A; Left", workspace="inspect"),
    A("inspect.fit", mark("Fit the picture"), "picture", "fit", "F", workspace="inspect"),
    A("inspect.actual", mark("Actual size"), "picture", "", "Ctrl+1", workspace="inspect"),
    A("inspect.more_opaque", mark("More opaque"), "picture", "opacity", "]", workspace="inspect"),
    A("inspect.less_opaque", mark("Less opaque"), "picture", "", "[", workspace="inspect"),
    A("inspect.export", mark("Export predictions…"), "picture", "export"),
    A("help.keys", mark("Key map"), "help", "keyboard", "?", document=False),
    A("help.about", mark("About MTL Studio"), "help", "info", document=False),
)
del A


class Actions(QObject):
    """The commands as QActions, joined to whoever carries them out.

    Signals:
        triggered: an action was carried out (its id), for the most-recent list of the palette.
    """

    triggered = Signal(str)

    def __init__(self, window: QWidget, keys: Mapping[str, str]) -> None:
        super().__init__(window)
        self._declarations = {declaration.id: declaration for declaration in ACTIONS}
        self._actions: dict[str, QAction] = {}
        self._handlers: dict[str, Callable[[], object]] = {}
        self._fallbacks: dict[str, Callable[[], object]] = {}
        self._workspace = ""
        self._has_document = False
        self._allowed: dict[str, bool] = {}
        for declaration in ACTIONS:
            self._actions[declaration.id] = self._make(declaration, keys.get(declaration.id, declaration.key))
        window.addActions(list(self._actions.values()))

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def declaration(self, action_id: str) -> ActionDeclaration:
        """The table's row."""
        return self._declarations[action_id]

    def connect_handlers(self, handlers: Mapping[str, object]) -> None:
        """Says who carries out what; a later handler replaces an earlier one."""
        for action_id, handler in handlers.items():
            assert action_id in self._actions, action_id
            assert callable(handler), action_id
            self._handlers[action_id] = handler
        self._refresh()

    def connect_fallbacks(self, handlers: Mapping[str, Callable[[], object]]) -> None:
        """Who carries out what as long as nobody else does: opens the room whose own handler then takes over."""
        self._fallbacks.update(handlers)
        self._refresh()

    def forget_handlers(self, action_ids: Iterable[str]) -> None:
        """Whoever carried these out is gone."""
        for action_id in action_ids:
            self._handlers.pop(action_id, None)
        self._refresh()

    def has_handler(self, action_id: str) -> bool:
        """Whether somebody carries it out (fallbacks not counted)."""
        return action_id in self._handlers

    def trigger(self, action_id: str) -> None:
        """Carries a command out if it can be carried out now."""
        self._actions[action_id].trigger()

    def allow(self, action_id: str, allowed: bool) -> None:
        """Greys a command out, or offers it again."""
        self._allowed[action_id] = allowed
        self._refresh()

    def set_context(self, workspace: str, has_document: bool) -> None:
        """Which workspace is shown and whether a project is open: decides what can be done and which keys work."""
        self._workspace, self._has_document = workspace, has_document
        self._refresh()

    def hint(self, action_id: str) -> str:
        """Text and key for a tool tip: `Train  F5`."""
        action = self._actions[action_id]
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        return f"{action.text().rstrip('…')}  {key}" if key else action.text()

    def _make(self, declaration: ActionDeclaration, keys: str) -> QAction:
        action = QAction(tr(declaration.text), self)
        if declaration.icon:
            action.setIcon(icon(declaration.icon))
        action.setObjectName(declaration.id)
        action.setCheckable(declaration.checkable)
        action.setShortcuts([QKeySequence(key) for key in keys.split("; ") if key])
        action.triggered.connect(lambda _checked=False, action_id=declaration.id: self._run(action_id))
        return action

    def _run(self, action_id: str) -> None:
        handler = self._handlers.get(action_id, self._fallbacks.get(action_id))
        if handler is not None:
            handler()
            self.triggered.emit(action_id)

    def _refresh(self) -> None:
        for action_id, action in self._actions.items():
            declaration = self._declarations[action_id]
            fits = (not declaration.document or self._has_document) and declaration.workspace in ("", self._workspace)
            action.setEnabled(
                fits
                and (action_id in self._handlers or action_id in self._fallbacks)
                and self._allowed.get(action_id, True)
            )
