"""Painted figures without axes: a bar, a bar of parts, a histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.widgets.common import repaint_on_theme


class Bar(QWidget):
    """A thin bar, filled from the left: coverage, confidence, share, progress."""

    def __init__(self, fraction: float = 0.0, colour: str = "accent", height: int = 6, parent: QWidget | None = None):
        super().__init__(parent)
        self._fraction, self._colour, self._height = 0.0, colour, height
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        repaint_on_theme(self)
        self.set_fraction(fraction)

    def fraction(self) -> float:
        """The filled part, 0 … 1."""
        return self._fraction

    def set_fraction(self, fraction: float) -> None:
        """Changes the filled part; what is no number counts as 0."""
        self._fraction = min(1.0, max(0.0, fraction)) if math.isfinite(fraction) else 0.0
        self.setAccessibleDescription(f"{self._fraction:.0%}")
        self.update()

    def set_colour(self, colour: str) -> None:
        """Changes the colour (a token or a colour)."""
        self._colour = colour
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As long as there is room."""
        return QSize(scaled(80), scaled(self._height))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """May be short."""
        return QSize(scaled(16), scaled(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints track and filled part."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high = float(scaled(self._height))
        area = QRectF(0, (self.height() - high) / 2, self.width(), high)
        round_ = QPainterPath()
        round_.addRoundedRect(area, high / 2, high / 2)
        painter.fillPath(round_, theme().colour("track"))
        if self._fraction > 0:
            painter.setClipPath(round_)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour(self._colour))
            filled = QRectF(area)
            filled.setWidth(max(2.0, area.width() * self._fraction))
            painter.drawRoundedRect(filled, min(high / 2, 2), min(high / 2, 2))


@dataclass(frozen=True)
class Part:
    """One part of a stacked bar: its size in any unit, its colour, its words (translated), more for the tool tip."""

    value: float
    colour: str
    label: str = ""
    tip: str = ""


class StackedBar(QWidget):
    """Parts of a whole side by side, each with its words below where they fit.

    Signals:
        clicked(int): the index of the part.
    """

    clicked = Signal(int)

    def __init__(
        self, parts: Sequence[Part] = (), *, height: int = 14, labels: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._parts: tuple[Part, ...] = ()
        self._height, self._labels = height, labels
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        repaint_on_theme(self, 11.5)
        self.set_parts(parts)

    def parts(self) -> tuple[Part, ...]:
        """What is shown."""
        return self._parts

    def set_parts(self, parts: Sequence[Part]) -> None:
        """Shows other parts; those that are not above 0 take no room."""
        self._parts = tuple(parts)
        self.setAccessibleDescription(" · ".join(part.label for part in self._parts if part.label))
        self.update()

    def areas(self) -> list[QRectF]:
        """Where each part is painted; an empty rectangle for one without a size."""
        sizes = [part.value if math.isfinite(part.value) and part.value > 0 else 0.0 for part in self._parts]
        total, gap = sum(sizes), 2.0
        shown = sum(size > 0 for size in sizes)
        room = max(0.0, self.width() - gap * max(0, shown - 1))
        found: list[QRectF] = []
        x = 0.0
        for size in sizes:
            wide = room * size / total if total else 0.0
            found.append(QRectF(x, 0, wide, scaled(self._height)) if size else QRectF())
            x += wide + gap if size else 0.0
        return found

    def sizeHint(self) -> QSize:  # noqa: N802
        """Bar and a line of words."""
        words = self.fontMetrics().height() + 6 if self._labels else 0
        return QSize(scaled(200), scaled(self._height) + words)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """May be short."""
        return QSize(scaled(60), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the parts, then the words that fit without touching."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, free = theme(), 0.0
        areas = self.areas()
        if not any(area.width() > 0 for area in areas):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour("track"))
            painter.drawRoundedRect(QRectF(0, 0, self.width(), scaled(self._height)), 3, 3)
        for part, area in zip(self._parts, areas, strict=True):
            if area.isEmpty():
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour(part.colour))
            painter.drawRoundedRect(area, 3, 3)
            if self._labels and part.label:
                free = self._paint_words(painter, part, area, free)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tells which part was clicked."""
        place = self._at(event.position().x())
        if place is not None:
            self.clicked.emit(place)

    def event(self, event: QEvent) -> bool:
        """Shows each part's own tool tip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._at(event.pos().x())
            part = self._parts[place] if place is not None else None
            QToolTip.showText(event.globalPos(), (part.tip or part.label) if part else "", self)
            return True
        return super().event(event)

    def _at(self, x: float) -> int | None:
        return next((i for i, area in enumerate(self.areas()) if area.left() <= x < area.right()), None)

    def _paint_words(self, painter: QPainter, part: Part, area: QRectF, free: float) -> float:
        """Writes below a part what fits from there; returns where the next words may begin."""
        wide = self.fontMetrics().horizontalAdvance(part.label)
        x = area.left()
        if x < free or x + wide > self.width():
            return free
        painter.setPen(theme().colour("dim"))
        top = area.bottom() + 5
        painter.drawText(QRectF(x, top, wide + 2, self.fontMetrics().height()), Qt.AlignmentFlag.AlignLeft, part.label)
        return x + wide + 10


class Histogram(QWidget):
    """Counts as painted columns.

    Signals:
        clicked(int): the index of the column.
    """

    clicked = Signal(int)

    def __init__(
        self, counts: Sequence[float] = (), tips: Sequence[str] = (), colour: str = "accent",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._counts: tuple[float, ...] = ()
        self._tips: tuple[str, ...] = ()
        self._colour = colour
        self._marked: frozenset[int] = frozenset()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        repaint_on_theme(self)
        self.set_counts(counts, tips)

    def set_counts(self, counts: Sequence[float], tips: Sequence[str] = ()) -> None:
        """Shows other counts; `tips` has a sentence per column for the tool tip."""
        self._counts = tuple(count if math.isfinite(count) and count > 0 else 0.0 for count in counts)
        self._tips = tuple(tips)
        self.update()

    def set_colour(self, colour: str) -> None:
        """Changes the colour (a token or a colour)."""
        self._colour = colour
        self.update()

    def set_marked(self, columns: Sequence[int]) -> None:
        """Paints some columns in full strength (where the selected sample is, say)."""
        self._marked = frozenset(columns)
        self.update()

    def areas(self) -> list[QRectF]:
        """Where each column is painted."""
        if not self._counts:
            return []
        highest = max(self._counts) or 1.0
        step = self.width() / len(self._counts)
        gap = min(4.0, step * 0.2)
        room = self.height() - 1.0
        areas = []
        for place, count in enumerate(self._counts):
            high = max(2.0, room * count / highest) if count else 1.0
            areas.append(QRectF(place * step + gap / 2, self.height() - high, max(1.0, step - gap), high))
        return areas

    def sizeHint(self) -> QSize:  # noqa: N802
        """A quiet figure."""
        return QSize(scaled(200), scaled(80))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """May be small."""
        return QSize(scaled(60), scaled(36))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the columns."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        tokens = theme()
        for place, area in enumerate(self.areas()):
            strong = not self._marked or place in self._marked
            role = self._colour if self._counts[place] else "line"
            painter.setBrush(tokens.colour(role, 1.0 if strong and self._marked else 0.75))
            radius = min(2.0, area.width() / 2, area.height() / 2)
            painter.drawRoundedRect(area, radius, radius)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tells which column was clicked."""
        place = self._at(event.position().x())
        if place is not None:
            self.clicked.emit(place)

    def event(self, event: QEvent) -> bool:
        """Shows each column's own tool tip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._at(event.pos().x())
            known = place is not None and place < len(self._tips)
            QToolTip.showText(event.globalPos(), self._tips[place] if known and place is not None else "", self)
            return True
        return super().event(event)

    def _at(self, x: float) -> int | None:
        if not self._counts or not 0 <= x < self.width():
            return None
        return min(len(self._counts) - 1, int(x * len(self._counts) / self.width()))
