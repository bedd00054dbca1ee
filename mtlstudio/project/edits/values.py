"""Edits of what a layer is: its name, parameters, and how it is trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import checked_name, layer_of, refuse
from mtlstudio.project.graph import INPUT_TYPE
from mtlstudio.project.spec import LayerSpec, ProjectSpec


def set_parameters(spec: ProjectSpec, layer_ids: Collection[str], /, **values: Any) -> ProjectSpec:
    """Sets parameters of layers; whether they fit the layer's type is the network's to check."""
    return _changed(spec, layer_ids, lambda layer: replace(layer, parameters=layer.parameters.with_(**values)))


def rename_layer(spec: ProjectSpec, layer_id: str, name: str) -> ProjectSpec:
    """Gives a layer another name.

    Raises:
        EditRefused: the name is empty.
    """
    shown = checked_name(name)
    return _changed(spec, [layer_id], lambda layer: replace(layer, name=shown))


def set_frozen(spec: ProjectSpec, layer_ids: Collection[str], frozen: bool) -> ProjectSpec:
    """Freezes layers (their weights are not trained) or thaws them."""
    return _changed(spec, layer_ids, lambda layer: replace(layer, frozen=frozen))


def set_bypassed(spec: ProjectSpec, layer_ids: Collection[str], bypassed: bool) -> ProjectSpec:
    """Lets the first input of layers through unchanged, or takes them back in.

    Raises:
        EditRefused: one of them is an input.
    """
    for layer_id in layer_ids:
        if layer_of(spec.network, layer_id).type == INPUT_TYPE:
            refuse(mark("An input cannot be bypassed"))
    return _changed(spec, layer_ids, lambda layer: replace(layer, bypassed=bypassed))


def set_learning_rate_factor(spec: ProjectSpec, layer_ids: Collection[str], factor: float) -> ProjectSpec:
    """Multiplies the learning rate of layers.

    Raises:
        EditRefused: the factor is negative or no number.
    """
    if not math.isfinite(factor) or factor < 0:
        refuse(mark("A learning rate factor must be a number ≥ 0, not {value}"), value=factor)
    return _changed(spec, layer_ids, lambda layer: replace(layer, learning_rate_factor=float(factor)))


def _changed(spec: ProjectSpec, layer_ids: Collection[str], change: Callable[[LayerSpec], LayerSpec]) -> ProjectSpec:
    for layer_id in layer_ids:
        layer_of(spec.network, layer_id)
    layers = tuple(change(layer) if layer.id in layer_ids else layer for layer in spec.network.layers)
    return spec.with_network(replace(spec.network, layers=layers))
