"""Numbers as they are shown: short, the same everywhere."""

from __future__ import annotations

import math


def percent(fraction: float) -> str:
    """`0.4321` as `43.2%`; one decimal, none at the ends; a dash for NaN."""
    if not math.isfinite(fraction):
        return "—"
    if fraction in (0.0, 1.0):
        return f"{fraction:.0%}"
    return f"{min(max(fraction, 0.001), 0.999):.1%}" if 0 < fraction < 1 else f"{fraction:.1%}"


def number(value: float, unit: str = "") -> str:
    """Four significant digits, without an exponent where it can be read so, and the unit; a dash for NaN."""
    if not math.isfinite(value):
        return "—"
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-4:
        text = f"{value:.3e}"
    else:
        decimals = 0 if size >= 1000 else 3 - max(0, len(str(int(size))) - 1) if size >= 1 else 4
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {unit}" if unit else text


def plain(value: float) -> float | None:
    """The number for JSON: None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None
