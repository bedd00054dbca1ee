"""The row above the gallery: which samples are shown, and which targets are drawn over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.ui.data.filters import Filter
from mtlstudio.ui.data.records import Table
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.flow import FlowLayout

MOST_CHIPS = 8
MOST_MISSING = 3
_PILL = "QComboBox { min-height: 0; padding: 2px 22px 2px 10px; border-radius: 11px; }"
ALL, NOTHING = "*", ""


class FilterBar(QWidget):
    """Chips and lists that narrow the gallery down; the split and the data set are chosen elsewhere.

    Signals:
        changed: the user asks for other samples.
        drawn_changed: the user wants other targets drawn.
    """

    changed = Signal()
    drawn_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = Filter()
        self._table: Table | None = None
        self._shape: tuple[object, ...] = ()
        self._noticed = 0
        self.all = self._chip(tr("All"), "filter-all", self.clear)
        self.tasks = self._combo("filter-task", tr("Task whose classes are shown"))
        self.classes = self._combo("filter-class", tr("Class"))
        self.unlabelled = self._combo("filter-missing", tr("Pictures without a label of a task"))
        self.findings = self._chip(tr("Only findings"), "filter-findings", self._toggle_findings)
        self.picked = self._chip("", "filter-picked", self._unpick)
        self.labels: dict[int, Chip] = {}
        self.missing: dict[str, Chip] = {}
        self.drawn = self._combo("data-drawn", tr("Targets that are drawn"))
        self.tasks.activated.connect(self._choose_task)
        self.classes.activated.connect(lambda _index: self._choose_label(self.classes.currentData()))
        self.unlabelled.activated.connect(lambda _index: self._choose_missing(self.unlabelled.currentData()))
        self.drawn.activated.connect(lambda _index: self.drawn_changed.emit())
        self._flow = FlowLayout(spacing=7)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(10)
        line.addLayout(self._flow, 1)
        self._show_words = label(tr("Show:"), "dim")
        self._show_words.setFixedHeight(self.all.sizeHint().height())
        line.addWidget(self._show_words, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.drawn, 0, Qt.AlignmentFlag.AlignTop)
        self._lay_out()
        self._show()

    # --- what the workspace asks ------------------------------------------------------------------------------

    def set_table(self, table: Table) -> None:
        """Offers the classes and tasks of these samples; what was chosen stays where it can."""
        self._table = table
        task = self._filter.task if self._filter.task in table.labelled else _first_task(table)
        known = self._names(task)
        label = self._filter.label if self._filter.label is not None and self._filter.label < len(known) else None
        self._filter = replace(
            self._filter, task=task, label=label if task == self._filter.task else None, keys=None,
            missing=self._filter.missing & set(self._incomplete()),
        )  # fmt: skip
        self._fill()

    def filter(self, split: str, dataset: int | None) -> Filter:
        """What is asked for."""
        return replace(self._filter, split=split, dataset=dataset)

    def set_filter(self, wanted: Filter) -> None:
        """Asks for something else (a finding was clicked), without a signal."""
        task = wanted.task or self._filter.task
        other = task != self._filter.task
        self._filter = replace(wanted, task=task)
        if other:
            self._fill()
        self._show()

    def set_noticed(self, count: int) -> None:
        """How many samples have a finding of their own."""
        self._noticed = count
        self._show()
        self.findings.setToolTip(
            ntr("{n} picture has a finding of its own", "{n} pictures have a finding of their own", count)
        )

    def clear(self) -> None:
        """Asks for all samples."""
        self._set(Filter(task=self._filter.task))

    def drawn_tasks(self) -> tuple[str, ...]:
        """Ids of the tasks whose targets are drawn."""
        if self._table is None or self.drawn.currentData() == NOTHING:
            return ()
        chosen = self.drawn.currentData()
        return tuple(self._table.painted) if chosen in (ALL, None) else (chosen,)

    def set_drawn(self, task: str) -> None:
        """Draws a task's targets (`ALL`: of all tasks, `NOTHING`: none), without a signal."""
        self.drawn.setCurrentIndex(max(0, self.drawn.findData(task)))

    # --- what the user does -----------------------------------------------------------------------------------

    def _set(self, wanted: Filter) -> None:
        self._filter = wanted
        self._show()
        self.changed.emit()

    def _choose_task(self) -> None:
        self._filter = replace(self._filter, task=self.tasks.currentData(), label=None)
        self._fill()
        self.changed.emit()

    def _choose_label(self, index: int | None) -> None:
        self._set(replace(self._filter, label=index))

    def _toggle_label(self, index: int) -> None:
        self._choose_label(None if index == self._filter.label else index)

    def _toggle_missing(self, task: str) -> None:
        self._set(replace(self._filter, missing=self._filter.missing ^ {task}))

    def _choose_missing(self, task: str | None) -> None:
        self._set(replace(self._filter, missing=frozenset((task,)) if task else frozenset()))

    def _toggle_findings(self) -> None:
        self._set(replace(self._filter, findings=not self._filter.findings))

    def _unpick(self) -> None:
        self._set(replace(self._filter, keys=None))

    # --- building ---------------------------------------------------------------------------------------------

    def _chip(self, text: str, name: str, do: Callable[[], None]) -> Chip:
        made = Chip(self._cut(text))
        made.setObjectName(name)
        made.setToolTip(text if made.text() != text else "")
        made.clicked.connect(lambda _checked=False: do())
        return made

    def _combo(self, name: str, tip: str) -> QComboBox:
        made = QComboBox()
        made.setObjectName(name)
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        made.setMaximumWidth(scaled(210))
        made.setStyleSheet(_PILL)
        return made

    def _cut(self, text: str) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, scaled(170))

    def _names(self, task: str) -> Sequence[str]:
        bound = self._table.tasks.get(task) if self._table is not None else None
        return bound.label_names if bound is not None else ()

    def _incomplete(self) -> list[str]:
        """Tasks that some sample has no target for."""
        table = self._table
        if table is None:
            return []
        return [task for task, has in table.coverage().items() if sum(has.values()) < len(table.records)]

    def _fill(self) -> None:
        """New chips where there are other classes or tasks."""
        table = self._table
        if table is None:
            return
        names = self._names(self._filter.task)
        incomplete = [(task, table.spec.task(task).name) for task in self._incomplete()]
        painted = [(task, table.tasks[task].spec.name) for task in table.painted]
        labelled = [(task, table.tasks[task].spec.name) for task in table.labelled]
        shape = (self._filter.task, tuple(names), tuple(incomplete), tuple(painted), tuple(labelled))
        if shape != self._shape:
            self._shape = shape
            _refill(self.tasks, labelled)
            _refill(self.classes, [(None, tr("every class")), *enumerate(names)])
            extra = [(ALL, tr("all targets"))] if len(painted) > 1 else []
            chosen, first = self.drawn.currentData(), self.drawn.count() == 0
            _refill(self.drawn, [*painted, *extra, (NOTHING, tr("no targets"))])
            self.set_drawn(painted[0][0] if first and painted else chosen)
            few = len(incomplete) <= MOST_MISSING
            words = [(task, tr("Missing {task}", task=name)) for task, name in incomplete]
            _refill(self.unlabelled, [] if few else [(None, tr("labelled or not")), *words])
            self._make_chips(names if len(names) <= MOST_CHIPS else (), words if few else ())
            self._lay_out()
        self._show()

    def _make_chips(self, names: Sequence[str], missing: Sequence[tuple[str, str]]) -> None:
        for chip in (*self.labels.values(), *self.missing.values()):
            chip.hide()
            chip.deleteLater()
        self.labels = {
            index: self._chip(name, f"class-{index}", partial(self._toggle_label, index))
            for index, name in enumerate(names)
        }
        self.missing = {
            task: self._chip(words, f"missing-{task}", partial(self._toggle_missing, task)) for task, words in missing
        }

    def _lay_out(self) -> None:
        while self._flow.count():
            self._flow.takeAt(0)
        chips = (self.all, self.tasks, *self.labels.values(), self.classes)
        for widget in (*chips, *self.missing.values(), self.unlabelled, self.findings, self.picked):
            self._flow.addWidget(widget)
            widget.show()
        for widget in (self._show_words, self.drawn):
            widget.setVisible(self.drawn.count() > 1)
        self.tasks.setVisible(self.tasks.count() > 1)
        self.classes.setVisible(self.classes.count() > MOST_CHIPS + 1)
        self.unlabelled.setVisible(self.unlabelled.count() > 0)

    def _show(self) -> None:
        """Lights up what is asked for."""
        wanted = self._filter
        self.all.setChecked(replace(wanted, task="") == Filter(split=wanted.split, dataset=wanted.dataset))
        for index, chip in self.labels.items():
            chip.setChecked(index == wanted.label)
        for task, chip in self.missing.items():
            chip.setChecked(task in wanted.missing)
        self.unlabelled.setCurrentIndex(max(0, self.unlabelled.findData(next(iter(wanted.missing), None))))
        self.findings.setChecked(wanted.findings)
        self.findings.setVisible(self._noticed > 0 or wanted.findings)
        self.tasks.setCurrentIndex(max(0, self.tasks.findData(wanted.task)))
        self.classes.setCurrentIndex(0 if wanted.label is None else wanted.label + 1)
        count = len(wanted.keys or ())
        self.picked.setVisible(wanted.keys is not None)
        self.picked.set_text(ntr("{n} picture of a finding", "{n} pictures of a finding", count))
        self.picked.setChecked(wanted.keys is not None)


def _first_task(table: Table) -> str:
    """The first task with exactly one class per picture, else the first with labels."""
    single = (task for task in table.labelled if all(len(r.classes.get(task, (0,))) == 1 for r in table.records[:50]))
    return next(single, table.labelled[0] if table.labelled else "")


def _refill(combo: QComboBox, items: Sequence[tuple[object, str]]) -> None:
    combo.clear()
    for value, name in items:
        combo.addItem(name, value)
        combo.setItemData(combo.count() - 1, name, Qt.ItemDataRole.ToolTipRole)
