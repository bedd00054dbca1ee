"""The sharing grid under the mouse and the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from mtlstudio.base.settings import Settings
from mtlstudio.project.spec import Connection, ProjectSpec
from mtlstudio.session.document import Document
from mtlstudio.ui.design.fits import fitting
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.gestures.base import THRESHOLD, Gesture
from mtlstudio.ui.design.gestures.looking import Pan, RubberBand
from mtlstudio.ui.design.gestures.moving import DragWeight, MoveCard, MoveRow, PullWire
from mtlstudio.ui.design.gestures.sharing import DragSplit, PullEdge
from mtlstudio.ui.design.hits import Hit, connection_at, hit
from mtlstudio.ui.design.navigation import neighbour
from mtlstudio.ui.design.stage import Stage
from mtlstudio.ui.design.tips import tip

MIME = "application/x-mtlstudio-layer-type"

_GESTURES: dict[str, type[Gesture]] = {
    "split": DragSplit, "slider": DragWeight, "header": MoveRow, "name": MoveRow, "port": PullWire, "edge": PullEdge,
    "tap": MoveCard, "card": MoveCard, "nothing": RubberBand, "wire": RubberBand,
}  # fmt: skip
_CURSORS = {
    "split": Qt.CursorShape.SplitHCursor, "slider": Qt.CursorShape.PointingHandCursor,
    "edge": Qt.CursorShape.SizeVerCursor, "port": Qt.CursorShape.CrossCursor,
    "plus": Qt.CursorShape.PointingHandCursor,
}  # fmt: skip
_ARROWS = {Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right", Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}
_ADDING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Canvas(Stage):
    """The grid of a document, to be worked on.

    Signals:
        add_wanted(object, object): a layer is to be searched for: (connection or None, place).
        rename_wanted(str): a card was double-clicked. task_rename_wanted(str): a task's name was;
            weight_wanted(str): its λ was.
        menu_wanted(object, QPoint): the right button on a `Hit`.
        dropped(str, object): a layer type of the palette was dropped on a connection.
    """

    add_wanted = Signal(object, object)
    rename_wanted = Signal(str)
    task_rename_wanted = Signal(str)
    weight_wanted = Signal(str)
    menu_wanted = Signal(object, QPoint)
    dropped = Signal(str, object)

    def __init__(self, document: Document, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._settings = settings
        self._gesture: Gesture | None = None
        self._started = False
        self._press: tuple[Hit, Point] | None = None
        self._space = False
        self.setAcceptDrops(True)

    @property
    def is_busy(self) -> bool:
        """A gesture is under way."""
        return self._gesture is not None and self._started

    def cancel_gesture(self) -> bool:
        """Takes back the gesture under way. Returns whether there was one."""
        gesture, started = self._gesture, self._started
        self._drop_gesture()
        if gesture is None or not started:
            return False
        gesture.cancel()
        self.update()
        return True

    def follow(self, spec: ProjectSpec) -> None:
        """The document has changed; if not by the gesture under way, that is given up."""
        gesture, started = self._gesture, self._started
        if gesture is not None and not gesture.applying:
            self._drop_gesture()
            if started:
                gesture.abandon()
        self._press = self._press if gesture is not None and gesture.applying else None
        super().follow(spec)

    def hit(self, at: QPointF | QPoint) -> Hit:
        """What lies at a widget pixel."""
        return hit(self.scene, _point(at), self.picture.selection, self.picture.hover.layer)

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
        found = self.hit(event.position())
        self._press = None
        if found.kind == "card":
            self.rename_wanted.emit(found.layer)
        elif found.kind in ("name", "header"):
            self.task_rename_wanted.emit(self.scene.layout.tasks[found.row])
        elif found.kind == "slider":
            self.weight_wanted.emit(self.scene.layout.tasks[found.row])
        elif found.kind in ("nothing", "wire"):
            self.add_wanted.emit(found.connection, _point(event.position()))
        elif found.kind not in ("plus", "callout"):
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
            layer = self.document.selection[-1]
            found, at = Hit("card", layer=layer), self.card_rect(layer).center()
        if found.layer and found.layer not in self.document.selection:
            self.document.select([found.layer])
        self.menu_wanted.emit(found, self.mapToGlobal(at))

    # --- keyboard ---------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Tab asks for a new layer here; Shift+Tab leaves as everywhere. Tool tips are made for what is below."""
        if isinstance(event, QKeyEvent) and (event.type(), event.key()) == (QEvent.Type.KeyPress, Qt.Key.Key_Tab):
            self.ask_for_layer()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = "" if self.is_busy else tip(self.hit(event.pos()), self.picture, self.scene.layout.tasks)
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Esc ends a gesture or the selection; arrows move the selection; Space pans; Enter adds."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            if not self.cancel_gesture():
                self.document.select([])
        elif key in _ARROWS and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier & ~_KEYPAD:
            self._step(_ARROWS[Qt.Key(key)], bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
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
        if selection and selection[-1] in self.scene.layout.cards:
            self.reveal(selection[-1])
            rect = self.scene.card(selection[-1])
            at = Point(rect.right + 6, max(self.frame.ribbon + 10, min(rect.centre.y, self.height() - 60)))
        self.add_wanted.emit(None, at)

    # --- drag and drop ----------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Layer types of the palette may be dropped; what they fit lights up."""
        if not event.mimeData().hasFormat(MIME):
            return
        type_id = bytes(event.mimeData().data(MIME).data()).decode()
        self.picture.fitting = fitting(self.picture.spec, self.figures(), type_id, {})
        event.acceptProposedAction()
        self.update()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        """Shows where it would go."""
        target = self._target(event.position())
        if target != self.picture.target:
            self.picture.target = target
            self.update()
        event.setAccepted(target is not None or not self.document.spec.network.layers)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        """It went elsewhere."""
        self._end_drop()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """It is put there."""
        type_id = bytes(event.mimeData().data(MIME).data()).decode()
        target = self._target(event.position())
        self._end_drop()
        event.acceptProposedAction()
        self.dropped.emit(type_id, target)

    def _target(self, at: QPointF) -> Connection | None:
        near = connection_at(self.scene, _point(at))
        return near if near in self.picture.fitting else None

    def _end_drop(self) -> None:
        self.picture.fitting, self.picture.target = (), None
        self.update()

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
            self.add_wanted.emit(found.connection, at)
        elif found.kind in ("card", "tap"):
            if not event.modifiers() & _ADDING:
                self.document.select([found.layer])
        elif found.kind in ("nothing", "wire", "header", "name", "callout"):
            self.document.select([])

    def _choose(self, layer_id: str, event: QMouseEvent) -> None:
        """A press on a card: Ctrl adds or takes away; one that is selected stays, since it may be dragged."""
        selection = self.document.selection
        if event.modifiers() & _ADDING:
            kept = [i for i in selection if i != layer_id]
            self.document.select(kept if layer_id in selection else [*selection, layer_id])
        elif layer_id not in selection:
            self.document.select([layer_id])

    def _step(self, direction: str, adding: bool) -> None:
        selection = self.document.selection
        found = neighbour(self.scene.layout, selection[-1] if selection else "", direction)
        if found:
            self.document.select([*selection, found] if adding else [found])
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
