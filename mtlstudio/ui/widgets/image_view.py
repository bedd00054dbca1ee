"""A picture with layers: zoom, pan, overlays composed by Qt, shapes, linked views and cursors."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import theme
from mtlstudio.ui.widgets.common import repaint_on_theme
from mtlstudio.ui.widgets.image_layers import Layer, Picture, View, clamped, fitted, zoomed
from mtlstudio.ui.widgets.image_shapes import Shape, paint_shapes

_STEP = 1.2
_CLICK = 4  # pixels the pointer may move in a click


class ImageView(QWidget):
    """Shows one image with overlays and shapes.

    Wheel zooms to the pointer; Space-drag, middle-drag and left-drag pan; F fits, Ctrl+1 is 100 %, + and - zoom.

    Signals:
        hovered(int, int): the image pixel under the pointer; only on the image.
        left(): the pointer has left the image.
        clicked(int, int): a click on an image pixel (not a drag).
        view_changed(View): by the user or a resize of a fitted view; never sent by `set_view`.
    """

    hovered = Signal(int, int)
    left = Signal()
    clicked = Signal(int, int)
    view_changed = Signal(object)

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base: Layer | None = None
        self._size = QSizeF()
        self._layers: dict[str, Layer] = {}
        self._shapes: dict[str, tuple[Shape, ...]] = {}
        self._hidden_shapes: set[str] = set()
        self._view = View()
        self._opacity = 1.0
        self._bare = False
        self._mark: tuple[float, float] | None = None
        self._space = False
        self._grabbed: QPointF | None = None
        self._pressed: QPointF | None = None
        self._inside = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name or tr("Image"))
        repaint_on_theme(self)

    # ── what is shown ──

    def set_image(self, image: QImage | None, keep_view: bool = True) -> None:
        """Shows another image (nothing: none); the view is kept where the size is the same and it was not fitted."""
        had = self._size
        self._base = Layer(Picture(image)) if image is not None and not image.isNull() else None
        self._size = self._base.picture.size if self._base else QSizeF()
        if not keep_view or had != self._size or self._view.fitted:
            self._view = fitted(self._size, self._room())
        self.update()

    def image(self) -> QImage | None:
        """The image shown."""
        return self._base.picture.source if self._base else None

    def set_overlay(
        self, id: str, image: QImage | None, *, opacity: float | None = None, visible: bool | None = None
    ) -> None:
        """Adds or replaces an overlay; it is stretched to the image's size.

        Args:
            id: its name; order of first use is the order of drawing.
            image: an indexed image with its colour table, or an ARGB one; nothing takes the overlay away.
            opacity: 0 … 1; nothing: as before, or 1.
            visible: nothing: as before, or shown.
        """
        before = self._layers.get(id)
        if image is None or image.isNull():
            self._layers.pop(id, None)
        else:
            layer = Layer(Picture(image))
            if before is not None:
                layer.opacity, layer.visible = before.opacity, before.visible
            self._layers[id] = layer
            if opacity is not None:
                layer.opacity = _share(opacity)
            if visible is not None:
                layer.visible = visible
        self.update()

    def overlays(self) -> tuple[str, ...]:
        """Ids of the overlays, lowest first."""
        return tuple(self._layers)

    def clear_overlays(self) -> None:
        """Takes all overlays and shapes away."""
        self._layers.clear()
        self._shapes.clear()
        self.update()

    def set_overlay_visible(self, id: str, visible: bool) -> None:
        """Shows or hides an overlay and the shapes of that id; unknown ids change nothing."""
        if id in self._layers:
            self._layers[id].visible = visible
        (self._hidden_shapes.discard if visible else self._hidden_shapes.add)(id)
        self.update()

    def set_overlay_opacity(self, id: str, opacity: float) -> None:
        """Changes one overlay's opacity; unknown ids change nothing."""
        if id in self._layers:
            self._layers[id].opacity = _share(opacity)
            self.update()

    def set_opacity(self, opacity: float) -> None:
        """Changes the opacity of all overlays together; it multiplies their own."""
        self._opacity = _share(opacity)
        self.update()

    def opacity(self) -> float:
        """Opacity of all overlays together."""
        return self._opacity

    def set_shapes(self, id: str, shapes: Sequence[Shape]) -> None:
        """Draws shapes (`Box`, `Point`, `Outline`) over everything; none takes them away."""
        if shapes:
            self._shapes[id] = tuple(shapes)
        else:
            self._shapes.pop(id, None)
        self.update()

    def set_bare(self, bare: bool) -> None:
        """Shows the image alone, for as long as a key is held."""
        self._bare = bare
        self.update()

    def set_cursor_mark(self, at: tuple[float, float] | None) -> None:
        """Draws cross hairs at an image point: where the pointer is in a linked pane."""
        if at != self._mark:
            self._mark = at
            self.update()

    # ── the view ──

    def view(self) -> View:
        """What is seen."""
        return self._view

    def set_view(self, view: View) -> None:
        """Shows the same part as a linked pane does; sends no signal. Nonsense becomes the fitted view."""
        self._view = clamped(view, self._size, self._room())
        self.update()

    def fit(self) -> None:
        """Shows the whole image."""
        self._take(fitted(self._size, self._room()))

    def zoom_to(self, scale: float, at: QPointF | None = None) -> None:
        """Zooms so that one image pixel takes `scale` screen pixels, keeping the point `at` (default: the middle)."""
        if math.isfinite(scale) and scale > 0:
            self.zoom_by(scale / self._view.scale, at)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms by a factor."""
        room = self._room()
        self._take(zoomed(self._view, factor, at or QPointF(room.width() / 2, room.height() / 2), room, self._size))

    def to_image(self, point: QPointF) -> QPointF:
        """Widget pixels to image pixels."""
        room, view = self._room(), self._view
        return QPointF(
            view.x + (point.x() - room.width() / 2) / view.scale, view.y + (point.y() - room.height() / 2) / view.scale
        )

    def to_widget(self, x: float, y: float) -> QPointF:
        """Image pixels to widget pixels."""
        room, view = self._room(), self._view
        return QPointF((x - view.x) * view.scale + room.width() / 2, (y - view.y) * view.scale + room.height() / 2)

    def pixel_at(self, point: QPointF) -> tuple[int, int] | None:
        """The image pixel under a point of the widget; nothing beside the image."""
        place = self.to_image(point)
        x, y = math.floor(place.x()), math.floor(place.y())
        return (x, y) if 0 <= x < self._size.width() and 0 <= y < self._size.height() else None

    def image_area(self) -> QRectF:
        """Where the whole image lies, in widget pixels."""
        return QRectF(self.to_widget(0, 0), self._size * self._view.scale)

    def _room(self) -> QSizeF:
        return QSizeF(max(1, self.width()), max(1, self.height()))

    def _take(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self.update()
            self.view_changed.emit(view)

    # ── painting ──

    def sizeHint(self) -> QSize:  # noqa: N802
        """A fair size."""
        return QSize(360, 280)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draws ground, image, overlays, shapes, cross hairs."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("image_background"))
        if self._base is None:
            return
        area, room, ratio = self.image_area(), self._room(), self.devicePixelRatioF()
        painter.drawPixmap(0, 0, self._base.drawing(area, room, ratio))
        if not self._bare:
            self._paint_overlays(painter, area, room, ratio)
        self.paint_extra(painter)
        if self._mark is not None:
            self._paint_mark(painter, self._mark)
        if self.hasFocus():
            painter.setOpacity(1.0)
            painter.setPen(QPen(theme().colour("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def paint_extra(self, painter: QPainter) -> None:
        """For subclasses: drawn over the overlays, in widget pixels."""

    def _paint_overlays(self, painter: QPainter, area: QRectF, room: QSizeF, ratio: float) -> None:
        for layer in self._layers.values():
            strength = layer.opacity * self._opacity
            if layer.visible and strength > 0:
                painter.setOpacity(strength)
                painter.drawPixmap(0, 0, layer.drawing(area, room, ratio))
        painter.setOpacity(1.0)
        for id, shapes in self._shapes.items():
            if id not in self._hidden_shapes:
                paint_shapes(painter, shapes, self.to_widget)

    def _paint_mark(self, painter: QPainter, mark: tuple[float, float]) -> None:
        place, area = self.to_widget(*mark), self.image_area().intersected(QRectF(self.rect()))
        if not area.contains(place):
            return
        for colour, shift in ((QColor(0, 0, 0, 90), 1.0), (QColor(255, 255, 255, 170), 0.0)):
            painter.setPen(QPen(colour, 1))
            painter.drawLine(QPointF(area.left(), place.y() + shift), QPointF(area.right(), place.y() + shift))
            painter.drawLine(QPointF(place.x() + shift, area.top()), QPointF(place.x() + shift, area.bottom()))

    # ── hands ──

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """A fitted view stays fitted."""
        super().resizeEvent(event)
        if self._view.fitted:
            self._take(fitted(self._size, self._room()))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zooms to the pointer."""
        steps = event.angleDelta().y() / 120
        if self._base is not None and steps:
            self.zoom_by(_STEP ** max(-8.0, min(8.0, steps)), event.position())
            self._hover(event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Pinching zooms too; Space and the letters belong to the image while it has the focus."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1.0 + event.value(), event.position())
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begins to pan, or a click."""
        if event.button() in (Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton):
            self._grabbed = self._pressed = event.position()
        if event.button() == Qt.MouseButton.MiddleButton or self._space:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Pans, or tells what is under the pointer."""
        here = event.position()
        if self._grabbed is not None and self._pressed is not None and self._is_drag(here):
            self._pan(here - self._grabbed)
            self._grabbed = here
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._hover(here)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ends the pan; without a move it was a click."""
        was_click = self._pressed is not None and self._grabbed == self._pressed and not self._space
        self._grabbed = self._pressed = None
        self._dress_pointer()
        pixel = self.pixel_at(event.position())
        if was_click and pixel is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(*pixel)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Tells that nothing is under the pointer."""
        self._leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """F, Ctrl+1, + and -; Space makes the left button pan."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() == Qt.Key.Key_Space:
            self._space = True
            self._dress_pointer()
        elif event.key() == Qt.Key.Key_F and not control:
            self.fit()
        elif event.key() == Qt.Key.Key_1 and control:
            self.zoom_to(1.0)
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(_STEP)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom_by(1 / _STEP)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Space let go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._dress_pointer()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: object) -> None:  # noqa: N802
        """Space may be let go elsewhere."""
        self._space = False
        self._dress_pointer()
        self.update()

    def focusInEvent(self, event: object) -> None:  # noqa: N802
        """Shows the ring."""
        self.update()

    def _is_drag(self, here: QPointF) -> bool:
        moved = self._grabbed != self._pressed
        return moved or (self._pressed is not None and (here - self._pressed).manhattanLength() >= _CLICK)

    def _pan(self, by: QPointF) -> None:
        view = self._view
        moved = View(view.x - by.x() / view.scale, view.y - by.y() / view.scale, view.scale, False)
        self._take(clamped(moved, self._size, self._room()))

    def _hover(self, point: QPointF) -> None:
        pixel = self.pixel_at(point)
        if pixel is None:
            self._leave()
        else:
            self._inside = True
            self.hovered.emit(*pixel)

    def _leave(self) -> None:
        if self._inside:
            self._inside = False
            self.left.emit()

    def _dress_pointer(self) -> None:
        if self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()


def _share(value: float) -> float:
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 1.0
