"""Everything a run needs, made from the snapshot of its project."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlstudio import __version__
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.dice import TURN
from mtlstudio.network.trained import Statistic, inputs_of
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.registry import bind_all
from mtlstudio.training import notes
from mtlstudio.training.averaging import WeightAverage
from mtlstudio.training.balancing import Balancer, balancing_methods
from mtlstudio.training.balancing.interface import Facts
from mtlstudio.training.balancing.on_gradients import GradientBalancer
from mtlstudio.training.best import BestRule
from mtlstudio.training.compiled import compile_layers
from mtlstudio.training.control import Control
from mtlstudio.training.declarations import chosen
from mtlstudio.training.feed import Feed
from mtlstudio.training.heritage import Ancestor, affinity_in, heritage_notes, kept_facts
from mtlstudio.training.optimizers import optimizers, parameter_groups
from mtlstudio.training.precision import Precision, use_channels_last
from mtlstudio.training.previews import chosen_samples
from mtlstudio.training.ranks import Ranks
from mtlstudio.training.schedules import LearningRate, schedules
from mtlstudio.training.stages import Stages
from mtlstudio.training.teacher import learned_from, teacher_of
from mtlstudio.training.weights import LossWeights

if TYPE_CHECKING:
    import torch

    from mtlstudio.data.memory import SampleSet
    from mtlstudio.data.project import ProjectData
    from mtlstudio.network.compile import MultiTaskNetwork
    from mtlstudio.training.gradients.engine import GradientEngine

_PREFETCHED = 2
_FINDINGS_TOLD = 5

Note = tuple[str, dict[str, Any]]
"""A code of `notes` and its values."""


class DataError(StudioError):
    """The data cannot be trained with."""


@dataclass
class Loaded:
    """The data of a run, in memory.

    Attributes:
        train, val: the splits; `val` is None where there are no validation pictures.
        tasks: bound to the statistics of the training targets.
        mean, std: that pictures are standardised with.
        inputs: input id -> mean and deviation per channel, of the inputs beside the picture.
        fingerprint: of the data.
        notes: what was noticed.
    """

    train: SampleSet
    val: SampleSet | None
    tasks: dict[str, BoundTask]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    inputs: dict[str, Statistic]
    fingerprint: str
    notes: list[Note] = field(default_factory=list)


@dataclass
class Parts:
    """The parts of a run at work."""

    spec: ProjectSpec
    device: torch.device
    precision: Precision
    network: MultiTaskNetwork
    tasks: dict[str, BoundTask]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    inputs: dict[str, Statistic]
    balancer: Balancer
    engine: GradientEngine | None
    weights: LossWeights
    optimizer: torch.optim.Optimizer
    learning_rate: LearningRate
    weight_decay: float
    train: Feed
    val: Feed | None
    best: BestRule
    previews: tuple[int, ...]
    notes: list[Note]
    stages: Stages
    average: WeightAverage | None = None
    ranks: Ranks = field(default_factory=Ranks)

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one epoch."""
        return self.train.steps

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.train.steps * self.spec.training.epochs


def load_data(
    spec: ProjectSpec, folder: Path, control: Control, facts: dict[str, Any] | None,
    ancestor: Ancestor | None = None, ranks: Ranks | None = None,
) -> Loaded:  # fmt: skip
    """Reads the training and validation splits.

    Args:
        spec: of the run.
        folder: the project's.
        control: is told the progress, and may ask to stop.
        facts: of the checkpoint that the run goes on from (`statistics`, `mean`, `std`, `inputs`), or None for a fresh run.
        ancestor: the run whose weights a fresh run starts from.
        ranks: the processes that train together.

    Raises:
        DataError: there is nothing to train with.
        StudioError: the data cannot be opened.
    """
    from mtlstudio.data.loading import image_statistics, input_statistics
    from mtlstudio.data.project import open_data
    from mtlstudio.data.statistics import target_statistics

    data = open_data(spec, folder)
    tasks = bind_all(spec)
    budget = ranks.budget() if ranks is not None else None
    train, found = _split(data, "train", tasks, spec, control, budget)
    val, found_val = _split(data, "val", tasks, spec, control, budget)
    remarks = [*found, *found_val]
    if facts is None:
        mean, std = image_statistics(train, spec.data.normalisation)
        inputs = {name: {"mean": own, "std": spread} for name, (own, spread) in input_statistics(train).items()}
        facts = {"mean": mean, "std": std, "inputs": inputs, "statistics": target_statistics(train, tasks)}
        facts = kept_facts(facts, spec, ancestor) if ancestor is not None else facts
        remarks += _missing_labels(train, val, tasks)
    bound = bind_all(spec, facts["statistics"])
    return Loaded(
        train, val if len(val) else None, bound, tuple(facts["mean"]), tuple(facts["std"]), inputs_of(facts),
        data.fingerprint(), remarks,
    )  # fmt: skip


