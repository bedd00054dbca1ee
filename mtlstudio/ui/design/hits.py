"""What lies under the pointer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import Connection
from mtlstudio.ui.design.geometry import Point, Rect
from mtlstudio.ui.design.routes import Skip
from mtlstudio.ui.design.scene import PLUS, Scene

Kind = Literal[
    "nothing", "split", "callout", "slider", "header", "name", "fold", "head", "port", "edge", "plus", "end", "tap",
    "card", "wire", "group",
]  # fmt: skip

LANE = 6.0
EDGE = 4.0
"""A card's edge can be taken hold of from so many pixels away."""


@dataclass(frozen=True)
class Hit:
    """What was found.

    Attributes:
        layer: of a card, an edge, a port or a tap.
        side: of an edge: `lower` or `upper`.
        row: of a header, a slider, a fold or head button.
        connection: of a plus, a wire or a tap.
        group: id of an unfolded group of layers whose name lies there.
        port: of a port: which output of the layer; "" where any may be meant.
    """

    kind: Kind = "nothing"
    layer: str = ""
    side: str = ""
    row: int = -1
    connection: Connection | None = None
    group: str = ""
    port: str = ""


@dataclass(frozen=True)
class Buttons:
    """What only some rows and groups have.

    Attributes:
        headless: rows whose task has no output.
        grouped: rows of a group of tasks.
        labels: width of the name of each unfolded group of layers, by id.
    """

    headless: frozenset[int] = frozenset()
    grouped: frozenset[int] = frozenset()
    labels: Mapping[str, float] = field(default_factory=dict)


def hit(
    scene: Scene,
    at: Point,
    selection: frozenset[str] = frozenset(),
    hovered: str = "",
    buttons: Buttons = Buttons(),
) -> Hit:
    """What lies at a widget pixel. Handles reach a little beyond what is painted, those of selected cards most.

    Args:
        selection: ids of the selected layers.
        hovered: the layer under the pointer before; its handles and port are shown, and so can be hit.
        buttons: of rows and groups.
    """
    split = scene.split()
    if split is not None and split.contains(at, 5):
        return Hit("split")
    if at.y < scene.frame.ribbon:
        return Hit("callout" if at.x >= scene.frame.head else "nothing")
    if at.x < scene.frame.head:
        return _header(scene, at, buttons)
    for frame in scene.layout.frames:
        if frame.group in buttons.labels and scene.group_label(frame, buttons.labels[frame.group]).contains(at):
            return Hit("group", group=frame.group)
    found = card_at(scene, at)
    leaving = _lane(scene, at, found or card_at(scene, at, LANE))
    if leaving is not None:
        return leaving
    handle = _handle(scene, at, selection, found or card_at(scene, at, EDGE) or hovered)
    if handle.kind != "nothing":
        return handle
    if found:
        return _tap(scene, at, found) or Hit("card", layer=found)
    for layer_id, plus in scene.ends():
        if abs(at.x - plus.x) <= PLUS / 2 + 2 and abs(at.y - plus.y) <= PLUS / 2 + 2:
            return Hit("end", layer=layer_id)
    return _wire(scene, at)


def card_at(scene: Scene, at: Point, reach: float = 0.0) -> str:
    """Id of the layer whose card is there, or at most `reach` beside it; "" without one."""
    x = scene.unit(at).x
    for column in scene.visible_columns():
        left, width = scene.layout.columns[column]
        if left - 1 <= x <= left + width + 1:
            for layer_id in scene.layout.by_column[column]:
                if any(piece.contains(at, reach) for piece in scene.pieces(layer_id)):
                    return layer_id
    return ""


def cards_in(scene: Scene, band: Rect) -> list[str]:
    """Ids of the layers whose cards the rubber band touches."""
    return [
        card.spot.layer.id for card, pieces in scene.visible_cards() if any(piece.touches(band) for piece in pieces)
    ]


def connection_at(scene: Scene, at: Point, reach: float = 26.0) -> Connection | None:
    """The connection nearest to a place, as a target to drop on: its line, or the cards on its both ends."""
    best: tuple[float, Connection] | None = None
    for wire in scene.layout.routes.wires:
        for _row, x1, y1, x2, y2 in scene.wire_lines(wire):
            distance = _distance(at, x1, y1, x2, y2)
            if distance <= reach and (best is None or distance < best[0]):
                best = (distance, wire.connection)
    return best[1] if best else None


def weight_at(track: Rect, x: float, top: float) -> float:
    """The λ that a place on a slider's track stands for, in steps of a hundredth of its range."""
    share = min(1.0, max(0.0, (x - track.x) / max(1.0, track.w)))
    return round(share * 100) * top / 100


