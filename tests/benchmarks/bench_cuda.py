"""On a CUDA device: the trainer in bf16 with channels last, as it is and compiled, beside loops that a person would write.

Without such a device nothing is measured. Batches lie on the device; times are of the wall clock between two moments at
which the device has done all that it was given. Peak memory is that of the allocator over two steps, above what lay
there before the run was built.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as functional

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bench_methods as hand

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.templates.registry import template
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.balancing import balancing_methods
from mtlstudio.training.control import Control
from mtlstudio.training.feed import Fed
from mtlstudio.training.setup import Loaded, Parts, load_data

DEVICE = "cuda"
ROUNDS, STEPS, SIZE, BATCH = 7, 20, 256, 32
WARM = 5
"""Steps before anything is measured: kernels are chosen, and compiled where that is asked for."""
KINDS = {"largest": "cross_entropy", "mask": "cross_entropy", "depth": "l1"}
Steps = Callable[[], None]


def project() -> ProjectSpec:
    """Three tasks on one trunk that part at one place, so that gradients at features can be had."""
    plain = hand.project(len(KINDS), KINDS)
    scenes = replace(plain.datasets[0], parameters=FrozenDict(count=3 * BATCH, size=SIZE))
    training = replace(plain.training, device=DEVICE, batch_size=BATCH, threads=None)
    spec = replace(plain, datasets=(scenes,), data=replace(plain.data, image_size=SIZE), training=training)
    return spec.with_network(template("shared").build(spec))


def in_format(spec: ProjectSpec, half: bool, compiled: bool = False) -> ProjectSpec:
    """bf16 with channels last, or fp32 with channels first."""
    formats = replace(spec.training, precision="bf16" if half else "fp32", channels_last=half, compile=compiled)
    return replace(spec, training=formats)


def batches_of(parts: Parts) -> list[Fed]:
    """Whole batches, on the device."""
    return [fed for fed in parts.train.epoch(0) if len(fed.batch) == BATCH]


def ours(spec: ProjectSpec, loaded: Loaded) -> Steps:
    """The trainer's steps with equal weights."""
    step, parts = hand.ours(spec, loaded, "equal", device=DEVICE)
    fed = batches_of(parts)

    def steps() -> None:
        for number in range(STEPS):
            step(fed[number % len(fed)])

    return steps


def bare(spec: ProjectSpec, loaded: Loaded, whole: bool = False) -> Steps:
    """Forward, mean of the losses, backward, optimizer, in the same number format.

    Args:
        whole: the network is compiled as a whole, instead of layer by layer as the trainer does it.
    """
    half = spec.training.precision == "bf16"
    spec = replace(spec, training=replace(spec.training, compile=spec.training.compile and not whole))
    parts = hand.ours(spec, loaded, "equal", device=DEVICE)[1]
    network = torch.compile(parts.network) if whole else parts.network
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    fed, depth = batches_of(parts), parts.tasks["t2"]
    given = [
        (
            item.batch.inputs, item.batch.targets["t0"], item.batch.targets["t1"].long(),
            (item.batch.targets["t2"] - depth.centre) / depth.scale,  # type: ignore[attr-defined]
        )
        for item in fed
    ]  # fmt: skip

    def steps() -> None:
        for number in range(STEPS):
            inputs, largest, mask, distance = given[number % len(given)]
            with torch.autocast(DEVICE, torch.bfloat16, enabled=half):
                outputs = network(inputs)
            loss = torch.stack(
                (
                    functional.cross_entropy(outputs["t0"].float(), largest),
                    functional.cross_entropy(outputs["t1"].float(), mask),
                    functional.l1_loss(outputs["t2"][:, 0].float(), distance),
                )
            ).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    return steps


def seconds(steps: Steps) -> float:
    """Until the device has done them."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    steps()
    torch.cuda.synchronize()
    return time.perf_counter() - started


def compared(runs: dict[str, Steps]) -> Callable[[str, str], float]:
    """Takes all in turns; returns what gives the median of the ratios of two."""
    for run in runs.values():
        for _ in range(WARM):
            run()
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            found[name].append(seconds(run))
    return lambda above, below: statistics.median(a / b for a, b in zip(found[above], found[below], strict=True))


def peak(spec: ProjectSpec, loaded: Loaded, method: str, **values: object) -> float:
    """Peak memory of two steps, in MiB."""
    gc.collect()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    step, parts = hand.ours(spec, loaded, method, device=DEVICE, **values)
    fed = batches_of(parts)[0]
    for _ in range(2):
        step(fed)
    torch.cuda.synchronize()
    return (torch.cuda.max_memory_allocated() - before) / 2**20


def memory(spec: ProjectSpec, loaded: Loaded) -> Iterator[tuple[str, float, str, str]]:
    """Every method at each level that it has."""
    for method in balancing_methods():
        if reason := method.lacks():
            print(f"{method.id}: {reason}")
            continue
        levels = [item.choices for item in method.parameters if item.name == "level"]
        for level in levels[0] if levels else (None,):
            values = {} if level is None else {"level": level}
            name = f"{method.id} at {level}" if level else method.id
            yield f"peak memory, {name}", peak(spec, loaded, method.id, **values), "MiB", ""


def measure() -> Iterator[tuple[str, float, str, str]]:
    """Medians of the ratios of speeds in each round; memory of every method."""
    if not torch.cuda.is_available():
        print("torch sees no CUDA device: nothing measured")
        return
    spec = project()
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_data(spec, Path(folder), Control(), None)
    half, full, compiled = in_format(spec, True), in_format(spec, False), in_format(spec, True, compiled=True)
    ratio = compared(
        {
            "ours": ours(half, loaded), "bare": bare(half, loaded), "fp32": bare(full, loaded),
            "ours fp32": ours(full, loaded),
        }
    )  # fmt: skip
    yield "bf16, channels last: speed / bare loop", ratio("bare", "ours"), "×", ">= 0.95"
    yield "bf16, channels last: speed / bare loop in fp32", ratio("fp32", "ours"), "×", ">= 1"
    yield "fp32: speed / bare loop", ratio("fp32", "ours fp32"), "×", ">= 0.95"
    ratio = compared(
        {
            "ours": ours(compiled, loaded), "bare": bare(compiled, loaded), "fp32": bare(full, loaded),
            "whole": bare(compiled, loaded, whole=True),
        }
    )  # fmt: skip
    yield "the same compiled: speed / bare loop, its layers compiled", ratio("bare", "ours"), "×", ">= 0.95"
    yield "the same compiled: speed / bare loop, compiled as a whole", ratio("whole", "ours"), "×", ""
    yield "the same compiled: speed / bare loop in fp32", ratio("fp32", "ours"), "×", ">= 1"
    yield from memory(half, loaded)
