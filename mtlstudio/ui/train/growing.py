"""Numbers that arrive one after another, and their smoothed twin: amortised growth, nothing is computed twice."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_FIRST = 1024
_FEW = 48


class Growing:
    """A float64 array that grows at its end; doubling keeps the cost per number constant."""

    def __init__(self) -> None:
        self._room: Numbers = np.empty(_FIRST)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> Numbers:
        """All numbers so far, as a view: do not keep it."""
        return self._room[: self._size]

    def extend(self, values: Numbers | Sequence[float | None]) -> None:
        """Adds numbers; None becomes not-a-number."""
        fresh = np.asarray(values, np.float64)
        size = self._size + len(fresh)
        if size > len(self._room):
            room = np.empty(max(size, 2 * len(self._room)))
            room[: self._size] = self.values
            self._room = room
        self._room[self._size : size] = fresh
        self._size = size

    def cut(self, size: int) -> None:
        """Forgets all but the first `size` numbers."""
        self._size = min(self._size, max(0, size))


class Average:
    """An exponential moving average without the pull towards 0 at its start.

    s_t = Σ_i a^(t-i) x_i / Σ_i a^(t-i) over the finite x_i so far; where x_t is not finite, so is the result, and the
    sums rest.

    Args:
        factor: a, 0 (no smoothing) … below 1.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self._sum = self._weight = 0.0

    def advance(self, values: Numbers) -> Numbers:
        """The averages at further numbers."""
        averages = np.full(len(values), np.nan)
        finite = np.isfinite(values)
        fresh = values[finite]
        averages[finite] = self._few(fresh) if len(fresh) < _FEW else self._many(fresh)
        return averages

    def _few(self, values: Numbers) -> Numbers:
        found = np.empty(len(values))
        for place, value in enumerate(values.tolist()):
            self._sum = self.factor * self._sum + value
            self._weight = self.factor * self._weight + 1.0
            found[place] = self._sum / self._weight
        return found

    def _many(self, values: Numbers) -> Numbers:
        """Block by block: inside one, s_t a^-t is a plain running sum (short enough not to overflow)."""
        a = self.factor
        if a <= 0:
            self._few(values[-1:])
            return values.copy()
        block = max(1, min(4096, int(200 / -math.log(a))))
        found = np.empty(len(values))
        for start in range(0, len(values), block):
            part = values[start : start + block]
            powers = a ** np.arange(1, len(part) + 1)
            sums = powers * (self._sum + np.cumsum(part / powers))
            weights = powers * (self._weight + np.cumsum(1.0 / powers))
            found[start : start + block] = sums / weights
            self._sum, self._weight = float(sums[-1]), float(weights[-1])
        return found


class Curve:
    """The numbers of one curve and their average as shown; the numbers themselves are never touched.

    Attributes:
        raw: as measured.
        shown: averaged.
    """

    def __init__(self, factor: float = 0.0) -> None:
        self.raw, self.shown = Growing(), Growing()
        self._average = Average(factor)

    def extend(self, values: Sequence[float | None]) -> None:
        """Adds measured numbers."""
        start = len(self.raw)
        self.raw.extend(values)
        self.shown.extend(self._average.advance(self.raw.values[start:]))

    def cut(self, size: int) -> None:
        """Forgets all but the first `size` numbers."""
        if size < len(self.raw):
            self.raw.cut(size)
            self.smooth(self._average.factor)

    def smooth(self, factor: float) -> None:
        """Averages all of it anew, with another factor."""
        self._average = Average(factor)
        self.shown = Growing()
        self.shown.extend(self._average.advance(self.raw.values))

    def last(self) -> float | None:
        """The newest shown number; None while there is none."""
        values = self.shown.values
        for start in range(len(values), 0, -256):
            finite = np.flatnonzero(np.isfinite(values[max(0, start - 256) : start]))
            if len(finite):
                return float(values[max(0, start - 256) + finite[-1]])
        return None
