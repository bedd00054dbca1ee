"""The popup on the canvas that searches for a layer to add."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.interface import Shape
from mtlstudio.project.spec import Connection, ProjectSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.catalogue import search, sections
from mtlstudio.ui.design.fits import fits, shape_at
from mtlstudio.ui.design.type_list import TypeList
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.search_field import SearchField


class QuickAdd(QFrame):
    """Searches the layer types; what fits stands first, what does not is greyed.

    Signals:
        chosen(str, object): type id, and the connection it was asked for (or None).
        closed(): it has gone.
    """

    chosen = Signal(str, object)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas = parent
        self.setObjectName("quick-add")
        self.setProperty("surface", "raised")
        self.connection: Connection | None = None
        self._refused: dict[str, str] = {}
        self.field = SearchField(tr("Add a layer…"))
        self.field.setObjectName("quick-add-search")
        self.list = TypeList()
        self.list.setObjectName("quick-add-list")
        self.list.setAccessibleName(tr("Layer types"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setDragEnabled(False)
        self.where = label(role="small")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for widget in (self.field, self.where, self.list):
            column.addWidget(widget)
        self.field.textChanged.connect(self._fill)
        self.field.stepped.connect(self.list.step)
        self.field.accepted.connect(lambda: self._choose(self.list.current_type()))
        self.field.cancelled.connect(self.close_now)
        self.list.itemClicked.connect(lambda _item: self._choose(self.list.current_type()))
        self.hide()

    def ask(
        self, spec: ProjectSpec, analysis: Analysis | None, connection: Connection | None, after: str, at: QPoint
    ) -> None:
        """Opens beside a place of the parent.

        Args:
            connection: the layer goes on it; else after the layer `after`.
        """
        self.connection = connection
        source = connection.source if connection is not None else after
        shape = shape_at(analysis, source, connection.source_port if connection is not None else "out")
        self._refused = _refusals(spec, shape)
        names = {layer.id: layer.name for layer in spec.network.layers}
        self.where.setText(_where(names, connection, after, shape))
        self.where.setVisible(bool(self.where.text()))
        self.field.clear()
        self._fill("")
        self._place(at)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def close_now(self) -> None:
        """Goes away without an answer."""
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        if self.isVisible():
            had_focus = self.field.hasFocus()
            self.hide()
            if had_focus:
                self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """A press anywhere else closes it."""
        if (
            event.type() == QEvent.Type.MouseButtonPress
            and isinstance(watched, QWidget)
            and watched is not self
            and not self.isAncestorOf(watched)
            and watched.window() is self.window()
        ):
            self.close_now()
        return False

    def _fill(self, text: str) -> None:
        types = [type_ for _title, group in sections() for type_ in group]
        found = search(types, text)
        usable = [type_ for type_ in found if type_.id not in self._refused]
        rest = [type_ for type_ in found if type_.id in self._refused]
        self.list.fill([("", usable), (tr("Does not fit here"), rest)], self._refused)
        self.list.setCurrentRow(-1)
        self.list.step(1)

    def _choose(self, type_id: str) -> None:
        if type_id:
            connection = self.connection
            self.close_now()
            self.chosen.emit(type_id, connection)

    def _place(self, at: QPoint) -> None:
        parent = self._canvas
        size_w, size_h = min(scaled(280), parent.width() - 16), min(scaled(340), parent.height() - 16)
        x = min(max(8, at.x() - scaled(24)), parent.width() - size_w - 8)
        y = min(max(8, at.y() + 14), parent.height() - size_h - 8)
        self.setGeometry(x, y, size_w, size_h)


def _refusals(spec: ProjectSpec, shape: Shape | None) -> dict[str, str]:
    """What cannot be put there, with the reason."""
    words = figures.shape(shape)
    refused = {}
    for _title, types in sections():
        for type_ in types:
            if not fits(spec, type_, {}, shape):
                head = tr("Heads come with their task")
                refused[type_.id] = head if type_.group == "head" else tr("It cannot take {shape}", shape=words)
    return refused


def _where(names: dict[str, str], connection: Connection | None, after: str, shape: Shape | None) -> str:
    values = {"shape": figures.shape(shape) or "?"}
    if connection is not None:
        return tr(
            "Between {first} and {second} · {shape}",
            first=names.get(connection.source, ""), second=names.get(connection.target, ""), **values,
        )  # fmt: skip
    return tr("After {layer} · {shape}", layer=names[after], **values) if after in names else ""
