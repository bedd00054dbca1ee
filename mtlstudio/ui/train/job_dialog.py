"""Writes a job script: the recipe at the left, the script at the right, as it will be saved."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QPlainTextEdit, QVBoxLayout, QWidget

from mtlstudio.base.declare import defaults
from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug, write_atomic
from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.studies.jobscript import PARAMETERS, Job, proposed, script, share_of
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, column, dialog_buttons, label, row
from mtlstudio.ui.widgets.parameter_form import ParameterForm
from mtlstudio.ui.widgets.sizes import resize_on_screen


class JobDialog(QDialog):
    """Makes a script that trains the project in several processes, for `bash` or `sbatch`.

    Args:
        spec: of the project.
        folder: of the project.
        name: of the next run; "" where none was typed.
    """

    def __init__(self, spec: ProjectSpec, folder: Path, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("job-dialog")
        self.setWindowTitle(tr("Write a job script"))
        self._spec, self._folder = spec, folder
        self.form = ParameterForm(PARAMETERS, {**defaults(PARAMETERS), **proposed(spec, folder, name)})
        self.share = label(role="dim", wrap=True)
        self.share.setObjectName("job-share")
        self.text = QPlainTextEdit()
        self.text.setObjectName("job-script")
        self.text.setAccessibleName(tr("The script"))
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.said = label(role="dim")
        self.said.setObjectName("job-said")
        self.copy = button(tr("Copy"), "copy")
        self.copy.setObjectName("job-copy")
        self.save = button(tr("Save as…"), "save", accent=True)
        self.save.setObjectName("job-save")
        self._lay_out()
        self.form.changed.connect(lambda _name, _value: self.refresh())
        self.form.refused.connect(lambda _name, _reason: self._allow(False))
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self._save)
        self.buttons.rejected.connect(self.reject)
        self.refresh()

    @property
    def job(self) -> Job:
        """What the form says now."""
        return Job.of(self.form.values())

    def refresh(self) -> None:
        """Writes the script anew."""
        job = self.job
        complete = bool(job.run.strip() and job.project.strip()) and not self.form.errors()
        self._allow(complete)
        self.said.clear()
        place = self.text.verticalScrollBar().value()
        self.text.setPlainText(script(job) if complete else "")
        self.text.verticalScrollBar().setValue(place)
        self.share.setText(self._share(job) if complete else tr("The run needs a name, and the project its folder."))

    def _share(self, job: Job) -> str:
        batch = self._spec.training.batch_size
        fewest, most = share_of(job, batch)
        if not fewest:
            return tr("A batch has fewer pictures than there are processes: {n}. Some have nothing to do.", n=batch)
        each = str(most) if fewest == most else f"{fewest}–{most}"
        return tr(
            "Each process takes {each} of the {n} pictures of a batch, which stays as large as it is.",
            each=each,
            n=batch,
        )

    def _allow(self, allowed: bool) -> None:
        self.copy.setEnabled(allowed)
        self.save.setEnabled(allowed)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.said.setText(tr("Copied."))

    def _save(self) -> None:
        start = str(self._folder / f"{slug(self.job.run)}.sh")
        path, _kind = QFileDialog.getSaveFileName(self, tr("Save as"), start, "*.sh")
        if not path:
            return
        try:
            write_atomic(Path(path), script(self.job).encode("utf-8"))
        except StudioError as error:
            self.said.setText(error.text())
            return
        self.said.setText(tr("Saved: {path}", path=path))

    def _lay_out(self) -> None:
        words = tr("The same training on more processors or GPUs. The window can follow the run while it goes on.")
        left = column(label(words, role="dim", wrap=True), self.form, self.share, 1, spacing=12)
        body = row(left, self.text, spacing=16)
        body.setStretch(0, 3)
        body.setStretch(1, 5)
        self.buttons = dialog_buttons(QDialogButtonBox.StandardButton.Close)
        page = QVBoxLayout(self)
        page.addLayout(body, 1)
        foot = row(self.said, 1, self.copy, self.save, self.buttons)
        page.addLayout(foot)
        resize_on_screen(self, scaled(960), scaled(560))
