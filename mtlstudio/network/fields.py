"""Receptive fields of a whole network, put together from the reach of its layers. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias


class Way(NamedTuple):
    """From one input of a layer to a value.

    Attributes:
        growth: how many input pixels more than one it sees, along a side; infinite: all of them.
        stride: input pixels from one pixel of the value to the next.
    """

    growth: float
    stride: float


Reach: TypeAlias = tuple[Way | None, ...]
"""A way from each input of the layer, None where there is none."""

Source: TypeAlias = tuple[str, str]
"""(layer, port)."""


class Fields:
    """Receptive field and stride, in pixels of the picture, at every output port that is known so far."""

    def __init__(self, image_size: int) -> None:
        self._image_size = image_size
        self._known: dict[Source, tuple[float, float]] = {}

    def start(self, source: Source) -> None:
        """A picture enters here."""
        self._known[source] = (1, 1)

    def copy(self, source: Source, target: Source) -> None:
        """What comes out at `target` is what came out at `source`."""
        if source in self._known:
            self._known[target] = self._known[source]

    def add(self, layer: str, reaches: Mapping[str, Reach | None], sources: Sequence[Source]) -> None:
        """A layer fed by `sources`, port by port, with what it sees of them."""
        fields = [self._known.get(source) for source in sources]
        for port, reach in reaches.items():
            if reach is None or len(reach) != len(fields):
                continue
            ways = [(field, way) for field, way in zip(fields, reach, strict=True) if field and way]
            if ways:
                widest = max(size + way.growth * stride for (size, stride), way in ways)
                (_size, stride), way = ways[0]
                self._known[layer, port] = (widest, stride * way.stride)

    def of(self, layer: str, ports: Sequence[str]) -> int | None:
        """The largest receptive field of a layer's outputs; what sees everything sees the whole picture."""
        sizes = [self._known[layer, port][0] for port in ports if (layer, port) in self._known]
        if not sizes:
            return None
        return self._image_size if math.isinf(max(sizes)) else math.ceil(max(sizes))
