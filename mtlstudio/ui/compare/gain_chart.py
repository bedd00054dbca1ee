"""Gains over the single-task networks as bars with error bars, a group per task in its colour, a bar per method."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.runs.statistics import Spread
from mtlstudio.studies.words import percent
from mtlstudio.ui.theme import font, mix, scaled, theme
from mtlstudio.ui.widgets.common import repaint_on_theme

_LEFT, _TOP = 52, 14
_LEAST_BAR, _LEAST_GROUP = 9, 64
Gain = tuple[float, float | None]
"""Mean and SD over the seeds, in per cent."""


@dataclass(frozen=True)
class BarGroup:
    """A task (or Δm): its bars, one per method; None where a method says nothing of it."""

    name: str
    colour: str
    gains: tuple[Gain | None, ...]


def as_gain(found: Spread | None) -> Gain | None:
    """Of a mean ± SD."""
    return None if found is None else (found.mean, found.sd)


def round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, at least `least` (above 0)."""
    size: float = 10.0 ** math.floor(math.log10(least))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= least * (1 - 1e-9))


def axis_ticks(low: float, high: float) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, 0 among them; about five."""
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-9:
        high = 1.0
    step = round_step((high - low) / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


class GainChart(QWidget):
    """Bars from zero; the whisker is one standard deviation over the seeds. Many tasks share the width: it scrolls in
    its surroundings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gain-chart")
        self.groups: tuple[BarGroup, ...] = ()
        self.methods: tuple[str, ...] = ()
        self._places: list[tuple[QRectF, str]] = []
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(scaled(130))
        repaint_on_theme(self)

    def show_groups(self, groups: Sequence[BarGroup], methods: Sequence[str]) -> None:
        """Shows other bars."""
        self.groups, self.methods = tuple(groups), tuple(methods)
        slot = max(_LEAST_GROUP, (_LEAST_BAR + 4) * max(1, len(self.methods)) + 16)
        self.setMinimumWidth(scaled(_LEFT + slot * len(self.groups)))
        words = [f"{group.name}: {self._told(group)}" for group in self.groups]
        self.setAccessibleName(tr("Gain over the separate networks"))
        self.setAccessibleDescription("; ".join(words))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for bars and words."""
        return QSize(scaled(560), scaled(230))

    def mouseMoveEvent(self, event: object) -> None:  # noqa: N802
        """The figure of the bar under the pointer."""
        position = event.position()  # type: ignore[attr-defined]
        words = next((words for place, words in self._places if place.contains(position)), "")
        QToolTip.showText(event.globalPosition().toPoint(), words, self)  # type: ignore[attr-defined]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Scale, bars, whiskers, names."""
        self._places = []
        if not self.groups:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(11))
        line = painter.fontMetrics().height()
        bottom = self.height() - 2 * line - 8
        ends = [(mean - (sd or 0.0), mean + (sd or 0.0)) for g in self.groups for mean, sd in filter(None, g.gains)]
        ticks = axis_ticks(min((e[0] for e in ends), default=0.0), max((e[1] for e in ends), default=0.0))
        top, low, high = float(_TOP), ticks[0], ticks[-1]

        def y(value: float) -> float:
            return bottom - (value - low) / (high - low) * (bottom - top)

        left = scaled(_LEFT)
        for tick in ticks:
            painter.setPen(QPen(theme().colour("dim" if tick == 0 else "line", 0.9 if tick == 0 else 0.7), 1))
            painter.drawLine(QPointF(left, y(tick)), QPointF(self.width(), y(tick)))
            painter.setPen(theme().colour("dim"))
            place = QRectF(0, y(tick) - line / 2, left - 8, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _tick(tick))
        width = (self.width() - left) / len(self.groups)
        for number, group in enumerate(self.groups):
            area = QRectF(left + number * width, top, width, bottom - top).adjusted(6, 0, -6, 0)
            self._paint_group(painter, group, area, y, line)

    def _paint_group(self, painter: QPainter, group: BarGroup, area: QRectF, y: object, line: int) -> None:
        assert callable(y)
        tokens = theme()
        count = max(1, len(group.gains))
        slot = min(area.width() / count, scaled(86))
        start = area.center().x() - slot * count / 2
        names = count > 1 and slot >= scaled(34)
        for number, gain in enumerate(group.gains):
            middle = start + (number + 0.5) * slot
            wide = max(scaled(_LEAST_BAR), min(slot * 0.7, scaled(48)))
            if names:
                painter.setPen(tokens.colour("dim"))
                place = QRectF(middle - slot / 2, area.bottom() + 3, slot, line)
                words = painter.fontMetrics().elidedText(
                    self.methods[number], Qt.TextElideMode.ElideRight, int(slot) - 3
                )
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
            if gain is None:
                continue
            mean, sd = gain
            bar = QRectF(QPointF(middle - wide / 2, y(mean)), QPointF(middle + wide / 2, y(0.0))).normalized()
            painter.setPen(Qt.PenStyle.NoPen)
            shade = 1.0 if count == 1 else 0.5 + 0.5 * number / (count - 1)
            painter.setBrush(mix(tokens.panel, QColor(group.colour or tokens.shared), shade))
            painter.drawRoundedRect(bar, 2, 2)
            method = self.methods[number] if number < len(self.methods) else ""
            self._places.append((bar.adjusted(0, -4, 0, 4), f"{group.name} · {method}: {gain_words(gain)}"))
            if sd is not None:
                self._paint_whisker(painter, middle, y(mean - sd), y(mean + sd))
        painter.setPen(tokens.colour("text"))
        place = QRectF(area.left(), area.bottom() + line + 5, area.width(), line)
        words = painter.fontMetrics().elidedText(group.name, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_whisker(self, painter: QPainter, x: float, low: float, high: float) -> None:
        painter.setPen(QPen(theme().colour("text"), 1))
        painter.drawLine(QPointF(x, low), QPointF(x, high))
        for y in (low, high):
            painter.drawLine(QPointF(x - 4, y), QPointF(x + 4, y))

    def _told(self, group: BarGroup) -> str:
        return ", ".join(
            f"{method} {gain_words(gain)}" for method, gain in zip(self.methods, group.gains, strict=False)
        )


def gain_words(gain: Gain | None) -> str:
    """`+2.6 % ± 0.8`."""
    if gain is None:
        return percent(None)
    mean, sd = gain
    return percent(mean) if sd is None else f"{percent(mean)} ± {sd:.1f}"


def _tick(value: float) -> str:
    return f"{value:+.3g} %".replace("-", "−") if value else "0 %"
