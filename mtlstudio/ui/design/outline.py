"""The outline: the network as a tree with search, beside the palette."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.interface import layer_type
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import LayerSpec, ProjectSpec
from mtlstudio.ui.design.outline_model import NODE, Node, OutlineModel
from mtlstudio.ui.design.painting.ink import LEFT, RIGHT, Ink
from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.icons import paint_icon
from mtlstudio.ui.widgets.search_field import SearchField

_MARKS = {Severity.ERROR: ("error", "bad"), Severity.WARNING: ("warning", "warning"), Severity.NOTE: ("info", "dim")}


class Outline(QFrame):
    """Lists layers by who shares them.

    Signals:
        chosen(tuple): these layers were selected here.
        gone_to(str): a layer was clicked: show it on the grid.
        renamed(str, str): a layer, or a group (`group:<id>`), has another name.
        grouped(tuple, str): layers were dropped on a group.
    """

    chosen = Signal(tuple)
    gone_to = Signal(str)
    renamed = Signal(str, str)
    grouped = Signal(tuple, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outline")
        self.setProperty("surface", "side")
        self.setAccessibleName(tr("Outline"))
        self.field = SearchField(tr("Search layers…"))
        self.field.setToolTip(tr("Name, type, parameter or problem; also “frozen”, “bypassed”, “problem”"))
        self.field.setObjectName("outline-search")
        self.model = OutlineModel(self)
        self.tree = _Tree()
        self.tree.setModel(self.model)
        self.nothing = label(tr("Nothing found"), "dim")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 6, 6)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.nothing)
        column.addWidget(self.tree, 1)
        self._known: set[str] = set()
        self._closed: set[str] = set()
        self._following = False
        self._waiting: tuple[ProjectSpec, Analysis | None] | None = None
        self._selected: tuple[str, ...] = ()
        self.field.textChanged.connect(self._search)
        self.field.stepped.connect(self._step)
        self.field.accepted.connect(self._accept)
        self.field.cancelled.connect(lambda: self.tree.setFocus(Qt.FocusReason.OtherFocusReason))
        later = Qt.ConnectionType.QueuedConnection  # the tree is made anew, which an open editor or a drop cannot bear
        self.model.renamed.connect(self.renamed, later)
        self.model.moved.connect(self.grouped, later)
        self.tree.selectionModel().selectionChanged.connect(self._tell)
        self.tree.clicked.connect(self._go)
        self.tree.activated.connect(self._go)
        self.tree.collapsed.connect(lambda index: self._remember(index, True))
        self.tree.expanded.connect(lambda index: self._remember(index, False))
        self._show_nothing()

    def show_state(self, spec: ProjectSpec, analysis: Analysis | None) -> None:
        """Shows a network; at once where it can be seen, else when it comes into view."""
        self._waiting = spec, analysis
        if self.isVisible():
            self._catch_up()

    def show_selection(self, layer_ids: Iterable[str]) -> None:
        """Marks what is selected elsewhere."""
        self._selected = tuple(layer_ids)
        self._mark_selection(reveal=True)

    def showEvent(self, event: object) -> None:  # noqa: N802
        """Catches up with what happened while it was hidden."""
        self._catch_up()
        super().showEvent(event)  # type: ignore[arg-type]

    def _catch_up(self) -> None:
        if self._waiting is not None and self.model.show(*self._waiting):
            self._unfold()
            self._mark_selection(reveal=False)
        self._waiting = None

    def _search(self, text: str) -> None:
        self._catch_up()
        self.model.search(text)
        self._unfold()
        self._mark_selection(reveal=False)

    def _unfold(self) -> None:
        """Everything open but what was folded by hand; all of it while something is searched."""
        self._following = True
        self.tree.expandAll()
        if not self.field.text().strip():
            for row in range(self.model.rowCount()):
                self._fold_again(self.model.index(row, 0))
        self._following = False
        self._show_nothing()

    def _fold_again(self, index: QModelIndex) -> None:
        if self.model.node(index).key in self._closed:
            self.tree.collapse(index)
        for row in range(self.model.rowCount(index)):
            below = self.model.index(row, 0, index)
            if self.model.node(below).kind == "group":
                self._fold_again(below)

    def _remember(self, index: QModelIndex, closed: bool) -> None:
        if not self._following and not self.field.text().strip():
            (self._closed.add if closed else self._closed.discard)(self.model.node(index).key)

    def _show_nothing(self) -> None:
        empty = not self.model.rowCount()
        self.nothing.setVisible(empty)
        self.tree.setVisible(not empty)

    def _mark_selection(self, reveal: bool) -> None:
        if self._waiting is not None:
            return
        wanted = QItemSelection()
        last = QModelIndex()
        for layer_id in self._selected:
            index = self.model.index_of(layer_id)
            if index.isValid():
                wanted.select(index, index)
                last = index
        self._following = True
        model = self.tree.selectionModel()
        model.select(wanted, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if last.isValid():
            model.setCurrentIndex(last, QItemSelectionModel.SelectionFlag.NoUpdate)
            if reveal:
                self.tree.scrollTo(last)
        self._following = False

    def _tell(self) -> None:
        if self._following:
            return
        nodes = [self.model.node(index) for index in self.tree.selectionModel().selectedIndexes()]
        ids: list[str] = []
        for node in nodes:
            inside = node.children if node.kind == "group" else [node]
            ids += [child.layer.id for child in inside if child.layer is not None]
        self._selected = tuple(dict.fromkeys(ids))
        self.chosen.emit(self._selected)

    def _go(self, index: QModelIndex) -> None:
        node = self.model.node(index)
        if node.layer is not None:
            self.gone_to.emit(node.layer.id)
        elif node.kind == "tasks":
            self.tree.setExpanded(index, not self.tree.isExpanded(index))

    def _step(self, by: int) -> None:
        ids = self.model.layer_ids()
        if not ids:
            return
        now = ids.index(self._selected[-1]) if self._selected and self._selected[-1] in ids else -1 if by > 0 else 0
        self.chosen.emit((ids[(now + by) % len(ids)],))

    def _accept(self) -> None:
        if not self._selected or self._selected[-1] not in self.model.layer_ids():
            self._step(1)
        if self._selected:
            self.gone_to.emit(self._selected[-1])


class _Tree(QTreeView):
    """The tree itself."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("outline-tree")
        self.setAccessibleName(tr("Layers by who shares them"))
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(True)
        self.setIndentation(scaled(12))
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setExpandsOnDoubleClick(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_Delegate(self))

    def event(self, event: QEvent) -> bool:
        """F2 renames here, not on the grid."""
        overriding = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if overriding and event.key() == Qt.Key.Key_F2:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)


