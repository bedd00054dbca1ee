"""Which column and which rows each layer takes in the sharing grid. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mtlstudio.project.graph import CycleError, incoming, order, outgoing
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec

Pieces = tuple[tuple[int, int], ...]
"""Rows as (first, last) of each unbroken piece, from top to bottom."""

STACK = 6
"""So many parallel layers share a place before the next one moves to the right."""


@dataclass(slots=True)
class Spot:
    """A layer's place in the grid.

    Attributes:
        column: counted from the left.
        pieces: the rows it spans; more than one piece where its tasks are not neighbours.
        rows: the same rows, one by one.
        slot, slots: its place among the parallel layers of the same tasks that share column and rows with it.
    """

    layer: LayerSpec
    column: int
    pieces: Pieces
    rows: tuple[int, ...]
    slot: int = 0
    slots: int = 1


def place(network: NetworkSpec, tasks: Sequence[str]) -> dict[str, Spot]:
    """A spot for every layer, so that each stands to the right of its sources and no two lie on one another.

    Layers that give an output and feed nothing stand in the last column. Parallel layers of the same tasks are stacked.

    Args:
        tasks: ids from the top row to the bottom one. A layer of none of them stands in the top row.
    """
    board = _Board(network, tasks)
    after = outgoing(network)
    last = {output.layer for output in network.outputs if not after.get(output.layer, True)}
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

    def __init__(self, network: NetworkSpec, tasks: Sequence[str]) -> None:
        self.spots: dict[str, Spot] = {}
        self._layers = {layer.id: layer for layer in network.layers}
        self._before: Mapping[str, list[Connection]] = incoming(network)
        self._row = {task: index for index, task in enumerate(tasks)}
        self._taken: list[set[int]] = [set() for _ in range(max(1, len(tasks)))]
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
        spot = Spot(layer, column, pieces, rows)
        taken = [self._taken[row] for row in rows]
        while True:
            stack = self._stacks.get((column, pieces))
            if stack is not None and len(stack) < STACK:
                break
            if not any(column in columns for columns in taken):
                stack = self._stacks.setdefault((column, pieces), [])
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
        for stack in self._stacks.values():
            for slot, spot in enumerate(stack):
                spot.slot, spot.slots = slot, len(stack)
        for spot in self.spots.values():
            spot.column = used[spot.column]
        return {layer_id: self.spots[layer_id] for layer_id in self._layers}

    def _rows(self, tasks: frozenset[str]) -> tuple[Pieces, tuple[int, ...]]:
        if tasks not in self._known:
            rows = tuple(sorted(self._row[task] for task in tasks if task in self._row)) or (0,)
            self._known[tasks] = (pieces_of(rows), rows)
        return self._known[tasks]
