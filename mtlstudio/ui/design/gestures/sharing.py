"""Gestures that change who shares what: pulling a card's edge, moving the split point."""

from __future__ import annotations

from PySide6.QtCore import Qt

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.edits import set_split_point, share_among, split_positions
from mtlstudio.project.graph import INPUT_TYPE
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.gestures.base import Gesture
from mtlstudio.ui.design.layout import GridLayout


class PullEdge(Gesture):
    """Pulls a card's lower or upper edge over other rows: their tasks share it; pushed back, they get their own."""

    cursor = Qt.CursorShape.SizeVerCursor
    at_once = True

    def start(self, at: Point) -> None:
        canvas = self.canvas
        self._spec, self._scene = canvas.document.spec, canvas.scene
        self._layer = self._spec.network.layer(self.hit.layer)
        spot = self._scene.layout.cards[self.hit.layer].spot
        pieces = spot.pieces
        self._piece = max(pieces, key=lambda piece: piece[1] - piece[0])
        inside = range(self._piece[0], self._piece[1] + 1)
        self._others = self._scene.layout.tasks_in([row for row in spot.rows if row not in inside]) & self._layer.tasks
        self._offset = at.y - self._scene.edge(self.hit.layer, self.hit.side).centre.y
        self._wanted = self._layer.tasks
        self._done: ProjectSpec | None = None

    def update(self, at: Point, adding: bool) -> None:
        first, last = self._rows(Point(at.x, at.y - self._offset))
        wanted = self._scene.layout.tasks_in(range(first, last + 1)) | self._others
        if wanted == self._wanted:
            return
        self._wanted = wanted
        names = ", ".join(task.name for task in self._spec.tasks if task.id in wanted)
        try:
            self._done = share_among(self._spec, self._layer.id, wanted)
        except StudioError as error:
            self._done = None
            self.canvas.preview(self._spec)
            self.canvas.announce(error.text(), refused=True)
            return
        self.canvas.preview(self._done)
        self.canvas.announce(tr("{layer}: shared by {tasks}", layer=self._layer.name, tasks=names)
                             if len(wanted) > 1 else tr("{layer}: {task} alone", layer=self._layer.name, task=names))  # fmt: skip

    def finish(self) -> None:
        self.canvas.preview(None)
        if self._wanted != self._layer.tasks:
            wanted, layer_id = self._wanted, self._layer.id
            text = tr("Share {layer}", layer=self._layer.name) if len(wanted) > 1 else tr(
                "Give {layer} to one task", layer=self._layer.name)  # fmt: skip
            self.canvas.document.apply(text, lambda spec: share_among(spec, layer_id, wanted))

    def cancel(self) -> None:
        self.canvas.preview(None)

    def _rows(self, at: Point) -> tuple[int, int]:
        """First and last row of the piece while its edge is at a pixel: a row belongs to it from its middle on."""
        rows, y = self._scene.layout.rows, self._scene.unit(at).y
        first, last = self._piece
        if self.hit.side == "lower":
            return first, max((i for i in range(first, len(rows)) if rows[i].middle <= y), default=first)
        return min((i for i in range(last + 1) if rows[i].middle >= y), default=last), last


class DragSplit(Gesture):
    """Moves the split point along the trunk, from one place where it can stand to the next."""

    cursor = Qt.CursorShape.SplitHCursor
    at_once = True

    def start(self, at: Point) -> None:
        self._spec, self._scene = self.canvas.document.spec, self.canvas.scene
        self._positions = split_places(self._spec, self._scene.layout)
        self._index = self._first = next((i for i, (_x, now) in enumerate(self._positions) if now), 0)
        self.canvas.picture.ticks = tuple(x for x, _now in self._positions)

    def update(self, at: Point, adding: bool) -> None:
        x = self._scene.unit(at).x
        places = range(len(self._positions))
        index = min(places, key=lambda i: abs(self._positions[i][0] - x), default=self._index)
        if index == self._index:
            return
        self._index = index
        try:
            self.canvas.preview(set_split_point(self._spec, index))
        except StudioError as error:
            self.canvas.preview(self._spec)
            self.canvas.announce(error.text(), refused=True)

    def finish(self) -> None:
        self._end()
        if self._index != self._first:
            self.canvas.document.apply(tr("Move the split point"), lambda spec: set_split_point(spec, self._index))

    def cancel(self) -> None:
        self._end()

    def _end(self) -> None:
        self.canvas.picture.ticks = ()
        self.canvas.preview(None)


def split_places(spec: ProjectSpec, layout: GridLayout) -> list[tuple[float, bool]]:
    """Where the split point can stand: (place along the rows, whether it stands there now), from left to right."""
    try:
        positions = split_positions(spec)
    except StudioError:
        return []
    inputs = [card.spot.column for card in layout.cards.values() if card.spot.layer.type == INPUT_TYPE]
    places: list[tuple[float, bool]] = []
    for position in positions:
        card = layout.cards.get(layout.card_id(position.layer))
        column = card.spot.column if card is not None else max(inputs, default=0)
        x = _behind(layout, column)
        if places:
            x = max(x, places[-1][0] + 6)
        places.append((x, position.current))
    return places


def _behind(layout: GridLayout, column: int) -> float:
    x, width = layout.columns[column]
    following = layout.columns[column + 1][0] if column + 1 < len(layout.columns) else x + width + 20
    return (x + width + following) / 2
