"""Where the grid's parts lie in the widget, in pixels: what is painted and what is hit read the same places. No Qt."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from mtlstudio.project.spec import Connection
from mtlstudio.ui.design.camera import Camera, Limits
from mtlstudio.ui.design.geometry import Point, Rect, around
from mtlstudio.ui.design.layout import GAP, INSET, Card, GridLayout, GroupFrame
from mtlstudio.ui.design.routes import Skip, Wire

TAP = 16.0
PLUS = 16.0
TITLE_ROOM = 92.0
LOW_TITLE_ROOM = 60.0


@dataclass(frozen=True)
class Frame:
    """The widget's size and its fixed parts: the row headers on the left, the ribbon with the split handle on top."""

    width: float
    height: float
    scale: float = 1.0

    @cached_property
    def head(self) -> float:
        """Width of the row headers."""
        return (150.0 if self.width >= 760 else 118.0) * self.scale

    @cached_property
    def ribbon(self) -> float:
        """Height of the ribbon."""
        return (TITLE_ROOM if self.height >= 470 else LOW_TITLE_ROOM) * self.scale

    @cached_property
    def main(self) -> Rect:
        """Where the cards are."""
        return Rect(self.head, self.ribbon, max(1.0, self.width - self.head), max(1.0, self.height - self.ribbon))


class Arc(NamedTuple):
    """Where a skip leaves a card and where it enters one, and how low it runs between.

    `down`, `up`: beside which column it goes down and up again; None where it does so right below its tap.
    """

    start: Point
    end: Point
    low: float
    down: float | None = None
    up: float | None = None


