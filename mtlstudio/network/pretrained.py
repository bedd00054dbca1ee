"""Where trained weights come from: a local file, or torchvision's server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark

_WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Keys under which training scripts like to keep the weights."""


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


def _tensors(loaded: Any) -> dict[str, Tensor]:
    for wrapper in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            loaded = loaded[wrapper]
    if not isinstance(loaded, Mapping):
        raise TypeError("no state dict")
    found = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
    if not found:
        raise ValueError("no tensors")
    # DataParallel puts "module." before every name.
    return {name.removeprefix("module."): value for name, value in found.items()}
