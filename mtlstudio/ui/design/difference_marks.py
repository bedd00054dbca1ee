"""Shows on the grid which cards another design lacks or has otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from mtlstudio.ui.design.difference import Kind
from mtlstudio.ui.design.painting.ink import CENTRE, Ink, qrect
from mtlstudio.ui.design.viewport import Viewport
from mtlstudio.ui.theme import theme

ROLE: dict[Kind, str] = {"added": "good", "changed": "warning", "missing": "bad"}
SIGN: dict[Kind, str] = {"added": "+", "changed": "≠", "missing": "−"}


class DifferenceMarks(QWidget):
    """Lies over the canvas and lets every click through; hidden without marks."""

    def __init__(self, canvas: Viewport) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._marks: Mapping[str, Kind] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        canvas.looked.connect(self._follow)
        self.hide()

    @property
    def marks(self) -> Mapping[str, Kind]:
        """What is marked: layer id -> kind."""
        return self._marks

    def set_marks(self, marks: Mapping[str, Kind]) -> None:
        """Marks layers; an empty mapping ends it."""
        self._marks = dict(marks)
        self._follow()
        self.setVisible(bool(marks))
        self.update()

    def _follow(self) -> None:
        if self._marks:
            self.setGeometry(self._canvas.rect())
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """An outline around each marked card, with a sign; what is the same steps back."""
        scene, tokens = self._canvas.scene, theme()
        ink = Ink((), scene.camera.zoom_x)
        by_card: dict[str, Kind] = {}
        for layer_id, kind in self._marks.items():
            by_card.setdefault(scene.layout.card_id(layer_id), kind)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(qrect(scene.frame.main))
        for card, pieces in scene.visible_cards():
            marked = by_card.get(card.spot.layer.id)
            if marked is None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tokens.colour("background", 0.5))
            else:
                colour = tokens.colour(ROLE[marked])
                painter.setPen(QPen(colour, 2.2))
                painter.setBrush(tokens.colour(ROLE[marked], 0.1))
            for piece in pieces:
                radius = min(9.0, piece.h / 4, piece.w / 4)
                painter.drawRoundedRect(qrect(piece), radius, radius)
            if marked is not None and pieces[0].w >= 24:
                badge = QRectF(pieces[0].x - 5, pieces[0].y - 5, 15, 15)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tokens.colour(ROLE[marked]))
                painter.drawEllipse(badge)
                ink.title.draw(painter, badge.adjusted(-4, -2, 4, 2), SIGN[marked], tokens.colour("background"), CENTRE)
        painter.end()
