"""Making, opening, saving and leaving projects: the questions that the window asks about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.places import projects_folder
from mtlstudio.base.texts import tr
from mtlstudio.project import files
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell import dialogs
from mtlstudio.ui.shell.welcome import THUMBNAIL

if TYPE_CHECKING:
    from mtlstudio.data.project import ProjectData
    from mtlstudio.session.jobs import Token


class Projects(QObject):
    """Signals:
    workspace_wanted: id of the workspace to show after a project was made.
    """

    workspace_wanted = Signal(str)

    def __init__(self, window: QWidget, studio: Studio) -> None:
        super().__init__(window)
        self._window, self._studio = window, studio

    def handlers(self) -> dict[str, Callable[[], object]]:
        """The actions that are about projects."""
        return {
            "project.new": lambda: self.new(None),
            "project.sample": lambda: self.start_from_template(""),
            "project.open": self.choose,
            "project.save": self.save,
            "project.close": self.close,
        }

    def new(self, data: Path | None, template_id: str = "") -> None:
        """Asks for pictures and makes a project of them."""
        if not self.may_leave():
            return
        dialog = dialogs.NewProjectDialog(self._studio.settings, data, template_id, self._window)
        if dialog.exec() and dialog.folder is not None and dialog.spec is not None:
            folder, spec = dialog.folder, dialog.spec
            if self.attempt(lambda: self._studio.create(folder, spec)):
                self.workspace_wanted.emit("data")

    def start_from_template(self, template_id: str) -> None:
        """A project of the sample scenes with a template's network ("": the one that fits best)."""
        if self.may_leave():
            folder, spec = dialogs.sample_project(template_id)
            if self.attempt(lambda: self._studio.create(folder, spec)):
                self.workspace_wanted.emit("design")

    def keep_thumbnail(self, data: ProjectData | None) -> None:
        """Draws the picture by which the welcome page shows the project, once."""
        from mtlstudio.tasks.registry import bind_all
        from mtlstudio.ui.inspect.entries import look, of_item  # not needed for the window's first paint
        from mtlstudio.ui.painting import composed

        document = self._studio.document
        if data is None or document is None or not data.all_items:
            return
        target = document.folder / THUMBNAIL
        if target.exists():
            return
        entry, spec = of_item(data, data.all_items[0]), document.spec

        def work(token: Token) -> None:
            tasks = bind_all(spec)
            looked = look(entry, tasks, spec.data.image_size, spec.data.resize)
            painted = [(tasks[task].paint(looked.truths[task]), task) for task in tasks if task in looked.truths]
            shown = [(painting, tasks[task].spec.colour) for painting, task in painted if painting is not None][:1]
            composed(looked.image, shown, 128).save(str(target))

        self._studio.data.pictures.submit(work)

    def choose(self) -> None:
        """Asks which project to open."""
        start = self._studio.settings.folders.get("open_project", str(projects_folder()))
        folder = QFileDialog.getExistingDirectory(self._window, tr("Open project"), start)
        if folder:
            self._studio.settings.folders["open_project"] = str(Path(folder).parent)
            self.attempt(lambda: self.open(Path(folder)))

    def open(self, folder: Path, ask: bool = True) -> None:
        """Opens a project; offers the recovery of one that did not end well.

        Raises:
            StudioError: it cannot be opened.
        """
        if not self.may_leave():
            return
        folder = Path(folder).resolve()
        recovered = None
        if ask and files.recovery(folder) is not None:
            reason = _load_error(folder)
            if dialogs.ask_to_recover(folder, reason, self._window):
                recovered = files.load_recovery(folder)
            elif reason is not None:
                return
            else:
                files.discard_recovery(folder)
        self._studio.open(folder, recovered)

    def save(self) -> bool:
        """Saves the open project and says so."""
        document = self._studio.document
        if document is None or not self.attempt(document.save):
            return False
        self._studio.say(tr("Saved"), "good")
        return True

    def close(self) -> None:
        """Leaves the open project."""
        if self.may_leave():
            self._studio.close_document()

    def may_leave(self) -> bool:
        """Whether the open project may be left: asks about unsaved changes."""
        document = self._studio.document
        if document is None or document.is_saved:
            return True
        answer = dialogs.ask_to_save(document.spec.name, self._window)
        if answer == "save":
            return self.attempt(document.save)
        if answer == "discard":
            files.discard_recovery(document.folder)
        return answer == "discard"

    def attempt(self, do: Callable[[], object]) -> bool:
        """Does something; a StudioError is told. Returns whether it was done."""
        try:
            do()
        except StudioError as error:
            self._studio.say(error.text(), "bad")
            return False
        return True


def _load_error(folder: Path) -> StudioError | None:
    try:
        files.load(folder)
    except StudioError as error:
        return error
    return None
