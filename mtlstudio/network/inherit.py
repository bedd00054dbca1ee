"""Start weights from a run: the layers of a network take what their relatives in a checkpoint were trained to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.inheritance import (
    OTHER_INPUT,
    Heritage,
    Inheritance,
    InheritedLayer,
    Kinship,
    LostLayer,
    preview,
)
from mtlstudio.project.spec import LayerSpec, ProjectSpec
from mtlstudio.runs.checkpoints import NETWORK_FILE, CheckpointInfo
from mtlstudio.runs.folder import RunFolder

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.network.compile import MultiTaskNetwork

__all__ = ["Heritage", "Inheritance", "InheritedLayer", "LostLayer", "inherit", "inherit_from", "preview"]

Tensors = dict[str, "Tensor"]

_COUNTER = "num_batches_tracked"
"""Fits always, and is no weight."""


def inherit(
    network: MultiTaskNetwork, spec: ProjectSpec, source: RunFolder, which: str | int | CheckpointInfo = "best"
) -> Inheritance:
    """Puts the weights of a checkpoint into the layers of a fresh network, wherever they fit.

    Args:
        network: compiled from `spec`; changed in place. What does not fit keeps its weights.
        spec: the design now.
        source: a run.
        which: its checkpoint: best (the last where none is best yet), last, best:<task id>, a step, or the checkpoint.

    Returns:
        What each layer with weights got, and which weights of the run nobody took.

    Raises:
        StudioError: there is no such checkpoint, or it is damaged.
    """
    import safetensors.torch

    info = which if isinstance(which, CheckpointInfo) else source.store.find(which)
    path = info.path / NETWORK_FILE
    try:
        tensors = safetensors.torch.load(path.read_bytes())
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise StudioError(mark("this checkpoint is damaged"), where=str(path)) from error
    return inherit_from(network, spec, tensors, source.spec(), source.id)


def inherit_from(
    network: MultiTaskNetwork, spec: ProjectSpec, tensors: Mapping[str, Tensor], then: ProjectSpec, run: str = ""
) -> Inheritance:
    """As `inherit`, from tensors (names as in a network's `state_dict`) and the design that they were trained in."""
    past = _by_layer(tensors)
    kin = Kinship(spec, then, past)
    layers: list[InheritedLayer] = []
    used: set[str] = set()
    for layer in spec.network.layers:
        if layer.id not in network.layers or not (own := network.layers[layer.id].state_dict()):
            continue
        source = kin.source(layer)
        reason = kin.reason(layer, source)
        if source is None or reason is not None:
            assert reason is not None
            layers.append(InheritedLayer(layer.id, kin.name(layer.id), Heritage.ANEW, "", "", (), tuple(own), *reason))
            continue
        found = _taken(kin, layer, source, own, past[source.id])
        layers.append(found)
        if found.taken:
            used.add(source.id)
    lost = [
        LostLayer(layer.id, kin.past_name(layer.id), kin.heir(layer.id))
        for layer in then.network.layers
        if layer.id in past and layer.id not in used and not _has_twin(layer.id, kin, past, used)
    ]
    return Inheritance(run, tuple(layers), tuple(lost))


def _taken(kin: Kinship, layer: LayerSpec, source: LayerSpec, own: Tensors, past: Tensors) -> InheritedLayer:
    import torch

    fitting = [name for name in own if name in past and past[name].shape == own[name].shape]
    if all(name.endswith(_COUNTER) for name in fitting):
        fitting = []
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(past[name])
    anew = tuple(name for name in own if name not in fitting)
    named = kin.name(layer.id), kin.past_name(source.id)
    if not anew:
        kind = Heritage.ITSELF if source.id == layer.id else Heritage.COPIED
        return InheritedLayer(layer.id, named[0], kind, source.id, named[1], tuple(fitting))
    reason = kin.difference(layer, source) or OTHER_INPUT
    kind = Heritage.PARTLY if fitting else Heritage.ANEW
    return InheritedLayer(layer.id, named[0], kind, source.id, named[1], tuple(fitting), anew, *reason)


def _by_layer(tensors: Mapping[str, Tensor]) -> dict[str, Tensors]:
    found: dict[str, Tensors] = {}
    for name, value in tensors.items():
        _, layer, own = name.split(".", 2)
        found.setdefault(layer, {})[own] = value
    return found


def _has_twin(layer_id: str, kin: Kinship, past: Mapping[str, Tensors], used: set[str]) -> bool:
    """Whether a relative whose weights were taken has the very same ones: then nothing is lost."""
    import torch

    own = past[layer_id]
    return any(
        other.keys() == own.keys() and all(torch.equal(own[name], other[name]) for name in own)
        for other_id in kin.relatives(layer_id)
        if other_id in used and (other := past[other_id])
    )
