"""Weights by the names of the Python export: safetensors, and the plain file beside a script."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.network.export.model import module_names
from mtlstudio.network.trained import blank_network
from mtlstudio.project.spec import ProjectSpec


def tidy_state(spec: ProjectSpec, network: MultiTaskNetwork) -> dict[str, Tensor]:
    """The weights by tidy names: `<attribute>.<name within the layer>`."""
    attributes = module_names(spec, network)
    return {
        f"{attributes[layer]}.{name}": value.detach().cpu().contiguous().clone()
        for layer in attributes
        for name, value in network.layers[layer].state_dict().items()
    }


def as_safetensors(state: Mapping[str, Tensor], document: Mapping[str, Any]) -> bytes:
    """A safetensors file whose metadata hold the document."""
    from safetensors.torch import save

    metadata = {"format": "pt", "mtlstudio": json.dumps(document, ensure_ascii=False)}
    data: bytes = save(dict(state), metadata)
    return data


def as_state_file(state: Mapping[str, Tensor]) -> bytes:
    """A file that `torch.load(…, weights_only=True)` reads."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    return buffer.getvalue()


def read_back(spec: ProjectSpec, data: bytes) -> MultiTaskNetwork:
    """A network of the project with the weights of a safetensors file, in eval mode.

    Raises:
        RuntimeError: a weight is missing or too many.
    """
    from safetensors.torch import load

    network = blank_network(spec)
    layer_of = {attribute: layer for layer, attribute in module_names(spec, network).items()}
    state: dict[str, Tensor] = {}
    for name, value in load(data).items():
        attribute, dot, rest = name.partition(".")
        state[f"layers.{layer_of[attribute]}{dot}{rest}"] = value
    network.load_state_dict(state, strict=True)
    return network.eval()
