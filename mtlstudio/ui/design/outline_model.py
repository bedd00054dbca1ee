"""The network as a tree: by who shares it, in the order of the way; groups of layers inside. Searched by words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.interface import layer_type
from mtlstudio.project.graph import groups
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.project.spec import LayerSpec, ProjectSpec
from mtlstudio.ui.design.columns import ordered_layers
from mtlstudio.ui.design.costs import tasks_words

NODE, MARK, DETAIL = (Qt.ItemDataRole.UserRole + n for n in range(3))
MIME = "application/x-mtlstudio-outline"
_Index = QModelIndex | QPersistentModelIndex


@dataclass(eq=False)
class Node:
    """A line of the tree: `kind` is `tasks`, `group` or `layer`."""

    kind: str
    key: str
    name: str
    detail: str = ""
    layer: LayerSpec | None = None
    tasks: frozenset[str] = frozenset()
    mark: Severity | None = None
    parent: Node | None = None
    row: int = 0
    number: int = 0
    children: list[Node] = field(default_factory=list)

    def add(self, child: Node) -> Node:
        """Puts a line below this one."""
        child.parent, child.row = self, len(self.children)
        self.children.append(child)
        return child


class OutlineModel(QAbstractItemModel):
    """Signals:
    renamed(str, str): a layer (its id) or a group (`group:` before its id) is to have another name.
    moved(tuple, str): layers are to be put into a group.
    """

    renamed = Signal(str, str)
    moved = Signal(tuple, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = Node("root", "", "")
        self._nodes: dict[int, Node] = {}  # by number: an index of a tree that is gone finds nothing
        self._number = 0
        self._by_layer: dict[str, Node] = {}
        self._spec: ProjectSpec | None = None
        self._analysis: Analysis | None = None
        self._words: tuple[str, ...] = ()

    def show(self, spec: ProjectSpec, analysis: Analysis | None) -> bool:
        """Shows a network. Returns whether the tree was made anew (not where only problems changed places)."""
        if spec is self._spec and analysis is self._analysis:
            return False
        self._spec, self._analysis = spec, analysis
        self._rebuild()
        return True

    def search(self, text: str) -> None:
        """Shows only layers whose name, type, parameters or problems have all the words; numbers as `name=value`."""
        self._words = tuple(text.casefold().split())
        self._rebuild()

    def index_of(self, layer_id: str) -> QModelIndex:
        """Where a layer stands; invalid where it does not."""
        node = self._by_layer.get(layer_id)
        return self._index(node) if node is not None else QModelIndex()

    def layer_ids(self) -> list[str]:
        """Layers shown, from top to bottom."""
        return list(self._by_layer)

    def node(self, index: _Index) -> Node:
        """The line at an index."""
        return self._nodes.get(index.internalId(), self._root) if index.isValid() else self._root

    def _index(self, node: Node) -> QModelIndex:
        return self.createIndex(node.row, 0, node.number)

    # --- Qt ---------------------------------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: _Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Of a line."""
        children = self.node(parent).children
        return self._index(children[row]) if 0 <= row < len(children) and column == 0 else QModelIndex()

    def parent(self, index: _Index = QModelIndex()) -> Any:  # noqa: B008
        """The line above."""
        above = self.node(index).parent if index.isValid() else None
        return self._index(above) if above is not None and above is not self._root else QModelIndex()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Lines below a line."""
        return len(self.node(parent).children)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: N802, B008
        """One."""
        return 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name, icon, marks."""
        if not index.isValid():
            return None
        node = self.node(index)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return node.name
        if role == NODE:
            return node
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (node.name, node.detail) if part)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return node.detail
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """A name was typed."""
        node, name = self.node(index), str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not name or name == node.name:
            return False
        self.renamed.emit(node.layer.id if node.layer is not None else node.key, name)
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Layers can be selected and dragged; groups take them."""
        node = self.node(index)
        flags = Qt.ItemFlag.ItemIsEnabled
        if node.kind == "layer":
            flags |= Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled
            flags |= Qt.ItemFlag.ItemNeverHasChildren
        elif node.kind == "group":
            flags |= Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDropEnabled
        return flags

    def mimeTypes(self) -> list[str]:  # noqa: N802
        """Layers."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802
        """The ids of the layers that are dragged."""
        layers = [node.layer.id for node in map(self.node, indexes) if node.layer is not None]
        data = QMimeData()
        data.setData(MIME, "\n".join(layers).encode())
        return data

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802
        """They are moved."""
        return Qt.DropAction.MoveAction

    def dropMimeData(  # noqa: N802
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index
    ) -> bool:
        """Layers were dropped on a group, or between the layers of one."""
        node = self.node(parent)
        if not data.hasFormat(MIME) or node.kind != "group":
            return False
        ids = bytes(data.data(MIME).data()).decode().split("\n")
        self.moved.emit(tuple(ids), node.key.removeprefix("group:"))
        return False  # the edit makes the tree anew; nothing is taken out of it here

    # --- building ---------------------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        self.beginResetModel()
        self._root, self._nodes = Node("root", "", ""), {}
        self._by_layer = {}
        if self._spec is not None:
            self._fill(self._spec)
        waiting = [self._root]
        while waiting:
            for child in waiting.pop().children:
                self._number += 1
                child.number = self._number
                self._nodes[child.number] = child
                waiting.append(child)
        self.endResetModel()

    def _fill(self, spec: ProjectSpec) -> None:
        problems: dict[str, list[Problem]] = {}
        for problem in self._analysis.problems if self._analysis is not None else ():
            if problem.place.kind == "layer":
                problems.setdefault(problem.place.id, []).append(problem)
        layers = {layer.id: layer for layer in spec.network.layers}
        ordered = [layers[layer_id] for layer_id in ordered_layers(spec.network)]
        group_of = {layer_id: group for group in spec.network.groups for layer_id in group.layers}
        by_tasks: dict[frozenset[str], list[LayerSpec]] = {}
        for layer in ordered:
            if self._fits(layer, problems.get(layer.id, ())):
                by_tasks.setdefault(layer.tasks, []).append(layer)
        for tasks in (*groups(spec), frozenset[str]()):
            found = by_tasks.get(tasks)
            if not found:
                continue
            words = tasks_words(spec, tasks) if tasks else tr("no task")
            top = self._root.add(Node("tasks", f"tasks:{' '.join(sorted(tasks))}", words, str(len(found)), tasks=tasks))
            made: dict[str, Node] = {}
            for layer in found:
                group, above = group_of.get(layer.id), top
                if group is not None:
                    if group.id not in made:
                        made[group.id] = top.add(Node("group", f"group:{group.id}", group.name))
                    above = made[group.id]
                self._by_layer[layer.id] = above.add(_line(layer, problems.get(layer.id, ())))

    def _fits(self, layer: LayerSpec, problems: Sequence[Problem]) -> bool:
        if not self._words:
            return True
        values = " ".join(f"{name}={value}" for name, value in layer.parameters.items()).casefold()
        words = [f"{name} {value if isinstance(value, str) else ''}" for name, value in layer.parameters.items()]
        words += [problem.text() for problem in problems]
        words += [tr("problem")] * bool(problems)
        words += [tr("frozen")] * layer.frozen + [tr("bypassed")] * layer.bypassed
        words += [layer.name, layer.id, layer.type, _type(layer)]
        everything = " ".join(words).casefold()
        return all(word in (values if "=" in word else everything) for word in self._words)


def _line(layer: LayerSpec, problems: Iterable[Problem]) -> Node:
    worst = min((problem.severity for problem in problems), key=list(Severity).index, default=None)
    told = [problem.text() for problem in problems]
    return Node("layer", f"layer:{layer.id}", layer.name, "\n".join([_type(layer), *told]), layer, layer.tasks, worst)


def _type(layer: LayerSpec) -> str:
    try:
        return tr(layer_type(layer.type).name)
    except KeyError:
        return layer.type
