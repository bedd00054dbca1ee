"""The main window: menus, top bar, the five workspaces, the strip at the bottom."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.project import files
from mtlstudio.project.problems import Severity
from mtlstudio.session.document import Document
from mtlstudio.session.studio import Studio
from mtlstudio.ui.compare.teller import StudyTeller
from mtlstudio.ui.shell import dialogs
from mtlstudio.ui.shell.actions import ACTIONS, MENUS, Actions
from mtlstudio.ui.shell.command_palette import CommandPalette
from mtlstudio.ui.shell.key_map import KeyMap
from mtlstudio.ui.shell.preferences import Preferences
from mtlstudio.ui.shell.projects import Projects
from mtlstudio.ui.shell.rooms import WORKSPACES
from mtlstudio.ui.shell.top_bar import StatusStrip, TopBar
from mtlstudio.ui.shell.welcome import Welcome
from mtlstudio.ui.shell.workspace import Workspace
from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.train.controller import TrainController
from mtlstudio.ui.train.elsewhere import Elsewhere
from mtlstudio.ui.widgets.feedback import Toaster


class MainWindow(QMainWindow):
    """The window of the studio. Everything below the menus is built anew when the language changes."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self.setObjectName("main-window")
        self.setWindowTitle("MTL Studio")
        self.setAcceptDrops(True)
        self.setMinimumSize(scaled(900), scaled(560))
        self.resize(1440, 900)
        self.toaster = Toaster(self)
        self.projects = Projects(self, studio)
        self.preferences = Preferences(self, studio)
        self.projects.workspace_wanted.connect(self.show_workspace)
        self.preferences.language_changed.connect(self._rebuild)
        self.preferences.theme_changed.connect(lambda: self.actions_["view.dark"].setChecked(theme().is_dark))
        self.workspaces: dict[str, Workspace] = {}
        self._handled: dict[str, tuple[str, ...]] = {}
        self.current = "design"
        self._disposed = False
        if studio.settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(studio.settings.geometry.encode()))
        self._build()
        studio.document_opened.connect(self._opened)
        studio.document_closed.connect(self._closed)
        studio.said.connect(self._say)
        studio.data.opened.connect(self.projects.keep_thumbnail)
        studio.engine.ready.connect(self._show_engine)
        studio.engine.failed.connect(self._engine_failed)
        studio.analysis.updated.connect(lambda _spec, _analysis: self._show_problems())
        studio.training.state_changed.connect(lambda _state: self._show_status())
        StudyTeller(studio, self)

    # --- building ---------------------------------------------------------------------------------------------

    def _build(self) -> None:
        """Menus, bars and pages in the language in use."""
        self.actions_ = Actions(self, self.studio.settings.keys)
        self._build_menus()
        self.top = TopBar(self.actions_, [declaration for declaration, _module, _name in WORKSPACES])
        self.top.workspace_chosen.connect(self.show_workspace)
        self.strip = StatusStrip()
        self.strip.problems_clicked.connect(lambda: self.actions_.trigger("design.next_problem"))
        self.pages = QStackedWidget()
        self.rooms = QStackedWidget()
        self.rooms.setProperty("surface", "background")
        self.welcome = self._new_welcome()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.rooms)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addWidget(self.pages, 1)
        column.addWidget(self.strip)
        self.setCentralWidget(page)
        self.actions_.connect_handlers(self._handlers())
        self.actions_.connect_fallbacks(
            {
                declaration.id: partial(self._enter_and_do, room, declaration.id)
                for declaration in ACTIONS
                if (room := declaration.id.split(".")[0]) in ("design", "inspect", "compare")
                and not declaration.workspace
            }
        )
        self.actions_["view.dark"].setChecked(theme().is_dark)
        self._show_engine()
        if self.studio.document is not None:
            self._opened(self.studio.document)
        else:
            self._show_welcome()

    def _build_menus(self) -> None:
        bar = self.menuBar()
        bar.clear()
        for menu_id, name in MENUS:
            menu = bar.addMenu(tr(name))
            menu.setObjectName(f"menu-{menu_id}")
            for declaration in ACTIONS:
                if declaration.menu == menu_id:
                    if declaration.separator:
                        menu.addSeparator()
                    menu.addAction(self.actions_[declaration.id])

    def _handlers(self) -> dict[str, Callable[[], object]]:
        handlers: dict[str, Callable[[], object]] = {
            **self.projects.handlers(),
            "app.quit": self.close,
            "view.palette": lambda: CommandPalette(self.actions_, self).show(),
            **self.preferences.handlers(),
            **TrainController(self.studio, self.actions_).handlers(),
            **Elsewhere(self.studio, self.actions_).handlers(),
            "view.reset_layout": self._reset_layout,
            "view.full_screen": self._toggle_full_screen,
            "help.keys": self._show_keys,
            "help.about": lambda: dialogs.show_about(self.studio.engine.describe(), self),
            "data.add": self._add_data,
            "edit.undo": lambda: self._document().undo(),
            "edit.redo": lambda: self._document().redo(),
        }
        for declaration, _module, _name in WORKSPACES:
            handlers[f"view.{declaration.id}"] = partial(self.show_workspace, declaration.id)
        return handlers

    def _rebuild(self) -> None:
        """Everything anew: the language has changed."""
        self._keep_layouts()
        self._drop_workspaces()
        old = self.centralWidget()
        for action in self.actions():
            self.removeAction(action)
        actions = self.actions_
        self._build()
        if old is not None:
            old.deleteLater()
        actions.deleteLater()

    # --- the project ------------------------------------------------------------------------------------------

    def inspect_images(self, paths: Sequence[Path]) -> None:
        """Shows pictures in Inspect."""
        self.show_workspace("inspect")
        open_images = getattr(self.workspaces.get("inspect"), "open_images", None)
        if open_images is not None:
            open_images(list(paths))

    def _add_data(self) -> None:
        self.show_workspace("data")
        add_data = getattr(self.workspaces.get("data"), "add_data", None)
        if add_data is not None:
            add_data()

    def _document(self) -> Document:
        assert self.studio.document is not None
        return self.studio.document

    def _opened(self, document: Document) -> None:
        self._drop_workspaces()
        document.history_changed.connect(self._show_history)
        document.changed.connect(lambda _before, _after: self._show_history())
        self.pages.setCurrentWidget(self.rooms)
        self.menuBar().setVisible(True)
        self.top.workspaces.setVisible(True)
        self.top.project.setVisible(True)
        self.show_workspace(self.current)
        self._show_history()

    def _closed(self) -> None:
        self._keep_layouts()
        self._drop_workspaces()
        self._show_welcome()

    def _show_welcome(self) -> None:
        fresh = self._new_welcome()
        self.pages.removeWidget(self.welcome)
        self.welcome.deleteLater()
        self.welcome = fresh
        self.pages.insertWidget(0, fresh)
        self.pages.setCurrentWidget(fresh)
        self.top.workspaces.setVisible(False)
        self.top.project.setVisible(False)
        self.top.set_buttons(())
        self.strip.set_problems("", "")
        self.setWindowTitle("MTL Studio")
        self.actions_.set_context("", False)
        fresh.setFocus()
        self._show_status()

    def _new_welcome(self) -> Welcome:
        made = Welcome(self.studio, self.actions_)
        made.template_chosen.connect(self.projects.start_from_template)
        made.project_chosen.connect(lambda folder: self.projects.attempt(lambda: self.projects.open(folder)))
        made.language_chosen.connect(self.preferences.change_language)
        return made

    # --- workspaces -------------------------------------------------------------------------------------------

    def show_workspace(self, workspace_id: str) -> None:
        """Shows a room of the window; builds it when it is entered for the first time."""
        if self.studio.document is None:
            return
        before = self.workspaces.get(self.current)
        room = self._workspace(workspace_id)
        if before is not None and before is not room:
            before.left()
        self.current = workspace_id
        self.rooms.setCurrentWidget(room)
        self.top.workspaces.set_current(workspace_id)
        self.actions_.set_context(workspace_id, True)
        self.top.set_buttons(room.declaration.buttons)
        room.entered()
        room.setFocus()
        self._show_status()

    def _enter_and_do(self, workspace_id: str, action_id: str) -> None:
        """Opens a room that was not built yet, so that its own handler is there, and carries the action out."""
        self.show_workspace(workspace_id)
        if self.actions_.has_handler(action_id):
            self.actions_.trigger(action_id)

    def _workspace(self, workspace_id: str) -> Workspace:
        if workspace_id not in self.workspaces:
            declaration, module, name = next(item for item in WORKSPACES if item[0].id == workspace_id)
            cls = getattr(importlib.import_module(module), name)
            cls.declaration = declaration
            room: Workspace = cls(self.studio, self.actions_)
            handlers = room.handlers()
            self._handled[workspace_id] = tuple(handlers)
            self.actions_.connect_handlers(handlers)
            room.status_changed.connect(lambda _texts: self._show_status())
            self.workspaces[workspace_id] = room
            self.rooms.addWidget(room)
            room.restore_layout(self.studio.settings.layouts.get(workspace_id, ""))
        return self.workspaces[workspace_id]

    def _drop_workspaces(self) -> None:
        for workspace_id, room in self.workspaces.items():
            self.actions_.forget_handlers(self._handled.pop(workspace_id, ()))
            room.left()
            self.rooms.removeWidget(room)
            room.deleteLater()
        self.workspaces.clear()

    def _keep_layouts(self) -> None:
        for workspace_id, room in self.workspaces.items():
            self.studio.settings.layouts[workspace_id] = room.layout_state()

    def _reset_layout(self) -> None:
        self.studio.settings.layouts.clear()
        for room in self.workspaces.values():
            room.restore_layout("")

    def settled(self) -> bool:
        """Nothing is under way that would still change the picture."""
        studio = self.studio
        engine_done = studio.engine.is_ready or bool(studio.engine.failure)
        jobs = (studio.analysis.jobs, studio.data.jobs, studio.data.pictures, studio.prediction.jobs)
        rooms = all(room.settled() for room in self.workspaces.values())
        return engine_done and rooms and not any(job.busy for job in jobs)

    # --- what the bars say ------------------------------------------------------------------------------------

    def _show_history(self) -> None:
        document = self.studio.document
        if document is None:
            return
        undo, redo = self.actions_["edit.undo"], self.actions_["edit.redo"]
        undo.setText(tr("Undo {step}", step=document.undo_text) if document.can_undo else tr("Undo"))
        redo.setText(tr("Redo {step}", step=document.redo_text) if document.can_redo else tr("Redo"))
        self.actions_.allow("edit.undo", document.can_undo)
        self.actions_.allow("edit.redo", document.can_redo)
        self.top.set_project(document.spec.name, document.is_saved)
        self.setWindowTitle(f"{document.spec.name} — MTL Studio")
        self._show_status()

    def _show_status(self) -> None:
        room = self.workspaces.get(self.current)
        document = self.studio.document
        if document is None or room is None:
            self.strip.set_texts([self._engine_text()])
            self.strip.set_right("")
            return
        self.strip.set_texts(room.status())
        self.strip.set_right(tr("Saved") if document.is_saved else tr("Not saved — autosaved"))

    def _show_problems(self) -> None:
        analysis = self.studio.analysis.analysis
        problems = analysis.problems if analysis is not None else ()
        worst = min((list(Severity).index(problem.severity) for problem in problems), default=2)
        count = len(problems)
        self.strip.set_problems(
            ntr("{n} problem", "{n} problems", count) if count else "", str(list(Severity)[worst])
        )  # fmt: skip
        self._show_status()

    def _engine_text(self) -> str:
        engine = self.studio.engine
        if engine.is_ready:
            return tr("Engine ready: {engine}", engine=engine.describe())
        return tr("Engine: {error}", error=engine.failure) if engine.failure else tr("The engine is waking up …")

    def _show_engine(self) -> None:
        engine = self.studio.engine
        memory = f" · {engine.device_memory / 2**30:.0f} GB" if engine.device_memory else ""
        text = f"{engine.device}{memory}" if engine.is_ready else tr("waking up")
        self.top.set_device(text, engine.is_ready)
        self._show_status()

    def _engine_failed(self, text: str) -> None:
        self.studio.say(tr("There is no arithmetic here: {error}", error=text), "bad")
        self._show_engine()

    def _say(self, text: str, kind: str) -> None:
        tone = kind if kind in ("info", "good", "warning", "bad") else "info"
        self.toaster.show(text, tone=tone, timeout=10000 if kind in ("bad", "warning") else 4000)  # type: ignore[arg-type]

    def _show_keys(self) -> None:
        dialog = KeyMap(self.actions_, self.studio.settings, self)
        dialog.exec()
        if dialog.changed:
            self.studio.remember_settings()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    # --- the window itself ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Folders and pictures may be dropped anywhere."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """A project folder is opened, a folder of pictures becomes a project, pictures are inspected."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths:
            return
        event.acceptProposedAction()
        self.projects.attempt(lambda: self.drop(paths))

    def drop(self, paths: Sequence[Path]) -> None:
        """What a drop of files and folders does. Raises StudioError."""
        first = paths[0]
        if first.name == files.PROJECT_FILE:
            self.projects.open(first.parent)
        elif (first / files.PROJECT_FILE).exists():
            self.projects.open(first)
        elif first.is_dir() and self.current != "inspect":
            self.projects.new(first)
        elif self.studio.document is not None:
            self.inspect_images(paths)
        else:
            raise StudioError(mark("open a project first"), where=str(first))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Keeps the check mark of full screen right."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and hasattr(self, "actions_"):
            self.actions_["view.full_screen"].setChecked(self.isFullScreen())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Asks about unsaved changes; a running training stops with a checkpoint."""
        if self._disposed or not self.projects.may_leave():
            event.setAccepted(self._disposed)
            return
        self._keep_layouts()
        self.studio.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        try:
            self.studio.remember_settings()
        except StudioError as error:
            self.studio.say(error.text(), "bad")
        self.dispose()
        self.studio.shut_down()
        event.accept()
        QApplication.quit()

    def dispose(self) -> None:
        """Takes the workspaces down, before the sessions they look at go."""
        self._disposed = True
        self._drop_workspaces()
