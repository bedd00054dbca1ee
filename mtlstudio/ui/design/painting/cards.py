"""Painting of the cards."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from mtlstudio.base.texts import ntr, tr
from mtlstudio.network.analysis import LayerReport
from mtlstudio.network.interface import Shape
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import LayerSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.geometry import Rect
from mtlstudio.ui.design.layout import NARROW as NARROW_COLUMN
from mtlstudio.ui.design.layout import Card
from mtlstudio.ui.design.painting.ink import CENTRE, Face, Ink, qrect
from mtlstudio.ui.design.painting.thumbs import LEAST, paint_thumb, thumb_size
from mtlstudio.ui.design.painting.tint import paint_figure, tinted
from mtlstudio.ui.design.picture import Picture
from mtlstudio.ui.design.scene import Scene
from mtlstudio.ui.design.tints import worst
from mtlstudio.ui.theme import mix
from mtlstudio.ui.widgets.icons import paint_icon

RADIUS = 9.0
FLAT, LOW, NARROW = 17.0, 11.0, 44.0
STRIPED = 9.0
ROOMY = 190.0  # a card this high has its activations above the words, not beside them
UPRIGHT = 50.0
WORDS = 88.0  # so high are a glyph and three lines


def paint_cards(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> list[QRectF]:
    """All cards in view; flat rectangles where they are too small for more.

    Returns:
        Where their words stand, so that nothing is painted across them.
    """
    written: list[QRectF] = []
    flat = _FlatCards(scene, picture, ink)
    for card, pieces in scene.visible_cards():
        if pieces[0].w < FLAT or (pieces[0].h < LOW and max(piece.h for piece in pieces) < LOW):
            flat.add(card, pieces)
        else:
            written += CardPainter(painter, scene, picture, ink, card, pieces).paint()
    flat.paint(painter)
    return written


class _FlatCards:
    """Cards seen from far away: rectangles, all of one colour painted at once."""

    def __init__(self, scene: Scene, picture: Picture, ink: Ink) -> None:
        self._scene, self._picture, self._ink = scene, picture, ink
        self._striped = scene.camera.zoom_x * NARROW_COLUMN >= STRIPED
        self._rects: dict[tuple[str, str], list[QRectF]] = {}
        self._strips: dict[str, list[QRectF]] = {}

    def add(self, card: Card, pieces: list[Rect]) -> None:
        """One more."""
        spot, tasks = card.spot, self._scene.layout.tasks
        key = ("task", tasks[spot.rows[0]]) if len(spot.rows) == 1 and tasks else ("shared", "")
        if not self._picture.selection.isdisjoint(self._scene.layout.layers_of(spot.layer.id)):
            key = ("role", "accent")
        elif spot.layer.id in self._picture.marks:
            key = ("role", _MARK[self._picture.marks[spot.layer.id]][0])
        else:
            tint = worst(self._picture.tints, self._scene.layout.layers_of(spot.layer.id))
            key = ("tint", tint.role) if tint is not None and tint.role else key
        rects = self._rects.setdefault(key, [])
        for piece in pieces:
            rects.append(QRectF(piece.x, piece.y, max(1.0, piece.w), piece.h))
        if self._striped:
            for task, area in _strip(card, pieces, self._scene, 2.0):
                self._strips.setdefault(task, []).append(area)

    def paint(self, painter: QPainter) -> None:
        """All of them."""
        if not self._rects:
            return
        card = self._ink.tokens.card
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        for (kind, name), rects in self._rects.items():
            if kind == "role":
                painter.setBrush(self._ink.colour(name))
            elif kind == "tint":
                painter.setBrush(mix(card, self._ink.colour(name), 0.45))
            else:
                colour = self._ink.task(name) if kind == "task" else self._ink.colour("shared")
                painter.setBrush(mix(card, colour, 0.55 if kind == "task" else 0.35))
            painter.drawRects(rects)
        for task, rects in self._strips.items():
            painter.setBrush(self._ink.task(task))
            painter.drawRects(rects)
        painter.restore()


_MARK = {Severity.ERROR: ("bad", "error"), Severity.WARNING: ("warning", "warning"), Severity.NOTE: ("dim", "info")}


def _strip(card: Card, pieces: list[Rect], scene: Scene, width: float) -> list[tuple[str, QRectF]]:
    """The coloured parts along a card's left edge: one per row, or, where it shares the rows, one per task."""
    layout, found = scene.layout, []
    for (first, last), rect in zip(card.spot.pieces, pieces, strict=True):
        if not layout.rows:
            continue
        inset = min(10.0, 0.14 * rect.h)
        top, bottom = rect.y + inset, rect.bottom - inset
        count = last - first + 1
        for row in range(first, last + 1):
            if card.spot.slots > 1:
                a, b = top + (bottom - top) * (row - first) / count, top + (bottom - top) * (row - first + 1) / count
            else:
                a = top if row == first else scene.y((layout.rows[row - 1].bottom + layout.rows[row].top) / 2)
                b = bottom if row == last else scene.y((layout.rows[row].bottom + layout.rows[row + 1].top) / 2)
            found.append((layout.rows[row].task, QRectF(rect.x, a, width, b - a)))
    return found