def _header(scene: Scene, at: Point, buttons: Buttons) -> Hit:
    for row in scene.visible_rows():
        header = scene.header(row)
        if not header.contains(at):
            continue
        if row in buttons.grouped and scene.fold_button(row).contains(at, 2):
            return Hit("fold", row=row)
        if row in buttons.headless and scene.head_button(row).contains(at, 2):
            return Hit("head", row=row)
        slider = scene.slider(row)
        if slider is not None and slider.contains(at, 6):
            return Hit("slider", row=row)
        return Hit("name" if at.y < header.y + 32 * scene.frame.scale else "header", row=row)
    return Hit()


def _handle(scene: Scene, at: Point, selection: frozenset[str], hovered: str) -> Hit:
    shown = [layer_id for layer_id in (*selection, hovered) if layer_id in scene.layout.cards]
    for layer_id in dict.fromkeys(shown):
        rect = scene.card(layer_id)
        port = scene.out_port(layer_id)
        whole = layer_id in scene.layout.members  # a folded group: its edges are no handles
        if abs(at.x - port.x) <= 6 and abs(at.y - port.y) <= 6:
            return Hit("port", layer=layer_id)
        for side in ("lower", "upper"):
            if rect.h >= 16 and not whole and scene.edge(layer_id, side).contains(at, 4):
                return Hit("edge", layer=layer_id, side=side)
    for layer_id in dict.fromkeys(shown):
        rect = scene.card(layer_id)
        if rect.x <= at.x <= rect.right and rect.h >= 24 and layer_id not in scene.layout.members:
            if abs(at.y - rect.bottom) <= EDGE:
                return Hit("edge", layer=layer_id, side="lower")
            if abs(at.y - rect.y) <= EDGE:
                return Hit("edge", layer=layer_id, side="upper")
    return Hit()


def _lane(scene: Scene, at: Point, layer_id: str) -> Hit | None:
    """The dot at which a task's way leaves a card between tasks."""
    if not layer_id or not scene.layout.cards[layer_id].spot.crosses:
        return None
    for row, _entry, leaving in scene.lanes(layer_id):
        if abs(at.x - leaving.x) <= LANE and abs(at.y - leaving.y) <= LANE:
            return Hit("port", layer=layer_id, port=lane(scene.layout.tasks[row]))
    return None


def _tap(scene: Scene, at: Point, layer_id: str) -> Hit | None:
    for skip in scene.layout.routes.skips:
        if not skip.tapped:
            continue
        for end, place, entry in ((skip.source, skip.source_place, False), (skip.target, skip.target_place, True)):
            if end == layer_id and scene.tap(end, skip.row, place, entry).contains(at, 1):
                return Hit("tap", layer=layer_id, connection=skip.connection)
    return None


def _wire(scene: Scene, at: Point) -> Hit:
    columns = scene.visible_columns()
    for wire in scene.layout.routes.wires:
        cards = scene.layout.cards
        if cards[wire.target].spot.column < columns.start:
            continue
        if cards[wire.source].spot.column > columns.stop:
            continue
        plus = scene.plus_on(wire)
        if abs(at.x - plus.x) <= PLUS / 2 + 2 and abs(at.y - plus.y) <= PLUS / 2 + 2:
            return Hit("plus", connection=wire.connection)
        if any(_distance(at, *line[1:]) <= 7 for line in scene.wire_lines(wire)):
            return Hit("wire", connection=wire.connection)
    for skip in scene.visible_skips():
        if not skip.tapped and _on_bent(scene, skip, at):
            return Hit("wire", connection=skip.connection)
    return Hit()


def _on_bent(scene: Scene, skip: Skip, at: Point) -> bool:
    """Whether a place is on the line of a skip that has no taps."""
    arc = scene.arc(skip)
    down, up = arc.down or arc.start.x, arc.up or arc.end.x
    corners = (arc.start, (down, arc.start.y), (down, arc.low), (up, arc.low), (up, arc.end.y), arc.end)
    return any(_distance(at, *one, *two) <= 4 for one, two in pairwise(corners))


def _distance(at: Point, x1: float, y1: float, x2: float, y2: float) -> float:
    """From a place to a straight line."""
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    share = min(1.0, max(0.0, ((at.x - x1) * dx + (at.y - y1) * dy) / length)) if length else 0.0
    x, y = x1 + share * dx, y1 + share * dy
    return float(((at.x - x) ** 2 + (at.y - y) ** 2) ** 0.5)
