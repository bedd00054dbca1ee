"""The sharing grid under the mouse and the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from mtlstudio.base.settings import Settings
from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.document import Document
from mtlstudio.ui.design.dropping import Dropping
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.gestures.base import THRESHOLD, Gesture
from mtlstudio.ui.design.gestures.connecting import KeyConnect, PullWire
from mtlstudio.ui.design.gestures.looking import Pan, RubberBand
from mtlstudio.ui.design.gestures.moving import DragWeight, MoveCard, MoveRow
from mtlstudio.ui.design.gestures.sharing import DragSplit, PullEdge
from mtlstudio.ui.design.hits import Hit, hit
from mtlstudio.ui.design.navigation import neighbour
from mtlstudio.ui.design.places import Place, place_at
from mtlstudio.ui.design.tips import tip

_GESTURES: dict[str, type[Gesture]] = {
    "split": DragSplit, "slider": DragWeight, "header": MoveRow, "name": MoveRow, "port": PullWire, "edge": PullEdge,
    "tap": MoveCard, "card": MoveCard, "nothing": RubberBand, "wire": RubberBand,
}  # fmt: skip
_CURSORS = {
    "split": Qt.CursorShape.SplitHCursor, "slider": Qt.CursorShape.PointingHandCursor,
    "edge": Qt.CursorShape.SizeVerCursor, "port": Qt.CursorShape.CrossCursor,
    "plus": Qt.CursorShape.PointingHandCursor, "end": Qt.CursorShape.PointingHandCursor,
    "fold": Qt.CursorShape.PointingHandCursor, "head": Qt.CursorShape.PointingHandCursor,
    "group": Qt.CursorShape.PointingHandCursor,
}  # fmt: skip
_ARROWS = {Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right", Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}
_ADDING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Canvas(Dropping):
    """The grid of a document, to be worked on.

    Signals:
        add_wanted(object, object): a layer is to be searched for: (`Place`, where the question is to be asked).
        connected(object): a connection was pulled: the `Join`. choice_wanted(object, object): there are several, one is
            to be chosen: (list of `Join`, where).
        rename_wanted(str): a card was double-clicked. task_rename_wanted(str): a task's name was;
            weight_wanted(str): its λ was.
        fold_wanted(str, bool): a group of layers is to be folded (True) or unfolded. rows_fold_wanted(str, bool): a
            group of tasks is. head_wanted(str): the "+" of a task without an output was clicked.
        menu_wanted(object, QPoint): the right button on a `Hit`. properties_wanted(): Enter on a selected card.
    """

    add_wanted = Signal(object, object)
    rename_wanted = Signal(str)
    task_rename_wanted = Signal(str)
    weight_wanted = Signal(str)
    connected = Signal(object)
    choice_wanted = Signal(object, object)
    fold_wanted = Signal(str, bool)
    rows_fold_wanted = Signal(str, bool)
    head_wanted = Signal(str)
    menu_wanted = Signal(object, QPoint)
    properties_wanted = Signal()

    def __init__(self, document: Document, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._settings = settings
        self._gesture: Gesture | None = None
        self._started = False
        self._press: tuple[Hit, Point] | None = None
        self._space = False
        self._by_key: KeyConnect | None = None
        self.setAcceptDrops(True)

    @property
    def is_busy(self) -> bool:
        """A gesture is under way."""
        return self._gesture is not None and self._started

    def cancel_gesture(self) -> bool:
        """Takes back the gesture under way. Returns whether there was one."""
        gesture, started = self._gesture, self._started
        self._drop_gesture()
        if self._by_key is not None:
            self._by_key.cancel()
            self._by_key = None
            return True
        if gesture is None or not started:
            return False
        gesture.cancel()
        self.update()
        return True

    def follow(self, spec: ProjectSpec) -> None:
        """The document has changed; if not by the gesture under way, that is given up."""
        gesture, started = self._gesture, self._started
        if self._by_key is not None:
            self.cancel_gesture()
        if gesture is not None and not gesture.applying:
            self._drop_gesture()
            if started:
                gesture.abandon()
        self._press = self._press if gesture is not None and gesture.applying else None
        super().follow(spec)

    def hit(self, at: QPointF | QPoint) -> Hit:
        """What lies at a widget pixel."""
        picture = self.picture
        return hit(self.scene, _point(at), self._selected_cards(), picture.hover.layer, picture.buttons)

    def _selected_cards(self) -> frozenset[str]:
        return frozenset(map(self.scene.layout.card_id, self.picture.selection))

    # --- mouse ------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Starts a gesture, or a click."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self.cancel_gesture():  # another button in the middle of a drag
            return
        at, found = _point(event.position()), self.hit(event.position())
        panning = event.button() == Qt.MouseButton.MiddleButton or (
            self._space and event.button() == Qt.MouseButton.LeftButton
        )
        if not panning and event.button() != Qt.MouseButton.LeftButton:
            return
        kind = Pan if panning else _GESTURES.get(found.kind)
        self._press = found, at
        self._gesture = kind(self, found) if kind is not None else None
        if not panning and found.kind in ("card", "tap", "edge", "port"):
            self._choose(found.layer, event)
        if self._gesture is not None and self._gesture.at_once:
            self._start(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Carries a gesture on; shows what is under the pointer."""
        at = _point(event.position())
        if self._gesture is None or self._press is None:
            self._hover(event.position())
            return
        if not self._started:
            begin = self._press[1]
            if abs(at.x - begin.x) + abs(at.y - begin.y) < THRESHOLD:
                return
            self._start(begin)
        if self._gesture is not None:
            self._gesture.update(at, bool(event.modifiers() & _ADDING))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ends a gesture, or a click."""
        gesture, started, press = self._gesture, self._started, self._press
        self._drop_gesture()
        if gesture is not None and started:
            gesture.finish()
        elif press is not None and event.button() == Qt.MouseButton.LeftButton:
            self._click(press[0], press[1], event)
        self._hover(event.position())
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Renames a card or a task; on empty ground asks for a new layer."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        found, layout = self.hit(event.position()), self.scene.layout
        self._press = None
        if found.kind == "card" and found.layer in layout.groups:
            self.fold_wanted.emit(layout.groups[found.layer], False)
        elif found.kind == "card":
            self.rename_wanted.emit(found.layer)
        elif found.kind == "group":
            self.fold_wanted.emit(found.group, True)
        elif found.kind in ("name", "header"):
            self.task_rename_wanted.emit(layout.rows[found.row].task)
        elif found.kind == "slider":
            self.weight_wanted.emit(layout.tasks[found.row])
        elif found.kind in ("nothing", "wire"):
            self.add_wanted.emit(self._place(found, _point(event.position())), _point(event.position()))
        elif found.kind not in ("plus", "callout", "end", "fold", "head"):
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zooms to the pointer; scrolls over the headers, with Shift, and where the settings say so."""
        turn, pixels = event.angleDelta(), event.pixelDelta()
        held = event.modifiers()
        ctrl = bool(held & Qt.KeyboardModifier.ControlModifier)
        scrolls = (self._settings.wheel_scrolls or event.position().x() < self.frame.head) and not ctrl
        if scrolls or held & _ADDING == Qt.KeyboardModifier.ShiftModifier:
            dx, dy = (pixels.x(), pixels.y()) if not pixels.isNull() else (turn.x() / 2, turn.y() / 2)
            if held & Qt.KeyboardModifier.ShiftModifier and not dx:
                dx, dy = dy, 0
            self.pan(dx, dy)
        else:
            self.zoom(1.0015 ** turn.y(), _point(event.position()))
        self._hover(event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Nothing is under the pointer any more."""
        self._set_hover(Hit())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Asks for a menu; by the keyboard's menu key, for the selected card."""
        at = event.pos()
        found = self.hit(at)
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.document.selection:
            layer = self.scene.layout.card_id(self.document.selection[-1])
            found, at = Hit("card", layer=layer), self.card_rect(layer).center()
        if found.layer and found.layer not in self._selected_cards():
            self.document.select(self.scene.layout.layers_of(found.layer))
        self.menu_wanted.emit(found, self.mapToGlobal(at))

    # --- keyboard ---------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Tool tips are made for what is below."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = "" if self.is_busy else tip(self.hit(event.pos()), self.picture, self.scene.layout)
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Esc ends a gesture or the selection; arrows move the selection; Enter shows it; Space pans."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            if not self.cancel_gesture():
                self.document.select([])
        elif self._by_key is not None and key in (*_ARROWS, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._connect_step(key)
        elif key in _ARROWS and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier & ~_KEYPAD:
            self._step(_ARROWS[Qt.Key(key)], bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.document.selection:
            self.properties_wanted.emit()
        elif key == Qt.Key.Key_Space:
            self._space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / 1.2 if key == Qt.Key.Key_Minus else 1.2, self.frame.main.centre)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Space let go: the pointer selects again."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.unsetCursor()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Keys that were held are let go elsewhere."""
        self._space = False
        self.cancel_gesture()
        super().focusOutEvent(event)

    def ask_for_layer(self) -> None:
        """Asks for a layer after the selected card, beside it; without one in the middle."""
        selection = self.document.selection
        at = self.frame.main.centre
        card = self.scene.layout.card_id(selection[-1]) if selection else ""
        if card in self.scene.layout.cards:
            self.reveal(card)
            rect = self.scene.card(card)
            at = Point(rect.right + 6, max(self.frame.ribbon + 10, min(rect.centre.y, self.height() - 60)))
        self.add_wanted.emit(Place(), at)

    def connect_by_key(self) -> None:
        """Begins to connect the selected layer with the keyboard."""
        self.cancel_gesture()
        card = self.scene.layout.card_id(self.document.selection[-1]) if self.document.selection else ""
        if card not in self.scene.layout.cards:
            self.refused.emit(tr("Select a layer first"))
            return
        self._by_key = KeyConnect(self, card)
        if not self._by_key.target:
            self.cancel_gesture()
            self.refused.emit(tr("Nothing can take what comes out of it"))

    def _connect_step(self, key: int) -> None:
        assert self._by_key is not None
        if key in _ARROWS:
            self._by_key.step(_ARROWS[Qt.Key(key)])
            return
        connecting, self._by_key = self._by_key, None
        connecting.finish()

    def _place(self, found: Hit, at: Point) -> Place:
        """Where a layer goes that is asked for with a double click: on the ground outside the rows behind the selection."""
        if found.connection is not None:
            return Place(on=found.connection)
        layout = self.scene.layout
        inside = any(self.scene.row(row).contains(at) for row in self.scene.visible_rows())
        return place_at(self.scene, self.document.spec, at) if inside and layout.cards else Place()

    # --- helps ------------------------------------------------------------------------------------------------

    def _start(self, at: Point) -> None:
        assert self._gesture is not None and self._press is not None
        self._started = True
        self.picture.active = self._press[0]
        self.setCursor(self._gesture.cursor)
        self._gesture.start(at)
        self.update()

    def _drop_gesture(self) -> None:
        self._gesture, self._started, self._press = None, False, None
        self.picture.active = Hit()
        self.unsetCursor()

    def _click(self, found: Hit, at: Point, event: QMouseEvent) -> None:
        if found.kind == "plus":
            self.add_wanted.emit(Place(on=found.connection), at)
        elif found.kind == "end":
            self.add_wanted.emit(Place(after=self.scene.layout.layers_of(found.layer)[-1]), at)
        elif found.kind == "fold":
            row = self.scene.layout.rows[found.row]
            self.rows_fold_wanted.emit(row.group or self.picture.group_of(row.task), not row.group)
        elif found.kind == "head":
            lacking = [
                t for t in self.scene.layout.rows[found.row].tasks if not self.document.spec.network.output_of(t)
            ]
            self.head_wanted.emit(lacking[0] if lacking else "")
        elif found.kind == "group":
            self.document.select(next(g.layers for g in self.document.spec.network.groups if g.id == found.group))
        elif found.kind in ("card", "tap"):
            if not event.modifiers() & _ADDING:
                self.document.select(self.scene.layout.layers_of(found.layer))
        elif found.kind in ("nothing", "wire", "header", "name", "callout"):
            self.document.select([])

    def _choose(self, layer_id: str, event: QMouseEvent) -> None:
        """A press on a card: Ctrl adds or takes away; one that is selected stays, since it may be dragged."""
        selection, members = self.document.selection, self.scene.layout.layers_of(layer_id)
        if event.modifiers() & _ADDING:
            kept = [i for i in selection if i not in members]
            self.document.select(kept if members[0] in selection else [*selection, *members])
        elif members[0] not in selection:
            self.document.select(members)

    def _step(self, direction: str, adding: bool) -> None:
        selection = self.document.selection
        layout = self.scene.layout
        found = neighbour(layout, layout.card_id(selection[-1]) if selection else "", direction)
        if found:
            members = layout.layers_of(found)
            self.document.select([*selection, *members] if adding else members)
            self.reveal(found)

    def _hover(self, at: QPointF) -> None:
        self._set_hover(self.hit(at))

    def _set_hover(self, found: Hit) -> None:
        if found == self.picture.hover:
            return
        self.picture.hover = found
        if not self._space:
            self.setCursor(_CURSORS.get(found.kind, Qt.CursorShape.ArrowCursor))
        self.update()


_KEYPAD = Qt.KeyboardModifier.KeypadModifier


def _point(at: QPointF | QPoint) -> Point:
    return Point(float(at.x()), float(at.y()))
