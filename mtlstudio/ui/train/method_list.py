"""The balancing methods in groups, with a column per cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.training.balancing import BalancingMethod
from mtlstudio.training.costs import MethodCost
from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.train.method_words import COLUMN_TIPS, COLUMNS, GROUPS, cost_cells, group_of, shown_name

_ID = Qt.ItemDataRole.UserRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class MethodList(QTreeWidget):
    """Methods under the titles of their groups. Those that cannot be used here are grey, and say why.

    Signals:
        chosen(str): another one is the current one: its id.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("method-list")
        self.setAccessibleName(tr("Balancing methods"))
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels([tr(name) for name in COLUMNS])
        self.setRootIsDecorated(False)
        self.setIndentation(scaled(10))
        self.setItemsExpandable(False)
        self.setUniformRowHeights(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, tip in enumerate(COLUMN_TIPS):
            self.headerItem().setToolTip(column, tr(tip) if tip else "")
            if column:
                self.headerItem().setTextAlignment(column, _RIGHT)
        self.currentItemChanged.connect(lambda _now, _before: self.chosen.emit(self.current()))

    def fill(self, methods: Sequence[BalancingMethod], lacking: Mapping[str, str]) -> None:
        """Shows methods; what was the current one stays so where it is still there."""
        before = self.current()
        self.blockSignals(True)
        self.clear()
        for group, name in GROUPS.items():
            inside = [method for method in methods if group_of(method) == group]
            if not inside:
                continue
            head = QTreeWidgetItem([tr(name)])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setForeground(0, QBrush(theme().colour("dim")))
            self.addTopLevelItem(head)
            head.setFirstColumnSpanned(True)
            for method in inside:
                head.addChild(_line(method, lacking.get(method.id, "")))
        self.expandAll()
        self.blockSignals(False)
        if not self.make_current(before):
            self.step(1)

    def show_costs(self, costs: Mapping[str, MethodCost], busy: str = "") -> None:
        """Fills the columns in; `busy` is the method that is being measured."""
        for line in self._lines():
            method = str(line.data(0, _ID))
            cost = costs.get(method)
            for column, words in enumerate(cost_cells(cost), 1):
                words = "…" if method == busy and column == 1 else words
                if line.text(column) != words:
                    line.setText(column, words)
                line.setToolTip(column, cost.failure if cost is not None else "")

    def ids(self) -> list[str]:
        """Ids of the methods shown, from top to bottom."""
        return [str(line.data(0, _ID)) for line in self._lines()]

    def cells(self, method: str) -> list[str]:
        """The texts of a method's line."""
        line = next(line for line in self._lines() if line.data(0, _ID) == method)
        return [line.text(column) for column in range(self.columnCount())]

    def current(self) -> str:
        """Id of the current method; "" without one."""
        item = self.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def make_current(self, method: str) -> bool:
        """Makes a method the current one. Returns whether it is there."""
        for line in self._lines():
            if method and line.data(0, _ID) == method:
                self.setCurrentItem(line)
                self.scrollToItem(line)
                return True
        return False

    def step(self, by: int) -> None:
        """Makes the next (1) or previous (−1) method the current one."""
        ids = self.ids()
        if ids:
            here = ids.index(self.current()) if self.current() in ids else -1 if by > 0 else len(ids)
            self.make_current(ids[max(0, min(len(ids) - 1, here + by))])

    def _lines(self) -> list[QTreeWidgetItem]:
        heads = [self.topLevelItem(place) for place in range(self.topLevelItemCount())]
        lines = [head.child(row) for head in heads if head is not None for row in range(head.childCount())]
        return [line for line in lines if line is not None]


def _line(method: BalancingMethod, why: str) -> QTreeWidgetItem:
    line = QTreeWidgetItem([shown_name(method)])
    line.setData(0, _ID, method.id)
    line.setToolTip(0, why or tr(method.summary))
    line.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, why or tr(method.summary))
    for column in range(1, len(COLUMNS)):
        line.setTextAlignment(column, _RIGHT)
    if why:
        _grey(line)
    return line


def _grey(line: QTreeWidgetItem) -> None:
    for column in range(len(COLUMNS)):
        line.setForeground(column, QBrush(theme().colour("dim", 0.6)))


def grey_lacking(combo: QWidget, methods: Sequence[BalancingMethod]) -> None:
    """Greys those entries of a combo box of the methods that cannot be used here; their tool tips say why."""
    model = combo.model() if isinstance(combo, QComboBox) else None
    if not isinstance(model, QStandardItemModel):
        return
    for place, method in enumerate(methods):
        why, item = method.lacks(), model.item(place)
        item.setEnabled(not why)
        item.setToolTip(why or tr(method.summary))
