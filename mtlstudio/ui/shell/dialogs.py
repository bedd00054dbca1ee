"""The dialogs of the window: new project, settings, recovery, about."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from mtlstudio import __version__
from mtlstudio.base.errors import StudioError
from mtlstudio.base.places import projects_folder
from mtlstudio.base.settings import PREFERENCES, Settings
from mtlstudio.base.texts import ntr, tr
from mtlstudio.data.interface import layout
from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import default_template, template, templates
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.jobs import Jobs
from mtlstudio.ui.design.miniature import MiniatureView, miniature_of
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, dialog_buttons, label
from mtlstudio.ui.widgets.parameter_form import ParameterForm


def free_folder(name: str) -> Path:
    """A folder for a new project that does not exist yet."""
    root = projects_folder()
    stem = name.strip() or "project"
    folder, number = root / stem, 2
    while folder.exists():
        folder, number = root / f"{stem} {number}", number + 1
    return folder


class NewProjectDialog(QDialog):
    """Asks for the pictures, shows what was recognised, asks where the project goes.

    After `exec()`: `folder` and `spec` (with its network) when it was accepted.
    """

    def __init__(self, settings: Settings, data: Path | None, template_id: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("new-project")
        self.setWindowTitle(tr("New from my images"))
        self.folder: Path | None = None
        self.spec: ProjectSpec | None = None
        self._settings = settings
        self._jobs = Jobs(1, self)
        self.data = QLineEdit(str(data) if data else "")
        self.data.setPlaceholderText(tr("a folder of labelled pictures"))
        self.where = QLineEdit()
        self.templates = QComboBox()
        for item in templates():
            self.templates.addItem(tr(item.name), item.id)
        self.picture = MiniatureView()
        self.picture.setFixedSize(scaled(190), scaled(100))
        self.when = label(role="dim", wrap=True)
        self.templates.currentIndexChanged.connect(lambda _index: self._picture())
        self._chosen_template = template_id
        self.templates.setCurrentIndex(max(0, self.templates.findData(template_id)))
        self.found = label(tr("Choose the folder of your pictures; its layout is recognised."), "dim", wrap=True)
        self.found.setMinimumHeight(scaled(110))
        self.found.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel)
        self.make = button(tr("Create project"), accent=True)
        self.make.setEnabled(False)
        self.buttons.addButton(self.make, QDialogButtonBox.ButtonRole.AcceptRole)
        self._lay_out()
        self.data.textChanged.connect(self._look)
        self.make.clicked.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.finished.connect(lambda _code: self._jobs.shut_down())
        if data:
            self._look(str(data))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("Pictures"), self._with_browse(self.data, tr("Folder of pictures")))
        form.addRow(tr("Found"), self.found)
        form.addRow(tr("Network"), self.templates)
        shown = QHBoxLayout()
        shown.addWidget(self.picture)
        shown.addWidget(self.when, 1)
        form.addRow("", shown)
        form.addRow(tr("Project folder"), self._with_browse(self.where, tr("Project folder")))
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.resize(scaled(640), scaled(470))
        self._picture()

    def _with_browse(self, line: QLineEdit, title: str) -> QHBoxLayout:
        row = QHBoxLayout()
        browse = button(tr("Browse…"), "folder", small=True)
        row.addWidget(line, 1)
        row.addWidget(browse)

        def choose() -> None:
            folder = QFileDialog.getExistingDirectory(self, title, line.text())
            if folder:
                line.setText(folder)

        browse.clicked.connect(choose)
        return row

    def _look(self, text: str) -> None:
        self.spec = None
        self.make.setEnabled(False)
        if not text.strip():
            return
        path = Path(text).expanduser()
        self.found.setText(tr("Looking at {path} …", path=path))
        if not self.where.isModified():
            self.where.setText(str(free_folder(path.name)))
        folder = Path(self.where.text()).expanduser()
        name = folder.name or path.name
        self._jobs.submit(
            lambda token: _look_at(name, path, folder),
            self._show,
            lambda error: self.found.setText(error.text()),
            "look",
        )

    def _show(self, found: tuple[ProjectSpec, dict[str, int]]) -> None:
        self.spec, counts = found
        lines = [tr(layout(dataset.layout).name) for dataset in self.spec.datasets]
        lines.append(ntr("{n} picture", "{n} pictures", sum(counts.values())))
        lines.extend(f"• {task.name} ({task.type})" for task in self.spec.tasks)
        self.found.setText("\n".join(lines))
        wanted = self._chosen_template or default_template(self.spec)
        self.templates.setCurrentIndex(max(0, self.templates.findData(wanted)))
        self._picture()

    def _picture(self) -> None:
        """What the chosen template makes of these tasks, or of an example's as long as none are known."""
        chosen, spec = template(self.templates.currentData()), self.spec
        why = chosen.lacks(spec) if spec is not None else ""
        self.picture.show_miniature(miniature_of(chosen, spec if spec is not None and spec.tasks else None))
        self.when.setText(why or tr(chosen.summary))
        self.make.setEnabled(spec is not None and bool(spec.tasks) and not why)

    def _accept(self) -> None:
        if self.spec is None:
            return
        chosen = template(self.templates.currentData())
        try:
            self.spec = self.spec.with_network(chosen.build(self.spec))
        except StudioError as error:
            self.found.setText(error.text())
            return
        self.folder = Path(self.where.text()).expanduser()
        self.accept()


