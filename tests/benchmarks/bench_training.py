"""The trainer against a loop that a person would write by hand: same network, data in memory, threads."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as functional

from mtlstudio.data.propose import propose
from mtlstudio.network.compile import compile_network
from mtlstudio.network.templates.registry import template
from mtlstudio.project import files
from mtlstudio.project.edits import remove_task, set_task
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import LossSpec, ProjectSpec
from mtlstudio.runs.events import StepsMeasured
from mtlstudio.runs.folder import create_run
from mtlstudio.training.trainer import Trainer

ROUNDS = 3
STEPS = 30


def project(folder: Path) -> ProjectSpec:
    """Sample scenes at 128 × 128, three tasks, a U-Net, no augmentation (neither has the bare loop)."""
    spec = propose("bench", [], folder)
    for task in spec.task_ids:
        spec = spec if task in ("largest", "count", "mask") else remove_task(spec, task)
    for task, loss in (("largest", "cross_entropy"), ("count", "mse"), ("mask", "cross_entropy")):
        spec = set_task(spec, task, losses=(LossSpec(loss),))  # the losses of the bare loop
    data = replace(spec.data, crop_scale=1.0, colour=0.0, flip_horizontal=0.0)
    training = replace(spec.training, epochs=1, optimizer=MethodSpec("adamw"), device="cpu", threads=2)
    spec = replace(spec, data=data, training=training)
    spec = spec.with_network(template("unet").build(spec))
    files.create(folder, spec)
    return spec


def trained(spec: ProjectSpec, folder: Path) -> float:
    """Steps per second of the trainer, without its start, validation and checkpoints."""
    run = create_run(folder, None, spec)
    steps, seconds = 0, 0.0
    for event in Trainer(spec, folder, run).run():
        if isinstance(event, StepsMeasured) and event.step > 3:
            steps += len(event.total)
            seconds += event.seconds
    return steps / seconds


def bare(spec: ProjectSpec) -> float:
    """Steps per second of a hand-written loop on the same network and sizes."""
    torch.set_num_threads(2)
    torch.manual_seed(0)
    network = compile_network(spec).train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    size, batch = spec.data.image_size, spec.training.batch_size
    images = torch.randn(4 * batch, 3, size, size)
    largest = torch.randint(0, 6, (4 * batch,))
    counts = torch.randn(4 * batch, 1)
    masks = torch.randint(0, 7, (4 * batch, size, size))
    started = 0.0
    for step in range(STEPS + 3):
        if step == 3:
            started = time.perf_counter()
        part = slice(step % 4 * batch, (step % 4 + 1) * batch)
        inputs = images[part].contiguous(memory_format=torch.channels_last)
        outputs = network({"image": inputs})
        loss = (
            functional.cross_entropy(outputs["largest"], largest[part])
            + functional.mse_loss(outputs["count"], counts[part])
            + functional.cross_entropy(outputs["mask"], masks[part])
        ) / 3
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return STEPS / (time.perf_counter() - started)


def measure() -> list[tuple[str, float, str, str]]:
    """Alternating runs in one process; the median of the ratios."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bench"
        spec = project(folder)
        bare(spec)
        pairs = [(trained(spec, folder), bare(spec)) for _ in range(ROUNDS)]
    return [
        ("training headless / bare loop", statistics.median(a / b for a, b in pairs), "×", ">= 0.95"),
        ("training headless", statistics.median(a for a, _ in pairs), "steps/s", ""),
    ]
