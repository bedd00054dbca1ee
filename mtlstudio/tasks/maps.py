"""Maps of labels and numbers between the picture and the square that the network sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.tasks.geometry import Fit, Geometry

if TYPE_CHECKING:
    from torch import Tensor

_STRIP = 2**18
"""Numbers in a strip: few enough for a processor's cache."""


def to_square(values: NDArray[Any], fit: Fit, outside: float) -> NDArray[Any]:
    """A picture's map (h, w) as (S, S), nearest neighbour; `outside` where the square reaches beyond the picture.

    The map may be of another resolution than the picture: it is taken to cover all of it.
    """
    left, top, width, height = fit.source_box()
    steps = (np.arange(fit.size) + 0.5) / fit.size
    rows, row_in = _nearest((top + steps * height) / fit.height, values.shape[0])
    columns, column_in = _nearest((left + steps * width) / fit.width, values.shape[1])
    square: NDArray[Any] = values[rows][:, columns]
    square[~row_in] = outside
    square[:, ~column_in] = outside
    return square


def to_picture(values: NDArray[Any], fit: Fit) -> NDArray[Any]:
    """A picture's map (h, w) at the picture's own size (H, W), nearest neighbour."""
    if values.shape == (fit.height, fit.width):
        return values
    rows, _ = _nearest((np.arange(fit.height) + 0.5) / fit.height, values.shape[0])
    columns, _ = _nearest((np.arange(fit.width) + 0.5) / fit.width, values.shape[1])
    resized: NDArray[Any] = values[rows][:, columns]
    return resized


def _nearest(fractions: NDArray[np.float64], count: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Index of the element at each fraction of an axis, and whether it lies on the axis at all."""
    indices = np.floor(fractions * count + 1e-9).astype(np.int64)  # so that a half pixel does not fall to rounding
    return indices.clip(0, count - 1), (indices >= 0) & (indices < count)


def output_to_picture(output: Tensor, fit: Fit) -> Tensor:
    """The network's maps (1, C, S, S) at the picture's own size (1, C, H, W), bilinear, as torch's interpolation with
    `align_corners=False`; what the network did not see (centre crop) repeats the edge."""
    left, top, width, height = fit.source_box()
    wide = _resample(output, 3, fit.width, left, width)  # first: gathering columns is slow, and here rows are few
    return _resample(wide, 2, fit.height, top, height)


def _resample(maps: Tensor, axis: int, count: int, start: float, length: float) -> Tensor:
    """`count` unit steps of the picture along an axis of maps that cover `length` of it from `start`."""
    import torch

    size = maps.shape[axis]
    if (count, start, length) == (size, 0.0, float(size)):
        return maps
    places = (torch.arange(count, device=maps.device, dtype=torch.float32) + 0.5 - start) * (size / length) - 0.5
    places = places.clamp(0, size - 1)
    below = places.floor()
    share = (places - below).to(maps.dtype).view([-1 if i == axis else 1 for i in range(maps.dim())])
    low = below.long()
    high = (low + 1).clamp(max=size - 1)
    return torch.lerp(maps.index_select(axis, low), maps.index_select(axis, high), share)


def winners(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The most probable class of each pixel and its probability, (H, W) uint8 (int32 above 256 classes) and float32.

    In strips of rows: of a large picture, all classes' probabilities at once would fill the memory.

    Args:
        logits: (K, H, W) float32.
    """
    import torch

    classes, height, width = logits.shape
    indices = torch.empty((height, width), dtype=torch.uint8 if classes <= 256 else torch.int32, device=logits.device)
    confidence = torch.empty((height, width), device=logits.device)
    rows = max(1, _STRIP // max(1, classes * width))
    for start in range(0, height, rows):
        part = logits[:, start : start + rows]
        top, best = part.max(0)
        indices[start : start + rows] = best
        confidence[start : start + rows] = (part - top).exp_().sum(0).reciprocal_()  # softmax of the winner alone
    return indices, confidence


def turned(target: Tensor, geometry: Geometry) -> Tensor:
    """A map (S, S) cut, stretched and mirrored with its picture, nearest neighbour."""
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    size = target.shape[-1]
    box = geometry.pixels(size)
    if box != (0, 0, size, size):
        target = functional.resized_crop(
            target[None], *box, size=[size, size], interpolation=InterpolationMode.NEAREST_EXACT
        )[0]
    if geometry.flip_x:
        target = functional.horizontal_flip(target)
    if geometry.flip_y:
        target = functional.vertical_flip(target)
    return target


def check_map_output(output: Tensor, target: Tensor) -> None:
    """Output and target must be of one height and width: the head's affair, so a plain error.

    Raises:
        ValueError: they are not.
    """
    if output.shape[-2:] != target.shape[-2:]:
        raise ValueError(f"the output is {tuple(output.shape[-2:])}, the target {tuple(target.shape[-2:])}")
