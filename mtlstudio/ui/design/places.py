"""Where a new layer can go: on a connection, behind a card, into one row, across several rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.graph import crossing, main_connection
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import Connection, NetworkSpec, Output, ProjectSpec
from mtlstudio.ui.design.geometry import Point, Rect
from mtlstudio.ui.design.hits import card_at, connection_at
from mtlstudio.ui.design.layout import GridLayout
from mtlstudio.ui.design.scene import PLUS, Scene

Way = Connection | Output


@dataclass(frozen=True)
class Place:
    """Where a layer is to go; nothing said: behind the selection.

    Attributes:
        on: this connection.
        after: behind this layer; `port`: from that output of it ("" the main one).
        tasks: only for these; empty: for all whom it serves.
        branch: fed by `after`, but nothing is led through it.
        across: for a layer between tasks: the own way of each task that it shall mix.
    """

    on: Connection | None = None
    after: str = ""
    port: str = ""
    tasks: frozenset[str] = frozenset()
    branch: bool = False
    across: Mapping[str, Way] = field(default_factory=dict)


def place_at(scene: Scene, spec: ProjectSpec, at: Point, fitting: tuple[Connection, ...] = ()) -> Place:
    """Where a layer goes that is dropped, or asked for, at a widget pixel.

    Args:
        fitting: connections that it fits; only these count as near.
    """
    near = connection_at(scene, at)
    if near is not None and (not fitting or near in fitting):
        return Place(on=near)
    layout = scene.layout
    for layer_id, plus in scene.ends():
        if abs(at.x - plus.x) <= PLUS and abs(at.y - plus.y) <= PLUS:
            return Place(after=layout.layers_of(layer_id)[-1])
    card = card_at(scene, at)
    if card:
        return Place(after=layout.layers_of(card)[-1])
    if not layout.rows or at.x < scene.frame.head:
        return Place()
    row = layout.rows[scene.row_at(at.y)]
    x = scene.unit(at).x
    way = way_at(layout, spec.network, row.task, x)
    if isinstance(way, Connection):
        return Place(on=way)
    return Place(after=_last_before(layout, row.task, x), tasks=frozenset(row.tasks))


def way_at(layout: GridLayout, network: NetworkSpec, task: str, x: float) -> Way | None:
    """A task's main way where it passes a place along the rows; its end behind its last layer; None without one."""
    output = network.output_of(task)
    if output is None or layout.card_id(output.layer) not in layout.cards:
        return None
    if layout.cards[layout.card_id(output.layer)].right <= x:
        return output
    layer_id, seen = output.layer, set[str]()
    while layer_id not in seen:
        seen.add(layer_id)
        way = way_into(network, layer_id, task)
        if way is None or layout.card_id(way.source) not in layout.cards:
            return None
        if layout.cards[layout.card_id(way.source)].right <= x:
            return way
        layer_id = way.source
    return None


def way_into(network: NetworkSpec, layer_id: str, task: str) -> Connection | None:
    """The connection through which a task's way comes into a layer: into its lane where there is one."""
    lanes = [c for c in network.connections if c.target == layer_id and c.target_port == lane(task)]
    return lanes[0] if lanes else main_connection(network, layer_id)


def across_at(layout: GridLayout, spec: ProjectSpec, x: float) -> dict[str, Way]:
    """The own way of each task where it passes a place along the rows: what a layer between tasks can mix.

    Raises:
        StudioError: fewer than two tasks have a way of their own there; says who shares it.
    """
    found: dict[str, Way] = {}
    shared, between = "", crossing(spec.network)
    for task in layout.order:
        way = way_at(layout, spec.network, task, x)
        if way is None:
            continue
        target = spec.network.layer(way.target) if isinstance(way, Connection) else None
        if target is None or target.tasks == {task} or target.id in between:
            found[task] = way
        else:
            shared = target.name
    return checked(found, shared)


