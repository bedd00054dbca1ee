"""Gestures that change what is seen or selected, not the project."""

from __future__ import annotations

from PySide6.QtCore import Qt

from mtlstudio.ui.design.geometry import Point, spanned
from mtlstudio.ui.design.gestures.base import Gesture
from mtlstudio.ui.design.hits import cards_in


class Pan(Gesture):
    """Moves the grid under the pointer."""

    cursor = Qt.CursorShape.ClosedHandCursor
    at_once = True

    def start(self, at: Point) -> None:
        self._first = self.canvas.scene.camera
        self._last = at

    def update(self, at: Point, adding: bool) -> None:
        self.canvas.pan(at.x - self._last.x, at.y - self._last.y)
        self._last = at

    def finish(self) -> None:
        """Nothing is left to do."""

    def cancel(self) -> None:
        self.canvas.look(self._first)


class RubberBand(Gesture):
    """Selects the cards it touches; with Ctrl or Shift besides those that are selected."""

    cursor = Qt.CursorShape.CrossCursor

    def start(self, at: Point) -> None:
        self._start = at
        self._before = self.canvas.document.selection

    def update(self, at: Point, adding: bool) -> None:
        band = spanned(self._start, at)
        self.canvas.picture.band = band
        found = cards_in(self.canvas.scene, band)
        self.canvas.document.select((*self._before, *found) if adding else found)
        self.canvas.update()

    def finish(self) -> None:
        self.canvas.picture.band = None

    def cancel(self) -> None:
        self.canvas.picture.band = None
        self.canvas.document.select(self._before)
