"""How connections run through the sharing grid: straight along the rows, or as numbered skips below them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from mtlstudio.project.lanes import lane_of
from mtlstudio.project.spec import Connection
from mtlstudio.ui.design.columns import Spot
from mtlstudio.ui.design.folding import Link

MAX_LEVELS = 24
MOST_TAPS = 3
MOST_NUMBERS = 60


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
    """A connection that passes other cards: it runs in the gutter of a row.

    A few leave their source at a numbered tap and arrive at one. Where there would be more taps than a card has room
    for, they run without taps, as bent lines beside the columns; those that end at the same card then share one line.

    Attributes:
        source, target: the cards it joins.
        number: written on both taps; the same for all skips from one place. 0 without taps.
        row: under which it runs.
        level: 1 runs nearest to the row; longer ones run deeper.
        shared: several tasks use it.
        source_place, target_place: places of its taps on the two cards, counted from the right; on cards that share
            their rows with others from the right and from the left.
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

    @property
    def tapped(self) -> bool:
        """It has taps."""
        return self.number > 0


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
    skipping: list[_Found] = []
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
            skipping.append(_Found(link, common[-1], len(common) > 1))
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


class _Found(NamedTuple):
    """A skip before it has a number and a level."""

    link: Link
    row: int
    shared: bool

    @property
    def port(self) -> tuple[str, str]:
        """Where it leaves; all that leave there have one number."""
        return self.link.source, self.link.connection.source_port


def _skips(
    found: Sequence[_Found], spots: Mapping[str, Spot], rows: int
) -> tuple[tuple[Skip, ...], tuple[int, ...], dict[str, int]]:
    def leftmost(skip: _Found) -> tuple[int, int, str]:
        spot = spots[skip.link.source]
        return spot.column, spot.slot, skip.link.connection.source_port

    plain = _without_taps(found, spots)
    numbers: dict[tuple[str, str], int] = {}
    for skip in sorted((skip for i, skip in enumerate(found) if i not in plain), key=leftmost):
        numbers.setdefault(skip.port, len(numbers) + 1)
    levels = _levels([_bundle(skip, i in plain) for i, skip in enumerate(found)], found, spots, rows)
    places = _Places(spots)
    skips = []
    for index, (skip, level) in enumerate(zip(found, levels, strict=True)):
        link, number = skip.link, 0 if index in plain else numbers[skip.port]
        source = places.of(link.source, skip.row, number)
        target = places.of(link.target, skip.row, number)
        skips.append(
            Skip(link.connection, link.source, link.target, number, skip.row, level, skip.shared, source, target)
        )
    deepest = [0] * rows
    for made in skips:
        deepest[made.row] = max(deepest[made.row], made.level)
    return tuple(skips), tuple(deepest), places.most()


def _without_taps(found: Sequence[_Found], spots: Mapping[str, Spot]) -> set[int]:
    """Indexes of the skips that have no taps: those of crowded cards, all that leave with one of them, and the like."""
    ports: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for skip in found:
        for end in (skip.link.source, skip.link.target):
            ports.setdefault(_part(end, skip.row, spots), set()).add(skip.port)
    crowded = {card for (card, _row), ending in ports.items() if len(ending) > _room(spots[card])}
    if len({skip.port for skip in found}) > MOST_NUMBERS:
        return set(range(len(found)))
    several = {
        skip.link.source
        for skip in found
        if spots[skip.link.source].slots > 1
        and len({other.row for other in found if other.link.source == skip.link.source}) > 1
    }
    plain = {
        skip.port
        for skip in found
        if skip.link.source in several or not crowded.isdisjoint((skip.link.source, skip.link.target))
    }
    kinds = {_kind(skip, spots) for skip in found if skip.port in plain}
    alike = {skip.port for skip in found if _kind(skip, spots) in kinds}
    return {index for index, skip in enumerate(found) if skip.port in plain | alike}


def _kind(skip: _Found, spots: Mapping[str, Spot]) -> tuple[str, str]:
    """What the skip is to its target; those of one kind look alike."""
    return spots[skip.link.target].layer.type, skip.link.connection.target_port


def _room(spot: Spot) -> int:
    """So many taps have room in a part of a card."""
    return 1 if spot.slots > 1 else MOST_TAPS


def _part(card: str, row: int, spots: Mapping[str, Spot]) -> tuple[str, int]:
    """A place for taps: a card's part in a row; of cards that share their rows with others the whole card."""
    return card, row if spots[card].slots == 1 else -1


def _bundle(skip: _Found, plain: bool) -> tuple[object, ...]:
    """Skips with the same key share one line: those without taps that end at one card, the others from one tap."""
    return (skip.row, skip.link.target) if plain else (skip.row, *skip.port)


class _Places:
    """Gives each number its own place on a card's row; the same number keeps it."""

    def __init__(self, spots: Mapping[str, Spot]) -> None:
        self._spots = spots
        self._on: dict[tuple[str, int], list[int]] = {}

    def of(self, layer_id: str, row: int, number: int) -> int:
        if not number:
            return 0
        numbers = self._on.setdefault(_part(layer_id, row, self._spots), [])
        if number not in numbers:
            numbers.append(number)
        return numbers.index(number)

    def most(self) -> dict[str, int]:
        most: dict[str, int] = {}
        for (layer_id, _row), numbers in self._on.items():
            most[layer_id] = max(most.get(layer_id, 0), len(numbers))
        return most


def _levels(
    bundles: Sequence[tuple[object, ...]], found: Sequence[_Found], spots: Mapping[str, Spot], rows: int
) -> list[int]:
    """A level for each skip: bundles of a row that overlap differ, and shorter ones lie above."""
    spans: dict[tuple[object, ...], tuple[int, int, int]] = {}
    for bundle, skip in zip(bundles, found, strict=True):
        ends = spots[skip.link.source].column, spots[skip.link.target].column
        first, last, row = spans.get(bundle, (min(ends), max(ends), skip.row))
        spans[bundle] = min(first, *ends), max(last, *ends), row
    levels: dict[tuple[object, ...], int] = {}
    lines: list[list[list[tuple[int, int]]]] = [[] for _ in range(rows)]
    for bundle in sorted(spans, key=lambda key: spans[key][1] - spans[key][0]):
        first, last, row = spans[bundle]
        level = 0
        for level, line in enumerate([*lines[row], []]):
            if level == MAX_LEVELS - 1 or not any(a < last and first < b for a, b in line):
                break
        if level == len(lines[row]):
            lines[row].append([])
        lines[row][level].append((first, last))
        levels[bundle] = level + 1
    return [levels[bundle] for bundle in bundles]
