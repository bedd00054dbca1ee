"""One example of every task type: a spec and raw targets as a data set gives them, some missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask, TaskType
from mtlstudio.tasks.registry import task_type

NAN = float("nan")
WIDTH, HEIGHT, SIZE, STEPS = 50, 40, 32, 9


@dataclass
class Example:
    """A task with raw targets of pictures of `WIDTH` × `HEIGHT`; the first is complete, the last one missing."""

    spec: TaskSpec
    raws: list[Any]

    @property
    def type(self) -> TaskType:
        return task_type(self.spec.type)

    def fit(self, mode: str = "stretch") -> Fit:
        return Fit(WIDTH, HEIGHT, SIZE, mode)

    def bound(self, mode: str = "stretch") -> BoundTask:
        """With the statistics of its own targets, as a run has it."""
        task = self.type.bind(self.spec)
        encoded = [task.encode(raw, self.fit(mode)) for raw in self.raws]
        return self.type.bind(self.spec, self.type.statistics(self.spec, [e for e in encoded if e is not None]))

    def encoded(self, task: BoundTask, mode: str = "stretch") -> tuple[list[torch.Tensor], torch.Tensor]:
        """All raw targets encoded, blank where missing, and which are present."""
        encoded = [task.encode(raw, self.fit(mode)) for raw in self.raws]
        present = torch.tensor([target is not None for target in encoded])
        return [task.blank(SIZE) if target is None else target for target in encoded], present

    def batch(self, task: BoundTask, mode: str = "stretch") -> tuple[Any, torch.Tensor]:
        """All raw targets as a batch: collated, and which are present."""
        encoded, present = self.encoded(task, mode)
        return task.collate(encoded), present

    def output(self, task: BoundTask, count: int | None = None, seed: int = 0) -> torch.Tensor:
        """Random numbers of the shape that the task requires of a network."""
        shape = (len(self.raws) if count is None else count, task.output_channels)
        maps = {"map": (SIZE, SIZE), "sequence": (STEPS,), "vector": ()}[self.type.kind]
        return torch.randn((*shape, *maps), generator=torch.Generator().manual_seed(seed))


def _spec(type_id: str, losses: tuple[LossSpec, ...] = (), **parameters: Any) -> TaskSpec:
    return TaskSpec("one", "One", type_id, "#4C9BE8", FrozenDict(parameters), losses)


def _classification() -> Example:
    losses = (
        LossSpec("cross_entropy", 1.0, FrozenDict(class_weights="balanced", label_smoothing=0.1)),
        LossSpec("focal", 0.5),
    )
    return Example(_spec("classification", losses, class_names=("cat", "dog", "bird")), [2, 0, 0, -1, 1, None])


def _multilabel() -> Example:
    losses = (LossSpec("bce", 1.0, FrozenDict(pos_weight="balanced")),)
    raws = [[1, 0, 1], [0, NAN, 1], [NAN, 0, -np.inf], [-1, NAN, NAN], None]
    return Example(_spec("multilabel", losses, class_names=("red", "green", "blue")), raws)


def _regression() -> Example:
    losses = (LossSpec("huber"), LossSpec("mse", 0.5), LossSpec("rmse", 0.5), LossSpec("l1", 0.1))
    names, roles = ("x", "y", "width", "height", "age"), ("x", "y", "width", "height")
    raws = [[25, 20, 10, 8, 3], [30, 12, 6, 4, NAN], [NAN, NAN, NAN, NAN, 7], [-np.inf] * 5, None]
    return Example(_spec("regression", losses, value_names=names, roles=roles), raws)


def _segmentation() -> Example:
    random = np.random.default_rng(1)
    masks = random.integers(0, 3, (4, HEIGHT, WIDTH)).astype(np.uint8)
    masks[1, :10] = 255
    masks[2] = 255
    losses = (LossSpec("cross_entropy"), LossSpec("dice", 0.5))
    return Example(_spec("segmentation", losses, class_names=("background", "cat", "dog")), [*masks, None])


def _depth() -> Example:
    depths = np.random.default_rng(2).uniform(1, 9, (4, HEIGHT, WIDTH)).astype(np.float32)
    depths[1, :10] = 0
    depths[2] = np.inf
    return Example(_spec("depth", (LossSpec("l1"), LossSpec("huber", 0.5))), [*depths, None])


def _detection() -> Example:
    raws = [[[0, 5, 5, 25, 30], [1, 30, 10, 45, 20]], [], [[1, 0, 0, 50, 40]], [[0, 9, 9, 9, 9]], None]
    return Example(_spec("detection", class_names=("cat", "dog")), raws)


def _sequence() -> Example:
    raws = ["4071", "55", "", "9 08", None]
    return Example(_spec("sequence", (LossSpec("ctc", 0.5),), maximum_length=5), raws)


def _reconstruction() -> Example:
    images = np.random.default_rng(3).integers(0, 256, (4, HEIGHT, WIDTH, 3), np.uint8)
    return Example(_spec("reconstruction", (LossSpec("mse"), LossSpec("l1", 0.5))), [*images, None])


EXAMPLES: dict[str, Callable[[], Example]] = {
    "classification": _classification, "multilabel": _multilabel, "regression": _regression,
    "segmentation": _segmentation, "depth": _depth, "detection": _detection,
    "sequence": _sequence, "reconstruction": _reconstruction,
}  # fmt: skip


@pytest.fixture(params=sorted(EXAMPLES))
def example(request: pytest.FixtureRequest) -> Example:
    """Each task type in turn."""
    return EXAMPLES[request.param]()


@pytest.fixture
def examples() -> dict[str, Callable[[], Example]]:
    """All of them, by type."""
    return EXAMPLES
