"""Randomness that is the same on every machine and with every version of numpy.

Only the raw 64-bit words of the Philox counter generator are used (its stream is fixed for good, unlike that of
`numpy.random.Generator`), turned into numbers by exact arithmetic. Source: Salmon et al. 2011, "Parallel random
numbers: as easy as 1, 2, 3".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

_WORD = (1 << 64) - 1


class Dice:
    """A stream of random numbers that belongs to one (seed, index, stream) and to nothing else.

    Args:
        seed: any whole number (its lowest 64 bits count).
        index: of the scene, from 0.
        stream: of what is drawn with it, so that more draws for one thing leave all others as they were.
    """

    def __init__(self, seed: int, index: int, stream: int) -> None:
        key = np.array([seed & _WORD, index], dtype=np.uint64)
        counter = np.array([0, 0, 0, stream], dtype=np.uint64)
        self._words = np.random.Philox(key=key, counter=counter)

    def share(self) -> float:
        """A number in [0, 1)."""
        return (self._words.random_raw() >> 11) * 2.0**-53

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.share()

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, frequencies: Sequence[float]) -> int:
        """An index, drawn with these frequencies (they add up to 1)."""
        rest = self.share()
        for index, frequency in enumerate(frequencies):
            rest -= frequency
            if rest < 0:
                return index
        return len(frequencies) - 1

    def direction(self, low: float = 0.0, high: float = 360.0) -> tuple[float, float]:
        """(cosine, sine) of an angle in degrees."""
        return direction(self.between(low, high))

    def grid(self, rows: int, columns: int) -> np.ndarray:
        """Numbers in [0, 1), (rows, columns) float32."""
        words = self._words.random_raw(rows * columns) >> np.uint64(40)
        return (words.astype(np.float32) * np.float32(2.0**-24)).reshape(rows, columns)

    def bell(self, shape: tuple[int, ...]) -> np.ndarray:
        """Nearly normal numbers of mean 0 and variance 1, float32: each the sum of four bytes."""
        total = math.prod(shape)
        words = self._words.random_raw((4 * total + 7) // 8).astype("<u8")
        four = words.view(np.uint8)[: 4 * total].reshape(4, total)
        summed = four.astype(np.int16).sum(axis=0, dtype=np.int16) - np.int16(510)
        deviation = math.sqrt(4 * (256**2 - 1) / 12)
        return (summed.astype(np.float32) * np.float32(1 / deviation)).reshape(shape)


def direction(degrees: float) -> tuple[float, float]:
    """(cosine, sine), rounded so that the last bit of a machine's libm does not show."""
    angle = math.radians(degrees)
    return round(math.cos(angle), 9), round(math.sin(angle), 9)
