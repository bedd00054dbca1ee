"""How connections run through the sharing grid: straight along the rows, or as numbered skips below them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from mtlstudio.project.lanes import lane_of
from mtlstudio.project.spec import Connection
from mtlstudio.ui.design.columns import Spot
from mtlstudio.ui.design.folding import Link

MAX_LEVELS = 24


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection drawn as lines: one per row of both layers; into a lane only in that task's row.

    Attributes:
        source, target: the cards it joins.
        rows: in which rows; empty where the two layers have no row in common (the network is wrong then).
        bent: one curve between the cards' own middles instead (parallel layers, no common row).
    """

    connection: Connection
    source: str
    target: str
    rows: tuple[int, ...]
    bent: bool


@dataclass(frozen=True, slots=True)
class Skip:
    """A connection that passes other cards: it leaves its source at a numbered tap and runs in the gutter of a row.

    Attributes:
        source, target: the cards it joins.
        number: written on both taps; the same for all skips from one place.
        row: under which it runs.
        level: 1 runs nearest to the row; longer ones run deeper.
        shared: several tasks use it.
        source_place, target_place: places of its taps on the two cards, counted from the right.
    """

    connection: Connection
    source: str
    target: str
    number: int
    row: int
    level: int
    shared: bool
    source_place: int
    target_place: int


@dataclass(frozen=True, slots=True)
class Routes:
    """All connections; `levels`: how many lanes the gutter of each row has; `taps`: most taps on a card, by layer."""

    wires: tuple[Wire, ...]
    skips: tuple[Skip, ...]
    levels: tuple[int, ...]
    taps: Mapping[str, int]


def route(links: Sequence[Link], spots: Mapping[str, Spot], row_of: Mapping[str, int], rows: int) -> Routes:
    """A way for every connection between cards that exist.

    Args:
        row_of: the row of each task.
        rows: how many there are.
    """
    crowd = _Crowd(spots, rows)
    wires: list[Wire] = []
    skipping: list[tuple[Link, int, bool]] = []
    for link in links:
        source, target = spots.get(link.source), spots.get(link.target)
        if source is None or target is None:
            continue
        common = _common_rows(link.connection, source, target, row_of)
        bent = not common or source.slots > 1 or target.slots > 1
        if source.column + 1 == target.column or not common:
            wires.append(Wire(link.connection, link.source, link.target, common, bent))
            continue
        free = tuple(row for row in common if not crowd.between(row, source.column, target.column))
        if free and (not bent or len(free) == len(common)):
            wires.append(Wire(link.connection, link.source, link.target, free, bent))
        else:
            skipping.append((link, common[-1], len(common) > 1))
    skips, levels, taps = _skips(skipping, spots, rows)
    return Routes(tuple(wires), skips, levels, taps)


def _common_rows(connection: Connection, source: Spot, target: Spot, row_of: Mapping[str, int]) -> tuple[int, ...]:
    """The rows of both cards; where the connection has a lane only that task's."""
    common = target.rows if target.rows == source.rows else tuple(r for r in target.rows if r in source.rows)
    if not source.crosses and not target.crosses:
        return common
    for port in (connection.source_port, connection.target_port):
        task = lane_of(port)
        if task is not None:
            common = tuple(row for row in common if row == row_of.get(task))
    return common


class _Crowd:
    """How many cards stand in a row up to each column."""

    def __init__(self, spots: Mapping[str, Spot], rows: int) -> None:
        width = max((spot.column for spot in spots.values()), default=0) + 1
        full = [[0] * width for _ in range(rows)]
        for spot in spots.values():
            for row in spot.rows:
                full[row][spot.column] = 1
        self._sums = [list(accumulate(line)) for line in full]

    def between(self, row: int, first: int, last: int) -> bool:
        """Whether a card stands in that row between two columns; always where the way leads backwards."""
        return first >= last or self._sums[row][last - 1] > self._sums[row][first]


def _skips(
    found: Sequence[tuple[Link, int, bool]], spots: Mapping[str, Spot], rows: int
) -> tuple[tuple[Skip, ...], tuple[int, ...], dict[str, int]]:
    def leftmost(item: tuple[Link, int, bool]) -> tuple[int, int, str]:
        spot = spots[item[0].source]
        return spot.column, spot.slot, item[0].connection.source_port

    numbers: dict[tuple[str, str], int] = {}
    for link, _row, _shared in sorted(found, key=leftmost):
        numbers.setdefault((link.source, link.connection.source_port), len(numbers) + 1)
    levels = _levels([(spots[k.source].column, spots[k.target].column, row) for k, row, _shared in found], rows)
    places = _Places()
    skips = []
    for (link, row, shared), level in zip(found, levels, strict=True):
        number = numbers[link.source, link.connection.source_port]
        source = places.of(link.source, row, number)
        target = places.of(link.target, row, number)
        skips.append(Skip(link.connection, link.source, link.target, number, row, level, shared, source, target))
    deepest = [0] * rows
    for skip in skips:
        deepest[skip.row] = max(deepest[skip.row], skip.level)
    return tuple(skips), tuple(deepest), places.most()


class _Places:
    """Gives each number its own place on a card's row; the same number keeps it."""

    def __init__(self) -> None:
        self._on: dict[tuple[str, int], list[int]] = {}

    def of(self, layer_id: str, row: int, number: int) -> int:
        numbers = self._on.setdefault((layer_id, row), [])
        if number not in numbers:
            numbers.append(number)
        return numbers.index(number)

    def most(self) -> dict[str, int]:
        most: dict[str, int] = {}
        for (layer_id, _row), numbers in self._on.items():
            most[layer_id] = max(most.get(layer_id, 0), len(numbers))
        return most


def _levels(ways: Sequence[tuple[int, int, int]], rows: int) -> list[int]:
    """A lane for each (column, column, row), so that overlapping ones of a row differ and shorter ones lie above."""
    found = [0] * len(ways)
    lanes: list[list[list[tuple[int, int]]]] = [[] for _ in range(rows)]
    for index in sorted(range(len(ways)), key=lambda i: abs(ways[i][1] - ways[i][0])):
        first, last, row = min(ways[index][:2]), max(ways[index][:2]), ways[index][2]
        level = 0
        for level, lane in enumerate([*lanes[row], []]):
            if level == MAX_LEVELS - 1 or not any(a < last and first < b for a, b in lane):
                break
        if level == len(lanes[row]):
            lanes[row].append([])
        lanes[row][level].append((first, last))
        found[index] = level + 1
    return found
