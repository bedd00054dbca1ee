"""The pictures one can look at: those of the project's data, and files that were opened. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.data.images import read_image
from mtlstudio.data.project import Item, ProjectData
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import IndexMap, MaskPrediction, Prediction

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")


@dataclass(frozen=True)
class Entry:
    """One picture.

    Attributes:
        key: unique.
        title: what it is called.
        read: reads the picture and the raw targets by task id; raises StudioError.
        inputs: reads what goes into the network beside the picture, by input id; raises StudioError.
    """

    key: str
    title: str
    read: Callable[[], tuple[NDArray[np.uint8], dict[str, Any]]]
    inputs: Callable[[], dict[str, Any]] = dict


@dataclass(frozen=True)
class Looked:
    """A picture that was read, with its truth in the form of predictions."""

    entry: Entry
    image: NDArray[np.uint8]
    truths: dict[str, Prediction] = field(default_factory=dict)


def of_item(data: ProjectData, item: Item) -> Entry:
    """A sample of the project."""

    def read() -> tuple[NDArray[np.uint8], dict[str, Any]]:
        image = data.read_image(item)
        height, width = image.shape[:2]
        targets: dict[str, Any] = {}
        for task in data.present(item):
            try:
                targets[task] = data.read_target(item, task, width, height)
            except StudioError:
                continue  # a target that cannot be read is missing; Data names it among the findings
        return image, targets

    def inputs() -> dict[str, Any]:
        return data.read_inputs(item, *data.size(item))

    return Entry(f"{item.dataset}:{item.key}", item.key, read, inputs)


def of_file(path: Path, data: ProjectData | None = None) -> Entry:
    """A picture from disk; it has no truth. What belongs beside it is found where it is one of the data."""

    def inputs() -> dict[str, Any]:
        item = data.item_of(path) if data is not None else None
        return data.read_inputs(item, *data.size(item)) if data is not None and item is not None else {}

    return Entry(f"file:{path}", path.name, lambda: (read_image(path), {}), inputs)


def of_paths(paths: Sequence[Path], data: ProjectData | None = None) -> list[Entry]:
    """Files, and the pictures of folders."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(item for item in path.iterdir() if item.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        found.extend(inside)
    return [of_file(path, data) for path in dict.fromkeys(found)]


def look(entry: Entry, tasks: dict[str, BoundTask], size: int, mode: str) -> Looked:
    """Reads a picture and its truth. Raises StudioError: the picture cannot be read."""
    image, targets = entry.read()
    fit = Fit(image.shape[1], image.shape[0], size, mode)
    truths: dict[str, Prediction] = {}
    for task_id, value in targets.items():
        truth = tasks[task_id].truth(value, fit) if task_id in tasks and value is not None else None
        if truth is not None:
            truths[task_id] = truth
    return Looked(entry, image, truths)


def error_map(prediction: Prediction, truth: Prediction, background: int | None) -> IndexMap | None:
    """Where a mask is wrong: 1 missed (truth says more than background), 2 too much, 3 another class.

    Pixels without truth are never wrong. None for what is no mask, or masks of different sizes.
    """
    if not isinstance(prediction, MaskPrediction) or not isinstance(truth, MaskPrediction):
        return None
    if prediction.indices.shape != truth.indices.shape:
        return None
    said, true = prediction.indices.astype(np.int32), truth.indices.astype(np.int32)
    known = true != truth.ignore if truth.ignore is not None else np.ones(true.shape, bool)
    wrong = (said != true) & known
    kinds = np.zeros(true.shape, np.uint8)
    kinds[wrong] = 3
    if background is not None:
        kinds[wrong & (said == background)] = 1
        kinds[wrong & (true == background)] = 2
    return IndexMap(kinds, ("", "missed", "too much", "another class"), (None, "#EF4444", "#F5B829", "#E879F9"))
