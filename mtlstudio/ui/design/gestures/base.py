"""The interface of gestures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.hits import Hit

if TYPE_CHECKING:
    from mtlstudio.ui.design.canvas import Canvas

THRESHOLD = 5.0
"""So many pixels turn a click into a drag."""


class Gesture(ABC):
    """One movement of the mouse with a button held. It shows what would be; only `finish` changes the project.

    Attributes:
        cursor: the pointer's look meanwhile.
        at_once: it starts with the press; others wait until the pointer has moved a little.
        applying: the document is changing because of it.
    """

    cursor = Qt.CursorShape.ArrowCursor
    at_once = False
    applying = False

    def __init__(self, canvas: Canvas, hit: Hit) -> None:
        self.canvas, self.hit = canvas, hit

    @abstractmethod
    def start(self, at: Point) -> None:
        """The button was pressed there."""

    @abstractmethod
    def update(self, at: Point, adding: bool) -> None:
        """The pointer is there now; `adding`: Ctrl or Shift is held."""

    @abstractmethod
    def finish(self) -> None:
        """The button was let go."""

    @abstractmethod
    def cancel(self) -> None:
        """Esc: everything as it was before `start`."""

    def abandon(self) -> None:
        """The document has changed for another reason (undo, say): shows it again, edits nothing. Default: `cancel`."""
        self.cancel()
