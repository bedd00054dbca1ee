"""Data's right side, upper part: what the targets are made of, how large the pictures are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.data.statistics import DataReport, TaskReport
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.tasks.palette import class_colours
from mtlstudio.ui.data.merging import balance_of
from mtlstudio.ui.data.rows import RowButton
from mtlstudio.ui.data.sizes import Columns, columns
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.bars import Bar, Histogram, Part, StackedBar
from mtlstudio.ui.widgets.common import button, column, label, row
from mtlstudio.ui.widgets.dots import ColourDot
from mtlstudio.ui.widgets.titles import ElidedLabel, FactList, SectionTitle

MOST_CLASSES = 10
UNKNOWN = "#F0D030"


class Figures(QWidget):
    """The figures of one split, or of all.

    Signals:
        class_clicked: (task id, index of a class or label).
    """

    class_clicked = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._unfolded: set[str] = set()
        self._shown: tuple[ProjectSpec, DataReport, str] | None = None
        self.bars: dict[tuple[str, str], Bar] = {}
        self.histogram: Histogram | None = None

    def show_report(self, spec: ProjectSpec, report: DataReport | None, split: str) -> None:
        """Shows other figures; None while they are being worked out."""
        _clear(self._column)
        self.bars.clear()
        self.histogram = None
        self._shown = None
        if report is None:
            self._column.addWidget(label(tr("Counting …"), "dim"))
            return
        self._shown = (spec, report, split)
        tasks = {task.id: task for task in spec.tasks}
        for described in report.tasks:
            if described.id in tasks:
                self._add_task(tasks[described.id], described, split)
        if report.pictures is not None and report.pictures.sizes:
            self._add_sizes(report.pictures.sizes)

    # --- tasks ------------------------------------------------------------------------------------------------

    def _add_task(self, task: TaskSpec, described: TaskReport, split: str) -> None:
        balance = balance_of(described, split)
        if "counts" in balance:
            self._title(tr("{task}: balance", task=task.name))
            self._add_counts(task, balance)
        elif "pixel_shares" in balance:
            self._title(tr("{task}: pixels", task=task.name))
            self._add_shares(task, balance)
        elif "values" in balance:
            self._title(tr("{task}: values", task=task.name))
            self._add_values(task, balance["values"])
        elif not any(count for part, count in described.coverage.items() if split in ("", part)):
            self._title(task.name)
            self._column.addWidget(label(tr("No picture of this split has one."), "dim", wrap=True))

    def _add_counts(self, task: TaskSpec, balance: Mapping[str, Any]) -> None:
        counts: dict[str, int] = balance["counts"]
        highest = max(counts.values(), default=0) or 1
        known = balance.get("known", {})
        folded = len(counts) > MOST_CLASSES and task.id not in self._unfolded
        order = sorted(counts, key=lambda name: -counts[name]) if len(counts) > MOST_CLASSES else list(counts)
        names = list(counts)
        for name in order[:MOST_CLASSES] if folded else order:
            tip = tr("{name}: {n} of {known} known", name=name, n=counts[name], known=known[name]) if known else name
            self._column.addWidget(self._count_line(task, name, names.index(name), counts[name], highest, tip))
        if len(counts) > MOST_CLASSES:
            words = tr("and {count} more", count=len(counts) - MOST_CLASSES) if folded else tr("Show fewer")
            more = button(words, quiet=True, small=True)
            more.clicked.connect(lambda: self._fold(task.id))
            self._column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _count_line(self, task: TaskSpec, name: str, index: int, count: int, highest: int, tip: str) -> QWidget:
        line = RowButton(tr("Show the pictures of {name}", name=name))
        line.setToolTip(tip)
        line.setCursor(Qt.CursorShape.PointingHandCursor)
        line.inside.setContentsMargins(0, 1, 0, 3)
        bar = Bar(count / highest, task.colour, 5)
        self.bars[task.id, name] = bar
        holder = QWidget()
        holder.setLayout(column(row(ElidedLabel(name, "dim"), label(str(count))), bar, spacing=3))
        line.add(holder, 1)
        line.clicked.connect(lambda: self.class_clicked.emit(task.id, index))
        return line

    def _add_shares(self, task: TaskSpec, balance: Mapping[str, Any]) -> None:
        shares: dict[str, float] = balance["pixel_shares"]
        ignored = float(balance.get("ignored_share", 0.0))
        colours = class_colours(list(shares), task.parameters.get("class_colours", ()), task.colour)
        known = 1 - ignored
        parts = [
            (name, share * known, colour)
            for (name, share), colour in zip(shares.items(), colours, strict=True)
            if share > 0
        ]
        parts.sort(key=lambda part: -part[1])
        if ignored > 0:
            parts.append((tr("ignored"), ignored, UNKNOWN))
        bar = StackedBar(
            [Part(share, colour, tip=f"{name} {_percent(share)}") for name, share, colour in parts], labels=False
        )
        self._column.addWidget(bar)
        legend = QWidget()
        lines = QVBoxLayout(legend)
        lines.setContentsMargins(0, 2, 0, 0)
        lines.setSpacing(3)
        for name, share, colour in parts[:MOST_CLASSES]:
            lines.addLayout(
                row(
                    ColourDot(colour, 8, circle=True),
                    ElidedLabel(name, "dim"),
                    label(_percent(share), "dim"),
                    spacing=7,
                )
            )
        if len(parts) > MOST_CLASSES:
            lines.addWidget(label(tr("and {count} more", count=len(parts) - MOST_CLASSES), "small"))
        self._column.addWidget(legend)
        legend.setToolTip(tr("Measured on {n} masks", n=balance.get("masks", 0)))

    def _add_values(self, task: TaskSpec, values: Mapping[str, Mapping[str, Any]]) -> None:
        units = tuple(task.parameters.get("units", ()))
        facts = []
        tips = []
        for index, (name, numbers) in enumerate(values.items()):
            unit = units[index] if index < len(units) and units[index] else ""
            facts.append((name, spread(numbers, unit)))
            tips.append(f"{name}: {_number(numbers['min'])} … {_number(numbers['max'])} {unit}".rstrip())
        made = FactList(facts)
        made.setToolTip("\n".join([tr("Mean ± deviation; smallest … largest:"), *tips]))
        self._column.addWidget(made)

    # --- pictures ---------------------------------------------------------------------------------------------

    def _add_sizes(self, sizes: Sequence[tuple[int, int]]) -> None:
        self._title(tr("Image sizes"))
        found: Columns = columns(sizes)
        if len(found.counts) > 1:
            tips = [
                tr("{low} … {high} px: {n}", low=low, high=high, n=count)
                for (low, high), count in zip(found.bounds, found.counts, strict=True)
            ]
            self.histogram = Histogram(found.counts, tips)
            self.histogram.setFixedHeight(scaled(78))
            self.histogram.setToolTip(tr("Pictures by the length of their longer side"))
            self._column.addWidget(self.histogram)
        self._column.addWidget(label(size_text(sizes), "dim", wrap=True))

    def _title(self, text: str) -> None:
        self._column.addWidget(SectionTitle(text))

    def _fold(self, task: str) -> None:
        self._unfolded ^= {task}
        if self._shown is not None:
            self.show_report(*self._shown)


def size_text(sizes: Sequence[tuple[int, int]]) -> str:
    """The range of the pictures' sizes in words."""
    if len(set(sizes)) == 1:
        width, height = sizes[0]
        return tr("{width} × {height} px, all of them", width=width, height=height)
    widths, heights = [width for width, _ in sizes], [height for _, height in sizes]
    return tr("{low} … {high} px", low=min(*widths, *heights), high=max(*widths, *heights))


def spread(numbers: Mapping[str, Any], unit: str) -> str:
    """Mean ± deviation with the unit, two figures of the deviation; a dash where nothing is known."""
    mean, deviation = numbers["mean"], numbers["sd"]
    if mean is None or deviation is None:
        return "—"
    digits = _digits(deviation or abs(mean), 2)
    return f"{mean:.{digits}f} ± {deviation:.{digits}f} {unit}".rstrip()


def _number(value: float | None) -> str:
    """Three figures."""
    if value is None or not math.isfinite(value):
        return "—"
    text = f"{value:.{_digits(value, 3)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digits(value: float, figures: int) -> int:
    """Places behind the point that show so many figures of a number, at most 6."""
    return min(6, max(0, figures - 1 - math.floor(math.log10(abs(value))))) if value else 0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def _clear(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
