"""What becomes of groups of layers when the network changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from mtlstudio.base.files import slug
from mtlstudio.project.spec import Connection, LayerGroup, LayerSpec, NetworkSpec


def tidy_groups(network: NetworkSpec) -> tuple[LayerGroup, ...]:
    """The groups without layers that are gone, or that an earlier group has already; empty ones vanish."""
    free = {layer.id for layer in network.layers}
    found: list[LayerGroup] = []
    for group in network.groups:
        kept = tuple(layer_id for layer_id in dict.fromkeys(group.layers) if layer_id in free)
        free.difference_update(kept)
        if kept:
            found.append(group if kept == group.layers else replace(group, layers=kept))
    return tuple(found)


def new_group_id(network: NetworkSpec, name: str) -> str:
    """An id for a group that neither a group nor a layer has."""
    return slug(name, {group.id for group in network.groups} | {layer.id for layer in network.layers})


def left_groups(network: NetworkSpec, layer_ids: Collection[str]) -> NetworkSpec:
    """The network with these layers in no group."""
    groups = (replace(g, layers=tuple(i for i in g.layers if i not in layer_ids)) for g in network.groups)
    return replace(network, groups=tuple(group for group in groups if group.layers))


def placed_in_groups(network: NetworkSpec, layer_ids: Collection[str]) -> NetworkSpec:
    """The network in which layers that stand between layers of one group belong to it, others to none.

    Args:
        layer_ids: layers that were put somewhere.
    """
    if not network.groups or not layer_ids:
        return network
    network = left_groups(network, layer_ids)
    home = {layer_id: group.id for group in network.groups for layer_id in group.layers}
    before = {home.get(c.source) for c in network.connections if c.target in layer_ids and c.source not in layer_ids}
    after = {home.get(c.target) for c in network.connections if c.source in layer_ids and c.target not in layer_ids}
    after |= {None for output in network.outputs if output.layer in layer_ids}
    if len(before) != 1 or before != after or None in before:
        return network
    chosen = before.pop()
    more = tuple(layer.id for layer in network.layers if layer.id in layer_ids)
    groups = (replace(g, layers=(*g.layers, *more)) if g.id == chosen else g for g in network.groups)
    return replace(network, groups=tuple(groups))


def split_groups(
    network: NetworkSpec, instances: Mapping[str, Sequence[LayerSpec]], parts: Sequence[frozenset[str]]
) -> tuple[LayerGroup, ...]:
    """The groups after layers were copied.

    Copies for a part of the tasks join the group of their originals while a layer of it still serves the part: they
    stand beside that one. Where the whole group was copied they form a group of their own, of the same name.

    Args:
        instances: each layer as it is now, then its copies.
    """
    groups: list[LayerGroup] = []
    made = network
    for group in network.groups:
        joined: list[str] = list(group.layers)
        own: list[LayerGroup] = []
        for part in parts:
            found = [instances.get(layer_id, ()) for layer_id in group.layers]
            copies = [copy.id for layers in found for copy in layers[1:] if copy.tasks <= part]
            if any(layers and layers[0].tasks & part for layers in found):
                joined += copies
            elif copies:
                fresh = replace(group, id=new_group_id(made, group.name), layers=tuple(copies))
                made = replace(made, groups=(*made.groups, fresh))
                own.append(fresh)
        groups += [replace(group, layers=tuple(joined)), *own]
    return tuple(groups)


def inner_connections(network: NetworkSpec, layer_ids: Collection[str]) -> tuple[Connection, ...]:
    """The connections between some layers."""
    return tuple(c for c in network.connections if c.source in layer_ids and c.target in layer_ids)
