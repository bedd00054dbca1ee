"""One sample changed as training changes it, its targets turned along. No widgets: works in a thread."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from mtlstudio.project.settings import DataSettings
from mtlstudio.tasks.geometry import Geometry
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.ui.painting import composed

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.data.memory import Encoded
    from mtlstudio.data.project import Item, ProjectData


def variants(
    data: ProjectData, item: Item, tasks: Mapping[str, BoundTask], drawn: Collection[str], settings: DataSettings,
    *, count: int, draw: int, side: int,
) -> list[QImage]:  # fmt: skip
    """The sample as `count` epochs might see it.

    Args:
        drawn: ids of the tasks whose targets are drawn.
        draw: another number, other changes.
        side: of each picture, in pixels.

    Raises:
        StudioError: the picture cannot be read.
    """
    from mtlstudio.data import augment
    from mtlstudio.data.memory import encode

    sample = encode(data, item, {task: tasks[task] for task in drawn if task in tasks}, settings)
    numbers = augment.changes(draw, 1, count).tolist()
    geometries = [augment.geometry(row, settings, settings.image_size) for row in numbers]
    pixels = augment.turn([sample.image] * count, geometries).float().div_(255)
    if settings.colour > 0:
        augment.tint(pixels, [augment.colour(row, settings) for row in numbers])
    return [
        _picture(image, sample, geometry, tasks, side)
        for image, geometry in zip(pixels.mul_(255).round_().byte(), geometries, strict=True)
    ]


def _picture(image: Tensor, sample: Encoded, geometry: Geometry, tasks: Mapping[str, BoundTask], side: int) -> QImage:

    paintings = []
    for task_id, target in sample.targets.items():
        if target is None:
            continue
        task = tasks[task_id]
        truth = task.shown(target if geometry.is_identity else task.transform(target, geometry), image.shape[-1])
        painting = task.paint(truth) if truth is not None else None
        if painting is not None:
            paintings.append((painting, task.spec.colour))
    return composed(np.ascontiguousarray(image.permute(1, 2, 0).numpy()), paintings, side)
