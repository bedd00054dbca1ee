"""How layers hang together, as analysis and compilation read it: faulty networks included, nothing is raised."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output


@dataclass(frozen=True)
class Wiring:
    """The layers of a network and their connections, without those that lead nowhere.

    Attributes:
        layers: by id; of two with one id the first.
        connections: those between layers that exist.
        outputs: those of layers that exist.
    """

    layers: Mapping[str, LayerSpec]
    connections: tuple[Connection, ...]
    outputs: tuple[Output, ...]

    @cached_property
    def incoming(self) -> dict[str, list[Connection]]:
        """Connections that end at each layer, in the order of the list."""
        ending: dict[str, list[Connection]] = {layer: [] for layer in self.layers}
        for connection in self.connections:
            ending[connection.target].append(connection)
        return ending

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Layers such that each comes after all that it depends on; those in or behind a cycle are left out."""
        waiting = {layer: len(connections) for layer, connections in self.incoming.items()}
        following: dict[str, list[str]] = {layer: [] for layer in self.layers}
        for connection in self.connections:
            following[connection.source].append(connection.target)
        ready = deque(layer for layer, count in waiting.items() if count == 0)
        order: list[str] = []
        while ready:
            layer = ready.popleft()
            order.append(layer)
            for target in following[layer]:
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
        return tuple(order)

    def needed(self, layers: set[str]) -> set[str]:
        """The layers and everything that they depend on."""
        found: set[str] = set()
        open_ = list(layers)
        while open_:
            layer = open_.pop()
            if layer not in found:
                found.add(layer)
                open_.extend(connection.source for connection in self.incoming[layer])
        return found


def wiring(network: NetworkSpec) -> Wiring:
    """The wiring of a network."""
    layers: dict[str, LayerSpec] = {}
    for layer in network.layers:
        layers.setdefault(layer.id, layer)
    return Wiring(
        layers,
        tuple(c for c in network.connections if c.source in layers and c.target in layers),
        tuple(output for output in network.outputs if output.layer in layers),
    )