def _look_at(name: str, path: Path, folder: Path) -> tuple[ProjectSpec, dict[str, int]]:
    from mtlstudio.data.project import open_data

    spec = propose(name, [path.resolve()], folder)
    data = open_data(spec, folder)
    return spec, {split: len(data.items(split)) for split in ("train", "val", "test")}


def sample_project(template_id: str = "") -> tuple[Path, ProjectSpec]:
    """A new project of drawn pictures that suit the template: a free folder, and the specification with its network."""
    sample = template(template_id).sample if template_id else ""
    folder = free_folder(tr("Digit strings") if sample == "digits" else tr("Sample scenes"))
    spec = propose(folder.name, [], folder, sample)
    return folder, spec.with_network(template(template_id or default_template(spec)).build(spec))


class SettingsDialog(QDialog):
    """The settings that are asked for, made from their declarations."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings")
        self.setWindowTitle(tr("Settings"))
        self.form = ParameterForm(PREFERENCES, {item.name: getattr(settings, item.name) for item in PREFERENCES})
        self.values: dict[str, object] = {}
        self.form.changed.connect(lambda name, value: self.values.__setitem__(name, value))
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel, QDialogButtonBox.StandardButton.Ok)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.form)
        column.addStretch(1)
        column.addWidget(buttons)
        self.resize(scaled(420), scaled(240))


def ask_to_save(name: str, parent: QWidget) -> str:
    """`save`, `discard` or `cancel`."""
    box = QMessageBox(parent)
    box.setObjectName("ask-to-save")
    box.setText(tr("Save the changes of {name}?", name=name))
    box.setInformativeText(tr("Otherwise they are lost."))
    save = box.addButton(tr("Save"), QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton(tr("Discard"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(save)
    box.exec()
    clicked = box.clickedButton()
    return "save" if clicked is save else "discard" if clicked is discard else "cancel"


def ask_to_recover(folder: Path, reason: StudioError | None, parent: QWidget) -> bool:
    """Whether to open the recovered state of a project."""
    box = QMessageBox(parent)
    box.setObjectName("ask-to-recover")
    box.setText(tr("{name} can be recovered", name=folder.name))
    words = tr("There is a newer autosave from a session that did not end well.") if reason is None else reason.text()
    box.setInformativeText(words + "\n\n" + tr("What is on disk stays as it is until you save."))
    recover = box.addButton(tr("Open the recovered state"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(tr("Open what was saved") if reason is None else tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(recover)
    box.exec()
    return box.clickedButton() is recover


def show_about(engine: str, parent: QWidget) -> None:
    """Version, licence, engine."""
    box = QMessageBox(parent)
    box.setObjectName("about")
    box.setText(tr("MTL Studio {version}", version=__version__))
    lines = [tr("Design, train and understand multi-task networks."), tr("Licence: Apache-2.0"), engine]
    box.setInformativeText("\n".join(line for line in lines if line))
    box.addButton(tr("Close"), QMessageBox.ButtonRole.AcceptRole)
    box.exec()
