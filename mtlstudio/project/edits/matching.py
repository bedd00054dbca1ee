"""Which layer of one task's way corresponds to a layer of another's, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mtlstudio.base.texts import mark
from mtlstudio.project.graph import by_id, depths, incoming, laned, reaches
from mtlstudio.project.lanes import lane_of
from mtlstudio.project.spec import LayerSpec, NetworkSpec

Wiring = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""What is connected to each input port, by the port's name: (layer, output port), in order."""

_NO_VALUE = "—"


@dataclass(frozen=True)
class Difference:
    """Why two layers cannot be one: a marked sentence and its values."""

    message: str
    values: dict[str, object]


@dataclass
class Match:
    """The attempt to lay one layer's way over another's, from the layers up to where both come from the same.

    Attributes:
        pairs: layer -> the one that corresponds to it, where these differ.
        fits: the ways have the same shape and their layers the same types.
        apart: they come after a layer between tasks, which gives each task features of its own.
        difference: the first thing, seen from the inputs, that keeps them from being one; None where nothing does.
    """

    pairs: dict[str, str]
    fits: bool = True
    apart: bool = False
    difference: Difference | None = None

    def differ(self, difference: Difference, *, fits: bool) -> None:
        """Notes a difference."""
        self.fits = self.fits and fits
        self.difference = self.difference or difference


