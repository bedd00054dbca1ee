"""What the network sees, epoch by epoch: a few validation pictures, the same ones every time."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import ColourMap, IndexMap, Painting, ScalarMap

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.data.memory import SampleSet

_PICTURES = 4
_SHARE = 0.02
FOLDER = "previews"


def chosen_samples(val: SampleSet) -> tuple[int, ...]:
    """Indices of the preview pictures: those with the most targets, spread over the split; always the same ones."""
    import torch

    counts = torch.stack([present.long() for present in val.present.values()]).sum(0).tolist()
    ranked = sorted(range(len(counts)), key=lambda index: -counts[index])
    best = sorted(index for index in ranked if counts[index] == counts[ranked[0]])
    pool = best if len(best) >= _PICTURES else sorted(ranked[:_PICTURES])
    return tuple(sorted({pool[number * len(pool) // _PICTURES] for number in range(min(_PICTURES, len(pool)))}))


class Previews:
    """Writes previews, for at most a fiftieth of the training's time.

    Args:
        folder: the run's.
        tasks: of the run.
        size: side of the network's pictures.
    """

    def __init__(self, folder: Path, tasks: Mapping[str, BoundTask], size: int) -> None:
        self._folder, self._tasks, self._size = folder, tasks, size
        self._spent = self._last = 0.0

    def due(self, seconds: float) -> bool:
        """Whether the time that training took so far pays for another one."""
        return self._spent + self._last <= _SHARE * seconds or self._spent == 0.0

    def write(self, epoch: int, outputs: Mapping[str, Mapping[str, Tensor]]) -> dict[str, dict[str, str]]:
        """Writes what the network sees.

        Args:
            epoch: 1-based.
            outputs: sample key -> task id -> (1, C, …) output.

        Returns:
            Sample key -> task id -> path of a PNG (maps) or a text, relative to the run's folder.

        Raises:
            OSError: the system refused.
        """
        began = time.perf_counter()
        relative = Path(FOLDER) / f"{epoch:04d}"
        for folder in (FOLDER, relative):  # not the run's own: where that was moved, no second one is begun
            (self._folder / folder).mkdir(exist_ok=True)
        written: dict[str, dict[str, str]] = {}
        for number, (key, by_task) in enumerate(outputs.items()):
            written[key] = {
                task: str(self._one(relative / f"{number}.{task}", task, output).as_posix())
                for task, output in by_task.items()
            }
        self._last = time.perf_counter() - began
        self._spent += self._last
        return written

    def _one(self, stem: Path, task_id: str, output: Tensor) -> Path:
        task = self._tasks[task_id]
        prediction = task.decode(output.float(), Fit(self._size, self._size, self._size))
        png = _png(task.paint(prediction))
        path = stem.with_name(stem.name + (".txt" if png is None else ".png"))
        (self._folder / path).write_bytes(task.summary(prediction).encode() if png is None else png)
        return path


def _png(painting: Painting | None) -> bytes | None:
    """A map as PNG: indexed with the classes' colours (transparent where they have none), grey, or a
    picture; None for others."""
    from PIL import Image, ImageColor

    buffer, options = io.BytesIO(), {}
    if isinstance(painting, IndexMap) and painting.indices.dtype == np.uint8:
        image = Image.fromarray(painting.indices)
        colours = painting.colours[:256]
        image.putpalette([part for colour in colours for part in ImageColor.getrgb(colour or "#000000")])
        options["transparency"] = bytes(0 if colour is None else 255 for colour in colours)
    elif isinstance(painting, ScalarMap):
        span = max(painting.high - painting.low, 1e-12)
        grey = np.nan_to_num((painting.values - painting.low) / span).clip(0, 1)
        image = Image.fromarray((grey * 255).astype(np.uint8))
    elif isinstance(painting, ColourMap):
        image = Image.fromarray(painting.image)
    else:
        return None
    image.save(buffer, "PNG", compress_level=1, **options)
    return buffer.getvalue()
