"""With how many threads a run computes, and how exactly it repeats."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from mtlstudio.network.devices import DeviceError, resolve_device

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@cache
def default_threads() -> int:
    """Threads for the arithmetic where the project names none: as many as torch takes by itself (one per physical
    core, `OMP_NUM_THREADS` where set), but no more than this process may use."""
    import torch

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(torch.get_num_threads(), usable))


@contextmanager
def arithmetic(threads: int, deterministic: bool) -> Iterator[None]:
    """Sets the number of threads and the choice of kernels for the block, and puts back what was there."""
    import torch

    default_threads()  # remembered before the number is changed
    before = torch.get_num_threads()
    benchmark = torch.backends.cudnn.benchmark
    strict, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = not deterministic
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        torch.backends.cudnn.benchmark = benchmark
        torch.set_num_threads(before)


def seed_step(seed: int, step: int, device: torch.device, rank: int = 0) -> None:
    """Seeds the generators that dropout draws from, for one step.

    So its draws are a function of (seed, step), whatever else in the process draws numbers, and a resumed run draws the
    same ones. Where several processes train together, each but the first has draws of its own.
    """
    import torch

    number = mixed(seed, step)
    if rank:
        number = mixed(number, rank)
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.default_generators[device.index or 0].manual_seed(number)
    elif device.type == "mps":
        torch.mps.manual_seed(number)


def mixed(seed: int, step: int) -> int:
    """A 63-bit number that differs in about half its bits between neighbours (SplitMix64)."""
    value = (seed * 0x9E3779B97F4A7C15 + (step + 1) * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (value ^ (value >> 31)) >> 1


def places_on(device: torch.device, places: Sequence[int]) -> Tensor:
    """Places as an index, (n,) int64; a list would do as well, but the host would wait while it is brought over."""
    import torch

    return torch.tensor(places, dtype=torch.int64).to(device, non_blocking=True)


__all__ = ["DeviceError", "arithmetic", "default_threads", "mixed", "places_on", "resolve_device", "seed_step"]
