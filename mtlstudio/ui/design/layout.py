"""The sharing grid as a drawing plan: where every row, card, line and arc lies. Pure, no Qt.

Lengths are pixels at a zoom of 1; (0, 0) is where the first row begins, to the right of the row headers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from mtlstudio.project.rows import row_order
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design.columns import Spot, place
from mtlstudio.ui.design.folding import Link, RowTasks, shown
from mtlstudio.ui.design.routes import Routes, route

FULL_ROW, COMPACT_ROW, LOW_ROW, THIN_ROW = 148.0, 64.0, 52.0, 28.0
MANY_TASKS = 8
LOWER = 40.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its top, its height, and the gutter below it in which its skips run.

    Attributes:
        task: its task; of a folded group the first.
        tasks: all of them.
        group: id of the folded group, "" for a single task.
    """

    task: str
    top: float
    height: float
    gutter: float
    levels: int
    tasks: tuple[str, ...] = ()
    group: str = ""

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Where connections run."""
        return self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Card:
    """A layer's card: its place in the grid, and for each piece its top and bottom."""

    spot: Spot
    x: float
    width: float
    pieces: tuple[tuple[float, float], ...]

    @property
    def right(self) -> float:
        return self.x + self.width


@dataclass(frozen=True)
class Room:
    """What the layout may fill: width and height in pixels; `scale` is the size of the texts (1: 13 px)."""

    width: float = 0.0
    height: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class GroupFrame:
    """The outline around the layers of an unfolded group."""

    group: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class GridLayout:
    """The drawing plan.

    Attributes:
        tasks: the first task of each row. order: all tasks from top to bottom.
        columns: (left, width) of each.
        by_column: layer ids in each column.
        stacks: (left, top, right, bottom) of the frames around parallel layers.
        split: where the trunk ends, or None where nothing is shared by all.
        row_of: the row of each task.
        trunk: the cards that all rows share, from the inputs to the split point.
        members: card -> the layers it stands for, where these are several. card_of: the reverse, for hidden layers.
        groups: card -> id of the folded group of layers it stands for. frames: of those that are not folded.
        ends: (card, row) where a way ends that leads to no output yet.
        crossing: cards between tasks. broken: cards in several pieces.
    """

    tasks: tuple[str, ...]
    order: tuple[str, ...]
    rows: tuple[Row, ...]
    cards: Mapping[str, Card]
    columns: tuple[tuple[float, float], ...]
    by_column: tuple[tuple[str, ...], ...]
    routes: Routes
    stacks: tuple[tuple[float, float, float, float], ...]
    split: float | None
    width: float
    height: float
    row_of: Mapping[str, int] = field(default_factory=dict)
    trunk: tuple[str, ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    card_of: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    frames: tuple[GroupFrame, ...] = ()
    ends: tuple[tuple[str, int], ...] = ()
    crossing: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    def card_id(self, layer_id: str) -> str:
        """The card on which a layer is: its own, or that of its folded group."""
        return self.card_of.get(layer_id, layer_id)

    def layers_of(self, card_id: str) -> tuple[str, ...]:
        """The layers that a card stands for."""
        return self.members.get(card_id, (card_id,))

    def tasks_in(self, rows: Collection[int]) -> frozenset[str]:
        """All tasks of some rows."""
        return frozenset(task for row in rows for task in self.rows[row].tasks)


def lay_out(spec: ProjectSpec, room: Room = Room(), tasks: Sequence[str] | None = None) -> GridLayout:
    """The drawing plan of a project's network.

    Args:
        room: the rows shrink, and the cards grow, to fill it.
        tasks: ids from top to bottom; default: so that shared cards are in one piece.
    """
    ordered = tuple(row_order(spec) if tasks is None else tasks)
    seen = shown(spec, ordered)
    row_of = {task: index for index, row in enumerate(seen.rows) for task in row.tasks}
    spots = place(seen.network(), row_of, [seen.card_of.get(o.layer, o.layer) for o in spec.network.outputs])
    routes = route(seen.links, spots, row_of, max(1, len(seen.rows)))
    rows = _rows(seen.rows, spots, routes, room)
    trunk = _trunk(spots, seen.links, len(seen.rows))
    boundary = max(trunk.values(), default=None)
    low = min((row.height for row in rows), default=FULL_ROW) < LOWER * room.scale
    columns = _columns(spots, routes, boundary, room, {task.id: task.name for task in spec.tasks}, low)
    cards = {layer_id: _card(spot, columns, rows) for layer_id, spot in spots.items()}
    by_column: list[list[str]] = [[] for _ in columns]
    for layer_id, spot in spots.items():
        by_column[spot.column].append(layer_id)
    return GridLayout(
        tasks=tuple(row.first for row in seen.rows),
        order=ordered,
        rows=rows,
        cards=cards,
        columns=columns,
        by_column=tuple(tuple(ids) for ids in by_column),
        routes=routes,
        stacks=_stack_frames(spots, columns, rows),
        split=_split(columns, boundary),
        width=columns[-1][0] + columns[-1][1] + MARGIN * room.scale if columns else 0.0,
        height=rows[-1].bottom + rows[-1].gutter if rows else 0.0,
        row_of=row_of,
        trunk=tuple(trunk),
        members=seen.members,
        card_of=seen.card_of,
        groups=seen.groups,
        frames=_group_frames(spec, cards),
        ends=_ends(spec, spots, seen.links, seen.card_of),
        crossing=tuple(i for i, spot in spots.items() if spot.crosses),
        broken=tuple(i for i, spot in spots.items() if len(spot.pieces) > 1),
    )


MARGIN, GAP, SPLIT_GAP = 10.0, 14.0, 40.0
NARROW, WIDE, NAMED, WIDEST = 68.0, 84.0, 92.0, 150.0
INSET = 6.0
_TAP = 19.0


def words_width(text: str, size: float = 12.5) -> float:
    """About how wide a text is, in pixels; wide enough for a layout, without a font."""
    if text.isascii():
        return 0.6 * size * len(text)
    return sum(size if ord(letter) > 0x2E7F else 0.6 * size for letter in text)


@lru_cache(maxsize=4096)
def name_widths(name: str) -> tuple[float, float]:
    """Width of a name's longest word, and of all of it."""
    words = name.replace("-", "- ").split()
    return max(map(words_width, words), default=0.0), words_width(name)


def _rows(tasks: Sequence[RowTasks], spots: Mapping[str, Spot], routes: Routes, room: Room) -> tuple[Row, ...]:
    if not tasks:
        return ()
    stacked = [1] * len(tasks)
    for spot in spots.values():
        if spot.slots > 1:
            high = -(-spot.slots // len(spot.rows))
            for row in spot.rows:
                stacked[row] = max(stacked[row], high)
    free = room.height / len(tasks) if room.height else FULL_ROW * room.scale
    for step, gap in ((20.0, 10.0), (12.0, 8.0), (7.0, 4.0)):
        gutters = [gap + min(levels * step, 3.4 * step) for levels in routes.levels]
        height = free - sum(gutters) / len(tasks)
        if height >= (120 if step == 20.0 else COMPACT_ROW) * room.scale:
            break
    low = (THIN_ROW if len(tasks) > MANY_TASKS else LOW_ROW) * room.scale
    height = min(FULL_ROW * room.scale, max(low, height))
    rows: list[Row] = []
    top = 0.0
    for index, task in enumerate(tasks):
        own = max(height, stacked[index] * 40.0 * room.scale + 2 * INSET if stacked[index] > 1 else 0.0)
        rows.append(Row(task.first, top, own, gutters[index], routes.levels[index], task.tasks, task.group))
        top += own + gutters[index]
    return tuple(rows)


def _trunk(spots: Mapping[str, Spot], links: Sequence[Link], rows: int) -> dict[str, int]:
    """The layers of the trunk with their columns: behind a layer that is not everybody's there is no trunk."""
    if rows < 2:
        return {}
    full = {i: spot for i, spot in spots.items() if len(spot.rows) == rows and not spot.crosses}
    before: dict[str, list[str]] = {}
    for link in links:
        if link.target in full:
            before.setdefault(link.target, []).append(link.source)
    trunk: dict[str, int] = {}
    for layer_id, spot in sorted(full.items(), key=lambda item: item[1].column):
        if all(i in trunk for i in before.get(layer_id, ())):
            trunk[layer_id] = spot.column
    return trunk


def _columns(
    spots: Mapping[str, Spot], routes: Routes, boundary: int | None, room: Room, names: Mapping[str, str], low: bool
) -> tuple[tuple[float, float], ...]:
    count = max((spot.column for spot in spots.values()), default=-1) + 1
    if not count:
        return ()
    scale = room.scale
    widths, wished = [NARROW * scale] * count, [WIDE * scale] * count
    for layer_id, spot in spots.items():
        column = spot.column
        words, name = name_widths(spot.layer.name)
        taps = _TAP * routes.taps.get(layer_id, 0) + 10
        needed, whole, most = scale * max(words + 20, taps), scale * max(name + 20, taps), NAMED
        tapped = layer_id in routes.taps
        if spot.slots > 2 or (len(spot.rows) == 1 and (spot.slots > 1 or (low and tapped))):
            # Low cards have one line for the name, perhaps with a tap beside it.
            needed, most = scale * max(name + (42 if low and tapped else 32), taps), NAMED + 28
        if needed > widths[column]:
            widths[column] = min(most * scale, needed)
        wished[column] = max(wished[column], min(WIDEST * scale, whole))
        if len(spot.layer.tasks) == 2 < len(names):
            wished[column] = max(wished[column], min(WIDEST, _shared_width(spot, names)) * scale)
    gaps = [GAP * scale] * (count - 1)
    if boundary is not None and boundary < count - 1:
        gaps[boundary] = SPLIT_GAP * scale
    spare = room.width - sum(widths) - sum(gaps) - 2 * MARGIN * scale
    if spare > 0:
        wants = [max(0.0, wish - width) for wish, width in zip(wished, widths, strict=True)]
        part = min(1.0, spare / sum(wants)) if any(wants) else 0.0
        widths = [width + part * want for width, want in zip(widths, wants, strict=True)]
        spare -= part * sum(wants)
        if gaps:
            wider = min(spare / len(gaps), 16.0 * scale)
            gaps = [gap + wider for gap in gaps]
            gaps[-1] += max(0.0, spare - wider * len(gaps))
    columns: list[tuple[float, float]] = []
    x = MARGIN * scale
    for width, gap in zip(widths, [*gaps, 0.0], strict=True):
        columns.append((x, width))
        x += width + gap
    return tuple(columns)


def _shared_width(spot: Spot, names: Mapping[str, str]) -> float:
    """Room for the names of the tasks that share it."""
    return words_width(" + ".join(names.get(task, "") for task in spot.layer.tasks), 10.0) + 14


def _card(spot: Spot, columns: Sequence[tuple[float, float]], rows: Sequence[Row]) -> Card:
    x, width = columns[spot.column]
    if not rows:
        return Card(spot, x, width, ((INSET, INSET + COMPACT_ROW),))
    pieces = []
    for first, last in spot.pieces:
        top, bottom = rows[first].top + INSET, rows[last].bottom - INSET
        if spot.slots > 1:
            inner = (bottom - top - 8 - 4 * (spot.slots - 1)) / spot.slots
            top += 4 + spot.slot * (inner + 4)
            bottom = top + inner
        pieces.append((top, bottom))
    inset = 4.0 if spot.slots > 1 else 0.0
    return Card(spot, x + inset, width - 2 * inset, tuple(pieces))


def _stack_frames(
    spots: Mapping[str, Spot], columns: Sequence[tuple[float, float]], rows: Sequence[Row]
) -> tuple[tuple[float, float, float, float], ...]:
    frames = []
    for spot in spots.values():
        if spot.slots > 1 and spot.slot == 0 and rows:
            x, width = columns[spot.column]
            frames += [(x, rows[a].top + INSET, x + width, rows[b].bottom - INSET) for a, b in spot.pieces]
    return tuple(frames)


def _group_frames(spec: ProjectSpec, cards: Mapping[str, Card]) -> tuple[GroupFrame, ...]:
    """Outlines around the groups of layers that are not folded."""
    frames = []
    for group in spec.network.groups:
        inside = [cards[layer_id] for layer_id in group.layers if layer_id in cards]
        if group.folded or not inside:
            continue
        top, bottom = min(card.pieces[0][0] for card in inside), max(card.pieces[-1][1] for card in inside)
        frames.append(
            GroupFrame(group.id, min(c.x for c in inside) - 4, top - 4, max(c.right for c in inside) + 4, bottom + 4)
        )
    return tuple(frames)


def _ends(
    spec: ProjectSpec, spots: Mapping[str, Spot], links: Sequence[Link], card_of: Mapping[str, str]
) -> tuple[tuple[str, int], ...]:
    """Cards that feed nothing and give no output, each with its last row."""
    feeding = {link.source for link in links}
    giving = {card_of.get(output.layer, output.layer) for output in spec.network.outputs}
    return tuple((i, spot.rows[-1]) for i, spot in spots.items() if i not in feeding and i not in giving)


def _split(columns: Sequence[tuple[float, float]], boundary: int | None) -> float | None:
    if boundary is None:
        return None
    x, width = columns[boundary]
    following = columns[boundary + 1][0] if boundary + 1 < len(columns) else x + width + SPLIT_GAP
    return (x + width + following) / 2
