"""Projects to test networks with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.patterns import Sketch
from mtlstudio.project.spec import ProjectSpec, TaskSpec

CLASSES = FrozenDict(class_names=("a", "b", "c"))
TASKS = {
    "kind": TaskSpec("kind", "Kind", "classification", parameters=CLASSES),
    "labels": TaskSpec("labels", "Labels", "multilabel", parameters=CLASSES),
    "count": TaskSpec("count", "Count", "regression", parameters=FrozenDict(value_names=("n",))),
    "mask": TaskSpec("mask", "Mask", "segmentation", parameters=CLASSES),
    "depth": TaskSpec("depth", "Depth", "depth"),
    "word": TaskSpec("word", "Word", "sequence"),
    "picture": TaskSpec("picture", "Picture", "reconstruction"),
}

Sketcher = Callable[..., Sketch]


@pytest.fixture
def sketch() -> Sketcher:
    """A function that begins a network: `sketch("kind", "mask", image_size=32)`."""

    def begin(*tasks: str, image_size: int = 32) -> Sketch:
        spec = ProjectSpec("test", tasks=tuple(TASKS[task] for task in tasks))
        return Sketch(replace(spec, data=replace(spec.data, image_size=image_size)))

    return begin


@pytest.fixture
def finish() -> Callable[[Sketch], ProjectSpec]:
    """A function that makes a project of a sketch."""
    return lambda drawn: drawn.spec.with_network(drawn.network())
