"""Where trained weights come from: a local file, or torchvision's server."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor, nn

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark

_WRAPPERS = ("checkpoint", "state_dict", "model", "model_state_dict", "network", "net", "weights")
"""Keys under which training scripts like to keep the weights."""
_DEEPEST = 5
"""Parts that a prefix of all names may have, and one more."""


def torchvision_weights(name: str) -> Mapping[str, Tensor]:
    """ImageNet weights of a torchvision network, from torch's cache or, where they are not there yet, the network.

    Raises:
        StudioError: they cannot be downloaded.
    """
    from torchvision.models import get_model_weights

    weights = get_model_weights(name).DEFAULT
    try:
        loaded: Mapping[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise StudioError(
            mark("cannot download the weights of {name}: no connection ({reason})"),
            fix=mark("Choose a local weights file, or start at random."),
            name=name, reason=str(reason),
        ) from error  # fmt: skip
    except RuntimeError as error:  # the hash does not fit: a torn download
        raise StudioError(
            mark("the downloaded weights of {name} are damaged"), fix=mark("Try again, or choose a local weights file."),
            name=name,
        ) from error  # fmt: skip
    return loaded


def read_weights(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a `.safetensors` or `.pth` file by name. Nothing else in it is unpickled.

    Raises:
        StudioError: there is no such file, or it holds no weights.
    """
    if not path.is_file():
        raise StudioError(
            mark("there is no weights file"), where=str(path), fix=mark("Choose a .pth or .safetensors file.")
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        return _tensors(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch, pickle and safetensors each have errors of their own
        raise StudioError(
            mark("the file cannot be read as weights: {reason}"), where=str(path),
            fix=mark("Choose a .pth file of a state dict, or a .safetensors file."),
            reason=str(error).partition("\n")[0],
        ) from error  # fmt: skip


def without_prefix(weights: Mapping[str, Tensor], own: Collection[str]) -> dict[str, Tensor]:
    """The weights under the names that most of a layer's `own` weights have: without `module.`, `backbone.` … before."""
    named = {_present_name(name): value for name, value in weights.items()}
    fits: Counter[str] = Counter({"": 0})
    for name in named:
        parts = name.split(".")
        for count in range(min(len(parts), _DEEPEST)):
            fits[".".join([*parts[:count], ""]) if count else ""] += ".".join(parts[count:]) in own
    best = max(fits, key=lambda prefix: (fits[prefix], -len(prefix)))
    return {name.removeprefix(best): value for name, value in named.items()}


def fitted(name: str, value: Tensor, own: Tensor) -> Tensor | None:
    """The value as it fits a layer's own weight of that name; None where it does not.

    What belongs to positions (embeddings of a grid with a class token, biases of a window) is interpolated.
    """
    if value.shape == own.shape:
        return value
    if name.endswith("pos_embedding") and value.ndim == own.ndim == 3 and value.shape[2] == own.shape[2]:
        grid = _resized(value[0, 1:].T, own.shape[1] - 1)
        return None if grid is None else torch.cat((value[:, :1], grid.T[None]), 1)
    if name.endswith("relative_position_bias_table") and value.ndim == own.ndim == 2 and value.shape[1] == own.shape[1]:
        grid = _resized(value.T, own.shape[0])
        return None if grid is None else grid.T
    return None


def _resized(grid: Tensor, positions: int) -> Tensor | None:
    """(C, P) for a square of P positions, interpolated to another number of them; None where one is no square."""
    before, after = math.isqrt(grid.shape[1]), math.isqrt(positions)
    if before**2 != grid.shape[1] or after**2 != positions or not before or not after:
        return None
    square = grid.float().reshape(1, -1, before, before)
    return nn.functional.interpolate(square, (after, after), mode="bicubic", align_corners=False)[0].flatten(1)


def _present_name(name: str) -> str:
    """What torchvision calls today a weight that its older files have under another name."""
    name = re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d+\.)", r"\1\2", name)
    return name.replace(".mlp.linear_1.", ".mlp.0.").replace(".mlp.linear_2.", ".mlp.3.")


def _tensors(loaded: Any) -> dict[str, Tensor]:
    for wrapper in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            loaded = loaded[wrapper]
    if not isinstance(loaded, Mapping):
        raise TypeError("no state dict")
    found = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
    if not found:
        raise ValueError("no tensors")
    return found