def across_behind(spec: ProjectSpec, layer_ids: tuple[str, ...], tasks: tuple[str, ...]) -> dict[str, Way]:
    """The own way of each task out of the selected layers, or out of one that they share.

    Raises:
        StudioError: fewer than two tasks leave them on ways of their own.
    """
    network, found, shared = spec.network, dict[str, Way](), ""
    for task in tasks:
        for layer_id in layer_ids:
            if task not in network.layer(layer_id).tasks:
                continue
            output = network.output_of(task)
            if output is not None and output.layer == layer_id:
                way = way_into(network, layer_id, task)  # before the head, not behind it
                if way is not None:
                    found[task] = way
                continue
            for c in network.connections:
                if c.source == layer_id and task in network.layer(c.target).tasks:
                    if network.layer(c.target).tasks == {task} or c.target_port == lane(task):
                        found.setdefault(task, c)
                    else:
                        shared = network.layer(c.target).name
    return checked(found, shared)


def checked(found: dict[str, Way], shared: str) -> dict[str, Way]:
    """The ways, if there are two at least."""
    if len(found) >= 2:
        return found
    if shared:
        raise StudioError(
            mark("“{layer}” is shared: a layer between tasks mixes ways that are each task's own"),
            fix=mark("Drop it behind the split point."),
            layer=shared,
        )
    raise StudioError(mark("A layer between tasks needs two tasks that each go their own way here"))


def landing(scene: Scene, place: Place, x: float) -> tuple[Rect, ...]:
    """Areas of the widget that show where a layer would come to stand.

    Args:
        x: the pointer's.
    """
    layout, wide = scene.layout, 46.0
    if place.across:
        rows = sorted({layout.row_of[task] for task in place.across if task in layout.row_of})
        bands = [scene.row(row) for row in rows]
        return tuple(Rect(x - wide / 2, band.y + 4, wide, band.h - 8) for band in bands)
    if place.on is not None:
        at = scene.plus(place.on)
        return (Rect(at.x - 11, at.y - 11, 22, 22),) if at is not None else ()
    card = layout.card_id(place.after)
    if card not in layout.cards:
        return ()
    left = scene.x(layout.cards[card].right) + 8
    if place.tasks:
        rows = sorted({layout.row_of[task] for task in place.tasks if task in layout.row_of})
        return tuple(Rect(left, scene.row(r).y + 5, wide, scene.row(r).h - 10) for r in rows)
    return tuple(Rect(left, piece.y, wide, piece.h) for piece in scene.pieces(card))


def words(scene: Scene, spec: ProjectSpec, place: Place) -> str:
    """Where it would go, in a few words."""
    names = {layer.id: layer.name for layer in spec.network.layers}
    if place.across:
        tasks = ", ".join(task.name for task in spec.tasks if task.id in place.across)
        return tr("Between {tasks}", tasks=tasks)
    if place.on is not None:
        ends = {"first": names.get(place.on.source, ""), "second": names.get(place.on.target, "")}
        return tr("Between {first} and {second}", **ends)
    if place.after not in names:
        return ""
    if place.tasks and place.tasks != spec.network.layer(place.after).tasks:
        tasks = ", ".join(task.name for task in spec.tasks if task.id in place.tasks)
        return tr("After {layer}, for {tasks} alone", layer=names[place.after], tasks=tasks)
    return tr("After {layer}", layer=names[place.after])


def loose_ends(network: NetworkSpec, tasks: frozenset[str]) -> list[str]:
    """Layers of exactly these tasks that feed nothing and give no output."""
    feeding = {c.source for c in network.connections}
    giving = {output.layer for output in network.outputs}
    return [i.id for i in network.layers if i.tasks == tasks and i.id not in feeding and i.id not in giving]


def _last_before(layout: GridLayout, task: str, x: float) -> str:
    """The last layer of a task's row that stands to the left of a place; the first of all where none does."""
    row = layout.row_of.get(task, 0)
    in_row = [card for card in layout.cards.values() if row in card.spot.rows]
    before = [card for card in in_row if card.right <= x + 1]
    if before:
        return layout.layers_of(max(before, key=lambda card: card.x).spot.layer.id)[-1]
    return layout.layers_of(min(in_row, key=lambda card: card.x).spot.layer.id)[-1] if in_row else ""
