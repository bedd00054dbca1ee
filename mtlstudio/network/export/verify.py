"""Compares what was written with the live network, on random input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.project.spec import ProjectSpec

TOLERANCE = 1e-4
"""Largest difference that passes: absolute, of outputs beyond ±1 relative to the largest of them."""

BATCH_SIZES = (1, 3)

Batch = Mapping[str, Tensor]
"""Input id -> (N, C, S, S), or task id -> (N, …)."""


def random_batches(spec: ProjectSpec, sizes: Sequence[int] = BATCH_SIZES) -> list[dict[str, Tensor]]:
    """Standardised random inputs, always the same."""
    dice, size = torch.Generator().manual_seed(0), spec.data.image_size
    return [
        {item.id: torch.randn(n, item.channels, size, size, generator=dice) for item in spec.inputs} for n in sizes
    ]  # fmt: skip


def live_outputs(network: MultiTaskNetwork, batches: Sequence[Batch]) -> list[dict[str, Tensor]]:
    """What the live network says, in eval mode."""
    network.eval()
    with torch.inference_mode():
        return [network(batch) for batch in batches]


def compare(live: Sequence[Batch], found: Sequence[Batch], where: str) -> dict[str, float]:
    """Largest absolute difference by task.

    Args:
        live, found: outputs of the same batches.
        where: what was written, for the complaint.

    Raises:
        StudioError: an output is missing, of another shape, no number, or too different; names the task.
    """
    differences: dict[str, float] = {}
    for said, other in zip(live, found, strict=True):
        for task, value in said.items():
            if task not in other or other[task].shape != value.shape:
                raise StudioError(
                    mark("the output of {task} is missing or of another shape than the live network's"), where=where,
                    task=task,
                )  # fmt: skip
            difference, allowed = _difference(value, other[task]), TOLERANCE * max(1.0, float(value.abs().max()))
            if not difference <= allowed:  # also where either is no number
                raise StudioError(
                    mark("the output of {task} differs from the live network's by {difference:.2g}"), where=where,
                    fix=mark("Nothing was written."), task=task, difference=difference,
                )  # fmt: skip
            differences[task] = max(differences.get(task, 0.0), difference)
    return differences


def _difference(one: Tensor, other: Tensor) -> float:
    return float((one.float() - other.float()).abs().max()) if one.numel() else 0.0
