"""Trained weights for the fresh layers of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.network.interface import layer_type
from mtlstudio.project.spec import ProjectSpec


@dataclass(frozen=True)
class WeightsReport:
    """What became of a layer's trained weights; names as in the layer's `state_dict`.

    Attributes:
        taken: loaded.
        other_size: in the file with another size; these start anew.
        missing: not in the file; these start anew.
        unused: in the file, but the layer has no such weight.
    """

    taken: tuple[str, ...]
    other_size: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]


def load_pretrained(network: MultiTaskNetwork, spec: ProjectSpec, folder: Path) -> dict[str, WeightsReport]:
    """Loads the trained weights that layers ask for (a backbone's `weights`), before a training from the start.

    Args:
        folder: the project's, which relative paths start from.

    Returns:
        layer id -> what became of them, for the layers that asked.

    Raises:
        StudioError: they cannot be had, or none of them fits; names the layer.
    """
    reports: dict[str, WeightsReport] = {}
    for layer in spec.network.layers:
        if layer.id not in network.layers or layer.bypassed:
            continue
        type_ = layer_type(layer.type)
        try:
            weights = type_.pretrained(complete(type_.parameters, layer.parameters), folder)
            if weights is not None:
                reports[layer.id] = take(network.layers[layer.id], weights)
        except StudioError as error:
            where = f"{layer.name}: {error.where}" if error.where else layer.name
            raise StudioError(error.message, where=where, fix=error.fix, **error.values) from error
    return reports


def take(module: nn.Module, weights: Mapping[str, Tensor]) -> WeightsReport:
    """Copies into a module all weights that fit it by name and size.

    Raises:
        StudioError: none fits.
    """
    own = module.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and value.shape == own[name].shape}
    if not fitting:
        raise StudioError(
            mark("none of the {count} weights in the file fits this layer"),
            fix=mark("Choose the weights of such a network."),
            count=len(weights),
        )
    with torch.no_grad():
        for name, value in fitting.items():
            own[name].copy_(value)
    other_size = tuple(name for name in own if name in weights and name not in fitting)
    missing = tuple(name for name in own if name not in weights)
    return WeightsReport(tuple(fitting), other_size, missing, tuple(name for name in weights if name not in own))