def build(
    spec: ProjectSpec, folder: Path, loaded: Loaded, device: torch.device, fresh: bool,
    ancestor: Ancestor | None = None, ranks: Ranks | None = None,
) -> Parts:  # fmt: skip
    """Builds network, optimizer and the rest.

    Args:
        fresh: start weights are drawn (and pretrained ones read); else they come from a checkpoint afterwards.
        ancestor: the run whose weights a fresh one inherits.
        ranks: the processes that train together.

    Raises:
        StudioError: a setting or the network is wrong.
    """
    settings, ranks = spec.training, ranks or Ranks()
    precision = Precision(settings.precision, device)
    channels_last = use_channels_last(settings.channels_last, device, precision.name)
    network, partly = _network(spec, folder, device, channels_last, fresh, ancestor)
    partly += ranks.take(network, device)
    balancing, balancing_values = chosen(balancing_methods(), settings.balancing, "training.balancing")
    optimizer, values = chosen(optimizers(), settings.optimizer, "training.optimizer")
    schedule, schedule_values = chosen(schedules(), settings.schedule, "training.schedule")
    balancer = balancing.built(balancing_values, spec.task_ids, device)
    groups = parameter_groups(network, values.get("weight_decay", 0.0), balancer.parameters())
    if not groups:
        raise StudioError(mark("every layer is frozen: there is nothing to train"), where="network")
    train, val, remarks = _feeds(spec, loaded, device, channels_last, (ranks.index, ranks.count))
    total = train.steps * settings.epochs
    engine, about_balancing = _balancing(spec, folder, network, loaded, balancer, balancing_values, ranks)
    if any(stage.meta != "none" for stage in settings.strategy) and balancing.id not in ("fixed", "equal"):
        about_balancing.append((notes.META_PLAIN, {}))
    learned = ancestor or learned_from(spec, folder)
    several_passes = engine is not None or settings.measure_every != 0
    compiling = compile_layers(network, device, several_passes) if settings.compile else []
    return Parts(
        spec=spec, device=device, precision=precision, network=network, tasks=loaded.tasks, mean=loaded.mean,
        std=loaded.std, inputs=loaded.inputs, balancer=balancer, engine=engine,
        weights=LossWeights(spec.tasks, settings.normalise_weights),
        optimizer=optimizer.build(groups, values, device),
        learning_rate=LearningRate(schedule, schedule_values, values["learning_rate"], total, train.steps),
        weight_decay=values.get("weight_decay", 0.0), train=train, val=val,
        best=BestRule(settings.best if val else "loss", loaded.tasks),
        previews=chosen_samples(loaded.val) if loaded.val is not None else (),
        notes=[*loaded.notes, *partly, *remarks, *about_balancing, *compiling],
        stages=Stages(
            spec, train.steps, teacher_of(spec, learned, device), learned.spec.task_ids if learned is not None else ()
        ),
        average=WeightAverage(network, settings.ema) if settings.ema is not None else None, ranks=ranks,
    )  # fmt: skip


def _balancing(
    spec: ProjectSpec,
    folder: Path,
    network: MultiTaskNetwork,
    loaded: Loaded,
    balancer: Balancer,
    values: dict[str, Any],
    ranks: Ranks,
) -> tuple[GradientEngine | None, list[Note]]:
    """Tells the method what it wants to know; the engine of those that work on gradients."""
    from mtlstudio.training.gradients.engine import GradientEngine

    labels = {task: int(loaded.train.present[task].sum()) for task in loaded.tasks}
    affinity = partial(affinity_in, folder, spec.task_ids)
    remarks = balancer.prepare(Facts(spec.training.seed, labels, affinity))
    if loaded.val is None and balancer.wants_validation:
        remarks.append((notes.NO_VALIDATION_BATCH, {}))
    if not isinstance(balancer, GradientBalancer):
        return None, remarks
    engine = GradientEngine(network, spec.network, balancer, values.get("level", "parameters"), ranks)
    if engine.fell_back:
        remarks.append((notes.NO_CLEAN_SPLIT, {}))
    return engine, remarks


def environment(
    threads: int, device: torch.device, precision: str, fingerprint: str, processes: int = 1
) -> dict[str, Any]:
    """Fields of `RunInfo` that say what a run was trained with."""
    import torch
    import torchvision

    return {
        "threads": threads, "device": device.type, "precision": precision, "fingerprint": fingerprint,
        "versions": {
            "mtlstudio": __version__, "python": platform.python_version(), "torch": str(torch.__version__),
            "torchvision": str(torchvision.__version__),
        },
        "platform": platform.platform(), "processes": processes,
    }  # fmt: skip


