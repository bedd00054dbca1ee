"""The popup on the canvas that searches for a layer to add."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.interface import Shape, layer_type
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.catalogue import search, sections
from mtlstudio.ui.design.fits import main_output, refusal, shape_at
from mtlstudio.ui.design.places import Place
from mtlstudio.ui.design.type_list import TypeList
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.search_field import SearchField


class QuickAdd(QFrame):
    """Searches the layer types; what fits stands first, what does not is greyed.

    Signals:
        chosen(str, object, bool): type id, the `Place` it was asked for, and whether each task is to get one.
        closed(): it has gone.
    """

    chosen = Signal(str, object, bool)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas = parent
        self.setObjectName("quick-add")
        self.setProperty("surface", "raised")
        self.place = Place()
        self._across = Place()
        self._refused: dict[str, str] = {}
        self.field = SearchField(tr("Add a layer…"))
        self.field.setObjectName("quick-add-search")
        self.list = TypeList()
        self.list.setObjectName("quick-add-list")
        self.list.setAccessibleName(tr("Layer types"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setDragEnabled(False)
        self.where = label(role="small")
        self.hint = label(tr("Ctrl+Enter: one for each task"), role="small")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for widget in (self.field, self.where, self.list, self.hint):
            column.addWidget(widget)
        self.field.textChanged.connect(self._fill)
        self.field.stepped.connect(self.list.step)
        self.field.accepted.connect(lambda: self._choose(self.list.current_type()))
        self.field.installEventFilter(self)
        self.field.cancelled.connect(self.close_now)
        self.list.itemClicked.connect(lambda _item: self._choose(self.list.current_type()))
        self.hide()

    def ask(
        self,
        spec: ProjectSpec,
        analysis: Analysis | None,
        place: Place,
        after: str,
        at: QPoint,
        across: Place | str = "",
    ) -> None:
        """Opens beside a place of the parent.

        Args:
            place: where the layer goes; where it does not say, after the layer `after`.
            across: where a layer between tasks would go; or why none can.
        """
        self.place = place
        self._across = across if isinstance(across, Place) else Place()
        source, port = _source(spec, place, after)
        shape = shape_at(analysis, source, port)
        self._refused = _refusals(spec, shape, across)
        self.where.setText(_where(spec, place, source, shape))
        self.where.setVisible(bool(self.where.text()))
        known = {layer.id: layer for layer in spec.network.layers}
        self.hint.setVisible(place.on is None and source in known and len(known[source].tasks) > 1)
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
        """A press anywhere else closes it; Ctrl+Enter takes one for each task."""
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if held and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.current_type(), each=True)
                return True
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

    def _choose(self, type_id: str, each: bool = False) -> None:
        if type_id:
            place = self._across if self._across.across and layer_type(type_id).crosses else self.place
            self.close_now()
            self.chosen.emit(type_id, place, each)

    def _place(self, at: QPoint) -> None:
        parent = self._canvas
        size_w, size_h = min(scaled(280), parent.width() - 16), min(scaled(340), parent.height() - 16)
        x = min(max(8, at.x() - scaled(24)), parent.width() - size_w - 8)
        y = min(max(8, at.y() + 14), parent.height() - size_h - 8)
        self.setGeometry(x, y, size_w, size_h)


def _source(spec: ProjectSpec, place: Place, after: str) -> tuple[str, str]:
    """(layer, port) that feeds what is put at a place."""
    if place.on is not None:
        return place.on.source, place.on.source_port
    source = place.after or after
    known = any(layer.id == source for layer in spec.network.layers)
    return source, place.port or (main_output(spec, source) if known else "out")


def _refusals(spec: ProjectSpec, shape: Shape | None, across: Place | str) -> dict[str, str]:
    """What cannot be put there, with the reason."""
    refused = {}
    for _title, types in sections():
        for type_ in types:
            why = across if type_.crosses and isinstance(across, str) else refusal(spec, type_, {}, shape)
            if why:
                refused[type_.id] = why
    return refused


def _where(spec: ProjectSpec, place: Place, source: str, shape: Shape | None) -> str:
    names = {layer.id: layer.name for layer in spec.network.layers}
    values = {"shape": figures.shape(shape) or "?"}
    if place.on is not None:
        ends = {"first": names.get(place.on.source, ""), "second": names.get(place.on.target, "")}
        return tr("Between {first} and {second} · {shape}", **ends, **values)
    if source not in names:
        return ""
    own = place.tasks and place.tasks != spec.network.layer(source).tasks
    if own:
        tasks = ", ".join(task.name for task in spec.tasks if task.id in place.tasks)
        return tr("After {layer}, for {tasks} alone · {shape}", layer=names[source], tasks=tasks, **values)
    return tr("After {layer} · {shape}", layer=names[source], **values)
