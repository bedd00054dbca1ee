"""Compares the design with another one of the project: what is new, gone, changed, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.templates.registry import Template, templates
from mtlstudio.project import files
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder, runs_of
from mtlstudio.session.analysis import AnalysisSession
from mtlstudio.session.document import Document
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.difference import Change, Difference, Kind, difference
from mtlstudio.ui.design.difference_marks import ROLE, SIGN
from mtlstudio.ui.theme import scaled, signals, theme
from mtlstudio.ui.widgets.common import button, label


@dataclass(frozen=True)
class OtherDesign:
    """A design to compare with; `load` may raise StudioError."""

    name: str
    load: Callable[[], ProjectSpec]


def other_designs(document: Document) -> list[OtherDesign]:
    """What there is to compare with: as opened, as saved, the runs, the templates."""
    found = [
        OtherDesign(tr("As it was opened"), lambda: document.opened),
        OtherDesign(tr("As it was last saved"), lambda: files.load(document.folder)),
    ]
    found += [_of_run(run) for run in reversed(runs_of(document.folder))]
    found += [_of_template(document, item) for item in templates() if not item.lacks(document.spec)]
    return found


def _of_template(document: Document, item: Template) -> OtherDesign:
    def made() -> ProjectSpec:
        return document.spec.with_network(item.build(document.spec))

    return OtherDesign(tr("Template {name}", name=tr(item.name)), made)


def _of_run(run: RunFolder) -> OtherDesign:
    try:
        name = run.info().name
    except StudioError:
        name = run.id
    return OtherDesign(tr("Run {name}", name=name), run.spec)


class DifferencePanel(QFrame):
    """Under the grid: what to compare with, costs before and after, the differences as sentences.

    Signals:
        marked(object): layer id -> kind, to be shown on the grid; empty when it is closed.
        layer_wanted(str): a difference was clicked: go to its layer.
    """

    marked = Signal(object)
    layer_wanted = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("difference")
        self.setProperty("surface", "card")
        self._document = document
        self._designs: list[OtherDesign] = []
        self._other: ProjectSpec | None = None
        self._analysis: Analysis | None = None
        self._before: Analysis | None = None
        self.difference: Difference | None = None
        self._costs: AnalysisSession | None = None
        self.choice = QComboBox()
        self.choice.setObjectName("difference-choice")
        self.choice.setAccessibleName(tr("Compare with"))
        self.choice.setMinimumWidth(scaled(190))
        self.legend, self.figures = label(), label(role="dim", wrap=True)
        self.list = QListWidget()
        self.list.setObjectName("difference-list")
        self.list.setAccessibleName(tr("Differences"))
        self.list.setFixedHeight(scaled(112))
        close = button("", "close", quiet=True, small=True)
        close.setObjectName("difference-close")
        close.setAccessibleName(tr("Close"))
        close.clicked.connect(self.close_now)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(tr("Compared with"), "title"))
        head.addWidget(self.choice)
        head.addWidget(self.legend, 1)
        head.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.figures)
        column.addWidget(self.list)
        self.choice.activated.connect(self._choose)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        document.changed.connect(lambda _before, _after: self._compare())
        signals.theme_changed.connect(self._compare)
        self.hide()

    def open_now(self) -> None:
        """Shows it, with what there is to compare with now."""
        self._designs = other_designs(self._document)
        self.choice.clear()
        for design in self._designs:
            self.choice.addItem(design.name)
        self.show()
        self._choose(0)
        self.choice.setFocus()

    def open_with_run(self, name: str) -> None:
        """Shows it, compared with the network of the run of that name."""
        self.open_now()
        place = self.choice.findText(tr("Run {name}", name=name))
        if place >= 0:
            self.choice.setCurrentIndex(place)
            self._choose(place)

    def close_now(self) -> None:
        """Hides it and takes the marks off the grid."""
        self.hide()
        self.shut_down()
        self._other = self._before = self.difference = None
        self.marked.emit({})

    def show_analysis(self, analysis: Analysis | None) -> None:
        """Figures of the design itself."""
        self._analysis = analysis
        self._show_figures()

    def shut_down(self) -> None:
        """Ends its thread; it begins anew when figures are wanted."""
        if self._costs is not None:
            self._costs.shut_down()
            self._costs.deleteLater()
            self._costs = None

    def settled(self) -> bool:
        """Its figures are there."""
        return self._costs is None or not self._costs.jobs.busy

    def _choose(self, index: int) -> None:
        try:
            self._other = self._designs[index].load()
        except StudioError as error:
            self._other = self.difference = None
            self.list.clear()
            self.figures.setText(error.text())
            self.marked.emit({})
            return
        self._before = None
        self.shut_down()
        self._compare()

    def _compare(self) -> None:
        if self._other is None or self.isHidden():
            return
        self.difference = difference(self._document.spec, self._other)
        self.list.clear()
        for change in self.difference.changes:
            self.list.addItem(self._line(change))
        if not self.difference.changes:
            self.list.addItem(tr("No difference"))
        self._show_legend()
        self._show_figures()
        self.marked.emit(self.difference.marks)

    def _line(self, change: Change) -> QListWidgetItem:
        item = QListWidgetItem(f"{SIGN[change.kind]}  {change.text}")
        item.setForeground(theme().colour(ROLE[change.kind]))
        item.setData(Qt.ItemDataRole.UserRole, change.layer if change.kind != "missing" else "")
        return item

    def _show_legend(self) -> None:
        assert self.difference is not None
        marks: Mapping[str, Kind] = self.difference.marks
        counts = {kind: sum(1 for found in marks.values() if found == kind) for kind in ("added", "changed")}
        parts = [
            ("added", ntr("{n} new", "{n} new", counts["added"])),
            ("changed", ntr("{n} changed", "{n} changed", counts["changed"])),
            ("missing", ntr("{n} not there", "{n} not there", len(self.difference.missing))),
        ]
        tokens = theme()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setText("&nbsp;&nbsp; ".join(
            f'<span style="color:{getattr(tokens, ROLE[kind])}"><b>{SIGN[kind]}</b> {words}</span>'  # type: ignore[index]
            for kind, words in parts
        ))  # fmt: skip

    def _take_figures(self, spec: ProjectSpec, analysis: Analysis) -> None:
        if spec is self._other:
            self._before = analysis
            self._show_figures()

    def _show_figures(self) -> None:
        if self._other is None:
            return
        now, before = self._analysis, self._before
        if now is None or before is None:
            self.figures.setText("…")
            if now is not None and self._costs is None:
                self._ask_for_figures(self._other)
            return
        values = {
            "p1": figures.count(before.total.parameters), "p2": figures.count(now.total.parameters),
            "m1": figures.count(before.total.macs), "m2": figures.count(now.total.macs),
            "a1": figures.memory(before.total.activation_bytes), "a2": figures.memory(now.total.activation_bytes),
        }  # fmt: skip
        self.figures.setText(tr("{p1} → {p2} parameters · {m1} → {m2} MACs · {a1} → {a2} per image", **values))

    def _ask_for_figures(self, spec: ProjectSpec) -> None:
        self._costs = AnalysisSession(self)
        self._costs.updated.connect(self._take_figures)
        self._costs.request(spec)

    def _go(self, item: QListWidgetItem) -> None:
        layer_id = item.data(Qt.ItemDataRole.UserRole)
        if layer_id:
            self.layer_wanted.emit(layer_id)
