"""The trainer beside LibMTL's, in one run: same network and start weights, batches in memory, fp32, one thread.

Needs LibMTL from the extra `bench` (`pip install -e ".[bench]"`); without it nothing is measured. Its release of 2022
does not run as it is: it wants a CUDA device, a module that torchvision has given up, iterators with a `next` of their
own, and gradients that `zero_grad` leaves in place. All this is put in its way here; of its code nothing is changed. It
is given its own best: a fused optimizer, targets ready as its losses take them, and no metric where it ships none.

What is timed is processor time from one request for a batch to the next, in both. Each row tells, besides, the backward
passes through convolutions and the reads that the host would wait for on CUDA, per step (`counting`; LibMTL's copies of
gradients to the host, parameter by parameter, come on top and are not seen on the processor).
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import statistics
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bench_methods as hand
from counting import Counts, counted

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.project.graph import trunk
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.control import Control
from mtlstudio.training.feed import Fed
from mtlstudio.training.setup import Loaded, Parts, load_data

ROUNDS, STEPS, RATE = 7, 4, 1e-3
KINDS = {"largest": "cross_entropy", "mask": "cross_entropy", "depth": "l1"}
TASKS = ("t0", "t1", "t2")
"""Ids of the tasks of the three kinds."""


@dataclass(frozen=True)
class Pair:
    """A method in both.

    Attributes:
        theirs: name in LibMTL.
        arguments: its defaults there.
        ours: id here.
        features: gradients of the features where the tasks part, instead of those of the shared weights.
        epoch: the first in which LibMTL's method does what it is meant to do.
        channels_last: LibMTL gets network and pictures in that memory order, as the trainer here sets it by itself.
    """

    theirs: str
    arguments: dict[str, Any]
    ours: str
    features: bool = False
    epoch: int = 0
    channels_last: bool = False

    @property
    def name(self) -> str:
        """In the table."""
        beside = " at features" if self.features else ", its maps with channels last" if self.channels_last else ""
        return self.theirs + beside


PAIRS = (
    Pair("EW", {}, "equal"), Pair("EW", {}, "equal", channels_last=True), Pair("UW", {}, "uncertainty"), Pair("GLS", {}, "geometric"),
    Pair("RLW", {"dist": "Normal"}, "random"), Pair("DWA", {"T": 2.0}, "dwa", epoch=2),
    Pair("PCGrad", {}, "pcgrad"), Pair("GradVac", {"beta": 0.5}, "gradvac"),
    Pair("CAGrad", {"calpha": 0.5, "rescale": 1}, "cagrad"),
    Pair("MGDA", {"mgda_gn": "none"}, "mgda"), Pair("MGDA", {"mgda_gn": "none"}, "mgda", features=True),
    Pair("IMTL", {}, "imtl_g"), Pair("IMTL", {}, "imtl_g", features=True),
    Pair("GradNorm", {"alpha": 1.5}, "gradnorm", epoch=1),
    Pair("GradNorm", {"alpha": 1.5}, "gradnorm", features=True, epoch=1),
    Pair("GradDrop", {"leak": 0.0}, "graddrop", features=True),
)  # fmt: skip


def library() -> Any:
    """LibMTL, with what it misses put in its way; None where it is not installed."""
    if importlib.util.find_spec("LibMTL") is None:
        return None
    gone = types.ModuleType("torchvision.models.utils")
    gone.load_state_dict_from_url = torch.hub.load_state_dict_from_url  # type: ignore[attr-defined]
    sys.modules.setdefault(gone.__name__, gone)
    import LibMTL.trainer

    stand_in = types.ModuleType("torch")
    stand_in.__dict__.update(torch.__dict__, device=lambda _wanted: torch.device("cpu"))
    LibMTL.trainer.torch = stand_in
    return LibMTL


class Meter:
    """The batches of an epoch, and one more; measures from the first request to the last.

    Attributes:
        counts: what is counted meanwhile, if anything is.
        seconds: processor time of the last epoch's `STEPS` steps.
        found: counts of the last epoch's steps.
    """

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches
        self.counts, self.found = Counts(), Counts()
        self.seconds = 0.0
        self._given, self._began, self._before = 0, 0.0, Counts()

    def __len__(self) -> int:
        return STEPS + 1

    def __iter__(self) -> Meter:
        return self

    def next(self) -> Any:
        """A batch."""
        now, place = time.process_time(), self._given % len(self)
        if place == 0:
            self._began, self._before = now, replace(self.counts)
        if place == STEPS:
            self.seconds, self.found = now - self._began, self.counts.each(STEPS, self._before)
        self._given += 1
        return self.batches[place % len(self.batches)]

    __next__ = next


def labels(parts: Parts, fed: Fed) -> dict[str, Tensor]:
    """The targets as LibMTL's losses take them."""
    targets, depth = fed.batch.targets, parts.tasks["t2"]
    standardised = (targets["t2"] - depth.centre) / depth.scale  # type: ignore[attr-defined]
    return {"t0": targets["t0"], "t1": targets["t1"].long(), "t2": standardised[:, None]}


