"""Edits of the project's inputs, and of an empty network."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from mtlstudio.base.files import slug
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import refuse, with_settled
from mtlstudio.project.edits.rewiring import new_id, settled, taken_ids
from mtlstudio.project.graph import INPUT_TYPE, reaches
from mtlstudio.project.spec import INPUT_TYPES, InputSpec, LayerSpec, ProjectSpec


def add_input(spec: ProjectSpec, name: str, type: str = "image", channels: int = 3) -> tuple[ProjectSpec, str]:
    """Adds an input, without a layer (see `add_input_layer`).

    Returns:
        The project and the input's id.

    Raises:
        EditRefused: the name is empty, there is no such type, or there are fewer than one channel.
    """
    added = InputSpec(slug(name, {item.id for item in spec.inputs}), name.strip(), type, channels)
    _check(added)
    return replace(spec, inputs=(*spec.inputs, added)), added.id


def remove_input(spec: ProjectSpec, input_id: str) -> ProjectSpec:
    """Removes an input, its layers, and what data sets say of it.

    Raises:
        EditRefused: there is no such input, it is the last, or an output depends on it.
    """
    removed, network = _input_of(spec, input_id), spec.network
    if len(spec.inputs) == 1:
        refuse(mark("“{input}” is the only input; a network needs one"), input=removed.name)
    reach = reaches(network)
    layers = {layer.id for layer in network.layers if _reads(layer, input_id)}
    if any(reach[layer_id] for layer_id in layers):
        refuse(
            mark("Outputs depend on “{input}”"),
            mark("Delete the layers behind it first, or connect them elsewhere."),
            input=removed.name,
        )
    network = replace(
        network,
        layers=tuple(layer for layer in network.layers if layer.id not in layers),
        connections=tuple(c for c in network.connections if c.source not in layers and c.target not in layers),
    )
    spec = replace(
        spec,
        inputs=tuple(item for item in spec.inputs if item.id != input_id),
        datasets=tuple(replace(item, inputs=item.inputs.without(input_id)) for item in spec.datasets),
    )
    return with_settled(spec, network)


def rename_input(spec: ProjectSpec, input_id: str, name: str) -> ProjectSpec:
    """Gives an input another name; its id stays.

    Raises:
        EditRefused: there is no such input, or the name is empty.
    """
    return set_input(spec, input_id, name=name.strip())


def set_input(spec: ProjectSpec, input_id: str, **changes: Any) -> ProjectSpec:
    """Changes fields of an input (`InputSpec`), all but its id.

    Raises:
        EditRefused: there is no such input or field, or a value is out of bounds.
    """
    known = [field.name for field in fields(InputSpec) if field.name != "id"]
    for name in changes:
        if name not in known:
            refuse(mark("An input has no {field!r}"), mark("Known: {known}."), field=name, known=", ".join(known))
    changed = replace(_input_of(spec, input_id), **changes)
    _check(changed)
    return replace(spec, inputs=tuple(changed if item.id == input_id else item for item in spec.inputs))


def add_input_layer(spec: ProjectSpec, input_id: str) -> tuple[ProjectSpec, str]:
    """Brings an input into the network: a layer that nothing is connected to yet, in the rows of all tasks.

    Returns:
        The project and the new layer's id.

    Raises:
        EditRefused: there is no such input, or the network has a layer for it.
    """
    added, network = _input_of(spec, input_id), settled(spec.network, spec.task_ids)
    if any(_reads(layer, input_id) for layer in network.layers):
        refuse(mark("“{input}” is in the network already"), input=added.name)
    layer_id = new_id(taken_ids(network), input_id)
    layer = LayerSpec(layer_id, added.name, INPUT_TYPE, frozenset(spec.task_ids), FrozenDict(input=input_id))
    inputs = next((i for i, other in enumerate(network.layers) if other.type != INPUT_TYPE), len(network.layers))
    layers = (*network.layers[:inputs], layer, *network.layers[inputs:])
    return with_settled(spec, replace(network, layers=layers)), layer_id


def start_network(spec: ProjectSpec) -> ProjectSpec:
    """Brings every input that is not yet there into the network: a start for building one by hand."""
    for item in spec.inputs:
        if not any(_reads(layer, item.id) for layer in spec.network.layers):
            spec, _ = add_input_layer(spec, item.id)
    return spec


def set_dataset_input(spec: ProjectSpec, dataset_id: str, input_id: str, target_id: str | None) -> ProjectSpec:
    """Says which of a data set's targets an input is read from; None: it is the picture, or not there.

    Raises:
        EditRefused: there is no such data set or input.
    """
    _input_of(spec, input_id)
    if all(item.id != dataset_id for item in spec.datasets):
        refuse(mark("There is no data set {dataset!r}"), dataset=dataset_id)
    return replace(
        spec,
        datasets=tuple(
            replace(item, inputs=_with_target(item.inputs, input_id, target_id)) if item.id == dataset_id else item
            for item in spec.datasets
        ),
    )


def _with_target(inputs: FrozenDict, input_id: str, target_id: str | None) -> FrozenDict:
    return inputs.without(input_id) if target_id is None else inputs.with_(**{input_id: target_id})


def _input_of(spec: ProjectSpec, input_id: str) -> InputSpec:
    try:
        return spec.input(input_id)
    except KeyError:
        refuse(mark("There is no input {input!r}"), input=input_id)


def _reads(layer: LayerSpec, input_id: str) -> bool:
    return layer.type == INPUT_TYPE and layer.parameters.get("input") == input_id


def _check(item: InputSpec) -> None:
    if not isinstance(item.name, str) or not item.name.strip():
        refuse(mark("A name cannot be empty"))
    if item.type not in INPUT_TYPES:
        refuse(
            mark("There is no type of input {type!r}"),
            mark("Known: {known}."),
            type=item.type,
            known=", ".join(INPUT_TYPES),
        )
    if isinstance(item.channels, bool) or not isinstance(item.channels, int) or item.channels < 1:
        refuse(mark("An input needs at least 1 channel, not {channels}"), channels=item.channels)
