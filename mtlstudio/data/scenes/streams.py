"""Which stream of random numbers belongs to what; the gaps leave room for one per target or part."""

from __future__ import annotations

from enum import IntEnum


class Stream(IntEnum):
    """Numbers of the streams. To change one changes all scenes: raise `VERSION` in `cache.py` too."""

    LATENTS = 0
    WHAT = 1
    WHERE = 2
    LOOKS = 3
    GROUND = 4
    CLUTTER = 5
    NOISE = 6
    LIGHT = 7
    SPLIT = 16
    FILL = 32
    MISSING = 64