class Ways:
    """A network prepared for comparing the ways of its tasks.

    Attributes:
        layers: all layers by id.
        wirings: what is connected to each, but for ports of single tasks: these do not meet in the layer's inputs.
        laned: layers with ports of single tasks.
        live: for each layer the tasks whose output depends on it; a dead one takes part in no way.

    Raises:
        CycleError: the network goes round in circles.
    """

    def __init__(self, network: NetworkSpec) -> None:
        self.layers: dict[str, LayerSpec] = by_id(network)
        self.wirings: dict[str, Wiring] = {}
        for layer_id, connections in incoming(network).items():
            ports: dict[str, list[tuple[str, str]]] = {}
            for connection in connections:
                if lane_of(connection.target_port) is not None:
                    continue
                ports.setdefault(connection.target_port, []).append((connection.source, connection.source_port))
            self.wirings[layer_id] = tuple(sorted((port, tuple(sources)) for port, sources in ports.items()))
        self.laned = laned(network)
        self.live = reaches(network)
        self._columns = depths(network)
        self._giving = {output.layer for output in network.outputs}

    def related(self, layer_id: str, other_id: str) -> bool:
        """Whether one is a copy of the other, or both are copies of a third."""
        return not self._family(layer_id).isdisjoint(self._family(other_id))

    def same_column(self, layer_id: str, other_id: str) -> bool:
        """Whether two layers stand equally far from the inputs."""
        return self._columns[layer_id] == self._columns[other_id]

    def candidates(self, layer_id: str, task_id: str) -> list[str]:
        """Layers of the task's way that may correspond to a layer, likeliest first."""
        layer = self.layers[layer_id]
        return sorted(
            (
                other.id
                for other in self.layers.values()
                if other.type == layer.type and task_id in self.live[other.id] and other is not layer
            ),
            key=lambda other_id: self.unlikeliness(layer_id, other_id),
        )

    def unlikeliness(self, layer_id: str, other_id: str) -> tuple[bool, bool, bool, int]:
        """Smallest for the likeliest counterpart: copies of one another come first, then what no task of the layer
        uses, then equal names, then equal columns."""
        layer, other = self.layers[layer_id], self.layers[other_id]
        return (
            not self.related(layer_id, other_id),
            bool(layer.tasks & other.tasks),
            layer.name != other.name,
            abs(self._columns[layer_id] - self._columns[other_id]),
        )

    def difference(self, layer_id: str, other_id: str) -> Difference | None:
        """What keeps two layers from being one, their inputs aside; None where nothing does.

        The same type and parameters are wanted, and that not both give the output of a task: as one, they would
        predict the same. Whether they are frozen, and how fast they learn, is no difference.
        """
        layer, other = self.layers[layer_id], self.layers[other_id]
        both: dict[str, object] = {"layer": layer.name, "other": other.name}
        if layer.type != other.type:
            return Difference(
                mark("“{layer}” is of type {type}, its counterpart “{other}” of type {other_type}"),
                {**both, "type": layer.type, "other_type": other.type},
            )
        for name in dict.fromkeys([*layer.parameters, *other.parameters]):
            value, other_value = layer.parameters.get(name, _NO_VALUE), other.parameters.get(name, _NO_VALUE)
            if value != other_value:
                return Difference(
                    mark("“{layer}” has {parameter} {value}, its counterpart “{other}” {other_value}"),
                    {**both, "parameter": name, "value": value, "other_value": other_value},
                )
        if layer.bypassed != other.bypassed:
            skipped, used = (layer, other) if layer.bypassed else (other, layer)
            return Difference(
                mark("“{skipped}” is bypassed, its counterpart “{used}” is not"),
                {"skipped": skipped.name, "used": used.name},
            )
        if layer_id in self._giving and other_id in self._giving:
            return Difference(
                mark("“{layer}” and “{other}” give outputs: as one layer they would predict the same"), both
            )
        return None

    def match(self, layer_id: str, other_id: str) -> Match:
        """Lays the way to one layer over the way to another.

        Two layers correspond when their types are the same and their inputs, port by port and in order, come from
        the same port of corresponding layers. A task must not use both layers of a pair, nor one layer be in two
        pairs: making them one would change what that task computes. Where only one of a pair gives an output and
        their parameters differ, they are different things, not unlike ones.
        """
        found = Match({})
        self._visit(layer_id, other_id, found)
        return found

    def _visit(self, one: str, two: str, found: Match) -> None:
        waiting = [(one, two, False)]
        while waiting and found.fits:
            one, two, seen = waiting.pop()
            if seen:
                own = self.difference(one, two)
                if own is not None:
                    found.differ(own, fits=(one in self._giving) == (two in self._giving))
            elif one != two and found.pairs.get(one) != two:
                unlike = self._unlike(one, two, found.pairs)
                if unlike is not None:
                    found.differ(unlike, fits=False)
                    found.apart = self.lanes_before(one) != self.lanes_before(two)
                    return
                found.pairs[one] = two
                waiting.append((one, two, True))
                waiting += [(a, b, False) for a, b in reversed(self._sources(one, two))]

    def _unlike(self, one: str, two: str, pairs: Mapping[str, str]) -> Difference | None:
        """What makes the two of different kinds, so that comparing them further says nothing."""
        layer, other = self.layers[one], self.layers[two]
        if layer.type != other.type:
            return self.difference(one, two)
        if self.lanes_before(one) != self.lanes_before(two):
            between = next(iter([*self.lanes_before(one), *self.lanes_before(two)]))[0]
            return Difference(
                mark("“{layer}” and “{other}” come after “{between}”, which gives each task features of its own"),
                {"layer": layer.name, "other": other.name, "between": self.layers[between].name},
            )
        clash = one in pairs or two in pairs.values() or layer.tasks & other.tasks
        if clash or _shape(self.wirings[one]) != _shape(self.wirings[two]):
            return Difference(
                mark("“{layer}” and “{other}” take their inputs from different places"),
                {"layer": layer.name, "other": other.name},
            )
        return None

    def lanes_before(self, layer_id: str) -> list[tuple[str, str]]:
        """What leads into a layer from ports of single tasks: (layer between tasks, port), in order."""
        return [source for _, sources in self.wirings[layer_id] for source in sources if lane_of(source[1]) is not None]

    def _sources(self, one: str, two: str) -> list[tuple[str, str]]:
        flat, other = ([s for _, sources in self.wirings[i] for s, _ in sources] for i in (one, two))
        return list(zip(flat, other, strict=True))

    def _family(self, layer_id: str) -> set[str]:
        family: set[str] = set()
        current: str | None = layer_id
        while current is not None and current not in family:
            family.add(current)
            current = self.layers[current].origin if current in self.layers else None
        return family


def _shape(wiring: Wiring) -> list[tuple[str, tuple[str, ...]]]:
    """The wiring without the layers: for each input port the output ports connected to it."""
    return [(port, tuple(source_port for _, source_port in sources)) for port, sources in wiring]
