"""Version 1 to 2: a backbone is a family with a variant; in version 1 five networks were layer types of their own."""

from __future__ import annotations

from typing import Any

_FAMILIES = {
    "resnet18": "resnet",
    "resnet50": "resnet",
    "mobilenet_v3_large": "mobilenet",
    "efficientnet_b0": "efficientnet",
    "convnext_tiny": "convnext",
}


def migrate(values: dict[str, Any]) -> dict[str, Any]:
    """The JSON values of version 1 as those of version 2. What is not as version 1 had it is left for the reader."""
    network = values.get("network")
    layers = network.get("layers") if isinstance(network, dict) else None
    if not isinstance(network, dict) or not isinstance(layers, list):
        return values
    return {**values, "network": {**network, "layers": [_layer(layer) for layer in layers]}}


def _layer(layer: Any) -> Any:
    variant = layer.get("type") if isinstance(layer, dict) else None
    if not isinstance(variant, str) or variant not in _FAMILIES:
        return layer
    parameters = layer.get("parameters") or {}
    if not isinstance(parameters, dict):
        return layer
    return {**layer, "type": _FAMILIES[variant], "parameters": {"variant": variant, **parameters}}
