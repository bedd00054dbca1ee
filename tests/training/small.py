"""A project that trains in a second: 24 scenes of 32 pixels, three tasks, a few hundred weights, dropout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.sources.scenes import LAYOUT
from mtlstudio.project.spec import (
    Connection,
    DatasetSpec,
    DataSettings,
    LayerSpec,
    NetworkSpec,
    Output,
    ProjectSpec,
    TaskSpec,
    TrainingSettings,
)
from mtlstudio.runs.events import Event, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training.control import Control
from mtlstudio.training.trainer import Trainer

TASKS = ("largest", "mask", "count")


def project(count: int = 24, missing: float = 0.0, norm: str = "batch", **training: Any) -> ProjectSpec:
    """The project; `training` are its training settings."""
    parameters = FrozenDict(count=count, size=32, missing=missing)
    offered = {info.id: info for info in LAYOUT.open(None, parameters).targets}
    tasks = tuple(
        TaskSpec(name, name.title(), offered[name].task_type, parameters=offered[name].parameters) for name in TASKS
    )
    scenes = DatasetSpec(
        "scenes", "Scenes", LAYOUT.id, parameters=parameters, targets=FrozenDict({name: name for name in TASKS})
    )
    settings = replace(TrainingSettings(epochs=3, batch_size=4, threads=1), **training)
    return ProjectSpec(
        "Small", datasets=(scenes,), tasks=tasks, network=network(norm), data=DataSettings(image_size=32),
        training=settings,
    )  # fmt: skip


def network(norm: str = "batch") -> NetworkSpec:
    """A shared convolution; a mask from its map; class and count from its pooled features."""
    everyone, vector = frozenset(TASKS), frozenset(("largest", "count"))
    layers = (
        LayerSpec("input", "Input", "input", everyone, FrozenDict(input="image")),
        LayerSpec(
            "stem", "Stem", "convolution", everyone, FrozenDict(out_channels=8, kernel_size=3, stride=2, norm=norm)
        ),
        LayerSpec("drop", "Drop", "dropout", everyone),
        LayerSpec("mask_head", "Mask", "dense_head", frozenset(("mask",))),
        LayerSpec("pool", "Pool", "global_pool", vector),
        LayerSpec("largest_head", "Class", "linear_head", frozenset(("largest",))),
        LayerSpec("count_head", "Count", "linear_head", frozenset(("count",))),
    )
    pairs = (
        ("input", "stem"), ("stem", "drop"), ("drop", "mask_head"), ("drop", "pool"), ("pool", "largest_head"),
        ("pool", "count_head"),
    )  # fmt: skip
    outputs = (Output("largest", "largest_head"), Output("mask", "mask_head"), Output("count", "count_head"))
    return NetworkSpec(layers, tuple(Connection(source, target) for source, target in pairs), outputs)


def trained(folder: Path, spec: ProjectSpec, name: str = "run", control: Control | None = None) -> RunFolder:
    """A run of that project, trained to its end."""
    run = create_run(folder, name, spec)
    list(Trainer(spec, folder, run, control).run())
    return run


def of_kind(events: list[Event], kind: type) -> list[Any]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def losses(run: RunFolder) -> list[tuple[float | None, ...]]:
    """One row per step: the losses of all tasks and the total, whatever bunches they were measured in."""
    rows: list[tuple[float | None, ...]] = []
    for event in run.events():
        if isinstance(event, StepsMeasured):
            rows += zip(*event.losses.values(), event.total, strict=True)
    return rows
