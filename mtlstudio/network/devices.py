"""Where networks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark

if TYPE_CHECKING:
    import torch


class DeviceError(StudioError):
    """The device that was asked for is not there."""


def resolve_device(name: str) -> torch.device:
    """The device to use. `name`: auto (CUDA, else Apple's, else the processor), cpu, cuda or mps.

    Raises:
        DeviceError: the one asked for is not there.
    """
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, usable in there.items() if usable)
    if not there.get(name, False):
        raise DeviceError(
            mark("there is no device {name!r} here"),
            where="training.device",
            fix=mark("Usable: {usable}."),
            name=name,
            usable=", ".join(device for device, usable in there.items() if usable),
        )
    return torch.device(name, torch.cuda.current_device()) if name == "cuda" else torch.device(name)
