"""The split point: where the layers that all tasks share end."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import refuse, with_settled
from mtlstudio.project.edits.matching import Ways, Wiring
from mtlstudio.project.edits.rewiring import merge, settled, split
from mtlstudio.project.edits.sharing import held_together
from mtlstudio.project.graph import INPUT_TYPE, order, reaches, shared_behind
from mtlstudio.project.spec import NetworkSpec, ProjectSpec


@dataclass(frozen=True)
class SplitPosition:
    """A place where the trunk can end.

    Attributes:
        index: how many layers all tasks then share, the inputs not counted.
        layer: id of the last of them, "" at index 0.
        name: its name, "" at index 0.
        current: the trunk ends here now.
    """

    index: int
    layer: str
    name: str
    current: bool


@dataclass(frozen=True)
class _Step:
    """One layer of the first task's way that all tasks share, or could.

    Attributes:
        into: what would have to become one for it: layer that goes -> layer that takes its place; empty if shared.
    """

    layer: str
    into: dict[str, str]


def split_positions(spec: ProjectSpec) -> list[SplitPosition]:
    """All places where the trunk can end, from "only the inputs are shared" to all that can be shared.

    Empty where fewer than two tasks have an output.

    Raises:
        CycleError: the network goes round in circles.
    """
    network = settled(spec.network, spec.task_ids)
    if len(_wired(spec, network)) < 2:
        return []
    trunk = _Trunk(spec, network)
    ends = [("", ""), *((step.layer, trunk.ways.layers[step.layer].name) for step in trunk.steps)]
    return [SplitPosition(index, layer, name, index == trunk.current) for index, (layer, name) in enumerate(ends)]


def set_split_point(spec: ProjectSpec, index: int) -> ProjectSpec:
    """Ends the trunk at a position: joins the layers before it, splits those behind it.

    Split layers stay together for tasks that share a layer further on; otherwise each task gets its own copy. Of
    joined ones those of the first task in the order of the rows stay.

    Raises:
        EditRefused: it can go no further; says why.
        CycleError: the network goes round in circles.
    """
    network = settled(spec.network, spec.task_ids)
    if len(_wired(spec, network)) < 2:
        refuse(mark("Sharing needs two tasks with an output"))
    trunk = _Trunk(spec, network)
    if index < 0:
        refuse(mark("Only the inputs are shared already"))
    if index > len(trunk.steps):
        trunk.refuse_further(spec)
    if index < trunk.current:
        return _shortened(spec, network, [step.layer for step in trunk.steps[index : trunk.current]])
    into: dict[str, str] = {}
    for step in trunk.steps[trunk.current : index]:
        into.update(step.into)
    return with_settled(spec, merge(network, into))


def _wired(spec: ProjectSpec, network: NetworkSpec) -> list[str]:
    """The tasks that have an output, in the order of the rows."""
    return [task_id for task_id in spec.task_ids if network.output_of(task_id) is not None]


def _shortened(spec: ProjectSpec, network: NetworkSpec, layers: list[str]) -> ProjectSpec:
    tasks, reach = frozenset(_wired(spec, network)), reaches(network)
    behind = [layer_id for layer_id in shared_behind(network, layers) if not reach[layer_id] >= tasks]
    groups = held_together(spec, network, layers, tasks, behind)
    if len(groups) == 1:  # overlapping layers hold all of them together
        groups = held_together(spec, network, layers, tasks, [])
    return with_settled(spec, split(network, layers, groups[1:])[0])


class _Trunk:
    """Finds the layers that all tasks share, and those that they could share, each after its sources.

    Layers that once were one come before others that merely are equal, so that a trunk that was split is put
    together again in the same order.

    Attributes:
        steps: the layers in order, without the inputs.
    """

    def __init__(self, spec: ProjectSpec, network: NetworkSpec) -> None:
        self.tasks = _wired(spec, network)
        self.ways = Ways(network)
        first = self.tasks[0]
        self._order = [layer_id for layer_id in order(network) if first in self.ways.live[layer_id]]
        self._alike: dict[tuple[str, str, Wiring], list[str]] = {}
        for layer in self.ways.layers.values():
            for task_id in self.ways.live[layer.id]:
                self._alike.setdefault((task_id, layer.type, self.ways.wirings[layer.id]), []).append(layer.id)
        self._partner_of: dict[str, dict[str, str]] = {task_id: {} for task_id in self.tasks}
        self.steps = list(self._steps())

    @property
    def current(self) -> int:
        """How many steps all tasks share now."""
        return sum(not step.into for step in self.steps)

    def refuse_further(self, spec: ProjectSpec) -> NoReturn:
        """Says why no further layer can be shared by all."""
        done = self._partner_of[self.tasks[0]]
        following = (i for i in self._order if i not in done and all(s in done for s in self._sources(i)))
        for layer_id in following:
            if layer_id in self.ways.laned:
                refuse(
                    mark("“{layer}” stands between tasks: all that can be shared before it is shared"),
                    layer=self.ways.layers[layer_id].name,
                )
            lacking = [task_id for task_id in self.tasks if self._partner(layer_id, task_id) is None]
            for task_id in lacking:
                self._refuse_unlike(layer_id, task_id)
                refuse(
                    mark("“{layer}” has no counterpart on the way of “{task}”"),
                    layer=self.ways.layers[layer_id].name,
                    task=spec.task(task_id).name,
                )
        refuse(mark("All that can be shared is shared"))

    def _refuse_unlike(self, layer_id: str, task_id: str) -> None:
        for other_id in self.ways.candidates(layer_id, task_id):
            found = self.ways.match(layer_id, other_id)
            if found.fits and found.difference is not None:
                refuse(found.difference.message, mark("Make them equal first."), **found.difference.values)

    def _steps(self) -> Iterator[_Step]:
        place = {layer_id: index for index, layer_id in enumerate(self._order)}
        missing = {layer_id: set(self._sources(layer_id)) for layer_id in self._order}
        after: dict[str, list[str]] = {layer_id: [] for layer_id in self._order}
        for layer_id, sources in missing.items():
            for source in sources:
                after[source].append(layer_id)
        ready = [self._rank(layer_id, place) for layer_id in self._order if not missing[layer_id]]
        heapq.heapify(ready)
        inputs: dict[str, str] = {}
        while ready:
            layer_id = self._order[heapq.heappop(ready)[1]]
            partners = None if layer_id in self.ways.laned else self._partners(layer_id)
            if partners is None:
                continue
            for task_id, partner in partners.items():
                self._partner_of[task_id][layer_id] = partner
            into = {partner: layer_id for partner in partners.values() if partner != layer_id}
            if self.ways.layers[layer_id].type == INPUT_TYPE:
                inputs |= into  # two layers for one input become one with the first layer behind them
            else:
                yield _Step(layer_id, inputs | into)
                inputs = {}
            for following in after[layer_id]:
                missing[following].discard(layer_id)
                if not missing[following]:
                    heapq.heappush(ready, self._rank(following, place))

    def _rank(self, layer_id: str, place: dict[str, int]) -> tuple[int, int]:
        """Shared ones first, then what once was one, then what can be shared; the rest does not matter."""
        partners = (self._partners(layer_id) or {}).values()
        if all(partner == layer_id for partner in partners):
            return 0, place[layer_id]
        kin = all(self.ways.related(layer_id, partner) for partner in partners)
        return (1 if kin else 2), place[layer_id]

    def _partners(self, layer_id: str) -> dict[str, str] | None:
        """For each task the layer that does for it what this one does; None where one has none."""
        partners: dict[str, str] = {}
        for task_id in self.tasks:
            partner = self._partner(layer_id, task_id)
            if partner is None:
                return None
            partners[task_id] = partner
        used = [self.ways.layers[partner].tasks for partner in dict.fromkeys(partners.values())]
        if len(frozenset().union(*used)) < sum(map(len, used)):
            return None  # a task uses two of them: as one they would change what it computes
        return partners

    def _partner(self, layer_id: str, task_id: str) -> str | None:
        layer, taken = self.ways.layers[layer_id], self._partner_of[task_id]
        if task_id in layer.tasks:
            return layer_id
        wanted = tuple(
            (port, tuple((taken[source], source_port) for source, source_port in sources))
            for port, sources in self.ways.wirings[layer_id]
        )
        alike = [i for i in self._alike.get((task_id, layer.type, wanted), ()) if i not in taken.values()]
        equal = [i for i in alike if self.ways.difference(layer_id, i) is None]
        return min(equal, key=lambda other: self.ways.unlikeliness(layer_id, other), default=None)

    def _sources(self, layer_id: str) -> list[str]:
        return [source for _, sources in self.ways.wirings[layer_id] for source, _ in sources]
