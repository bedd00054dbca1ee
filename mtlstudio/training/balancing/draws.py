"""Random draws of balancing methods: functions of the run's seed and the step, whatever else draws numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtlstudio.training.devices import mixed

if TYPE_CHECKING:
    import torch

_APART = 0x5BD1E995
"""Keeps these draws from those of dropout."""


def generator(seed: int, step: int, device: torch.device | str = "cpu", part: int = 0) -> torch.Generator:
    """A generator for one step.

    Args:
        seed: of the run.
        step: 0-based.
        device: where numbers are drawn.
        part: tells several draws of a step apart.
    """
    import torch

    return torch.Generator(device).manual_seed(mixed(mixed(seed ^ _APART, step), part))