@dataclass(frozen=True)
class Scene:
    """A layout seen by a camera in a frame."""

    layout: GridLayout
    camera: Camera
    frame: Frame

    @cached_property
    def limits(self) -> Limits:
        """For the camera."""
        main = self.frame.main
        return Limits((self.layout.width, self.layout.height), (main.w, main.h))

    def x(self, x: float) -> float:
        """Widget pixel of a place along the rows."""
        return self.frame.head + (x - self.camera.x) * self.camera.zoom_x

    def y(self, y: float) -> float:
        """Widget pixel of a place across the rows."""
        return self.frame.ribbon + (y - self.camera.y) * self.camera.zoom_y

    def unit(self, at: Point) -> Point:
        """The place of the grid under a widget pixel."""
        return Point(
            self.camera.x + (at.x - self.frame.head) / self.camera.zoom_x,
            self.camera.y + (at.y - self.frame.ribbon) / self.camera.zoom_y,
        )

    # --- rows -------------------------------------------------------------------------------------------------

    def row(self, index: int) -> Rect:
        """A row's band, across the whole widget."""
        row = self.layout.rows[index]
        return Rect(0.0, self.y(row.top), self.frame.width, row.height * self.camera.zoom_y)

    def header(self, index: int) -> Rect:
        """A row's header."""
        band = self.row(index)
        return Rect(0.0, band.y, self.frame.head, band.h)

    def visible_rows(self) -> range:
        """Rows of which something can be seen."""
        rows = self.layout.rows
        first = bisect_right(rows, self.unit(Point(0, self.frame.ribbon)).y, key=lambda row: row.bottom + row.gutter)
        last = bisect_left(rows, self.unit(Point(0, self.frame.height)).y, key=lambda row: row.top)
        return range(first, max(first, last))

    def row_at(self, y: float) -> int:
        """The row nearest to a pixel."""
        unit = self.unit(Point(0, y)).y
        rows = self.layout.rows
        return min(range(len(rows)), key=lambda i: abs(rows[i].middle - unit)) if rows else 0

    def slider(self, index: int) -> Rect | None:
        """The track of a row's λ, or None where the row is too low for it, or of a folded group."""
        return None if self.layout.rows[index].group else self.weight_line(index)

    def weight_line(self, index: int) -> Rect | None:
        """Where a row's λ stands, or None where the row is too low for it."""
        header = self.header(index)
        scale = self.frame.scale
        if header.h < 40 * scale:
            return None
        y = header.y + (66 if header.h >= 100 * scale else 36 if header.h >= 58 * scale else 24) * scale
        return Rect(header.x + 28 * scale, y, header.w - (28 + 50) * scale, 18 * scale)

    # --- cards ------------------------------------------------------------------------------------------------

    def pieces(self, layer_id: str) -> list[Rect]:
        """A layer's card, piece by piece."""
        return self._pieces(self.layout.cards[layer_id])

    def card(self, layer_id: str) -> Rect:
        """A layer's card; of several pieces the largest."""
        return max(self.pieces(layer_id), key=lambda rect: rect.h)

    def whole(self, layer_id: str) -> Rect:
        """All pieces of a card together."""
        found = around(self.pieces(layer_id))
        assert found is not None
        return found

    def visible_columns(self) -> range:
        """Columns of which something can be seen."""
        left, right = self.camera.x, self.camera.x + self.frame.main.w / self.camera.zoom_x
        columns = self.layout.columns
        first = bisect_left(columns, left, key=lambda column: column[0] + column[1])
        last = bisect_right(columns, right, key=lambda column: column[0])
        return range(first, max(first, last))

    def visible_cards(self) -> Iterator[tuple[Card, list[Rect]]]:
        """Cards of which something can be seen, with their pieces in the widget."""
        cards, low, high = self.layout.cards, self.frame.ribbon, self.frame.height
        for column in self.visible_columns():
            for layer_id in self.layout.by_column[column]:
                pieces = self._pieces(cards[layer_id])
                if pieces[-1].bottom >= low and pieces[0].y <= high:
                    yield cards[layer_id], pieces

    def _pieces(self, card: Card) -> list[Rect]:
        camera, ribbon = self.camera, self.frame.ribbon
        x = self.frame.head + (card.x - camera.x) * camera.zoom_x
        width, zoom, start = card.width * camera.zoom_x, camera.zoom_y, camera.y
        return [
            Rect(x, ribbon + (top - start) * zoom, width, (bottom - top) * zoom) for top, bottom in card.pieces
        ]  # fmt: skip

    def astray(self) -> tuple[float, float]:
        """By how many pixels the grid has to be moved so that a card can be seen; (0, 0) where one is, or none exists."""
        main = self.frame.main
        if any(piece.touches(main) for _card, pieces in self.visible_cards() for piece in pieces):
            return 0.0, 0.0
        ways = (self._way_in(piece) for card in self.layout.cards.values() for piece in self._pieces(card))
        return min(ways, key=lambda way: abs(way[0]) + abs(way[1]), default=(0.0, 0.0))

    def _way_in(self, piece: Rect) -> tuple[float, float]:
        """How far a rectangle is from being well in view."""
        main = self.frame.main
        wide, high = min(40.0, piece.w, main.w), min(40.0, piece.h, main.h)
        dx = max(0.0, main.x + wide - piece.right) + min(0.0, main.right - wide - piece.x)
        dy = max(0.0, main.y + high - piece.bottom) + min(0.0, main.bottom - high - piece.y)
        return dx, dy

    def edge(self, layer_id: str, side: str) -> Rect:
        """The handle on the lower or upper edge of a card."""
        rect = self.card(layer_id)
        width = min(34.0, 0.5 * rect.w)
        y = rect.bottom if side == "lower" else rect.y
        return Rect(rect.centre.x - width / 2, y - 4, width, 7)

    def out_port(self, layer_id: str) -> Point:
        """The dot on the right from which a connection is pulled."""
        rect = self.card(layer_id)
        return Point(rect.right, rect.y + min(rect.h / 2, 18.0) if rect.h > 60 else rect.centre.y)

    # --- connections ------------------------------------------------------------------------------------------

    def wire_lines(self, wire: Wire) -> list[tuple[int, float, float, float, float]]:
        """(row, x1, y1, x2, y2) of each line of a wire; row −1 for one that belongs to no single row."""
        source, target = self.layout.cards[wire.source], self.layout.cards[wire.target]
        x1, x2 = self.x(source.right), self.x(target.x)
        if not wire.bent:
            rows = self.layout.rows
            return [(row, x1, y, x2, y) for row in wire.rows for y in (self.y(rows[row].middle),)]
        above, below = _middles(source, target, self.layout)
        row = wire.rows[0] if len(wire.rows) == 1 else -1
        return [(row, x1, self.y(above), x2, self.y(below))]

    def plus(self, connection: Connection) -> Point | None:
        """The place of the "+" on a connection; on a skip below its deepest point."""
        for wire in self.layout.routes.wires:
            if wire.connection == connection:
                return self.plus_on(wire)
        for skip in self.layout.routes.skips:
            if skip.connection == connection:
                arc = self.arc(skip)
                return Point((arc.start.x + arc.end.x) / 2, arc.low)
        return None

    def plus_on(self, wire: Wire) -> Point:
        """The place of the "+" on a wire: the middle of its first line."""
        lines = self.wire_lines(wire)
        _row, x1, y1, x2, y2 = lines[0] if lines else (0, 0.0, 0.0, 0.0, 0.0)
        return Point((x1 + x2) / 2, (y1 + y2) / 2)

    def tap(self, layer_id: str, row: int, place: int, entry: bool = False) -> Rect:
        """A numbered tap, at the lower right of a card's part in a row.

        Args:
            entry: where the skip arrives: on a card that shares its rows with others at the lower left.
        """
        card = self.layout.cards[layer_id]
        left, right, size = self.x(card.x), self.x(card.right), self.tap_size
        bottom = self.y(self.layout.rows[row].bottom - 6)
        if card.spot.slots > 1:  # parallel layers share the row: on the card itself
            top, bottom = self.y(card.pieces[-1][0]), self.y(card.pieces[-1][1])
            size = min(size, 0.4 * (bottom - top))
        inset = min(7.0, max(0.0, (right - left - size) / 2))
        x = left + inset if entry and card.spot.slots > 1 else right - inset - size - place * (size + 3)
        return Rect(x, bottom - size - 5 * min(1.0, size / TAP), size, size)

    @cached_property
    def tap_size(self) -> float:
        """Smaller where rows are low or cards narrow."""
        low = min((row.height for row in self.layout.rows), default=100.0) * self.camera.zoom_y
        return max(3.0, min(TAP * self.frame.scale * min(1.0, self.camera.zoom_x), 0.24 * low))

    @cached_property
    def taps(self) -> Mapping[str, list[Rect]]:
        """All taps, by card."""
        found: dict[str, dict[tuple[int, int], Rect]] = {}
        for skip in self.layout.routes.skips:
            if skip.tapped:
                ends = (skip.source, skip.source_place, False), (skip.target, skip.target_place, True)
                for card, place, entry in ends:
                    found.setdefault(card, {})[skip.row, place] = self.tap(card, skip.row, place, entry)
        return {card: list(taps.values()) for card, taps in found.items()}

    def visible_skips(self) -> Iterator[Skip]:
        """Skips of the rows of which something can be seen."""
        rows = self.visible_rows()
        return (skip for skip in self.layout.routes.skips if skip.row in rows)

    def arc(self, skip: Skip) -> Arc:
        """A skip's way: from the source into the gutter of its row, along, and up to the target."""
        row, zoom = self.layout.rows[skip.row], self.camera.zoom_y
        base = self.y(row.bottom) - INSET * zoom + 2
        low = base + (row.gutter + INSET - 5) * zoom * skip.level / max(1, row.levels)
        source, target = self.layout.cards[skip.source], self.layout.cards[skip.target]
        start, down = self._end(skip, source, False)
        end, up = self._end(skip, target, True)
        return Arc(start, end, low, down, up)

    def _end(self, skip: Skip, card: Card, entry: bool) -> tuple[Point, float | None]:
        """Where a skip leaves or enters a card, and where it runs beside it."""
        stacked = card.spot.slots > 1
        place = skip.target_place if entry else skip.source_place
        tap = self.tap(card.spot.layer.id, skip.row, place, entry) if skip.tapped else None
        if tap is not None and not stacked:
            return Point(tap.centre.x, tap.bottom), None
        side = self.x(card.x if entry else card.right)
        if tap is not None:
            return Point(tap.x if entry else tap.right, tap.centre.y), self._beside(card, entry, skip.level)
        if stacked:
            y = self.y((card.pieces[-1][0] + card.pieces[-1][1]) / 2)
        else:
            row = self.layout.rows[skip.row]
            y = self.y(row.bottom - INSET - min(12.0, 0.2 * row.height))
        return Point(side, y), self._beside(card, entry, skip.level)

    def _beside(self, card: Card, before: bool, level: int) -> float:
        """Between a card's column and the one before or behind it; lines of neighbouring levels beside one another."""
        columns, column = self.layout.columns, card.spot.column
        left, width = columns[column]
        if before:
            a, b = (sum(columns[column - 1]) if column else left - GAP), left
        else:
            a, b = left + width, columns[column + 1][0] if column + 1 < len(columns) else left + width + GAP
        if b - a > 2 * GAP:  # beside the card, not in the middle of a wide gap
            a, b = (b - GAP, b) if before else (a, a + GAP)
        return self.x(a + (b - a) * (0.3 + 0.4 * (level % 3) / 2))

    # --- groups, lanes, ends ----------------------------------------------------------------------------------

    def fold_button(self, index: int) -> Rect:
        """Where a row of a group of tasks is clicked to fold or unfold it: at the right end of its header."""
        header, size = self.header(index), 16.0 * self.frame.scale
        return Rect(header.right - size - 3, header.y + min(8 * self.frame.scale, (header.h - size) / 2), size, size)

    def head_button(self, index: int) -> Rect:
        """The "+" in the header of a row whose task has no output."""
        header, size = self.header(index), 18.0 * self.frame.scale
        y = header.y + max(2.0, min(header.h - size - 6, 70 * self.frame.scale))
        return Rect(header.right - size - 24 * self.frame.scale, y if header.h >= 58 * self.frame.scale else header.y
                    + (header.h - size) / 2, size, size)  # fmt: skip

    def group_label(self, frame: GroupFrame, width: float) -> Rect:
        """Where the name of an unfolded group of layers stands: on the upper edge of its outline, in view."""
        main = self.frame.main
        x = min(max(self.x(frame.left) + 8, main.x + 4), max(main.x + 4, self.x(frame.right) - width - 8))
        y = min(max(self.y(frame.top) - 8, main.y + 1), self.y(frame.bottom) - 18)
        return Rect(x, y, width, 16.0)

    def lanes(self, layer_id: str) -> list[tuple[int, Point, Point]]:
        """(row, where the task's way comes in, where it leaves) of each lane of a card between tasks."""
        card = self.layout.cards[layer_id]
        left, right = self.x(card.x), self.x(card.right)
        middles = ((row, self.y(self.layout.rows[row].middle)) for row in card.spot.rows if row < len(self.layout.rows))
        return [(row, Point(left, y), Point(right, y)) for row, y in middles]

    def ends(self) -> list[tuple[str, Point]]:
        """(card, place of the "+") of each way that ends in nothing."""
        found = []
        for layer_id, _row in self.layout.ends:
            card = self.layout.cards[layer_id]
            top, bottom = card.pieces[-1]
            found.append((layer_id, Point(self.x(card.right) + PLUS * 0.9, self.y((top + bottom) / 2))))
        return found

    # --- split point ------------------------------------------------------------------------------------------

    def split(self) -> Rect | None:
        """The handle of the split point, kept inside the view; None without a trunk."""
        if self.layout.split is None:
            return None
        scale, main = self.frame.scale, self.frame.main
        x = min(main.right - 14 * scale, max(main.x + 2, self.x(self.layout.split)))
        high = (34 if self.frame.ribbon >= 80 * scale else 28) * scale
        return Rect(x - 12 * scale, (self.frame.ribbon - high) / 2, 24 * scale, high)


def _middles(source: Card, target: Card, layout: GridLayout) -> tuple[float, float]:
    """Where a bent wire leaves its source and meets its target: straight where it can be."""
    above = (source.pieces[0][0] + source.pieces[0][1]) / 2
    below = (target.pieces[0][0] + target.pieces[0][1]) / 2
    if source.spot.slots == 1 and target.spot.slots > 1:
        above = min(source.pieces[-1][1] - 8, max(source.pieces[0][0] + 8, below))
    elif target.spot.slots == 1 and source.spot.slots > 1:
        below = min(target.pieces[-1][1] - 8, max(target.pieces[0][0] + 8, above))
    return above, below
