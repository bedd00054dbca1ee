"""What goes into the network beside the picture: maps per pixel, brought to its square and standardised.

A map (depth, a thermal picture) is resized by nearest neighbour, so that values on both sides of an edge are not mixed
and missing ones stay missing; a second picture as pictures are. Missing pixels (NaN) become the mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, nmark
from mtlstudio.project.spec import InputSpec, ProjectSpec
from mtlstudio.tasks import maps, pictures
from mtlstudio.tasks.bound import spread_or_one
from mtlstudio.tasks.geometry import Fit, Geometry

if TYPE_CHECKING:
    from torch import Tensor

PICTURE = "image"
"""Type of inputs that are a picture; id of the target that every layout offers: the picture itself."""

Statistic = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and deviation per channel."""


def beside(spec: ProjectSpec) -> tuple[InputSpec, ...]:
    """The inputs that are not the picture itself."""
    return tuple(item for item in spec.inputs if item.type != PICTURE or _is_named(spec, item))


def pictures_of(spec: ProjectSpec) -> tuple[str, ...]:
    """Ids of the inputs that are the picture itself."""
    return tuple(item.id for item in spec.inputs if item.type == PICTURE and not _is_named(spec, item))


def fit_input(value: Any, item: InputSpec, fit: Fit) -> NDArray[np.float32]:
    """A raw input as the network's square, (C, S, S) float32, NaN where unknown; pictures in 0 … 1.

    Args:
        value: (h, w) or (h, w, C) numbers; pictures (h, w, 3) uint8.

    Raises:
        StudioError: it is of another shape.
    """
    values = np.asarray(value)
    if item.type == PICTURE and values.ndim == 3 and values.shape[2] == 3 and values.dtype == np.uint8:
        square = pictures.fit_image(values, fit).astype(np.float32) / 255
    else:
        values = values[..., None] if values.ndim == 2 else values
        if values.ndim != 3 or values.shape[2] != item.channels or values.dtype.kind not in "uifb" or not values.size:
            raise StudioError(
                mark("{input} has the shape {shape}"),
                fix=nmark("It needs {channels} number per pixel.", "It needs {channels} numbers per pixel.", "channels"),
                input=item.name, shape=str(np.shape(value)), channels=item.channels,
            )  # fmt: skip
        square = maps.to_square(values.astype(np.float32), fit, float("nan"))
        square[~np.isfinite(square)] = np.nan
    return np.ascontiguousarray(square.transpose(2, 0, 1))


def turned(values: Tensor, geometry: Geometry, item: InputSpec) -> Tensor:
    """An input (C, S, S) cut, stretched and mirrored with the picture."""
    if geometry.is_identity:
        return values
    return pictures.turned(values, geometry) if item.type == PICTURE else maps.turned(values, geometry)


def standardised(values: Tensor, statistic: Statistic) -> Tensor:
    """(N, C, S, S) with mean 0 and deviation 1 per channel; 0 where unknown."""
    mean, std = (values.new_tensor(numbers).view(-1, 1, 1) for numbers in statistic)
    return ((values - mean) / std).nan_to_num_(nan=0.0)


class Moments:
    """Mean and deviation per channel of what is added, unknown values (NaN) left out."""

    def __init__(self, channels: int) -> None:
        import torch

        self._count, self._total, self._squares = (torch.zeros(channels, dtype=torch.float64) for _ in range(3))

    def add(self, values: Tensor) -> None:
        """Adds (N, C, S, S)."""
        import torch

        known = values.isfinite()
        numbers = torch.where(known, values, 0.0).double()
        self._count += known.sum(dim=(0, 2, 3))
        self._total += numbers.sum(dim=(0, 2, 3))
        self._squares += numbers.square().sum(dim=(0, 2, 3))

    def statistic(self) -> Statistic:
        """Mean and deviation; a deviation of 1 where the values hardly differ."""
        count = self._count.clamp(min=1)
        mean = self._total / count
        std = (self._squares / count - mean.square()).clamp(min=0).sqrt()
        pairs = zip(mean.tolist(), std.tolist(), strict=True)
        return tuple(mean.tolist()), tuple(spread_or_one(deviation, centre) for centre, deviation in pairs)


def lacking(wanted: Sequence[InputSpec], given: Mapping[str, Any] | None) -> list[InputSpec]:
    """Those of the inputs that are not given."""
    return [item for item in wanted if (given or {}).get(item.id) is None]


def _is_named(spec: ProjectSpec, item: InputSpec) -> bool:
    return any(item.id in dataset.inputs for dataset in spec.datasets)
