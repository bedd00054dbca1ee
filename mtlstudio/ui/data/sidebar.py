"""Data's left side: the data sets, the splits, how far each task is labelled, what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.data.interface import SPLITS
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.data.noticed import Finding
from mtlstudio.ui.data.rows import CoverageRow, DatasetRow, FindingRow
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.flow import FlowLayout
from mtlstudio.ui.widgets.titles import SectionTitle

MOST_FINDINGS = 60


def split_names() -> dict[str, str]:
    """What the splits are called; "" stands for all of them."""
    return {"": tr("All"), "train": tr("train"), "val": tr("val"), "test": tr("test")}


class DataSidebar(QScrollArea):
    """Signals:
    split_chosen: train, val, test, or "" for all.
    dataset_chosen: index of the one data set to show, or None.
    dataset_menu_wanted: (index of a data set, place on the screen).
    finding_clicked: a Finding.
    add_wanted: another data set is to be added.
    """

    split_chosen = Signal(str)
    dataset_chosen = Signal(object)
    dataset_menu_wanted = Signal(int, QPoint)
    finding_clicked = Signal(object)
    add_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data-sidebar")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(scaled(170))
        self.splits: dict[str, Chip] = {}
        self.datasets: list[DatasetRow] = []
        self.coverage: dict[str, CoverageRow] = {}
        self.findings: list[FindingRow] = []
        self._counts: Mapping[str, int] = {}
        self._covered: Mapping[str, Mapping[str, int]] = {}
        self._findings_title = SectionTitle(tr("Findings"))
        self._datasets, self._tasks, self._found = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        self.add = DatasetRow(tr("Add another…"), None, "plus", tr("Add a folder of labelled pictures"))
        self.add.setObjectName("data-add")
        self.add.clicked.connect(self.add_wanted)
        self._lay_out()
        self.set_findings(None)

    # --- what it shows ----------------------------------------------------------------------------------------

    def set_project(self, spec: ProjectSpec, counts: Mapping[int, int]) -> None:
        """The data sets, with the number of pictures of each, and the tasks."""
        _clear(self._datasets)
        self.datasets = []
        for index, dataset in enumerate(spec.datasets):
            made = DatasetRow(dataset.name, counts.get(index, 0), "image", dataset.path)
            made.setObjectName(f"dataset-{dataset.id}")
            made.setCheckable(len(spec.datasets) > 1)
            made.clicked.connect(lambda checked, index=index: self._choose_dataset(index, checked))
            made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            made.customContextMenuRequested.connect(
                lambda at, made=made, index=index: self.dataset_menu_wanted.emit(index, made.mapToGlobal(at))
            )
            self.datasets.append(made)
            self._datasets.addWidget(made)
        _clear(self._tasks)
        self.coverage = {}
        for task in spec.tasks:
            self.coverage[task.id] = CoverageRow(task)
            self._tasks.addWidget(self.coverage[task.id])

    def set_counts(self, counts: Mapping[str, int], covered: Mapping[str, Mapping[str, int]]) -> None:
        """Samples per split; and per task and split those with a target."""
        self._counts, self._covered = counts, covered
        for split, name in split_names().items():
            count = counts.get(split, 0) if split else None
            self.splits[split].set_text(name if count is None else f"{name} {count}")
        self._show_coverage()

    def set_findings(self, findings: Sequence[Finding] | None, words: str = "") -> None:
        """What was found; None while it is not known, with words that say why."""
        _clear(self._found)
        self.findings = []
        if findings is None:
            self._findings_title.set_text(tr("Findings"))
            self._found.addWidget(label(words or tr("Looking at the pictures …"), "dim", wrap=True))
            return
        self._findings_title.set_text(tr("Findings · {n}", n=len(findings)))
        for finding in findings[:MOST_FINDINGS]:
            made = FindingRow(finding)
            made.clicked.connect(lambda _checked=False, finding=finding: self.finding_clicked.emit(finding))
            self.findings.append(made)
            self._found.addWidget(made)
        if len(findings) > MOST_FINDINGS:
            self._found.addWidget(label(tr("and {count} more", count=len(findings) - MOST_FINDINGS), "small"))
        if not findings:
            self._found.addWidget(label(tr("Nothing to complain of."), "dim", wrap=True))

    def split(self) -> str:
        """The split shown; "" all."""
        return next((split for split, chip in self.splits.items() if chip.isChecked()), "")

    def set_split(self, split: str) -> None:
        """Chooses a split, without a signal."""
        self.splits[split].setChecked(True)
        self._show_coverage()

    def set_dataset(self, chosen: int | None) -> None:
        """Lights up the one data set that is shown, without a signal."""
        for index, made in enumerate(self.datasets):
            made.setChecked(index == chosen)

    # --- inside -----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        body = QFrame()
        body.setProperty("surface", "side")
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 6, 12, 12)
        column.setSpacing(6)
        column.addWidget(SectionTitle(tr("Data sets")))
        for layout in (self._datasets, self._tasks, self._found):
            layout.setSpacing(2)
        column.addLayout(self._datasets)
        column.addWidget(self.add)
        column.addWidget(SectionTitle(tr("Split")))
        column.addLayout(self._split_chips())
        column.addWidget(SectionTitle(tr("Tasks")))
        self._tasks.setSpacing(5)
        column.addLayout(self._tasks)
        column.addWidget(self._findings_title)
        column.addLayout(self._found)
        column.addStretch(1)
        self.setWidget(body)

    def _split_chips(self) -> FlowLayout:
        flow = FlowLayout(spacing=6)
        group = QButtonGroup(self)
        for split in ("", *SPLITS):
            chip = Chip(split_names()[split])
            chip.setObjectName(f"split-{split or 'all'}")
            group.addButton(chip)
            chip.clicked.connect(lambda _checked, split=split: self._choose_split(split))
            self.splits[split] = chip
            flow.addWidget(chip)
        self.splits[""].setChecked(True)
        return flow

    def _choose_split(self, split: str) -> None:
        self._show_coverage()
        self.split_chosen.emit(split)

    def _choose_dataset(self, index: int, checked: bool) -> None:
        if not self.datasets[index].isCheckable():
            return
        self.set_dataset(index if checked else None)
        self.dataset_chosen.emit(index if checked else None)

    def _show_coverage(self) -> None:
        for task, made in self.coverage.items():
            made.show_coverage(self._covered.get(task, {}), self._counts or dict.fromkeys(SPLITS, 0), self.split())


def _clear(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
