"""What of a network is drawn: folded groups of tasks become one row, folded groups of layers one card. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mtlstudio.project.graph import CycleError, incoming, order
from mtlstudio.project.lanes import lane, lane_of
from mtlstudio.project.spec import Connection, LayerGroup, LayerSpec, NetworkSpec, ProjectSpec


@dataclass(frozen=True, slots=True)
class RowTasks:
    """The tasks of one row: one, or those of a folded group (then with the group's id)."""

    tasks: tuple[str, ...]
    group: str = ""

    @property
    def first(self) -> str:
        """The task whose colour the row takes."""
        return self.tasks[0]


class Link(NamedTuple):
    """A connection and the cards that its line joins."""

    connection: Connection
    source: str
    target: str


@dataclass(frozen=True)
class Shown:
    """What is drawn.

    Attributes:
        rows: from top to bottom.
        layers: one per card; that of a folded group has the group's name and its first member's id.
        links: one per line that is to be drawn.
        members: card -> ids of the layers it stands for, where these are several.
        groups: card -> id of the folded group of layers it stands for.
        card_of: layer id -> card, for those that have no card of their own.
    """

    rows: tuple[RowTasks, ...]
    layers: tuple[LayerSpec, ...]
    links: tuple[Link, ...]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    card_of: Mapping[str, str] = field(default_factory=dict)

    def network(self) -> NetworkSpec:
        """The cards as a network."""
        if not self.card_of:
            return NetworkSpec(self.layers, tuple(link.connection for link in self.links))
        links = (
            link.connection
            if (link.source, link.target) == (link.connection.source, link.connection.target)
            else replace(link.connection, source=link.source, target=link.target)
            for link in self.links
        )
        return NetworkSpec(self.layers, tuple(links))


def shown(spec: ProjectSpec, tasks: Sequence[str]) -> Shown:
    """What is drawn of a project.

    Args:
        tasks: ids of all tasks from top to bottom.
    """
    network = spec.network
    rows = _rows(spec, tasks)
    card_of = _stand_ins(network, [frozenset(row.tasks) for row in rows if row.group])
    groups: dict[str, str] = {}
    names: dict[str, str] = {}
    known = {layer.id for layer in network.layers}
    for group in network.groups:
        if group.folded:
            _fold(group, known, card_of, groups, names)
    if not card_of:
        ids = {layer.id for layer in network.layers}
        links = tuple(Link(c, c.source, c.target) for c in network.connections if c.source in ids and c.target in ids)
        return Shown(rows, network.layers, links)
    return _folded(network, rows, card_of, groups, names)


def _rows(spec: ProjectSpec, tasks: Sequence[str]) -> tuple[RowTasks, ...]:
    folded = {task: group for group in spec.task_groups if group.folded for task in group.tasks}
    if not folded:
        return tuple(RowTasks((task,)) for task in tasks)
    rows: list[RowTasks] = []
    done: set[str] = set()
    for task in tasks:
        group = folded.get(task)
        if group is None:
            rows.append(RowTasks((task,)))
        elif group.id not in done:
            done.add(group.id)
            rows.append(RowTasks(tuple(t for t in tasks if t in group.tasks), group.id))
    return tuple(rows)


def _stand_ins(network: NetworkSpec, groups: Sequence[frozenset[str]]) -> dict[str, str]:
    """Layer -> the layer that stands for it, where tasks of a folded row have layers that are alike."""
    found: dict[str, str] = {}
    if not groups:
        return found
    before = incoming(network)
    layers = {layer.id: layer for layer in network.layers}
    giving = {output.layer for output in network.outputs}
    first: dict[object, str] = {}
    for layer_id in _ordered(network):
        layer = layers[layer_id]
        inside = next((index for index, tasks in enumerate(groups) if layer.tasks and layer.tasks < tasks), None)
        if inside is None:
            continue
        tasks = groups[inside]
        sources = tuple(
            (found.get(c.source, c.source), _port(c.source_port, tasks), _port(c.target_port, tasks))
            for c in before[layer_id]
        )
        key = inside, layer.type, len(layer.tasks), layer_id in giving, sources
        stand_in = first.setdefault(key, layer_id)
        found[layer_id] = stand_in
    times = Counter(found.values())
    return {layer_id: stand_in for layer_id, stand_in in found.items() if times[stand_in] > 1}


def _port(port: str, tasks: frozenset[str]) -> str:
    """The same for all lanes of a folded row's tasks: they are alike, too."""
    return lane("") if lane_of(port) in tasks else port


def _fold(
    group: LayerGroup, known: set[str], card_of: dict[str, str], groups: dict[str, str], names: dict[str, str]
) -> None:
    """Adds a folded group of layers to what stands for what."""
    inside = [layer_id for layer_id in group.layers if layer_id in known]
    if not inside:
        return
    card = card_of.get(inside[0], inside[0])
    moved = {card_of.get(layer_id, layer_id) for layer_id in inside}
    for layer_id, stand_in in list(card_of.items()):
        if stand_in in moved:
            card_of[layer_id] = card
    for layer_id in (*inside, *moved):
        card_of[layer_id] = card
    groups[card], names[card] = group.id, group.name


def _folded(
    network: NetworkSpec,
    rows: tuple[RowTasks, ...],
    card_of: Mapping[str, str],
    groups: Mapping[str, str],
    names: Mapping[str, str],
) -> Shown:
    members: dict[str, list[str]] = {}
    tasks: dict[str, frozenset[str]] = {}
    for layer in network.layers:
        card = card_of.get(layer.id, layer.id)
        members.setdefault(card, []).append(layer.id)
        tasks[card] = tasks.get(card, frozenset()) | layer.tasks
    layers = tuple(
        replace(layer, tasks=tasks[layer.id], name=names.get(layer.id, layer.name), origin=None)
        if len(members[layer.id]) > 1 or layer.id in names
        else layer
        for layer in network.layers
        if layer.id in members
    )
    folded = frozenset(task for row in rows if row.group for task in row.tasks)
    links: list[Link] = []
    seen: set[tuple[str, str, str, str]] = set()
    for c in network.connections:
        source, target = card_of.get(c.source, c.source), card_of.get(c.target, c.target)
        plain = source in groups or target in groups
        ports = ("", "") if plain else (_port(c.source_port, folded), _port(c.target_port, folded))
        if source == target or source not in members or target not in members or (source, target, *ports) in seen:
            continue
        seen.add((source, target, *ports))
        links.append(Link(c, source, target))
    several = {card: tuple(found) for card, found in members.items() if len(found) > 1 or card in groups}
    return Shown(rows, layers, tuple(links), several, groups, dict(card_of))


def _ordered(network: NetworkSpec) -> Iterable[str]:
    try:
        return order(network)
    except CycleError:
        return [layer.id for layer in network.layers]
