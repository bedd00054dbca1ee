"""Where the ticks of the axes stand and what they say; no Qt."""

from __future__ import annotations

import math
from typing import Literal

from mtlstudio.ui.train.words import clock

Unit = Literal["step", "epoch", "time"]
Tick = tuple[float, str]
_CLOCK = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000, 86400, 864000, 8640000)
_TINY = 1e-12


def loss_ticks(low: float, high: float, most: float, log: bool) -> list[Tick]:
    """Round values of a loss between `low` and `high`, about `most` of them at the utmost.

    Args:
        low, high: the range; decimal logarithms where `log`.
        most: how many there is room for.
        log: ticks stand at round logarithms, and say the loss.
    """
    step = _round_step((high - low) / max(1.0, most))
    if log:
        step = max(1.0, round(step)) if high - low > 1.5 else step
        return [(place, _short(10**place)) for place in _places(low, high, step)]
    decimals = max(1, math.ceil(-math.log10(step) - 1e-9)) if step < 10 else 0
    return [(place, f"{place:.{min(6, decimals)}f}") for place in _places(low, high, step)]


def step_ticks(low: float, high: float, most: float, unit: Unit) -> list[Tick]:
    """Whole steps or epochs, or times as on a clock."""
    least = (high - low) / max(1.0, most)
    if unit == "time":
        step: float = next((item for item in _CLOCK if item >= least), _CLOCK[-1])
        return [(place, clock(place)) for place in _places(low, high, step)]
    step = max(1.0, _round_step(least))
    return [(place, _count(place)) for place in _places(low, high, step)]


def _round_step(least: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(max(least, _TINY)))
    return next(number for number in (1, 2, 5, 10) if number * power >= least * 0.999) * power


def _places(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [number * step for number in range(first, min(last, first + 100) + 1)]


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"


def _count(value: float) -> str:
    return f"{value:.0f}" if abs(value) < 1e5 else f"{value / 1000:g}k"
