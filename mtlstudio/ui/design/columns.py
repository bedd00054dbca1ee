"""Which column and which rows each layer takes in the sharing grid. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mtlstudio.project.graph import CycleError, crossing, incoming, order
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec

Pieces = tuple[tuple[int, int], ...]
"""Rows as (first, last) of each unbroken piece, from top to bottom."""

STACK = 8
"""So many parallel layers share a place before the next one moves to the right."""


@dataclass(slots=True)
class Spot:
    """A layer's place in the grid.

    Attributes:
        column: counted from the left.
        pieces: the rows it spans; more than one piece where its tasks are not neighbours.
        rows: the same rows, one by one.
        slot, slots: its place among the parallel layers of the same tasks that share column and rows with it.
        crosses: it stands between tasks, each of which has a port of its own on it.
    """

    layer: LayerSpec
    column: int
    pieces: Pieces
    rows: tuple[int, ...]
    slot: int = 0
    slots: int = 1
    crosses: bool = False


def place(network: NetworkSpec, row_of: Mapping[str, int], last: Collection[str] = ()) -> dict[str, Spot]:
    """A spot for every layer, so that each stands to the right of its sources and no two lie on one another.

    Parallel layers of the same tasks are stacked, those between tasks are not.

    Args:
        row_of: the row of each task. A layer of none of them stands in the top row.
        last: layers that give an output; those that feed nothing stand in the last column.
    """
    board = _Board(network, row_of)
    last = set(last).difference(c.source for c in network.connections)
    ordered = ordered_layers(network)
    for layer_id in ordered:
        if layer_id not in last:
            board.put(layer_id, board.earliest(layer_id))
    end = max((spot.column + 1 for spot in board.spots.values()), default=0)
    for layer_id in ordered:
        if layer_id in last:
            board.put(layer_id, end)
    return board.closed_up()


def ordered_layers(network: NetworkSpec) -> list[str]:
    """Ids so that each layer comes after its sources; the order of the list where the network goes in circles."""
    try:
        return order(network)
    except CycleError:
        return [layer.id for layer in network.layers]


def pieces_of(rows: Iterable[int]) -> Pieces:
    """Sorted rows as unbroken pieces."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return tuple(found)


class _Board:
    """The grid while it is being filled."""

    def __init__(self, network: NetworkSpec, row_of: Mapping[str, int]) -> None:
        self.spots: dict[str, Spot] = {}
        self._layers = {layer.id: layer for layer in network.layers}
        self._before: Mapping[str, list[Connection]] = incoming(network)
        self._row = row_of
        self._taken: list[set[int]] = [set() for _ in range(max(row_of.values(), default=0) + 1)]
        self._crossing = crossing(network)
        self._stacks: dict[tuple[int, Pieces], list[Spot]] = {}
        self._known: dict[frozenset[str], tuple[Pieces, tuple[int, ...]]] = {}

    def earliest(self, layer_id: str) -> int:
        """The first column to the right of all its sources (of those placed: in a circle some are not yet)."""
        column, spots = 0, self.spots
        for connection in self._before[layer_id]:
            source = spots.get(connection.source)
            if source is not None and source.column >= column:
                column = source.column + 1
        return column

    def put(self, layer_id: str, column: int) -> None:
        """Places a layer in that column or the next one that is free for it."""
        layer = self._layers[layer_id]
        pieces, rows = self._rows(layer.tasks)
        spot = Spot(layer, column, pieces, rows, crosses=layer_id in self._crossing)
        taken = [self._taken[row] for row in rows]
        stack: list[Spot] | None = None
        while True:
            stack = None if spot.crosses else self._stacks.get((column, pieces))
            if stack is not None and len(stack) < STACK:
                break
            if not any(column in columns for columns in taken):
                stack = [] if spot.crosses else self._stacks.setdefault((column, pieces), [])
                break
            column += 1
        spot.column = column
        stack.append(spot)
        for columns in taken:
            columns.add(column)
        self.spots[layer_id] = spot

    def closed_up(self) -> dict[str, Spot]:
        """The spots without empty columns, in the order of the network's list."""
        used = {column: index for index, column in enumerate(sorted({s.column for s in self.spots.values()}))}
        for stack in sorted((s for s in self._stacks.values() if len(s) > 1), key=lambda stack: stack[0].column):
            stack.sort(key=self._height)
            for slot, spot in enumerate(stack):
                spot.slot, spot.slots = slot, len(stack)
        for spot in self.spots.values():
            spot.column = used[spot.column]
        return {layer_id: self.spots[layer_id] for layer_id in self._layers}

    def _height(self, spot: Spot) -> float:
        """Where its sources stand in their stacks, so that parallel ways do not cross one another."""
        found = [self.spots[c.source] for c in self._before[spot.layer.id] if c.source in self.spots]
        heights = [(source.slot + 0.5) / source.slots for source in found if source.slots > 1]
        return sum(heights) / len(heights) if heights else 0.5

    def _rows(self, tasks: frozenset[str]) -> tuple[Pieces, tuple[int, ...]]:
        if tasks not in self._known:
            rows = tuple(sorted({self._row[task] for task in tasks if task in self._row})) or (0,)
            self._known[tasks] = (pieces_of(rows), rows)
        return self._known[tasks]
