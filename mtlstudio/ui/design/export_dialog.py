"""Take away: the network as code, as a file for other programs, as a picture, as a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug, write_atomic
from mtlstudio.base.settings import Settings
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.export.formats import ExportFormat, ExportResult, export_formats
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import runs_of
from mtlstudio.session.document import Document
from mtlstudio.session.exporting import Exporter
from mtlstudio.ui.design.export_pages import NetworkPage, PicturePage, TextPage
from mtlstudio.ui.design.grid_picture import GridPicture
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, label, row
from mtlstudio.ui.widgets.feedback import Spinner
from mtlstudio.ui.widgets.icons import icon
from mtlstudio.ui.widgets.panel import Notice
from mtlstudio.ui.widgets.sizes import resize_on_screen


@dataclass(frozen=True)
class Thing:
    """Something that can be taken away; `format`: one of the network's, else it is drawn or written here."""

    id: str
    name: str
    summary: str
    suffix: str
    icon: str
    format: ExportFormat | None = None


_ICONS = {"python": "code", "onnx": "chip", "safetensors": "layers", "torch": "block"}
_OWN = (
    Thing("svg", "SVG", mark("The grid as a drawing for a paper; stays sharp at any size."), ".svg", "image"),
    Thing("png", "PNG", mark("The grid as a picture."), ".png", "image"),
    Thing("text", mark("Text"), mark("The network in words and figures."), ".txt", "file"),
)


def things() -> tuple[Thing, ...]:
    """All that can be taken away."""
    made = (
        Thing(item.id, item.name, item.summary, item.suffix, _ICONS.get(item.id, "export"), item)
        for item in export_formats()
    )
    return (*made, *_OWN)


