"""Moments that stay in order, and apart as long as it took, when the system's clock is set while the program runs."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds since the epoch: as the system's clock told them when the program began, and counted on from there.

    Time in which the computer slept counts where the system can say so.
    """
    return _TOLD + (_counted() - _BEGAN)


def _counted() -> float:
    """Seconds of a clock that nobody sets."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)  # unlike the monotonic one it goes on while the computer sleeps
    return time.monotonic() if boot is None else time.clock_gettime(boot)


_TOLD, _BEGAN = time.time(), _counted()
