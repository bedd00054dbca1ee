"""A few pictures of a project, for trying something out without reading all of its data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.tasks.registry import bind_all
from mtlstudio.training.setup import DataError, Loaded


def load_slice(
    spec: ProjectSpec, folder: Path, count: int, cancelled: Callable[[], bool] = lambda: False
) -> tuple[Loaded, int]:
    """Reads those training pictures that have targets of most tasks.

    Args:
        spec: of the project.
        folder: of the project.
        count: how many pictures at most.
        cancelled: asked after each picture; what was read by then is returned.

    Returns:
        The pictures as training and as validation split, and how many the whole training split has.

    Raises:
        DataError: none of them can be read, or none has a target.
        StudioError: the data cannot be opened.
    """
    from mtlstudio.data.loading import image_statistics, input_statistics
    from mtlstudio.data.memory import Encoded, MemorySet, encode
    from mtlstudio.data.project import Item, open_data
    from mtlstudio.data.statistics import target_statistics
    from mtlstudio.network.trained import inputs_of

    data, tasks = open_data(spec, folder), bind_all(spec)
    if data.closed():
        raise StudioError(data.closed()[0].text(), where=data.closed()[0].place.id)
    there = [item for item in data.items("train") if not data.lacks(item)]
    kept: list[Item] = []
    read: list[Encoded] = []
    for item in sorted(there, key=lambda item: -len(data.present(item))):
        if len(kept) == count or cancelled():
            break
        try:
            read.append(encode(data, item, tasks, spec.data))
        except StudioError:
            continue
        kept.append(item)
    if not any(value is not None for encoded in read for value in encoded.targets.values()):
        raise DataError(mark("no training picture can be read that has a target"))
    import torch

    images = torch.stack([encoded.image for encoded in read]).contiguous(memory_format=torch.channels_last)
    targets = {task: [encoded.targets[task] for encoded in read] for task in tasks}
    inputs = {one.id: torch.stack([encoded.inputs[one.id] for encoded in read]) for one in data.beside}
    samples = MemorySet(kept, spec.data.image_size, images, targets, [], data.beside, inputs)
    mean, std = image_statistics(samples, spec.data.normalisation)
    given = {name: {"mean": own, "std": spread} for name, (own, spread) in input_statistics(samples).items()}
    bound = bind_all(spec, target_statistics(samples, tasks))
    loaded = Loaded(samples, samples, bound, mean, std, inputs_of({"inputs": given}), data.fingerprint())
    return loaded, len(there)
