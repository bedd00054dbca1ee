"""What can be set for a thing that is taken away: the run and its weights, how a picture looks, a text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QPlainTextEdit, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.network.export.formats import ExportFormat
from mtlstudio.runs.folder import RunFolder
from mtlstudio.ui.design.grid_picture import PaperOptions
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, row


class NetworkPage(QWidget):
    """Whose weights: a run, which of its checkpoints, or the design without any.

    Signals:
        changed(): something was chosen.
    """

    changed = Signal()

    def __init__(self, runs: Sequence[RunFolder], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = [(run, _words(run)) for run in runs]
        self.run, self.which = QComboBox(), QComboBox()
        self.run.setObjectName("export-run")
        self.which.addItem(tr("Best epoch"), "best")
        self.which.addItem(tr("Last epoch"), "last")
        self.weights = QCheckBox(tr("With the trained weights"))
        self.weights.setChecked(True)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Network"), self.run)
        form.addRow(tr("Weights of"), self.which)
        form.addRow("", self.weights)
        self._form = form
        for box in (self.run, self.which):
            box.currentIndexChanged.connect(self._refresh)
        self.weights.toggled.connect(self._refresh)

    def show_format(self, format_: ExportFormat) -> None:
        """Offers what suits a format; the design without a run only where no weights are needed."""
        before = self.run.currentText()
        self.run.blockSignals(True)
        self.run.clear()
        for run, words in self._runs:
            self.run.addItem(words, run)
        if not format_.needs_run:
            self.run.addItem(tr("This design, not trained"), None)
        self.run.setCurrentIndex(max(0, self.run.findText(before)))
        self.run.blockSignals(False)
        self._form.setRowVisible(self.weights, not format_.needs_run)
        self._refresh()

    @property
    def source(self) -> RunFolder | None:
        """The run; None: the design itself."""
        found = self.run.currentData()
        return found if isinstance(found, RunFolder) else None

    @property
    def with_weights(self) -> bool:
        """The trained weights go along."""
        return self.source is not None and self.weights.isChecked()

    def _refresh(self) -> None:
        self.weights.setEnabled(self.source is not None)
        self.which.setEnabled(self.source is not None and (self.weights.isChecked() or self.weights.isHidden()))
        self.changed.emit()


class PicturePage(QWidget):
    """How the grid's picture looks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.scale = QComboBox(), QComboBox()
        self.theme.addItem(tr("Light"), "light")
        self.theme.addItem(tr("Dark"), "dark")
        for factor in (1, 2, 3, 4):
            self.scale.addItem(f"{factor} ×", float(factor))
        self.scale.setCurrentIndex(1)
        self.ground = QCheckBox(tr("Background"))
        self.costs = QCheckBox(tr("Costs by who shares them"))
        self.paths = QCheckBox(tr("Letters as shapes (needs no font)"))
        for box in (self.ground, self.costs, self.paths):
            box.setChecked(True)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.addRow(tr("Colours"), self.theme)
        self._form.addRow(tr("Size"), self.scale)
        for box in (self.ground, self.costs, self.paths):
            self._form.addRow("", box)

    def show_kind(self, kind: str) -> None:
        """`svg` or `png`."""
        self._form.setRowVisible(self.scale, kind == "png")
        self._form.setRowVisible(self.paths, kind == "svg")

    @property
    def options(self) -> PaperOptions:
        """What was chosen."""
        return PaperOptions(
            self.theme.currentData(), self.ground.isChecked(), self.costs.isChecked(), self.paths.isChecked(),
            self.scale.currentData(),
        )  # fmt: skip


class TextPage(QWidget):
    """A text to look at and to copy."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit()
        self.text.setObjectName("export-text")
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setMinimumHeight(scaled(170))
        self.text.setAccessibleName(tr("Summary"))
        copy = button(tr("Copy"), "copy", small=True)
        copy.setObjectName("export-copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text, 1)
        column.addLayout(row(copy, 1))


def _words(run: RunFolder) -> str:
    try:
        return tr("Run {name}", name=run.info().name)
    except StudioError:
        return run.id