def losses_of(outputs: dict[str, Tensor], targets: dict[str, Tensor]) -> list[Tensor]:
    """As a person would write them."""
    return [
        functional.cross_entropy(outputs["t0"], targets["t0"]),
        functional.cross_entropy(outputs["t1"], targets["t1"]),
        functional.l1_loss(outputs["t2"], targets["t2"]),
    ]


def bare(parts: Parts, fed: list[Fed], channels_last: bool) -> Callable[[], float]:
    """Seconds of `STEPS` steps of forward, mean of the losses, backward, optimizer."""
    order = torch.channels_last if channels_last else torch.contiguous_format
    network = copy.deepcopy(parts.network).to(memory_format=order)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE, fused=True)
    images = [item.batch.inputs["image"].contiguous(memory_format=order) for item in fed]
    targets = [labels(parts, item) for item in fed]

    def steps() -> float:
        started = time.process_time()
        for number in range(STEPS):
            place = number % len(images)
            loss = torch.stack(losses_of(network({"image": images[place]}), targets[place])).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return time.process_time() - started

    return steps


def divided(
    spec: ProjectSpec, network: MultiTaskNetwork, order: torch.memory_format
) -> tuple[type[nn.Module], nn.ModuleDict]:
    """A copy of the network as LibMTL wants it: a class that makes the trunk, and the heads."""
    layers = copy.deepcopy(network).to(memory_format=order).layers
    shared = trunk(spec.network, spec.task_ids)[1:]  # the first is the input
    heads = {
        task: nn.Sequential(*(layers[layer.id] for layer in spec.network.layers if layer.tasks == {task}))
        for task in TASKS
    }

    class Trunk(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(*(layers[layer] for layer in shared))

        def zero_grad(self, set_to_none: bool = False) -> None:
            super().zero_grad(set_to_none)

    return Trunk, nn.ModuleDict(heads)


def tasks_of(found: Any) -> dict[str, dict[str, Any]]:
    """LibMTL's description of the tasks: its own loss and metric of classes, its own loss of maps of classes."""

    class Absolute(found.loss.AbsLoss):  # type: ignore[misc]
        def compute_loss(self, pred: Tensor, gt: Tensor) -> Tensor:
            return functional.l1_loss(pred, gt)

    class Nothing(found.metrics.AbsMetric):  # type: ignore[misc]
        def update_fun(self, pred: Tensor, gt: Tensor) -> None:
            return None

        def score_fun(self) -> list[float]:
            return []

    cross_entropy, accuracy = found.loss.CELoss, found.metrics.AccMetric
    made = ((cross_entropy(), accuracy(), ["accuracy"]), (cross_entropy(), Nothing(), []), (Absolute(), Nothing(), []))
    return {
        task: {"metrics": names, "metrics_fn": metric, "loss_fn": loss, "weight": [1] * len(names)}
        for task, (loss, metric, names) in zip(TASKS, made, strict=True)
    }


class Theirs:
    """A method trained by LibMTL's trainer."""

    def __init__(self, found: Any, pair: Pair, spec: ProjectSpec, parts: Parts, fed: list[Fed]) -> None:
        order = torch.channels_last if pair.channels_last else torch.contiguous_format
        encoder, decoders = divided(spec, parts.network, order)

        class Untested(found.trainer.Trainer):  # type: ignore[misc]
            def test(self, *_arguments: Any, **_named: Any) -> None:
                return None

        with contextlib.redirect_stdout(io.StringIO()):
            self.trainer = Untested(
                tasks_of(found), getattr(found.weighting, pair.theirs), found.architecture.HPS, encoder, decoders,
                rep_grad=pair.features, multi_input=False, optim_param={"optim": "adam", "lr": RATE, "fused": True},
                scheduler_param=None, weight_args=pair.arguments, arch_args={},
            )  # fmt: skip
        images = [item.batch.inputs["image"].contiguous(memory_format=order) for item in fed]
        self.meter = Meter([(image, labels(parts, item)) for image, item in zip(images, fed, strict=True)])
        self.epochs = pair.epoch + 1
        self._agrees(parts, fed[0])

    def __call__(self) -> float:
        """Seconds of `STEPS` steps."""
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.trainer.train(self.meter, None, self.epochs)
        return self.meter.seconds

    def counts(self) -> Counts:
        """Of one step."""
        with counted() as self.meter.counts:
            self()
        return self.meter.found

    def _agrees(self, parts: Parts, fed: Fed) -> None:
        """Both begin with the same losses: the networks and the targets are the same."""
        images, targets = self.meter.batches[0]
        expected = losses_of(copy.deepcopy(parts.network)({"image": images}), targets)
        found = losses_of(self.trainer.model.train()(images), targets)
        outputs = copy.deepcopy(parts.network)(fed.batch.inputs)
        own = [parts.tasks[t].loss(outputs[t], fed.batch.targets[t], fed.batch.present[t]).value for t in TASKS]
        torch.testing.assert_close(torch.stack(found), torch.stack(expected), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(torch.stack(own), torch.stack(expected), rtol=1e-4, atol=1e-5)


class Ours:
    """A method trained by the trainer here."""

    def __init__(self, pair: Pair, spec: ProjectSpec, loaded: Loaded, fed: list[Fed]) -> None:
        level = {"level": "features"} if pair.features else {}
        self._step, self.parts = hand.ours(spec, loaded, pair.ours, **level)
        self._fed = fed

    def __call__(self) -> float:
        """Seconds of `STEPS` steps."""
        started = time.process_time()
        for number in range(STEPS):
            self._step(self._fed[number % len(self._fed)])
        return time.process_time() - started

    def counts(self) -> Counts:
        """Of one step."""
        with counted() as counts:
            self()
        return counts.each(STEPS)


def compared(runs: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """The seconds of all, in turns."""
    for run in runs.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            found[name].append(run())
    return found


def ratio(above: list[float], below: list[float]) -> float:
    """The median of the ratios in each round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def row(pair: Pair, own: Ours, other: Theirs, loop: Callable[[], float]) -> tuple[str, float, str, str]:
    """One method, measured beside the bare loop."""
    times = compared({"bare": loop, "ours": own, "theirs": other})
    mine, others = own.counts(), other.counts()
    name = (
        f"LibMTL / ours: {pair.name} ({ratio(times['theirs'], times['bare']):.2f} against "
        f"{ratio(times['ours'], times['bare']):.2f} × the bare loop; {others.convolutions:g} against "
        f"{mine.convolutions:g} convolutions backwards; {others.reads:g} against {mine.reads:g} reads)"
    )
    return name, ratio(times["theirs"], times["ours"]), "×", "" if pair.channels_last else ">= 1"


def measure() -> Iterator[tuple[str, float, str, str]]:
    """How many times as long LibMTL takes: above 1 the trainer here is faster."""
    found = library()
    if found is None:
        print("LibMTL is not installed: nothing measured")
        return
    torch.set_num_threads(hand.THREADS)
    plain = hand.project(len(KINDS), KINDS)
    optimizer = MethodSpec("adam", FrozenDict(learning_rate=RATE))
    spec = replace(plain, training=replace(plain.training, optimizer=optimizer))
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_data(spec, Path(folder), Control(), None)
    parts = hand.ours(spec, loaded, "equal")[1]
    fed = [item for item in parts.train.epoch(0) if len(item.batch) == hand.BATCH]
    loop, otherwise = (bare(parts, fed, channels_last) for channels_last in (True, False))
    orders = compared({"last": loop, "first": otherwise})
    yield "bare loop, channels first / channels last", ratio(orders["first"], orders["last"]), "×", ""
    for pair in PAIRS:
        own = Ours(pair, spec, loaded, fed)
        yield row(pair, own, Theirs(found, pair, spec, own.parts, fed), loop)
