"""Measurements whose whole state is sums, so that they add up over batches and processes and stay on the device."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mtlstudio.tasks.interface import Metrics

if TYPE_CHECKING:
    import torch
    from torch import Tensor

NAN = float("nan")
LARGEST_CONFUSION = 2048
"""Up to so many classes the whole confusion matrix is kept; beyond, only its diagonal and margins."""


class Sums(Metrics):
    """Base: `sums` lie on the CPU until the first batch names the device."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], whole: bool) -> None:
        """`shapes` of the sums by name; `whole`: they count (int64), else they add numbers (float64 where there is)."""
        import torch

        dtype = torch.int64 if whole else torch.float64
        self.sums = {name: torch.zeros(shape, dtype=dtype) for name, shape in shapes.items()}
        self._fresh = True

    def follow(self, device: torch.device) -> None:
        """Moves the sums to the device; before the first batch they are made there anew, without a transfer."""
        import torch

        for name, values in self.sums.items():
            if values.device == device:
                continue
            dtype = torch.float32 if device.type == "mps" and values.is_floating_point() else values.dtype
            if self._fresh:
                self.sums[name] = torch.zeros(values.shape, dtype=dtype, device=device)
            else:
                self.sums[name] = values.to(device, dtype)
        self._fresh = False

    def add(self, name: str, values: Tensor) -> None:
        """Adds to one of the sums."""
        self.sums[name] += values.to(self.sums[name].dtype)

    def host(self) -> dict[str, torch.Tensor]:
        """The sums as float64 on the CPU."""
        import torch

        return {name: values.detach().cpu().to(torch.float64) for name, values in self.sums.items()}


class ConfusionMetrics(Sums):
    """Counts of (true class, predicted class) of elements."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        shapes: dict[str, tuple[int, ...]] = {"confusion": (classes, classes)}
        if classes > LARGEST_CONFUSION:
            shapes = dict.fromkeys(("hits", "truths", "predicted"), (classes,))
        super().__init__(shapes, whole=True)

    def count(self, predicted: Tensor, target: Tensor, mask: Tensor) -> None:
        """Adds elements: predicted and true class indices (int64) and whether they count, three tensors of one
        shape."""
        import torch

        self.follow(predicted.device)
        predicted, target, mask = predicted.flatten(), target.flatten(), mask.flatten().long()
        target = torch.where(mask.bool(), target, 0)
        if "confusion" in self.sums:
            self.sums["confusion"].view(-1).scatter_add_(0, target * self.classes + predicted, mask)
            return
        self.sums["truths"].scatter_add_(0, target, mask)
        self.sums["predicted"].scatter_add_(0, predicted, mask)
        self.sums["hits"].scatter_add_(0, target, mask * (target == predicted))

    def margins(self) -> tuple[Tensor, Tensor, Tensor]:
        """(K,) float64 on the CPU: right elements, true elements, predicted elements of each class."""
        sums = self.host()
        if "confusion" in sums:
            confusion = sums["confusion"]
            return confusion.diagonal(), confusion.sum(1), confusion.sum(0)
        return sums["hits"], sums["truths"], sums["predicted"]


def ratio(above: Tensor, below: Tensor) -> list[float]:
    """Elementwise quotients as numbers; NaN where there is nothing to divide by."""
    return [a / b if b > 0 else NAN for a, b in zip(above.tolist(), below.tolist(), strict=True)]


def mean_known(values: Sequence[float]) -> float:
    """Mean of the values that are known; NaN where none is."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else NAN


def named(prefix: str, names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """`<prefix>.<name>` -> value."""
    return {f"{prefix}.{name}": value for name, value in zip(names, values, strict=True)}
