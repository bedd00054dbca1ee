"""Edits of groups of layers, which the grid shows as one card while they are folded.

Other edits keep them sound: layers that go leave their group, which vanishes with the last; a layer that is put between
two of a group joins it; copies of a split layer join their original's group while a layer of that still serves their
tasks, else they form a group of their own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import checked_name, layer_of, refuse
from mtlstudio.project.edits.grouping import left_groups, new_group_id
from mtlstudio.project.graph import INPUT_TYPE
from mtlstudio.project.spec import LayerGroup, ProjectSpec


def group_layers(spec: ProjectSpec, layer_ids: Collection[str], name: str) -> tuple[ProjectSpec, str]:
    """Makes a group of layers, folded. They leave the groups they were in.

    Returns:
        The project and the group's id.

    Raises:
        EditRefused: fewer than two layers, an unknown one or an input, or the name is empty.
    """
    network = spec.network
    for layer_id in layer_ids:
        if layer_of(network, layer_id).type == INPUT_TYPE:
            refuse(mark("An input cannot be part of a group"))
    chosen = tuple(layer.id for layer in network.layers if layer.id in layer_ids)
    if len(chosen) < 2:
        refuse(mark("A group needs at least two layers"))
    network = left_groups(network, chosen)
    group = LayerGroup(new_group_id(network, name), checked_name(name), chosen)
    return spec.with_network(replace(network, groups=(*network.groups, group))), group.id


def ungroup(spec: ProjectSpec, group_id: str) -> ProjectSpec:
    """Dissolves a group; its layers stay.

    Raises:
        EditRefused: there is no such group.
    """
    _group_of(spec, group_id)
    return _with_groups(spec, tuple(group for group in spec.network.groups if group.id != group_id))


def fold_group(spec: ProjectSpec, group_id: str, folded: bool) -> ProjectSpec:
    """Folds a group into one card, or opens it.

    Raises:
        EditRefused: there is no such group.
    """
    return _changed(spec, replace(_group_of(spec, group_id), folded=folded))


def rename_group(spec: ProjectSpec, group_id: str, name: str) -> ProjectSpec:
    """Gives a group another name.

    Raises:
        EditRefused: there is no such group, or the name is empty.
    """
    return _changed(spec, replace(_group_of(spec, group_id), name=checked_name(name)))


def _group_of(spec: ProjectSpec, group_id: str) -> LayerGroup:
    for group in spec.network.groups:
        if group.id == group_id:
            return group
    refuse(mark("There is no group {group!r}"), group=group_id)


def _changed(spec: ProjectSpec, changed: LayerGroup) -> ProjectSpec:
    return _with_groups(spec, tuple(changed if group.id == changed.id else group for group in spec.network.groups))


def _with_groups(spec: ProjectSpec, groups: tuple[LayerGroup, ...]) -> ProjectSpec:
    return spec.with_network(replace(spec.network, groups=groups))
