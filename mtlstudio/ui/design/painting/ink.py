"""Colours, fonts and cut words for one painting of the grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.design.geometry import Rect
from mtlstudio.ui.theme import font, mix, text_scale, theme
from mtlstudio.ui.theme.tokens import Tokens

SMALLEST = 9.0
"""No name is written smaller, in pixels at a text size of 100 %."""

CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def qrect(rect: Rect) -> QRectF:
    """The same for Qt."""
    return QRectF(rect.x, rect.y, rect.w, rect.h)


class Face:
    """A font that knows how wide texts are, and remembers how it cut them."""

    def __init__(self, size: float, strong: bool) -> None:
        self.font = font(size, QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
        self._metrics = QFontMetricsF(self.font)
        self.height = self._metrics.height()
        self._cut: dict[tuple[str, int], str] = {}

    def width(self, text: str) -> float:
        """Of a whole text, in pixels."""
        return self._metrics.horizontalAdvance(text)

    def cut(self, text: str, width: float) -> str:
        """A text as it fits into so many pixels, with … at the end where it does not."""
        key = text, int(width)
        if key not in self._cut:
            if len(self._cut) > 4000:
                self._cut.clear()
            whole = self._metrics.horizontalAdvance(text) <= width + 1
            self._cut[key] = text if whole else self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(width))
        return self._cut[key]

    def draw(self, painter: QPainter, area: QRectF, text: str, colour: QColor, flags: Qt.AlignmentFlag) -> None:
        """Writes a line, cut to the area."""
        painter.setFont(self.font)
        painter.setPen(colour)
        painter.drawText(area, flags, self.cut(text, area.width()))


@dataclass
class Ink:
    """What is painted with; made anew for every painting, since theme and tasks may have changed.

    Attributes:
        zoom: of the cards' words.
        colours: of the tasks, by id.
        name, figures, small: fonts on the cards; digits: on taps. title, body, note: those that do not zoom.
    """

    tasks: tuple[TaskSpec, ...]
    zoom: float = 1.0
    tokens: Tokens = field(default_factory=theme)

    def __post_init__(self) -> None:
        self.colours = {task.id: QColor(task.colour) for task in self.tasks}
        size = min(2.0, max(0.76, self.zoom))
        self.name, self.figures, self.small, self.digits = (
            _face(12.5 * size, True),
            _face(11.5 * size, False),
            _face(max(SMALLEST, 10.5 * size), False),
            _face(max(8.0, 10.5 * size), False),
        )
        self.title, self.body, self.note = _face(13, True), _face(12, False), _face(11.5, False)

    def colour(self, role: str, alpha: float = 1.0) -> QColor:
        """A token's colour."""
        return self.tokens.colour(role, alpha)

    def task(self, task_id: str) -> QColor:
        """A task's colour; grey for none."""
        return self.colours.get(task_id) or self.tokens.colour("shared")

    def band(self, task_id: str) -> QColor:
        """Ground of a task's row."""
        return mix(self.tokens.background, self.task(task_id), 0.13)

    def header(self, task_id: str) -> QColor:
        """Ground of a row's header."""
        return mix(self.tokens.panel, self.task(task_id), 0.04)


def _face(size: float, strong: bool) -> Face:
    return _made(round(2 * size) / 2, strong, text_scale())


@lru_cache(maxsize=64)
def _made(size: float, strong: bool, _scale: float) -> Face:
    return Face(size, strong)
