"""Edits that put another layer in a layer's place, and what concerns trained weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import checked_name, layer_of, layer_stem, refuse, refuse_circle, with_settled
from mtlstudio.project.edits.rewiring import new_id, settled, taken_ids
from mtlstudio.project.edits.values import set_frozen
from mtlstudio.project.graph import INPUT_TYPE, ancestors, laned, main_connection
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec


def replace_layer(
    spec: ProjectSpec,
    layer_id: str,
    layer_type: str,
    parameters: Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    input_ports: Collection[str] | None = None,
    output_ports: Collection[str] | None = None,
) -> tuple[ProjectSpec, str]:
    """Puts a layer of another type (or other parameters) in a layer's place; connections stay where the ports allow.

    Of equal type it is the same layer still, which inherits its trained weights. Of another it is a new one, with an
    id of its own and no origin.

    Args:
        name: default: the layer keeps its name.
        input_ports, output_ports: the new layer's ports, in order. What leads into a port that it lacks is cut, but the
            layer's way goes into the first; what leaves a port that it lacks leaves `out` or the last. None: all ports
            are as before.

    Returns:
        The project and the id of the layer.

    Raises:
        EditRefused: there is no such layer, it is an input, the new one would be, or the name is empty.
    """
    network = settled(spec.network, spec.task_ids)
    layer = layer_of(network, layer_id)
    if INPUT_TYPE in (layer.type, layer_type):
        refuse(mark("An input cannot be replaced"))
    shown = layer.name if name is None else checked_name(name)
    if layer_type == layer.type:
        new = replace(layer, name=shown, parameters=FrozenDict(parameters))
    else:
        fresh = new_id(taken_ids(network), layer_stem(layer_type, shown if name else layer_type))
        new = replace(
            layer, id=fresh, name=shown, type=layer_type, parameters=FrozenDict(parameters), origin=None, bypassed=False,
            frozen=False,
        )  # fmt: skip
    if input_ports is not None:
        network = _into_ports(network, layer_id, list(input_ports))
    if output_ports is not None:
        network = _out_of_ports(network, layer_id, list(output_ports))
    return with_settled(spec, _renamed(network, {layer_id: new})), new.id


def swap_layers(spec: ProjectSpec, first: str, second: str) -> ProjectSpec:
    """Lets two layers change places, wherever they are: each takes the other's connections, outputs and group.

    Raises:
        EditRefused: one does not exist, is an input or stands between tasks, or both are the same.
    """
    network = settled(spec.network, spec.task_ids)
    one, two = layer_of(network, first), layer_of(network, second)
    for layer in (one, two):
        if layer.type == INPUT_TYPE or layer.id in laned(network):
            refuse(mark("“{layer}” cannot change places with another"), layer=layer.name)
    if first == second:
        refuse(mark("Choose two layers to swap"))
    exchanged = {first: replace(two, tasks=one.tasks), second: replace(one, tasks=two.tasks)}
    network = _renamed(network, exchanged)
    refuse_circle(network, one)
    return with_settled(spec, network)


def set_origin(spec: ProjectSpec, layer_id: str, origin: str | None) -> ProjectSpec:
    """Says from which layer a layer inherits trained weights, besides from itself; None: from no other.

    Raises:
        EditRefused: there is no such layer, it would inherit from itself, or in a circle.
    """
    network = spec.network
    layer = layer_of(network, layer_id)
    before = {item.id: item.origin for item in network.layers}
    current, seen = origin, set[str]()
    while current is not None and current not in seen:
        if current == layer_id:
            refuse(mark("“{layer}” cannot inherit from itself"), layer=layer.name)
        seen.add(current)
        current = before.get(current)
    if origin is not None:
        layer_of(network, origin)
    layers = tuple(replace(item, origin=origin) if item.id == layer_id else item for item in network.layers)
    return spec.with_network(replace(network, layers=layers))


def freeze_up_to(spec: ProjectSpec, layer_id: str, frozen: bool = True) -> ProjectSpec:
    """Freezes a layer and all that it depends on, or thaws them.

    Raises:
        EditRefused: there is no such layer.
    """
    layer_of(spec.network, layer_id)
    inputs = {layer.id for layer in spec.network.layers if layer.type == INPUT_TYPE}
    return set_frozen(spec, ({layer_id} | ancestors(spec.network, layer_id)) - inputs, frozen)


def _renamed(network: NetworkSpec, into: Mapping[str, LayerSpec]) -> NetworkSpec:
    """The network with some layers standing where others stood; what named one names the other."""
    ids = {old: layer.id for old, layer in into.items()}

    def new(layer_id: str) -> str:
        return ids.get(layer_id, layer_id)

    return NetworkSpec(
        tuple(into.get(layer.id, layer) for layer in network.layers),
        tuple(replace(c, source=new(c.source), target=new(c.target)) for c in network.connections),
        tuple(replace(output, layer=new(output.layer)) for output in network.outputs),
        tuple(replace(group, layers=tuple(map(new, group.layers))) for group in network.groups),
    )


def _into_ports(network: NetworkSpec, layer_id: str, ports: list[str]) -> NetworkSpec:
    way = main_connection(network, layer_id)
    kept: list[Connection] = []
    for connection in network.connections:
        if connection.target != layer_id or connection.target_port in ports:
            kept.append(connection)
        elif connection == way and ports:
            kept.append(replace(connection, target_port=ports[0]))
    return replace(network, connections=tuple(kept))


def _out_of_ports(network: NetworkSpec, layer_id: str, ports: list[str]) -> NetworkSpec:
    main = "out" if "out" in ports or not ports else ports[-1]
    return replace(
        network,
        connections=tuple(
            replace(c, source_port=main) if c.source == layer_id and c.source_port not in ports else c
            for c in network.connections
        ),
        outputs=tuple(
            Output(o.task, o.layer, main) if o.layer == layer_id and o.port not in ports else o for o in network.outputs
        ),
    )
