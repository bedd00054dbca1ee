"""Adding data sets to the project and taking them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.data.project import folder_of
from mtlstudio.project.edits.settings import remove_dataset
from mtlstudio.session.document import Document
from mtlstudio.session.studio import Studio
from mtlstudio.ui.data.add_dialog import AddDataDialog, look_at
from mtlstudio.ui.data.heads import Addition, add
from mtlstudio.ui.data.thumbnails import if_alive


class DatasetCommands(QObject):
    """What can be done to the project's data sets; each change is one undo step."""

    def __init__(self, studio: Studio, document: Document, owner: QWidget) -> None:
        super().__init__(owner)
        self._studio, self._document, self._owner = studio, document, owner
        self.busy = False

    def add_data(self) -> None:
        """Asks for a folder."""
        folders = self._studio.settings.folders
        title = tr("Folder of labelled pictures")
        folder = QFileDialog.getExistingDirectory(self._owner, title, folders.get("data", ""))
        if folder:
            folders["data"] = str(Path(folder).parent)
            self.recognise(Path(folder))

    def recognise(self, path: Path) -> None:
        """Looks at a folder in the background and asks what to use it for."""
        spec, folder = self._document.spec, self._document.folder
        self._studio.say(tr("Looking at {path} …", path=path))
        self.busy = True
        self._studio.data.pictures.submit(
            lambda token: look_at(spec, path, folder),
            if_alive(self, self._ask),
            if_alive(self, self._fail),
            "recognise",
        )

    def show_menu(self, index: int, at: QPoint) -> None:
        """The menu of a data set."""
        dataset = self._document.spec.datasets[index]
        folder = folder_of(dataset, self._document.folder)
        menu = QMenu(self._owner)
        menu.setObjectName("dataset-menu")
        if folder is not None:
            menu.addAction(tr("Open its folder")).triggered.connect(lambda: open_folder(folder))
        menu.addAction(tr("Remove from the project")).triggered.connect(lambda: self._remove(dataset.id, dataset.name))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def _ask(self, added: Addition) -> None:
        self.busy = False
        dialog = AddDataDialog(self._document.spec, added, self._owner)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._add(added, dialog.wanted()))
        dialog.open()

    def _fail(self, error: StudioError) -> None:
        self.busy = False
        self._studio.say(error.text(), "bad")

    def _add(self, added: Addition, wanted: Sequence[str]) -> None:
        text = tr("Add {name}", name=added.dataset.name)
        self._document.apply(text, lambda spec: add(spec, added, wanted))

    def _remove(self, dataset_id: str, name: str) -> None:
        self._document.apply(tr("Remove {name}", name=name), lambda spec: remove_dataset(spec, dataset_id))


def open_folder(folder: Path) -> None:
    """Shows a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
