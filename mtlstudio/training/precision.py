"""Number formats: mixed precision, and the memory order of feature maps."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark

if TYPE_CHECKING:
    import torch


class Precision:
    """How a run computes.

    Attributes:
        name: fp32, bf16 or fp16.
        scaler: keeps the gradients of fp16 from vanishing; does nothing in the others.

    Args:
        wanted: auto, fp32, bf16 or fp16.
        device: it computes on.

    Raises:
        StudioError: the device cannot.
    """

    def __init__(self, wanted: str, device: torch.device) -> None:
        import torch

        self._device_type = device.type
        self.name = _resolved(wanted, device)
        self._dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(self.name)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.name == "fp16")

    def autocast(self) -> AbstractContextManager[object]:
        """The block in which the network runs."""
        import torch

        if self._dtype is None:
            return nullcontext()
        return torch.autocast(self._device_type, dtype=self._dtype)


def _resolved(wanted: str, device: torch.device) -> str:
    import torch

    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if wanted == "auto":
        return "bf16" if has_bf16 else "fp32"
    if wanted == "fp16" and device.type == "cpu":
        raise StudioError(
            mark("the processor does not train in fp16"), where="training.precision", fix=mark("Choose fp32 or bf16.")
        )
    return wanted


def use_channels_last(wanted: bool | None, device: torch.device, precision: str) -> bool:
    """Whether feature maps are kept with their channels last.

    Automatic: where half precision runs on CUDA, and on the processor (a U-Net's steps took 15 to 20 % less time).
    """
    if wanted is not None:
        return wanted
    return device.type == "cpu" or (device.type == "cuda" and precision != "fp32")
