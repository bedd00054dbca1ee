"""A step of the balancing methods against loops that a person would write by hand: same network, batches in memory.

The bound of a method at the level of parameters is arithmetic: one forward, each head's backward once, the trunk's once
per task, and the optimizer's step. Times are of the processor, so that others on the machine count less.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as functional
from torch import Tensor

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.sources.scenes import LAYOUT
from mtlstudio.network.templates.registry import template
from mtlstudio.project.graph import trunk
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import DatasetSpec, LossSpec, ProjectSpec, TaskSpec
from mtlstudio.training.balancing import balancing_methods
from mtlstudio.training.control import Control
from mtlstudio.training.feed import Fed
from mtlstudio.training.loop import Stepper
from mtlstudio.training.progress import Progress
from mtlstudio.training.setup import Loaded, Parts, build, load_data

ROUNDS, STEPS, THREADS, SIZE, BATCH = 5, 4, 1, 96, 16
COUNTS, GROUP = (3, 10), 4
KINDS = {"largest": "cross_entropy", "count": "mse"}
METHODS = tuple(method.id for method in balancing_methods() if method.works_on == "gradients" and not method.lacks())
Step = Callable[[Fed], None]


def project(count: int, kinds: dict[str, str] = KINDS) -> ProjectSpec:
    """So many tasks on one trunk, targets of the sample scenes; `kinds`: target -> loss."""
    parameters = FrozenDict(count=4 * BATCH, size=SIZE)
    offered = {info.id: info for info in LAYOUT.open(None, parameters).targets}
    sources = [list(kinds)[number % len(kinds)] for number in range(count)]
    tasks = tuple(
        TaskSpec(
            f"t{number}", f"Task {number}", offered[source].task_type, parameters=offered[source].parameters,
            losses=(LossSpec(kinds[source]),),
        )
        for number, source in enumerate(sources)
    )  # fmt: skip
    targets = FrozenDict({task.id: source for task, source in zip(tasks, sources, strict=True)})
    scenes = DatasetSpec("scenes", "Scenes", LAYOUT.id, parameters=parameters, targets=targets)
    spec = ProjectSpec("bench", datasets=(scenes,), tasks=tasks)
    data = replace(spec.data, image_size=SIZE, val_fraction=0.0, test_fraction=0.0)
    training = replace(
        spec.training, device="cpu", threads=THREADS, batch_size=BATCH, epochs=1, optimizer=MethodSpec("adamw")
    )
    spec = replace(spec, data=data, training=training)
    return spec.with_network(template("shared").build(spec))


def ours(spec: ProjectSpec, loaded: Loaded, method: str, device: str = "cpu", **values: object) -> tuple[Step, Parts]:
    """A step of the trainer, gradients not measured besides: what that costs, `bench_measuring` tells."""
    training = replace(spec.training, balancing=MethodSpec(method, FrozenDict(values)), measure_every=0)
    parts = build(replace(spec, training=training), Path(), loaded, torch.device(device), fresh=True)
    parts.network.train()
    progress = Progress()
    stepper = Stepper(parts, progress)

    def step(fed: Fed) -> None:
        progress.step_in_epoch %= parts.steps_per_epoch
        stepper.step(fed)

    return step, parts


def losses_of(outputs: dict[str, Tensor], fed: Fed) -> dict[str, Tensor]:
    """The same losses, written out."""
    return {
        task: functional.mse_loss(output, fed.batch.targets[task])
        if output.shape[1] == 1
        else functional.cross_entropy(output, fed.batch.targets[task])
        for task, output in outputs.items()
    }


def bare(parts: Parts) -> Step:
    """Forward, mean of the losses, backward, optimizer."""
    network = parts.network
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)

    def step(fed: Fed) -> None:
        loss = torch.stack(list(losses_of(network(fed.batch.inputs), fed).values())).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def bound(spec: ProjectSpec, parts: Parts) -> Step:
    """Forward, each head's backward once, the trunk's once per task, optimizer; nothing is done with the gradients."""
    network = parts.network
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    layers = trunk(spec.network, spec.task_ids)
    shared = [parameter for layer in layers for parameter in network.layers[layer].parameters()]
    ways: dict[str, list[str]] = {task: [] for task in spec.task_ids}
    for layer in spec.network.layers:
        if len(layer.tasks) == 1:
            ways[next(iter(layer.tasks))].append(layer.id)

    def step(fed: Fed) -> None:
        features = fed.batch.inputs["image"]
        for layer in layers[1:]:  # the first is the input
            features = network.layers[layer](features)
        leaf = features.detach().requires_grad_()
        outputs = {}
        for task, way in ways.items():
            value = leaf
            for layer in way:
                value = network.layers[layer](value)
            outputs[task] = value
        losses = losses_of(outputs, fed)
        optimizer.zero_grad(set_to_none=True)
        last = len(losses) - 1
        for number, (task, loss) in enumerate(losses.items()):
            own = [parameter for layer in ways[task] for parameter in network.layers[layer].parameters()]
            *gradients, at_split = torch.autograd.grad(loss, [*own, leaf])
            for parameter, gradient in zip(own, gradients, strict=True):
                parameter.grad = gradient
            found = torch.autograd.grad(features, shared, at_split, retain_graph=number < last)
        for parameter, gradient in zip(shared, found, strict=True):
            parameter.grad = gradient
        optimizer.step()

    return step


def seconds(step: Step, batches: list[Fed]) -> float:
    """Processor time of a few steps."""
    started = time.process_time()
    for number in range(STEPS):
        step(batches[number % len(batches)])
    return time.process_time() - started


def compared(steps: dict[str, Step], batches: list[Fed]) -> dict[str, list[float]]:
    """The times of all steps, in turns."""
    for step in steps.values():
        seconds(step, batches)
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            found[name].append(seconds(step, batches))
    return found


def beside(reference: Step, steps: dict[str, Step], batches: list[Fed]) -> dict[str, float]:
    """The medians of the ratios to a reference, a few at a time, so that it is never far away."""
    found: dict[str, float] = {}
    names = list(steps)
    for first in range(0, len(names), GROUP):
        group = names[first : first + GROUP]
        times = compared({"": reference} | {name: steps[name] for name in group}, batches)
        for name in group:
            found[name] = statistics.median(a / b for a, b in zip(times[name], times[""], strict=True))
    return found


def measure() -> Iterator[tuple[str, float, str, str]]:
    """Medians of the ratios in each round."""
    torch.set_num_threads(THREADS)
    for count in COUNTS:
        spec = project(count)
        with tempfile.TemporaryDirectory() as folder:
            loaded = load_data(spec, Path(folder), Control(), None)
        equal, parts = ours(spec, loaded, "equal")
        # the last batch of an epoch is smaller
        batches = [fed for fed in parts.train.epoch(0) if len(fed.batch) == BATCH]
        fresh = [ours(spec, loaded, "equal")[1] for _ in range(2)]
        loop, least = bare(fresh[0]), bound(spec, fresh[1])
        every = ours(spec, loaded, "upgrad", every=10)[0]
        found = beside(loop, {"equal": equal, "bound": least, "every": every}, batches)
        yield f"{count} tasks: equal weights / bare loop", found["equal"], "×", "<= 1.05"
        yield f"{count} tasks: bound of parameters / bare loop", found["bound"], "×", ""
        yield f"{count} tasks: upgrad every 10 steps / bare loop", found["every"], "×", ""
        steps = {method: ours(spec, loaded, method)[0] for method in METHODS}
        for method, value in beside(least, steps, batches).items():
            yield f"{count} tasks: {method} / its bound", value, "×", "<= 1.1"
        steps = {method: ours(spec, loaded, method, level="features")[0] for method in METHODS}
        for method, value in beside(loop, steps, batches).items():
            yield f"{count} tasks: {method} at features / bare loop", value, "×", "<= 1.2"
