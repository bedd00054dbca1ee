"""What every layer makes of one sample: the pictures on the cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mtlstudio.network.compile import MultiTaskNetwork

STRONGEST = 16


@dataclass(frozen=True)
class Activation:
    """The output of one layer for one sample.

    Attributes:
        shape: without N: (C, H, W), (C, T) or (C,).
        picture: (H, W) float32, the mean magnitude over the channels; a sequence as (C, T), a vector as (1, C), both
            with their signs.
        channels: up to 16 of a map's channels, (k, H, W) float32, those with the largest deviation first.
        numbers: which channels those are.
        low, high: smallest and largest value of the whole output.
        silent: share of the channels (of a vector: of the values) that are zero everywhere.
        finite: whether all values are numbers.
    """

    shape: tuple[int, ...]
    picture: NDArray[np.float32]
    channels: NDArray[np.float32]
    numbers: tuple[int, ...]
    low: float
    high: float
    silent: float
    finite: bool


def activations(network: MultiTaskNetwork, inputs: Mapping[str, Tensor]) -> dict[str, Activation]:
    """Runs one sample and looks at what comes out of each layer.

    Args:
        network: in eval mode (or not: it is run as it is).
        inputs: input id -> (1, C, S, S), standardised.

    Returns:
        layer id -> its output; of several ports that of `out`, else the last.
    """
    import torch

    seen: dict[str, Activation] = {}
    modules = {layer_id: network.layers[layer_id] for layer_id in network.layers}
    handles = [module.register_forward_hook(_keeper(name, seen)) for name, module in modules.items()]
    try:
        with torch.inference_mode():
            network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return {layer_id: seen[layer_id] for layer_id in modules if layer_id in seen}


def describe(value: Tensor) -> Activation:
    """One output, without N."""
    import torch

    finite = bool(torch.isfinite(value).all())
    value = torch.nan_to_num(value)
    flat = value.flatten(1) if value.ndim > 1 else value[:, None]
    silent = float((flat == 0).all(1).float().mean())
    low, high = float(value.min()), float(value.max())
    if value.ndim != 3:
        picture = value if value.ndim == 2 else value[None]
        return Activation(tuple(value.shape), _plain(picture), _plain(value[:0]), (), low, high, silent, finite)
    strongest = flat.std(1, correction=0).argsort(descending=True, stable=True)[:STRONGEST]
    return Activation(
        tuple(value.shape), _plain(value.abs().mean(0)), _plain(value[strongest]),
        tuple(int(channel) for channel in strongest), low, high, silent, finite,
    )  # fmt: skip


def _keeper(name: str, seen: dict[str, Activation]) -> Any:
    """Looks at once: the outputs of all layers together would fill the memory."""

    def keep(_module: nn.Module, _args: Any, output: Any) -> None:
        if isinstance(output, dict):
            output = output.get("out", next(reversed(output.values())))
        seen[name] = describe(output.detach()[0].float().cpu())

    return keep


def _plain(value: Tensor) -> NDArray[np.float32]:
    import torch

    found: NDArray[np.float32] = value.clone(memory_format=torch.contiguous_format).numpy()  # others may write over it
    return found