def glyph_size(shape: Shape, image_size: int) -> tuple[float, float]:
    """(width, height) of the bar that shows channels and resolution, in pixels at a zoom of 1."""
    width = 2.0 + 1.5 * math.log2(max(2, shape[0]))
    if len(shape) < 3:
        return width, 7.0
    halvings = math.log2(max(1.0, image_size / max(1, shape[1])))
    return width, max(7.0, 44.0 - 8.0 * halvings)


class CardPainter:
    """Paints one card."""

    def __init__(
        self, painter: QPainter, scene: Scene, picture: Picture, ink: Ink, card: Card, pieces: list[Rect]
    ) -> None:
        self.painter, self.scene, self.picture, self.ink, self.card, self.pieces = (
            painter, scene, picture, ink, card, pieces,
        )  # fmt: skip
        self.layer: LayerSpec = card.spot.layer
        self.members = scene.layout.layers_of(self.layer.id)
        figures_of = self.members[-1] if self.layer.id in scene.layout.groups else self.layer.id
        report = picture.analysis.layers.get(figures_of) if picture.analysis else None
        self.report: LayerReport | None = report
        self.shown_of = figures_of
        self.thumb = picture.thumbs.pixmap(figures_of) if picture.thumbs is not None else None
        self.selected = not picture.selection.isdisjoint(self.members)
        self.hovered = picture.hover.layer == self.layer.id or picture.active.layer == self.layer.id
        marks = [picture.marks[i] for i in self.members if i in picture.marks]
        self.mark = min(marks, key=list(Severity).index) if marks else None
        self.tint = worst(picture.tints, self.members)

    def paint(self) -> list[QRectF]:
        """All of it. Returns where the words stand."""
        self.painter.save()
        self.painter.setOpacity(0.45 if self.layer.bypassed else 1.0)
        if self.layer.id in self.scene.layout.members:
            self._sheets()
        for rect in self.pieces:
            self._body(rect)
        self.painter.setPen(Qt.PenStyle.NoPen)
        for task, area in _strip(self.card, self.pieces, self.scene, min(4.0, 0.08 * self.pieces[0].w)):
            self.painter.setBrush(self.ink.task(task))
            self.painter.drawRoundedRect(area, 1.5, 1.5)
        rect = self._between_taps(self._seen(max(self.pieces, key=lambda piece: piece.h)))
        written: list[QRectF] = []
        if rect.w < NARROW and rect.h >= UPRIGHT and not self._has_room(rect):
            written.append(self._upright(rect))
        else:
            written.append(self._inside(rect))
            self._badges(self.pieces[0])
            paint_figure(self.painter, self.tint, self.pieces[0], self.ink)
        self.painter.restore()
        return written

    def _seen(self, rect: Rect) -> Rect:
        """Of a card that is higher than the view the part in view, so that its words are in view, too."""
        main = self.scene.frame.main
        top, bottom = max(rect.y, main.y), min(rect.bottom, main.bottom)
        if bottom - top >= rect.h - 1 or bottom - top < 60:
            return rect
        return Rect(rect.x, top, rect.w, bottom - top)

    def _between_taps(self, rect: Rect) -> Rect:
        """The part of a card that its words and its glyph have: around its middle, or else where no tap is."""
        taps = [(tap.y - 3, tap.bottom + 3) for tap in self.scene.taps.get(self.layer.id, ())]
        if not taps:
            return rect
        free, top = [], rect.y
        for upper, lower in sorted(taps):
            free.append((top, min(upper, rect.bottom)))
            top = max(top, lower)
        free.append((top, rect.bottom))
        middle, wanted = rect.centre.y, min(WORDS * min(1.6, max(0.75, self.scene.camera.zoom_x)), rect.h)
        free = [(a, max(a, b)) for a, b in free]
        around = next((min(middle - a, b - middle) for a, b in free if a < middle < b), 0.0)
        if 2 * around >= wanted:
            return Rect(rect.x, middle - around, rect.w, 2 * around)
        a, b = min(free, key=lambda part: (max(0.0, wanted - part[1] + part[0]), abs((part[0] + part[1]) / 2 - middle)))
        left = min(tap.x for tap in self.scene.taps[self.layer.id]) - 2
        if b - a < self.ink.name.height + 4 and self.ink.small.width(self._name()) <= left - rect.x - 9:
            return Rect(
                rect.x, rect.y, left - rect.x, rect.h
            )  # a low card: the words on the left, the taps on the right
        return Rect(rect.x, a, rect.w, b - a)

    def _sheets(self) -> None:
        """Two sheets behind a card that stands for several layers."""
        self.painter.setPen(QPen(self.ink.colour("line"), 1.0))
        for step in (5.0, 2.5):
            self.painter.setBrush(mix(self.ink.colour("card"), self.ink.tokens.background, 0.3 if step > 3 else 0.15))
            for rect in self.pieces:
                self.painter.drawRoundedRect(QRectF(rect.x + step, rect.y - step, rect.w, rect.h), RADIUS, RADIUS)

    def _body(self, rect: Rect) -> None:
        tokens = self.ink.tokens
        ground = self.ink.colour("card")
        if self.mark is not None and self.mark is not Severity.NOTE:
            ground = mix(ground, tokens.colour(_MARK[self.mark][0]), 0.07)
        ground = tinted(ground, self.tint, self.ink)
        if self.hovered and not self.selected:
            ground = mix(ground, tokens.text, 0.035)
        pen = QPen(self.ink.colour("line"), 1.0)
        if self.selected:
            pen = QPen(self.ink.colour("accent"), 2.0)
        elif self.mark is not None and self.mark is not Severity.NOTE:
            pen = QPen(self.ink.colour(_MARK[self.mark][0], 0.8), 1.2)
        elif self.hovered:
            pen = QPen(mix(tokens.line, tokens.dim, 0.5), 1.0)
        if self.layer.bypassed:
            pen.setStyle(Qt.PenStyle.DashLine)
        self.painter.setPen(pen)
        self.painter.setBrush(ground)
        radius = min(RADIUS, rect.h / 4, rect.w / 4)
        self.painter.drawRoundedRect(qrect(rect), radius, radius)

    def _badges(self, rect: Rect) -> None:
        if rect.h < 22:
            return
        size = 13.0
        x = rect.right - size - 5
        if self.mark is not None:
            role, name = _MARK[self.mark]
            paint_icon(self.painter, name, QRectF(x, rect.y + 5, size, size), self.ink.colour(role))
            x -= size + 2
        if self.layer.frozen and x > rect.x + 6:
            paint_icon(self.painter, "snowflake", QRectF(x, rect.y + 5, size, size), QColor("#6fb6f2" if
                       self.ink.tokens.is_dark else "#2f86cf"))  # fmt: skip

    def _upright(self, rect: Rect) -> QRectF:
        """The name from bottom to top, where the card is too narrow for it. Returns where it stands."""
        whole = qrect(rect)
        if self.thumb is not None and rect.h > 100:
            wide, high = self._thumb_size(rect.w - 8, 60.0)
            self._thumb(QRectF(rect.centre.x - wide / 2, rect.y + 8, wide, high))
            rect = Rect(rect.x, rect.y + high + 8, rect.w, rect.h - high - 8)
        self.painter.translate(rect.centre.x, rect.centre.y)
        self.painter.rotate(-90)
        face = self.ink.small if rect.w < 26 else self.ink.name
        area = QRectF(-rect.h / 2 + 8, -face.height / 2, rect.h - 16, face.height)
        face.draw(self.painter, area, self._name(), self.ink.colour("text"), CENTRE)
        return whole

    def _inside(self, rect: Rect) -> QRectF:
        """Glyph, name, shape and who shares it, as far as there is room.

        Returns:
            Where they stand.
        """
        ink, shape = self.ink, self.report.output_shape if self.report else None
        dim = ink.colour("dim", 0.5 if self.picture.stale else 1.0)
        name_face, name_lines = self._name_lines(rect.w - 9)
        lines = [(name_face, text, ink.colour("text")) for text in name_lines]
        named = len(lines)
        if self.layer.id in self.scene.layout.groups:
            lines.append((ink.small, ntr("{n} layer", "{n} layers", len(self.members)), ink.colour("dim")))
        sizes = figures.shape(shape)
        face = ink.figures if ink.figures.width(sizes) <= rect.w - 9 else ink.small
        lines += [(face, sizes, dim)] if sizes and face.width(sizes) <= rect.w - 6 else []
        lines += [(ink.small, text, ink.colour("dim")) for text in (self._sharing(rect.w - 11),) if text]
        room = rect.h - 4
        if sum(face.height + 1 for face, _t, _c in lines) > room and named > 1:
            whole = ink.name.width(self._name()) <= rect.w - 9
            lines[:named] = [(ink.name if whole else ink.small, self._name(), ink.colour("text"))]
        while len(lines) > 1 and sum(face.height + 1 for face, _t, _c in lines) > room:
            lines.pop()
        while self.thumb is not None and len(lines) > 1 and room - sum(f.height + 1 for f, _t, _c in lines) < 2 * LEAST:
            lines.pop()
        high = sum(face.height + 1 for face, _t, _c in lines)
        if self.thumb is not None:
            return self._inside_with_thumb(rect, room, lines)
        glyph = glyph_size(shape, self.picture.spec.data.image_size) if shape else None
        tall = min(44.0 * min(1.6, max(0.75, self.scene.camera.zoom_x)), room - high - 14)
        if glyph is None or tall < 16:
            tall = 0.0
        y = rect.y + (room - high - tall - (8 if tall else 0)) / 2 + 1
        if glyph is not None and tall:
            self._glyph(rect.centre.x, y + tall / 2, tall / 44.0, glyph)
            y += tall + 8
        for face, text, colour in lines:
            face.draw(self.painter, QRectF(rect.x + 6, y, rect.w - 9, face.height), text, colour, CENTRE)
            y += face.height + 1
        top = y - high - (tall + 8 if tall else 0) - 2
        return QRectF(rect.x + 5, top, rect.w - 8, y - top + 1)

    def _inside_with_thumb(self, rect: Rect, room: float, lines: list[tuple[Face, str, QColor]]) -> QRectF:
        """The activations in place of the glyph, as large as they fit, and the words below."""
        high = sum(face.height + 1 for face, _t, _c in lines)
        wide, tall = self._thumb_size(rect.w - 16, room - high - 7)
        words = max(face.width(text) for face, text, _c in lines[:1])
        whole = self._seen(max(self.pieces, key=lambda piece: piece.h))
        beside = self._thumb_size(rect.w - words - 20, whole.h - 12)
        clear = all(tap.x > rect.x + 9 + beside[0] for tap in self.scene.taps.get(self.layer.id, ()))
        if whole.h < ROOMY and beside[1] > tall and clear:
            return self._beside(rect, whole, beside, lines[0])
        y = rect.y + (room - high - tall - 5) / 2 + 2
        if tall:
            self._thumb(QRectF(rect.centre.x + 1 - wide / 2, y, wide, tall))
            y += tall + 4
        for face, text, colour in lines:
            face.draw(self.painter, QRectF(rect.x + 6, y, rect.w - 9, face.height), text, colour, CENTRE)
            y += face.height + 1
        return QRectF(rect.x + 5, y - high - tall - 6, rect.w - 8, high + tall + 7)

    def _beside(self, rect: Rect, whole: Rect, size: tuple[float, float], line: tuple[Face, str, QColor]) -> QRectF:
        """On a low card: the activations on the left, the name on the right, beside the taps."""
        face, text, colour = line
        self._thumb(QRectF(rect.x + 8, whole.centre.y - size[1] / 2, *size))
        x = rect.x + 12 + size[0]
        face.draw(self.painter, QRectF(x, rect.y, rect.right - x - 3, rect.h), text, colour, CENTRE)
        return QRectF(rect.x + 5, whole.y + 2, rect.w - 8, whole.h - 4)

    def _thumb_size(self, wide: float, high: float) -> tuple[float, float]:
        assert self.thumb is not None and self.picture.thumbs is not None
        return thumb_size(self.picture.thumbs, self.shown_of, self.thumb, wide, high)

    def _thumb(self, area: QRectF) -> None:
        if self.thumb is not None and self.picture.thumbs is not None and area.height() > 0:
            paint_thumb(self.painter, self.ink, self.picture.thumbs, self.shown_of, self.thumb, area)

    def _has_room(self, rect: Rect) -> bool:
        """Whether a narrow card can have its name across, word below word."""
        face, lines = self._name_lines(rect.w - 9)
        fits = all(face.width(line) <= rect.w - 9 for line in lines)
        return fits and rect.w >= 0.6 * NARROW and rect.h >= (len(lines) + 1) * face.height

    def _name_lines(self, width: float) -> tuple[Face, list[str]]:
        """The name in as few lines as it fits in, broken between words; in smaller letters where one is too long."""
        name, face, lines = self._name(), self.ink.name, list[str]()
        if face.width(name) <= width:
            return face, [name]
        words = [word for word in name.replace("-", "- ").split(" ") if word]  # no-break spaces hold
        if any(face.width(word) > width for word in words):
            face = self.ink.small
        for word in words:
            space = "" if not lines or lines[-1].endswith("-") else " "
            joined = f"{lines[-1]}{space}{word}" if lines else word
            if lines and face.width(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(word)
        return face, lines if len(lines) <= 3 else [name]

    def _name(self) -> str:
        """The layer's name; of like layers of a folded row with their number."""
        alike = len(self.members) > 1 and self.layer.id not in self.scene.layout.groups
        return f"{self.layer.name} ×\u00a0{len(self.members)}" if alike else self.layer.name

    def _glyph(self, x: float, y: float, zoom: float, size: tuple[float, float]) -> None:
        width, height = size[0] * min(1.5, max(0.7, zoom)), size[1] * zoom
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(self.ink.colour("shared", 0.5 if self.picture.stale else 1.0))
        self.painter.drawRoundedRect(QRectF(x - width / 2, y - height / 2, width, height), 2, 2)

    def _sharing(self, width: float) -> str:
        """Who shares it, where that is neither all nor one; and whether it is a task's own copy."""
        tasks = self.layer.tasks
        if len(self.card.spot.rows) > 1 and len(tasks) < len(self.scene.layout.order) and not self.card.spot.crosses:
            words = " + ".join(task.name for task in self.picture.spec.tasks if task.id in tasks)
            return words if self.ink.small.width(words) <= width else ntr("{n} task", "{n} tasks", len(tasks))
        return tr("own copy") if self.layer.origin is not None and len(tasks) == 1 else ""
