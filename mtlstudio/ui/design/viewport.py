"""A widget that looks at the sharing grid through a camera: size, zoom, scroll bars. It paints; it edits nothing."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QScrollBar, QWidget

from mtlstudio.network.analysis import Analysis
from mtlstudio.project.spec import Connection, ProjectSpec
from mtlstudio.project.weights import shown_weights
from mtlstudio.ui.design import camera as view
from mtlstudio.ui.design.camera import Camera
from mtlstudio.ui.design.geometry import Point, Rect, around
from mtlstudio.ui.design.hits import Buttons
from mtlstudio.ui.design.layout import GridLayout, Room, lay_out, words_width
from mtlstudio.ui.design.painting.grid import paint_grid
from mtlstudio.ui.design.picture import Picture, weight_top
from mtlstudio.ui.design.scene import Frame, Scene
from mtlstudio.ui.theme import text_scale
from mtlstudio.ui.widgets.common import repaint_on_theme

BAR = 10


class Viewport(QWidget):
    """Shows a project's grid.

    Signals:
        looked(): another part is shown, or the layout changed.
    """

    looked = Signal()

    def __init__(self, spec: ProjectSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = Picture(spec, weights=shown_weights(spec), weight_top=weight_top(spec))
        self._camera = Camera()
        self.fixed_rows: tuple[str, ...] | None = None  # rows do not move while a gesture shows a preview
        self._free = False  # the user has zoomed or panned: the camera is theirs
        self._all = False
        self._layout: GridLayout | None = None
        self._scene: Scene | None = None
        self.setMinimumSize(320, 220)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._bars = QScrollBar(Qt.Orientation.Horizontal, self), QScrollBar(Qt.Orientation.Vertical, self)
        for bar in self._bars:
            bar.hide()
            bar.valueChanged.connect(self._scrolled)
        repaint_on_theme(self)

    # --- what is shown ----------------------------------------------------------------------------------------

    def show_spec(self, spec: ProjectSpec) -> None:
        """Draws a project; the figures at hand become old ones until `show_analysis`."""
        before = self.picture.spec
        if spec is before:
            return
        self.picture.spec = spec
        self.picture.weights = shown_weights(spec)
        self.picture.weight_top = weight_top(spec)
        if spec.network is not before.network:
            self.picture.stale = True
        if (
            spec.network is not before.network
            or spec.task_ids != before.task_ids
            or spec.task_groups != before.task_groups
        ):
            self.relayout()
        self.update()

    def show_analysis(self, analysis: Analysis | None, stale: bool = False) -> None:
        """Draws figures."""
        self.picture.analysis, self.picture.stale = analysis, stale
        self.picture.marks = self.picture.marked()
        self.update()

    def relayout(self) -> None:
        """Lays the grid out for the widget's size."""
        frame = self.frame
        main = frame.main
        spec = self.picture.spec
        self._layout = lay_out(spec, Room(main.w - BAR, main.h - 6, frame.scale), self.fixed_rows)
        self.picture.buttons = _buttons(spec, self._layout)
        self.picture.group_names = {group.id: group.name for group in spec.network.groups}
        self.picture.group_names |= {group.id: group.name for group in spec.task_groups}
        self._place_camera()

    @property
    def frame(self) -> Frame:
        """Size and fixed parts."""
        return Frame(self.width(), self.height(), text_scale())

    @property
    def scene(self) -> Scene:
        """Where everything is now."""
        if self._layout is None:
            self.relayout()
        assert self._layout is not None
        if self._scene is None:
            self._scene = Scene(self._layout, self._camera, self.frame)
        return self._scene

    # --- camera -----------------------------------------------------------------------------------------------

    def show_all(self) -> None:
        """All of the grid, and it stays so when the window grows."""
        self._free, self._all = False, True
        self.relayout()
        self.update()

    def show_layers(self, layer_ids: tuple[str, ...]) -> None:
        """Some cards as large as they fit."""
        layout = self.scene.layout
        ids = dict.fromkeys(layout.card_id(layer_id) for layer_id in layer_ids)
        cards = [layout.cards[i] for i in ids if i in layout.cards]
        rect = around(
            Rect(card.x, card.pieces[0][0], card.width, card.pieces[-1][1] - card.pieces[0][0]) for card in cards
        )
        if rect is not None:
            self.look(view.focused(rect, self.scene.limits))

    def reveal(self, layer_id: str) -> None:
        """Moves as little as needed so that a card can be seen."""
        layer_id = self.scene.layout.card_id(layer_id)
        if layer_id not in self.scene.layout.cards:
            return
        rect, main = self.scene.card(layer_id), self.frame.main
        dx = max(0.0, main.x + 8 - rect.x) + min(0.0, main.right - 18 - rect.right)
        dy = max(0.0, main.y + 4 - rect.y) + min(0.0, main.bottom - 8 - rect.bottom) if rect.h < main.h else 0.0
        if rect.w > main.w:
            dx = main.x + 8 - rect.x
        if dx or dy:
            self.look(view.panned(self._camera, dx, dy, self.scene.limits))

    def zoom(self, factor: float, at: Point) -> None:
        """Larger or smaller around a widget pixel."""
        main = self.frame.main
        inside = Point(max(0.0, at.x - main.x), max(0.0, at.y - main.y))
        self.look(view.zoomed(self._camera, factor, inside, self.scene.limits))

    def pan(self, dx: float, dy: float) -> None:
        """Moves the grid by so many pixels."""
        self.look(view.panned(self._camera, dx, dy, self.scene.limits))

    def look(self, camera: Camera) -> None:
        """Uses another camera, from now on the user's."""
        self._free = True
        self._use(camera)

    def _place_camera(self) -> None:
        self._scene = None
        limits = self.scene.limits
        if self._free:
            self._use(view.clamped(self._camera, limits))
        else:
            self._use(view.fitted(limits) if self._all else view.opened(limits))

    def _use(self, camera: Camera) -> None:
        self._camera, self._scene = camera, None
        dx, dy = self.scene.astray()
        if dx or dy:
            x, y = camera.x - dx / camera.zoom_x, camera.y - dy / camera.zoom_y
            self._camera, self._scene = replace(camera, x=x, y=y), None
        self._place_bars()
        self.looked.emit()
        self.update()

    def _place_bars(self) -> None:
        main, limits, camera = self.frame.main, self.scene.limits, self._camera
        for bar, start, zoom, content, length in (
            (self._bars[0], camera.x, camera.zoom_x, limits.content[0], main.w),
            (self._bars[1], camera.y, camera.zoom_y, limits.content[1], main.h),
        ):
            over = content * zoom - length
            bar.blockSignals(True)
            bar.setRange(min(0, round(start * zoom)), max(round(over), round(start * zoom), 0))
            bar.setPageStep(round(length))
            bar.setSingleStep(24)
            bar.setValue(round(start * zoom))
            bar.blockSignals(False)
            bar.setVisible(over > 1.5)
        self._bars[0].setGeometry(round(main.x), self.height() - BAR, round(main.w) - BAR, BAR)
        self._bars[1].setGeometry(self.width() - BAR, round(main.y), BAR, round(main.h))

    def _scrolled(self) -> None:
        x, y = (bar.value() for bar in self._bars)
        camera = self._camera
        moved = Camera(x / camera.zoom_x, y / camera.zoom_y, camera.zoom_x, camera.zoom_y)
        self.look(view.clamped(moved, self.scene.limits))

    # --- for tests and tours ----------------------------------------------------------------------------------

    def card_rect(self, layer_id: str) -> QRect:
        """Where a layer's card is, in widget pixels."""
        rect = self.scene.card(self.scene.layout.card_id(layer_id))
        return QRect(round(rect.x), round(rect.y), round(rect.w), round(rect.h))

    def edge_handle(self, layer_id: str, side: str) -> QPoint:
        """Where to take hold of a card's `lower` or `upper` edge."""
        return _pixel(self.scene.edge(layer_id, side).centre)

    def split_handle(self) -> QPoint:
        """Where to take hold of the split point; (-1, -1) where there is none."""
        handle = self.scene.split()
        return _pixel(handle.centre) if handle is not None else QPoint(-1, -1)

    def plus_button(self, connection: Connection) -> QPoint:
        """Where the "+" of a connection is; (-1, -1) where there is no such connection."""
        at = self.scene.plus(connection)
        return _pixel(at) if at is not None else QPoint(-1, -1)

    def end_plus(self, layer_id: str) -> QPoint:
        """Where the "+" behind a layer is that feeds nothing; (-1, -1) where there is none."""
        return next((_pixel(at) for card, at in self.scene.ends() if card == layer_id), QPoint(-1, -1))

    def head_plus(self, task_id: str) -> QPoint:
        """Where the "+" in the header of a task without an output is."""
        return _pixel(self.scene.head_button(self.scene.layout.row_of[task_id]).centre)

    def fold_arrow(self, task_id: str) -> QPoint:
        """Where the group of a task is folded and unfolded."""
        return _pixel(self.scene.fold_button(self.scene.layout.row_of[task_id]).centre)

    def lane_dot(self, layer_id: str, task_id: str, side: str = "left") -> QPoint:
        """Where a task's way comes into a card between tasks (`left`) or leaves it (`right`)."""
        row = self.scene.layout.row_of[task_id]
        _row, entry, leaving = next(lane for lane in self.scene.lanes(layer_id) if lane[0] == row)
        return _pixel(entry if side == "left" else leaving)

    def out_port(self, layer_id: str) -> QPoint:
        """Where to take hold of a layer's output to connect it."""
        return _pixel(self.scene.out_port(layer_id))

    def row_header(self, task_id: str) -> QPoint:
        """Where a task's name stands."""
        header = self.scene.header(self.scene.layout.row_of[task_id])
        return QPoint(round(header.x + 40), round(header.y + min(header.h / 2, 18.0)))

    def weight_slider(self, task_id: str, share: float) -> QPoint:
        """A place on a task's λ slider, 0 … 1 from left to right; (-1, -1) where there is no room for it."""
        track = self.scene.slider(self.scene.layout.row_of[task_id])
        return _pixel(Point(track.x + share * track.w, track.centre.y)) if track is not None else QPoint(-1, -1)

    # --- Qt ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the grid."""
        painter = QPainter(self)
        try:
            paint_grid(painter, self.scene, self.picture)
        finally:  # a painter that outlives its event takes the program with it
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Lays out anew."""
        super().resizeEvent(event)
        self.relayout()


def _buttons(spec: ProjectSpec, layout: GridLayout) -> Buttons:
    """What can be clicked on rows and groups; a task without an output can get a head once there is a layer."""
    fed = {output.task for output in spec.network.outputs}
    grouped = {task for group in spec.task_groups for task in group.tasks}
    rows = range(len(layout.rows))
    labels = {group.id: words_width(group.name, 11.5 * text_scale()) + 18 for group in spec.network.groups}
    return Buttons(
        frozenset(i for i in rows if layout.cards and not fed.issuperset(layout.rows[i].tasks)),
        frozenset(i for i in rows if grouped & set(layout.rows[i].tasks)),
        labels,
    )


def _pixel(at: Point) -> QPoint:
    return QPoint(round(at.x), round(at.y))
