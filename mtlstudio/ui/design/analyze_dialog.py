"""Analyze: every layer with type, shapes and costs, sortable."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.network.analysis import Analysis, LayerReport
from mtlstudio.network.interface import layer_type
from mtlstudio.project.graph import CycleError, order
from mtlstudio.project.spec import LayerSpec, ProjectSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.costs import tasks_words
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label

_COLUMNS = (
    mark("Layer"), mark("Type"), mark("Tasks"), mark("In"), mark("Out"), mark("Parameters"), mark("MACs"),
    mark("Activations"), mark("Receptive field"), mark("Problems"),
)  # fmt: skip
_NUMBER = Qt.ItemDataRole.UserRole


class AnalyzeDialog(QDialog):
    """A table of the network's layers; it stays open beside the work.

    Signals:
        layer_wanted(str): a line was double-clicked.
    """

    layer_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("analyze")
        self.setWindowTitle(tr("Analyze"))
        self.summary = label(role="dim", wrap=True)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setObjectName("analyze-table")
        self.table.setAccessibleName(tr("Layers"))
        self.table.setHorizontalHeaderLabels([tr(name) for name in _COLUMNS])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.itemActivated.connect(lambda item: self.layer_wanted.emit(item.data(Qt.ItemDataRole.UserRole + 1)))
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        column = QVBoxLayout(self)
        column.addWidget(self.summary)
        column.addWidget(self.table)
        self.resize(scaled(1060), scaled(520))

    def show_analysis(self, spec: ProjectSpec, analysis: Analysis | None) -> None:
        """Fills the table anew; the order chosen stays."""
        if analysis is None:
            self.summary.setText(tr("There are no figures yet."))
            return
        lines = figures.cost_lines(analysis.total, analysis.separate)
        problems = ntr("{n} problem", "{n} problems", len(analysis.problems))
        self.summary.setText(tr("{costs} · {problems}", costs=lines[0], problems=problems))
        self.table.setSortingEnabled(False)
        layers = _in_order(spec)
        self.table.setRowCount(len(layers))
        for row, layer in enumerate(layers):
            report = analysis.layers.get(layer.id, LayerReport())
            for column, (text, number) in enumerate(_cells(spec, layer, report, row)):
                item = _Item(text)
                item.setData(_NUMBER, number)
                item.setData(Qt.ItemDataRole.UserRole + 1, layer.id)
                if column >= 5:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self.table.setSortingEnabled(True)


class _Item(QTableWidgetItem):
    """Sorts by its number where it has one, else by its words."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        one, two = self.data(_NUMBER), other.data(_NUMBER)
        if one is None or two is None:
            return self.text().lower() < other.text().lower()
        return bool(one < two)


def _in_order(spec: ProjectSpec) -> list[LayerSpec]:
    try:
        place = {layer_id: index for index, layer_id in enumerate(order(spec.network))}
    except CycleError:
        place = {}
    return sorted(spec.network.layers, key=lambda layer: place.get(layer.id, 0))


def _cells(spec: ProjectSpec, layer: LayerSpec, report: LayerReport, place: int) -> list[tuple[str, float | None]]:
    """(words, number to sort by) of each column; the first sorts by depth."""
    try:
        type_name = tr(layer_type(layer.type).name)
    except KeyError:
        type_name = layer.type
    inputs = [figures.shape(shape) for shapes in report.input_shapes.values() for shape in shapes]
    outputs = [figures.shape(shape) for shape in report.output_shapes.values()]
    field = report.receptive_field
    return [
        (layer.name, place),
        (type_name, None),
        (tasks_words(spec, layer.tasks), None),
        (" + ".join(inputs), None),
        (" · ".join(outputs), None),
        (figures.count(report.parameters), report.parameters),
        (figures.count(report.macs), report.macs),
        (figures.memory(report.activation_bytes), report.activation_bytes),
        (tr("{n} px", n=field) if field is not None else "—", field or 0),
        (str(len(report.problems) or ""), len(report.problems)),
    ]