def _split(
    data: ProjectData, split: str, tasks: dict[str, BoundTask], spec: ProjectSpec, control: Control,
    budget: int | None,
) -> tuple[SampleSet, list[Note]]:  # fmt: skip
    from mtlstudio.data.memory import load_split

    def told(done: int, of: int) -> None:
        control.loading = (done, of)

    try:
        samples = load_split(
            data, split, tasks, spec.data, progress=told, cancelled=lambda: control.stopped, budget=budget
        )
    finally:
        control.loading = None
    told_now = [
        (problem.code, {**problem.values, "where": problem.place.id}) for problem in samples.findings[:_FINDINGS_TOLD]
    ]
    more = len(samples.findings) - len(told_now)
    return samples, [*told_now, (notes.MORE_FINDINGS, {"n": more})] if more else told_now


def _missing_labels(train: SampleSet, val: SampleSet, tasks: dict[str, BoundTask]) -> list[Note]:
    without = [task for task in tasks if not bool(train.present[task].any())]
    if len(without) == len(tasks):
        raise DataError(
            mark("no training picture has a target of any task"),
            fix=mark("Say in the Data workspace which targets the tasks learn from."),
        )
    unjudged = [task for task in tasks if len(val) and task not in without and not bool(val.present[task].any())]
    return [
        *((notes.NO_LABELS, {"task": task}) for task in without),
        *((notes.NO_VALIDATION_LABELS, {"task": task}) for task in unjudged),
    ]


def _network(
    spec: ProjectSpec, folder: Path, device: torch.device, channels_last: bool, fresh: bool, ancestor: Ancestor | None
) -> tuple[MultiTaskNetwork, list[Note]]:
    """The network on its device, and where its start weights are from."""
    import torch

    from mtlstudio.network.compile import compile_network
    from mtlstudio.network.trained import blank_network

    remarks: list[Note] = []
    if fresh:
        with TURN:
            torch.manual_seed(spec.training.seed)
            network = compile_network(spec)
        remarks = _start_weights(network, spec, folder, ancestor)
    else:
        network = blank_network(spec)
    if channels_last:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.to(device), remarks


def _start_weights(network: MultiTaskNetwork, spec: ProjectSpec, folder: Path, ancestor: Ancestor | None) -> list[Note]:
    """Puts trained weights into a fresh network: those of the ancestor; pretrained ones where it has none."""
    from mtlstudio.network.inherit import inherit
    from mtlstudio.network.weights import load_pretrained

    remarks: list[Note] = []
    inherited: set[str] = set()
    if ancestor is not None:
        found = inherit(network, spec, ancestor.run, ancestor.checkpoint)
        inherited = {item.layer for item in found.layers if item.taken}
        remarks = heritage_notes(found, ancestor)
    names = {layer.id: layer.name for layer in spec.network.layers}
    for layer, report in load_pretrained(network, spec, folder, without=inherited).items():
        anew = len(report.missing) + len(report.other_size)
        values = {"layer": names[layer], "taken": len(report.taken), "anew": anew, "unused": len(report.unused)}
        code = notes.WEIGHTS_PARTLY if anew else notes.WEIGHTS_TAKEN
        remarks.append((code, {**values, "layer_id": layer, "report": report.as_plain()}))
    return remarks


def _feeds(
    spec: ProjectSpec, loaded: Loaded, device: torch.device, channels_last: bool, part: tuple[int, int]
) -> tuple[Feed, Feed | None, list[Note]]:
    from mtlstudio.data.inputs import pictures_of
    from mtlstudio.data.loading import Batches

    wanted = spec.training.batch_size
    prefetch = None if device.type == "cpu" else _PREFETCHED

    def feed(samples: SampleSet, training: bool) -> Feed:
        batches = Batches(
            samples, loaded.tasks, spec.data, min(wanted, len(samples)), spec.training.seed, augment=training,
            mean=loaded.mean, std=loaded.std, shuffle=training, prefetch=prefetch,
            input_ids=pictures_of(spec), beside=loaded.inputs, part=part,
        )  # fmt: skip
        return Feed(batches, device, channels_last)

    remarks: list[Note] = []
    if wanted > len(loaded.train):
        remarks.append((notes.BATCH_CUT, {"wanted": wanted, "used": len(loaded.train)}))
    if loaded.val is None:
        remarks.append((notes.NO_VALIDATION, {}))
    return feed(loaded.train, True), feed(loaded.val, False) if loaded.val is not None else None, remarks
