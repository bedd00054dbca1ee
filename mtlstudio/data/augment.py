"""Random crops, mirroring and colour: drawn from (seed, epoch, sample) alone, applied to a whole batch.

The numbers come from Philox, a counter-based generator whose stream numpy guarantees, so that a resumed run, another
batch size and another number of threads see the same pictures. A batch of 16 at 128 × 128 takes a few milliseconds of
torch operations, which leave the interpreter free.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtlstudio.project.settings import DataSettings
from mtlstudio.tasks.geometry import Geometry
from mtlstudio.tasks.pictures import cropped

if TYPE_CHECKING:
    from torch import Tensor

ORDER, CHANGES = 1, 2  # what random numbers are for: each purpose has its own stream

_DRAWS = 16
_WIDEST = 4 / 3
_GREY = (0.2989, 0.587, 0.114)


@dataclass(frozen=True)
class Colour:
    """Factors by which brightness, contrast and saturation change, in this order; 1 leaves them."""

    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0


def uniform(seed: int, epoch: int, purpose: int, rows: int, columns: int) -> NDArray[np.float64]:
    """(rows, columns) random numbers in [0, 1) that depend on these arguments only; row i is that of sample i."""
    stream = np.random.Philox(key=[seed, epoch], counter=[0, 0, 0, purpose])
    raw = stream.random_raw(rows * columns).reshape(rows, columns)
    return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53


def shuffled(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order of an epoch: a permutation of `count` that depends on seed and epoch only."""
    return np.argsort(uniform(seed, epoch, ORDER, count, 1)[:, 0], kind="stable")


def changes(seed: int, epoch: int, count: int) -> NDArray[np.float64]:
    """The random numbers of an epoch's changes, one row per sample."""
    return uniform(seed, epoch, CHANGES, count, _DRAWS)


def geometry(numbers: Sequence[float], settings: DataSettings, size: int) -> Geometry:
    """A random crop and mirroring; the crop lies on whole pixels and keeps at least `crop_scale` of the area."""
    width, height = _crop(numbers[0], numbers[1], settings.crop_scale, size)
    left, top = int(numbers[2] * (size - width + 1)), int(numbers[3] * (size - height + 1))
    return Geometry(
        (left / size, top / size, width / size, height / size),
        flip_x=numbers[4] < settings.flip_horizontal,
        flip_y=numbers[5] < settings.flip_vertical,
    )


def colour(numbers: Sequence[float], settings: DataSettings) -> Colour:
    """Random factors within 1 ± `colour`."""
    brightness, contrast, saturation = (1 + settings.colour * (2 * number - 1) for number in numbers[6:9])
    return Colour(brightness, contrast, saturation)


def turn(images: Sequence[Tensor], geometries: Sequence[Geometry]) -> Tensor:
    """Crops, stretches and mirrors pictures.

    Args:
        images: (3, S, S) uint8 each.

    Returns:
        (N, 3, S, S) uint8.
    """
    import torch
    from torchvision.transforms.v2.functional import horizontal_flip, vertical_flip

    batch = torch.stack([cropped(image, change) for image, change in zip(images, geometries, strict=True)])
    for flip, chosen in (
        (horizontal_flip, [i for i, change in enumerate(geometries) if change.flip_x]),
        (vertical_flip, [i for i, change in enumerate(geometries) if change.flip_y]),
    ):
        if chosen:
            batch[chosen] = flip(batch[chosen])
    return batch


def tint(images: Tensor, colours: Sequence[Colour]) -> Tensor:
    """Changes brightness, contrast and saturation, each picture by its own factors, in place.

    The same numbers as torchvision's `adjust_brightness`, `adjust_contrast`, `adjust_saturation` picture by picture.

    Args:
        images: (N, 3, S, S) float32, 0 … 1.
    """
    import torch

    factors = torch.tensor([(c.brightness, c.contrast, c.saturation) for c in colours], dtype=images.dtype)
    brightness, contrast, saturation = factors.to(images.device).view(-1, 3, 1, 1, 1).unbind(1)
    images.mul_(brightness).clamp_(0, 1)
    _blend(images, _grey(images).mean(dim=(1, 2, 3), keepdim=True), contrast)
    return _blend(images, _grey(images), saturation)


def _blend(images: Tensor, other: Tensor, share: Tensor) -> Tensor:
    return images.mul_(share).add_(other.mul(1 - share)).clamp_(0, 1)


def _grey(images: Tensor) -> Tensor:
    red, green, blue = _GREY
    grey = images[:, 0:1] * red
    return grey.add_(images[:, 1:2], alpha=green).add_(images[:, 2:3], alpha=blue)


def _crop(area: float, shape: float, least: float, size: int) -> tuple[int, int]:
    """Width and height in pixels of a random part of a square, of an area share in least … 1 and a shape within
    3:4 … 4:3 that fits; rounded up, so that it never keeps less."""
    if least >= 1:
        return size, size
    share = least + area * (1 - least)
    limit = min(math.log(_WIDEST), -math.log(share))
    ratio = math.exp((2 * shape - 1) * limit)
    width, height = (math.ceil(size * math.sqrt(side) - 1e-9) for side in (share * ratio, share / ratio))
    return min(width, size), min(height, size)
