"""A small overview of the grid in a corner of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.design import camera as view
from mtlstudio.ui.design.camera import Camera
from mtlstudio.ui.design.layout import GridLayout
from mtlstudio.ui.design.viewport import Viewport
from mtlstudio.ui.theme import mix, scaled, signals, theme

WIDTH, LOWEST, HIGHEST = 190, 44, 120
MOST_WIDE, MOST_HIGH = 0.22, 0.3
"""At most such a part of the view."""
ENOUGH = 1.5
"""A grid up to so many times larger than the view needs no map: the scroll bars do, and nothing is covered."""
MARGIN = 6.0
GAP = 14


class Minimap(QWidget):
    """Shows all cards as coloured rectangles, and what part of them the canvas shows; that can be moved.

    It hides where the canvas shows everything, or nearly so.

    Signals:
        toggled(bool): it was switched on or off.
    """

    toggled = Signal(bool)

    def __init__(self, canvas: Viewport) -> None:
        super().__init__(canvas)
        self.setObjectName("minimap")
        self.setAccessibleName(tr("Minimap"))
        self.setToolTip(tr("Drag to look elsewhere"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._canvas = canvas
        self._wanted = True
        self._drawn: tuple[GridLayout, tuple[object, ...]] | None = None
        self._cards = QPixmap()
        self._grip: QPointF | None = None
        canvas.looked.connect(self.refresh)
        signals.theme_changed.connect(self.refresh)
        self.hide()
        self.refresh()

    @property
    def is_on(self) -> bool:
        """It is wanted (it may be hidden all the same)."""
        return self._wanted

    def set_on(self, on: bool) -> None:
        """Switches it on or off."""
        if on != self._wanted:
            self._wanted = on
            self.refresh()
            self.toggled.emit(on)

    def refresh(self) -> None:
        """Follows the canvas: place, size, whether it is needed."""
        scene = self._canvas.scene
        (wide, high), (room_x, room_y) = scene.limits.content, scene.limits.view
        camera = scene.camera
        whole = wide * camera.zoom_x <= ENOUGH * room_x and high * camera.zoom_y <= ENOUGH * room_y
        width = round(min(scaled(WIDTH), MOST_WIDE * room_x))
        most = min(scaled(HIGHEST), MOST_HIGH * room_y)
        if not self._wanted or whole or not scene.layout.cards or width < 2 * LOWEST or most < LOWEST:
            self.hide()
            return
        height = round(min(most, max(LOWEST, width * high / max(1.0, wide) * 2)))
        main = scene.frame.main
        place = round(main.right) - width - GAP, round(main.bottom) - height - GAP
        self.setGeometry(place[0], place[1], width, height)
        self.show()
        self.raise_()
        self.update()

    def window_rect(self) -> QRectF:
        """What the canvas shows, in pixels of this widget."""
        scene, area = self._canvas.scene, self._area()
        (wide, high), (room_x, room_y) = scene.limits.content, scene.limits.view
        camera = scene.camera
        x, y = area.width() / max(1.0, wide), area.height() / max(1.0, high)
        left, top = max(0.0, camera.x), max(0.0, camera.y)
        right = min(wide, camera.x + room_x / camera.zoom_x)
        bottom = min(high, camera.y + room_y / camera.zoom_y)
        return QRectF(
            area.x() + left * x, area.y() + top * y, max(4.0, (right - left) * x), max(4.0, (bottom - top) * y)
        )

    # --- mouse ------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Takes hold of the window, or puts its middle here."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        shown, at = self.window_rect(), event.position()
        self._grip = at - shown.center() if shown.contains(at) else QPointF(0, 0)
        self._look(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Moves the window."""
        if self._grip is not None:
            self._look(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Lets it go."""
        self._grip = None

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zooms around the canvas's middle."""
        self._canvas.zoom(1.0015 ** event.angleDelta().y(), self._canvas.frame.main.centre)
        event.accept()

    def _look(self, at: QPointF) -> None:
        assert self._grip is not None
        scene, area = self._canvas.scene, self._area()
        (wide, high), (room_x, room_y) = scene.limits.content, scene.limits.view
        camera, centre = scene.camera, at - self._grip
        x = (centre.x() - area.x()) / area.width() * wide - room_x / camera.zoom_x / 2
        y = (centre.y() - area.y()) / area.height() * high - room_y / camera.zoom_y / 2
        x = min(max(0.0, wide - room_x / camera.zoom_x), max(0.0, x))
        y = min(max(0.0, high - room_y / camera.zoom_y), max(0.0, y))
        self._canvas.look(view.clamped(Camera(x, y, camera.zoom_x, camera.zoom_y), scene.limits))

    # --- painting ---------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The cards, painted anew only when they changed, and the window."""
        tokens = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.colour("line"), 1))
        painter.setBrush(tokens.colour("panel", 0.94))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        self._draw_cards()
        painter.drawPixmap(0, 0, self._cards)
        shown = self.window_rect()
        painter.setBrush(tokens.colour("accent", 0.14))
        painter.setPen(QPen(tokens.colour("accent"), 1.3))
        painter.drawRoundedRect(shown.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)

    def _draw_cards(self) -> None:
        layout, tokens = self._canvas.scene.layout, theme()
        colours = {task.id: task.colour for task in self._canvas.picture.spec.tasks}
        ratio = self.devicePixelRatioF()
        state = self.width(), self.height(), ratio, tokens.name, tuple(colours.items())
        if self._drawn is not None and self._drawn[0] is layout and self._drawn[1] == state:
            return
        self._drawn = layout, state
        self._cards = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        self._cards.setDevicePixelRatio(ratio)
        self._cards.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._cards)
        painter.setPen(Qt.PenStyle.NoPen)
        area = self._area()
        x, y = area.width() / max(1.0, layout.width), area.height() / max(1.0, layout.height)
        shared = tokens.colour("shared")
        by_colour: dict[str, list[QRectF]] = {}
        for card in layout.cards.values():
            everyone = len(card.spot.rows) == len(layout.rows) > 1
            for (top, bottom), (first, last) in zip(card.pieces, card.spot.pieces, strict=True):
                part = (bottom - top) / (last - first + 1)
                for index, row in enumerate(range(first, last + 1)):
                    task = layout.tasks[row] if row < len(layout.tasks) and not everyone else ""
                    rect = QRectF(
                        area.x() + card.x * x, area.y() + (top + index * part) * y, max(1.0, card.width * x),
                        max(1.0, part * y),
                    )  # fmt: skip
                    by_colour.setdefault(task, []).append(rect)
        for task, rects in by_colour.items():
            painter.setBrush(mix(tokens.card, QColor(colours[task]) if task in colours else shared, 0.75))
            painter.drawRects(rects)
        painter.end()