class ExportDialog(QDialog):
    """Chooses what, of which run and where to; says how far it is and whether it was verified.

    Args:
        figures: gives the analysis at hand, if any.
    """

    def __init__(
        self, document: Document, figures: Callable[[], Analysis | None], settings: Settings,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("export-dialog")
        self.setWindowTitle(tr("Take away"))
        self._document, self._analysis, self._settings = document, figures, settings
        self._things = {item.id: item for item in things()}
        self._folder = Path(settings.folders.get("export", str(document.folder / "exports")))
        self._written: Path | None = None
        self.exporter = Exporter(self)
        self.list = QListWidget()
        self.list.setObjectName("export-list")
        self.list.setAccessibleName(tr("What to take away"))
        self.network_page = NetworkPage(list(reversed(runs_of(document.folder))))
        self.picture_page, self.text_page = PicturePage(), TextPage()
        self.pages = QStackedWidget()
        for page in (self.network_page, self.picture_page, self.text_page):
            self.pages.addWidget(page)
        self.summary, self.needs = label(role="dim", wrap=True), label(role="warning", wrap=True)
        self.path = QLineEdit()
        self.path.setObjectName("export-path")
        self.path.setAccessibleName(tr("File"))
        self.replaces = label(role="small", wrap=True)
        self.spinner, self.progress = Spinner(), label(role="dim", wrap=True)
        self.outcome = Notice("", "", tr("Open folder"), tone="good")
        self.outcome.setObjectName("export-result")
        self._lay_out()
        self._connect()
        self._fill()
        self._rest()

    @property
    def thing(self) -> Thing:
        """What is chosen."""
        return self._things[str(self.list.currentItem().data(Qt.ItemDataRole.UserRole))]

    def choose(self, thing_id: str) -> None:
        """Chooses what to take away."""
        for line in range(self.list.count()):
            if self.list.item(line).data(Qt.ItemDataRole.UserRole) == thing_id:
                self.list.setCurrentRow(line)

    def done(self, code: int) -> None:
        """Gives an export up that is under way."""
        self.exporter.shut_down()
        super().done(code)

    # --- building ---------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.list.setFixedWidth(scaled(170))
        self.list.setIconSize(QSize(scaled(16), scaled(16)))
        browse = button(tr("Browse…"), "folder", small=True)
        browse.clicked.connect(self._browse)
        self.go = button(tr("Export"), accent=True)
        self.go.setObjectName("export-go")
        self.go.setDefault(True)
        self.stop = button(tr("Cancel"))
        self.close_button = button(tr("Close"))
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(self.summary)
        right.addWidget(self.needs)
        right.addWidget(self.pages, 1)
        right.addWidget(label(tr("To"), "section"))
        right.addLayout(row(self.path, browse))
        right.addWidget(self.replaces)
        right.addWidget(self.outcome)
        right.addLayout(row(self.spinner, self.progress, 1))
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(self.list)
        body.addLayout(right, 1)
        whole = QVBoxLayout(self)
        whole.addLayout(body, 1)
        whole.addLayout(row(1, self.close_button, self.stop, self.go))
        resize_on_screen(self, 720, 480)

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(lambda _row: self._show())
        self.network_page.changed.connect(self._refresh)
        self.path.textChanged.connect(self._refresh)
        self.go.clicked.connect(self._go)
        self.stop.clicked.connect(self.exporter.cancel)
        self.close_button.clicked.connect(self.reject)
        self.outcome.triggered.connect(self._open_folder)
        self.exporter.progressed.connect(self.progress.setText)
        self.exporter.finished.connect(self._finish)
        self.exporter.failed.connect(self._fail)
        self.exporter.cancelled.connect(self._rest)

    def _fill(self) -> None:
        for item in self._things.values():
            line = QListWidgetItem(icon(item.icon), tr(item.name))
            line.setData(Qt.ItemDataRole.UserRole, item.id)
            why = self._lacks(item)
            line.setToolTip(why or tr(item.summary))
            if why:
                line.setForeground(self.palette().placeholderText())
                line.setData(Qt.ItemDataRole.AccessibleDescriptionRole, why)
            self.list.addItem(line)
        self.list.setCurrentRow(0)

    # --- showing ----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        thing = self.thing
        self.summary.setText(tr(thing.summary))
        if thing.format is not None:
            self.network_page.show_format(thing.format)
            self.pages.setCurrentWidget(self.network_page)
        elif thing.id == "text":
            self.text_page.text.setPlainText(self._summary())
            self.pages.setCurrentWidget(self.text_page)
        else:
            self.picture_page.show_kind(thing.id)
            self.pages.setCurrentWidget(self.picture_page)
        name = self._document.spec.name
        name = slug(name) if any(letter.isascii() and letter.isalnum() for letter in name) else "network"
        self.path.setText(str(self._folder / f"{name}{thing.suffix}"))
        self._rest()
        self._refresh()

    def _lacks(self, thing: Thing) -> str:
        """Why it cannot be had, in words."""
        if thing.format is None:
            return ""
        if thing.format.lacks():
            return thing.format.lacks()
        if thing.format.needs_run and not runs_of(self._document.folder):
            return tr("It holds trained weights: train a run first.")
        return ""

    def _refresh(self) -> None:
        if self.list.currentItem() is None:
            return
        why = self._lacks(self.thing)
        self.needs.setText(why)
        self.needs.setVisible(bool(why))
        exists = bool(self.path.text().strip()) and Path(self.path.text()).is_file()
        self.replaces.setText(tr("Replaces the file that is there.") if exists else "")
        self.replaces.setVisible(exists)
        self.go.setEnabled(not why and not self.exporter.busy and bool(self.path.text().strip()))

    def _rest(self) -> None:
        """Nothing is under way, nothing to tell."""
        self._busy(False)
        self.outcome.hide()
        self.progress.setText("")

    def _busy(self, busy: bool) -> None:
        self.spinner.setVisible(busy)
        self.stop.setVisible(busy)
        self.close_button.setVisible(not busy)
        self.list.setEnabled(not busy)
        self.pages.setEnabled(not busy)
        self.go.setEnabled(not busy)

    # --- doing ------------------------------------------------------------------------------------------------

    def _browse(self) -> None:
        found, _kind = QFileDialog.getSaveFileName(self, tr("Take away"), self.path.text(), f"*{self.thing.suffix}")
        if found:
            self.path.setText(found)

    def _go(self) -> None:
        thing, path = self.thing, Path(self.path.text()).expanduser()
        self._folder = path.parent
        self._settings.folders["export"] = str(path.parent)
        self.outcome.hide()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if thing.format is not None:
                self._start(thing.format, path)
                return
            self._write(thing, path)
        except StudioError as error:
            self._fail(error.text())
        except OSError as error:
            self._fail(tr("Cannot make this folder: {reason}", reason=error.strerror or str(error)))
        else:
            self._told(path, tr("Written: {file}", file=path.name), "")

    def _start(self, format_: ExportFormat, path: Path) -> None:
        page = self.network_page
        source = page.source if page.source is not None else self._document.spec
        self._written = path
        self._busy(True)
        self.progress.setText(tr("Starting …"))
        self.exporter.start(source, format_.id, path, page.with_weights, page.which.currentData())

    def _write(self, thing: Thing, path: Path) -> None:
        if thing.id == "text":
            write_atomic(path, self._summary())
            return
        picture = GridPicture(self._document.spec, self._analysis(), self.picture_page.options)
        if thing.id == "svg":
            picture.save_svg(path)
        else:
            picture.save_png(path)

    def _summary(self) -> str:
        analysis = self._analysis()
        return summary_of(self._document.spec, analysis) if analysis is not None else tr("There are no figures yet.")

    def _finish(self, result: ExportResult) -> None:
        self._busy(False)
        files = list(result.files)
        self._told(Path(files[0]) if files else self._written, result.text(), "\n".join(result.notes))

    def _fail(self, text: str) -> None:
        self._busy(False)
        self.progress.setText("")
        self.outcome.set_message(tr("It was not exported"), text, "", "bad")
        self.outcome.show()
        self._refresh()

    def _told(self, path: Path | None, title: str, text: str) -> None:
        self._written = path
        self.progress.setText("")
        self.outcome.set_message(title, text, tr("Open folder"), "good")
        self.outcome.show()
        self._refresh()

    def _open_folder(self) -> None:
        if self._written is not None:
            folder = self._written if self._written.is_dir() else self._written.parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def summary_of(spec: ProjectSpec, analysis: Analysis) -> str:
    """The network in words and figures."""
    from mtlstudio.network.summary import summary

    return summary(spec, analysis)