class _Delegate(QStyledItemDelegate):
    """Paints a line: who shares it as dots, icon, name, marks."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """All lines have one height."""
        return QSize(80, scaled(27))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints it."""
        ink, area = Ink(()), QRectF(option.rect)  # type: ignore[attr-defined]
        node: Node = index.data(NODE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state = option.state  # type: ignore[attr-defined]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink.colour("selection") if selected else ink.colour("raised", 0.6))
            painter.drawRoundedRect(area.adjusted(0, 1, -2, -1), 5, 5)
        if node.kind == "layer" and node.layer is not None:
            self._layer(painter, area, node, node.layer, ink)
        elif node.kind == "group":
            paint_icon(painter, "group", _box(area, 3, 14), ink.colour("dim"))
            ink.body.draw(painter, area.adjusted(scaled(22), 0, -6, 0), node.name, ink.colour("text"), LEFT)
        else:
            count = area.adjusted(area.width() - scaled(34), 0, -6, 0)
            ink.note.draw(painter, count, node.detail, ink.colour("dim"), RIGHT)
            ink.title.draw(painter, area.adjusted(4, 0, -scaled(34), 0), node.name, ink.colour("text"), LEFT)
        painter.restore()

    def _layer(self, painter: QPainter, area: QRectF, node: Node, layer: LayerSpec, ink: Ink) -> None:
        right = area.right() - 5
        badges: list[tuple[str, QColor]] = []
        if node.mark is not None:
            badges.append((_MARKS[node.mark][0], ink.colour(_MARKS[node.mark][1])))
        if layer.frozen:
            badges.append(("snowflake", QColor("#6fb6f2" if theme().is_dark else "#2f86cf")))
        if layer.bypassed:
            badges.append(("bypass", ink.colour("dim")))
        side = float(scaled(13))
        for name, colour in badges:
            right -= side
            paint_icon(painter, name, QRectF(right, area.center().y() - side / 2, side, side), colour)
            right -= 4
        painter.setOpacity(0.55 if layer.bypassed else 1.0)
        paint_icon(painter, _icon(layer), _box(area, 3, 15), ink.colour("dim"))
        words = QRectF(area.x() + scaled(24), area.y(), right - area.x() - scaled(24), area.height())
        ink.body.draw(painter, words, node.name, ink.colour("text"), LEFT)


def _box(area: QRectF, x: float, size: float) -> QRectF:
    side = float(scaled(size))
    return QRectF(area.x() + x, area.center().y() - side / 2, side, side)


def _icon(layer: LayerSpec) -> str:
    try:
        return layer_type(layer.type).icon
    except KeyError:
        return "help"
