"""Data: the pictures of the project with their targets, what is missing, what was found, how they are changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.data.project import ProjectData
from mtlstudio.data.statistics import DataReport
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.jobs import Token
from mtlstudio.session.studio import Studio
from mtlstudio.ui.data.augment_dialog import AugmentDialog
from mtlstudio.ui.data.dataset_commands import DatasetCommands, open_folder
from mtlstudio.ui.data.figures import Figures
from mtlstudio.ui.data.filter_bar import FilterBar
from mtlstudio.ui.data.inputs_panel import InputsPanel
from mtlstudio.ui.data.noticed import Finding, noticed, resolve
from mtlstudio.ui.data.records import Record, Table, read_table
from mtlstudio.ui.data.settings_panel import SettingsPanel
from mtlstudio.ui.data.sidebar import DataSidebar, split_names
from mtlstudio.ui.data.thumbnails import Thumbnails, if_alive, picture_of
from mtlstudio.ui.data.viewer import SampleViewer
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.shell.workspace import Workspace
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.feedback import EmptyState
from mtlstudio.ui.widgets.gallery import Gallery

THUMB = 140


class DataWorkspace(Workspace):
    """The gallery with its filters; the data sets and findings on the left, the figures on the right."""

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(studio, actions, parent)
        assert studio.document is not None
        self._document = studio.document
        self.table: Table | None = None
        self.shown: list[Record] = []
        self.noticed: frozenset[str] = frozenset()
        self._dataset: int | None = None
        self._waits_for: set[str] = set()
        self.sidebar, self.bar = DataSidebar(), FilterBar()
        self.figures, self.settings = Figures(), SettingsPanel(self._document)
        self.inputs = InputsPanel(self._document)
        self.gallery = Gallery(thumb_size=THUMB, multiple=False, name=tr("Pictures"))
        self.gallery.setObjectName("data-gallery")
        self.thumbnails = Thumbnails(studio.data.pictures, self.gallery)
        self.empty = EmptyState("data")
        self._empty_does = ""
        self.commands = DatasetCommands(studio, self._document, self)
        self._lay_out()
        self._connect()
        self._show_data(studio.data.data)
        if studio.data.report is not None:
            self._show_report(studio.data.report)

    # --- what the window asks ---------------------------------------------------------------------------------

    def status(self) -> list[str]:
        """How many pictures and tasks; the splits; how pictures are standardised."""
        spec = self._document.spec
        tasks = ntr("{n} task", "{n} tasks", len(spec.tasks))
        if self.table is None:
            return [tasks]
        pictures = ntr("{n} image", "{n} images", len(self.table.records))
        names, counts = split_names(), self.table.counts()
        texts = [f"{pictures} · {tasks}", " · ".join(f"{names[split]} {count}" for split, count in counts.items())]
        if len(self.shown) != len(self.table.records):
            texts.append(ntr("{n} shown", "{n} shown", len(self.shown)))
        return [*texts, _standardised(spec)]

    def settled(self) -> bool:
        """The samples are listed, counted, and those in sight are drawn."""
        session = self.studio.data
        waiting = session.is_opening or bool(self._waits_for) or self.commands.busy
        return not waiting and not (self.isVisible() and self.thumbnails.busy)

    def default_sizes(self) -> list[int]:
        """Data sets, gallery, figures."""
        return [230, 960, 250]

    def add_data(self) -> None:
        """Asks for a folder and adds it to the project."""
        self.commands.add_data()

    # --- building ---------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.stack = QStackedWidget()
        self.stack.addWidget(self.gallery)
        self.stack.addWidget(self.empty)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(12, 11, 12, 0)
        column.setSpacing(10)
        column.addWidget(self.bar)
        column.addWidget(self.stack, 1)
        self.splitter.addWidget(self.sidebar)
        self.splitter.addWidget(middle)
        self.splitter.addWidget(self._right())
        self.splitter.setStretchFactor(1, 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(self.splitter)

    def _right(self) -> QScrollArea:
        body = QFrame()
        body.setProperty("surface", "side")
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 6, 12, 14)
        column.setSpacing(8)
        column.addWidget(self.inputs)
        column.addWidget(self.figures)
        column.addWidget(self.settings)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("data-figures")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(scaled(210))
        scroll.setWidget(body)
        return scroll

    def _connect(self) -> None:
        session = self.studio.data
        session.opened.connect(self._show_data)
        session.reported.connect(self._show_report)
        session.failed.connect(self._failed)
        self._document.changed.connect(self._follow)
        self.sidebar.split_chosen.connect(lambda _split: self._split_changed())
        self.sidebar.dataset_chosen.connect(self._choose_dataset)
        self.sidebar.dataset_menu_wanted.connect(self.commands.show_menu)
        self.sidebar.finding_clicked.connect(self.show_finding)
        self.sidebar.add_wanted.connect(self.commands.add_data)
        self.bar.changed.connect(self._apply_filter)
        self.bar.drawn_changed.connect(self._draw)
        self.figures.class_clicked.connect(self._show_class)
        self.settings.preview_wanted.connect(self.preview)
        self.gallery.activated.connect(self.open_sample)
        self.gallery.context_requested.connect(self._sample_menu)
        self.empty.triggered.connect(self._do_empty)

    # --- the data ---------------------------------------------------------------------------------------------

    def _show_data(self, data: ProjectData | None) -> None:
        """The data sets are open, or cannot be."""
        self.inputs.set_data(data)
        if data is None:
            if self.studio.data.failure or not self._document.spec.datasets:
                self._clear()
            self._show_stack()
            return
        spec = self._document.spec
        self._waits_for.add("table")

        def work(token: Token) -> Table:
            return read_table(data, spec, token.check)

        self.studio.data.pictures.submit(
            work, if_alive(self, self._show_table), if_alive(self, partial(self._gave_up, "table")), "table"
        )
        self._show_stack()

    def _failed(self, _text: str) -> None:
        """The window has said why: the data could not be opened, or only not be counted."""
        if self.studio.data.data is None:
            self._show_data(None)
        else:
            self.sidebar.set_findings(None, tr("The pictures could not be looked through."))
            self.figures.hide()

    def _clear(self) -> None:
        for job in ("table", "findings"):
            self.studio.data.pictures.cancel(job)
        self._waits_for.clear()
        self.table, self.shown, self.noticed = None, [], frozenset()
        self.thumbnails.set_make(None)
        self.gallery.set_items([])
        self.sidebar.set_project(self._document.spec, {})
        self.sidebar.set_counts({}, {})
        self.sidebar.set_findings(())
        self.figures.hide()
        self.status_changed.emit(self.status())

    def _gave_up(self, job: str, error: StudioError) -> None:
        self._waits_for.discard(job)
        self.studio.say(error.text(), "bad")

    def _show_table(self, table: Table) -> None:
        self._waits_for.discard("table")
        self.table = table
        datasets = Counter(record.item.dataset for record in table.records)
        if self._dataset is not None and self._dataset >= len(table.spec.datasets):
            self._dataset = None
        self.sidebar.set_project(table.spec, datasets)
        self.sidebar.set_dataset(self._dataset)
        self.sidebar.set_counts(table.counts(), table.coverage())
        self.bar.set_table(table)
        self.figures.show()
        report = self.studio.data.report
        if report is None:
            self.sidebar.set_findings(None)
            self.figures.show_report(table.spec, None, self.sidebar.split())
        else:
            self._show_report(report)
        self._apply_filter()
        self._draw()

    def _show_report(self, report: DataReport) -> None:
        table = self.table
        if table is None:
            return
        self.figures.show_report(self._document.spec, report, self.sidebar.split())
        self._waits_for.add("findings")
        self.studio.data.pictures.submit(
            lambda token: resolve(table, report.findings), if_alive(self, self._show_findings),
            if_alive(self, partial(self._gave_up, "findings")), "findings",
        )  # fmt: skip

    def _show_findings(self, findings: tuple[Finding, ...]) -> None:
        self._waits_for.discard("findings")
        self.noticed = noticed(findings)
        self.sidebar.set_findings(findings)
        self.bar.set_noticed(len(self.noticed))
        self._apply_filter()

    def _follow(self, before: ProjectSpec, after: ProjectSpec) -> None:
        """Names and colours of tasks may have changed; other data come by themselves."""
        if (before.tasks, before.data.resize) != (after.tasks, after.data.resize) and self.studio.data.data is not None:
            self._show_data(self.studio.data.data)
        self.status_changed.emit(self.status())

    # --- the gallery ------------------------------------------------------------------------------------------

    def _apply_filter(self) -> None:
        table = self.table
        if table is None:
            return
        wanted = self.bar.filter(self.sidebar.split(), self._dataset)
        self.shown = wanted.chosen(table, self.noticed)
        noticed_ = self.noticed
        self.gallery.set_items([replace(r.shown, warning=True) if r.key in noticed_ else r.shown for r in self.shown])
        self._show_stack()
        self.status_changed.emit(self.status())

    def _split_changed(self) -> None:
        self._apply_filter()
        if self.studio.data.report is not None:
            self.figures.show_report(self._document.spec, self.studio.data.report, self.sidebar.split())

    def _choose_dataset(self, index: int | None) -> None:
        self._dataset = index
        self._apply_filter()

    def _show_class(self, task: str, index: int) -> None:
        wanted = self.bar.filter("", None)
        same = (wanted.task, wanted.label) == (task, index)
        self.bar.set_filter(replace(wanted, task=task, label=None if same else index))
        self._apply_filter()

    def show_finding(self, finding: Finding) -> None:
        """Shows what a finding speaks of: goes to the one sample, or shows them alone."""
        target = finding.target
        if target is None:
            return
        self._dataset = None
        self.sidebar.set_dataset(None)
        self.sidebar.set_split(target.split)
        alone = len(finding.keys) == 1
        self.bar.set_filter(replace(target, keys=None) if alone else target)
        self._split_changed()
        if alone:
            self.gallery.set_current(next(iter(finding.keys)))
            self.gallery.setFocus()

    def _draw(self) -> None:
        """Makes the thumbnails anew, with the targets that are asked for."""
        table, drawn = self.table, self.bar.drawn_tasks()
        if table is not None:
            self.thumbnails.set_make(lambda key, side: picture_of(table, table.by_key[key], drawn, side))

    def _show_stack(self) -> None:
        """The gallery, or why there is none."""
        session = self.studio.data
        opening = session.is_opening or bool(self._waits_for)
        self.bar.setVisible(self.table is not None)
        if self.shown:
            self.stack.setCurrentWidget(self.gallery)
            return
        self.stack.setCurrentWidget(self.empty)
        if not self._document.spec.datasets:
            self._say_empty(
                tr("There is no data yet."),
                tr("Add data…"),
                tr("A folder of labelled pictures; its layout is recognised."),
                "add",
            )
        elif session.failure:
            self._say_empty(tr("The data cannot be opened."), tr("Read again"), session.failure, "again", "unreadable")
        elif self.table is None or (opening and not self.table.records):
            self._say_empty(tr("Reading the data …"), "", "", "")
        elif not self.table.records:
            self._say_empty(tr("The data sets have no picture."), tr("Add data…"), "", "add")
        else:
            self._say_empty(
                tr("No picture is like that."), tr("Show all"), tr("Another split, or fewer filters?"), "all", "filter"
            )

    def _say_empty(self, text: str, action: str, detail: str, does: str, icon: str = "data") -> None:
        self._empty_does = does
        self.empty.set_message(text, action, detail, icon)

    def _do_empty(self) -> None:
        if self._empty_does == "add":
            self.add_data()
        elif self._empty_does == "again":
            self.studio.data.read_again()
            self._show_stack()
        else:
            self._dataset = None
            self.sidebar.set_dataset(None)
            self.sidebar.set_split("")
            self.bar.clear()
            self._split_changed()

    # --- one sample -------------------------------------------------------------------------------------------

    def open_sample(self, key: str) -> None:
        """Shows a sample large."""
        if self.table is None:
            return
        viewer = SampleViewer(self.studio.data.pictures, self.table, self.shown, key, self.bar.drawn_tasks(), self)
        viewer.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        viewer.moved.connect(self.gallery.set_current)
        viewer.inspect_wanted.connect(lambda path: self._inspect([path]))
        viewer.open()

    def preview(self) -> None:
        """Shows what training makes of the current sample, or of the first one."""
        current = self.gallery.current() or (self.shown[0].key if self.shown else "")
        if self.table is None or current not in self.table.by_key:
            self.studio.say(tr("There is no picture to preview."), "warning")
            return
        dialog = AugmentDialog(
            self._document, self.studio.data.pictures, self.table, self.table.by_key[current],
            self.bar.drawn_tasks(), self,
        )  # fmt: skip
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _sample_menu(self, key: str, at: QPoint) -> None:
        record = self.table.by_key.get(key) if self.table is not None else None
        if record is None:
            return
        path = record.item.sample.path
        menu = QMenu(self)
        menu.setObjectName("sample-menu")
        menu.addAction(tr("Open")).triggered.connect(lambda: self.open_sample(key))
        menu.addAction(tr("Preview its augmentation…")).triggered.connect(self.preview)
        if path is not None:
            menu.addAction(tr("Open in Inspect")).triggered.connect(lambda: self._inspect([path]))
            menu.addAction(tr("Open its folder")).triggered.connect(lambda: open_folder(path.parent))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def _inspect(self, paths: Sequence[Path]) -> None:
        show = getattr(self.window(), "inspect_images", None)
        if show is not None:
            show(paths)


def _standardised(spec: ProjectSpec) -> str:
    words = {"dataset": tr("this data's own mean"), "imagenet": tr("ImageNet's mean"), "none": tr("not at all")}
    return tr("standardised: {how}", how=words.get(spec.data.normalisation, spec.data.normalisation))
