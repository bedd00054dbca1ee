"""What a network says about one picture, decoded: plain numpy, one form per kind of output.

The same forms hold the truth, so that both are painted, listed and compared alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassPrediction:
    """One of K classes. `probabilities`: (K,) float32, sum 1 (the truth: one-hot)."""

    probabilities: NDArray[np.float32]

    @property
    def index(self) -> int:
        """The most probable class."""
        return int(self.probabilities.argmax())


@dataclass(frozen=True)
class LabelsPrediction:
    """Any of K labels. `probabilities`: (K,) float32, each 0..1, NaN where the truth is unknown."""

    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class ValuesPrediction:
    """D numbers in the targets' own unit. `values`: (D,) float32, NaN where the truth is unknown."""

    values: NDArray[np.float32]


@dataclass(frozen=True)
class MaskPrediction:
    """A class per pixel. `indices`: (H, W) uint8 or uint16; `confidence`: (H, W) float32 of that class, or None (truth).

    `ignore`: the index of pixels without truth, or None.
    """

    indices: NDArray[np.uint8] | NDArray[np.uint16]
    confidence: NDArray[np.float32] | None = None
    ignore: int | None = None


@dataclass(frozen=True)
class MapPrediction:
    """A number per pixel in the targets' own unit. `values`: (H, W) float32, NaN where the truth is unknown."""

    values: NDArray[np.float32]


@dataclass(frozen=True)
class BoxesPrediction:
    """Boxes. `boxes`: (M, 4) float32 as left, top, right, bottom in pixels; `classes`: (M,) int; `scores`: (M,)."""

    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class SequencePrediction:
    """Symbols read from left to right. `symbols`: their indices; `confidences`: (L,) float32, one per symbol (truth: 1).

    `path`: probability of all that was read, blanks included.
    """

    symbols: tuple[int, ...]
    confidences: NDArray[np.float32]
    path: float = 1.0


@dataclass(frozen=True)
class ImagePrediction:
    """A picture. `image`: (H, W, 3) uint8 RGB."""

    image: NDArray[np.uint8]


Prediction: TypeAlias = (
    ClassPrediction | LabelsPrediction | ValuesPrediction | MaskPrediction | MapPrediction | BoxesPrediction
    | SequencePrediction | ImagePrediction
)  # fmt: skip


@dataclass(frozen=True)
class IndexMap:
    """To be painted: a class per pixel and the colour of each class (`#rrggbb`, None: transparent).

    `highlight` holds the index whose pixels carry no truth (drawn hatched or faint), or None.
    """

    indices: NDArray[np.uint8] | NDArray[np.uint16]
    names: tuple[str, ...]
    colours: tuple[str | None, ...]
    highlight: int | None = None


@dataclass(frozen=True)
class ScalarMap:
    """To be painted: a number per pixel, shown through a colour scale from `low` to `high`; NaN is transparent."""

    values: NDArray[np.float32]
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True)
class Box:
    """To be painted: a rectangle in pixels with a word."""

    left: float
    top: float
    right: float
    bottom: float
    label: str = ""
    colour: str | None = None


@dataclass(frozen=True)
class Shapes:
    """To be painted: boxes."""

    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class ColourMap:
    """To be painted: a colour per pixel. `image`: (H, W, 3) uint8 RGB."""

    image: NDArray[np.uint8]


Painting: TypeAlias = IndexMap | ScalarMap | Shapes | ColourMap


@dataclass(frozen=True)
class Row:
    """One line of a panel or table: a word, what it says, and a fraction 0..1 for a bar where there is one."""

    label: str
    value: str
    fraction: float | None = None
    colour: str | None = field(default=None)
