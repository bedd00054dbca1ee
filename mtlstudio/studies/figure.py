"""The figure of a report: gains with their intervals, as SVG; colours of the page, no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mtlstudio.studies.estimates import Estimate
from mtlstudio.studies.words import percent

_LABEL, _WIDTH, _ROW, _FIGURE, _MARGIN = 190, 760, 30, 150, 26


@dataclass(frozen=True)
class Bar:
    """A row of the figure: `colour` `#rrggbb`, or "" for that of the text."""

    label: str
    colour: str
    estimate: Estimate | None


def gains_figure(bars: Sequence[Bar], title: str) -> str:
    """Gains in per cent, each a bar from 0 with the interval as a line; rows from top to bottom."""
    left, right = _LABEL, _WIDTH - _FIGURE
    low, high = _range(bars)
    height = len(bars) * _ROW + 2 * _MARGIN

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}" font-size="13">',
        f"<title>{escape(title)}</title>",
    ]
    step = _step(high - low)
    first = math.ceil(low / step)
    for index in range(first, math.floor(high / step) + 1):
        value = index * step
        kind = "zero" if index == 0 else "line"
        parts.append(f'<line class="{kind}" x1="{x(value):.1f}" x2="{x(value):.1f}" y1="8" y2="{height - _MARGIN}"/>')
        parts.append(
            f'<text class="dim" x="{x(value):.1f}" y="{height - 8}" text-anchor="middle">{_tick(value)}</text>'
        )
    for number, bar in enumerate(bars):
        parts += _bar(bar, _MARGIN / 2 + number * _ROW + _ROW / 2, x)
    return "\n".join([*parts, "</svg>"])


def _bar(bar: Bar, y: float, x: object) -> list[str]:
    assert callable(x)
    text = f'<text x="{_LABEL - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(bar.label)}</text>'
    if bar.estimate is None:
        return [text, f'<text class="dim" x="{_WIDTH - _FIGURE + 12}" y="{y + 4:.1f}">—</text>']
    start, end = sorted((x(0.0), x(bar.estimate.value)))
    fill = f'fill="{escape(bar.colour)}" opacity="0.8"' if bar.colour else 'fill="currentColor" opacity="0.35"'
    parts = [
        text,
        f'<rect {fill} rx="2" x="{start:.1f}" y="{y - 8:.1f}" width="{end - start:.1f}" height="16"/>',
    ]
    if bar.estimate.interval is not None:
        a, b = x(bar.estimate.interval.low), x(bar.estimate.interval.high)
        parts.append(
            f'<path class="interval" d="M{a:.1f} {y - 5:.1f}v10M{a:.1f} {y:.1f}H{b:.1f}M{b:.1f} {y - 5:.1f}v10"/>'
        )
    value = percent(bar.estimate.value)
    return [*parts, f'<text x="{_WIDTH - _FIGURE + 12}" y="{y + 4:.1f}">{value}</text>']


def _range(bars: Sequence[Bar]) -> tuple[float, float]:
    """From the lowest to the highest figure, 0 within; never empty."""
    found = [0.0]
    for bar in bars:
        if bar.estimate is not None:
            found.append(bar.estimate.value)
            if bar.estimate.interval is not None:
                found += [bar.estimate.interval.low, bar.estimate.interval.high]
    low, high = min(found), max(found)
    room = max(0.06 * (high - low), 0.5)
    return low - room, high + room


def _tick(value: float) -> str:
    return f"{value:+g} %".replace("-", "−") if abs(value) > 1e-9 else "0"


def _step(width: float) -> float:
    """A round distance between lines, about six of them."""
    rough = width / 6
    power = 10 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
