"""Pulling a connection from one card to another, with the mouse or with the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.ui.design.fits import Join, Joiner
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.gestures.base import Gesture
from mtlstudio.ui.design.hits import card_at
from mtlstudio.ui.design.places import Place

if TYPE_CHECKING:
    from mtlstudio.ui.design.canvas import Canvas


class Connecting:
    """From which card, and to which ones a connection can lead; lights these up.

    Args:
        port: an output port of the card; "" any.
    """

    def __init__(self, canvas: Canvas, card: str, port: str = "") -> None:
        self.canvas, self.card, self.port = canvas, card, port
        spec, layout = canvas.document.spec, canvas.scene.layout
        self.source = layout.layers_of(card)[-1]
        self.found: dict[str, list[Join]] = {}
        self.refused: dict[str, str] = {}
        joiner = Joiner(spec, canvas.figures(), self.source, port)
        for other in layout.cards:
            if other == card:
                continue
            try:
                self.found[other] = joiner.to(layout.layers_of(other)[0])
            except StudioError as error:
                self.refused[other] = error.text()
        canvas.picture.joinable, canvas.picture.wire_from = frozenset(self.found), card

    def aim(self, at: Point, card: str) -> None:
        """The pointer is there, over a card ("": over none)."""
        picture = self.canvas.picture
        picture.wire = self.start, at
        picture.joining = card if card in self.found else ""
        picture.note = (at, self.refused[card], True) if card in self.refused else None
        found = self.found.get(card, [])
        if len(found) == 1 and found[0].instead:
            picture.note = at, tr("Instead of {layer}", layer=found[0].instead), False
        self.canvas.update()

    @property
    def start(self) -> Point:
        """Where the line begins."""
        return self.canvas.scene.out_port(self.card)

    def join(self, card: str, at: Point) -> None:
        """Connects; asks for the port where there are several."""
        found = self.found.get(card, [])
        if len(found) == 1:
            self.canvas.connected.emit(found[0])
        elif found:
            self.canvas.choice_wanted.emit(found, at)
        elif card in self.refused:
            self.canvas.refused.emit(self.refused[card])

    def end(self) -> None:
        """Lights out."""
        picture = self.canvas.picture
        picture.wire = picture.joinable = picture.note = None
        picture.joining = picture.wire_from = ""
        self.canvas.update()


class PullWire(Gesture):
    """Pulls a connection from a card's port to another card; let go over nothing, it asks for a new layer there."""

    cursor = Qt.CursorShape.CrossCursor
    at_once = True

    def start(self, at: Point) -> None:
        self._end, self._moved = at, False
        self._pull = Connecting(self.canvas, self.hit.layer, self.hit.port)

    def update(self, at: Point, adding: bool) -> None:
        self._end, self._moved = at, True
        self._pull.aim(at, card_at(self.canvas.scene, at, 3))
        picture = self.canvas.picture
        if picture.note is None and not picture.joining and not card_at(self.canvas.scene, at, 3):
            picture.note = at, tr("Let go: a new layer"), False

    def finish(self) -> None:
        target = card_at(self.canvas.scene, self._end, 3)
        self.cancel()
        if not self._moved or target == self.hit.layer:
            return
        if target:
            self._pull.join(target, self._end)
            return
        self.canvas.add_wanted.emit(self._new(), self._end)

    def cancel(self) -> None:
        self._pull.end()

    def _new(self) -> Place:
        """A new layer that is fed from here: for the row where it was dropped, as far as the source serves it."""
        canvas, source = self.canvas, self._pull.source
        tasks = canvas.document.spec.network.layer(source).tasks
        row = canvas.scene.layout.rows[canvas.scene.row_at(self._end.y)] if canvas.scene.layout.rows else None
        inside = row is not None and canvas.scene.row(canvas.scene.row_at(self._end.y)).contains(self._end)
        wanted = frozenset(row.tasks) & tasks if row is not None and inside else tasks
        return Place(after=source, port=self.hit.port, tasks=wanted or tasks, branch=True)


class KeyConnect:
    """Connecting with the keyboard: arrows choose among the cards that fit, Enter connects, Esc gives up."""

    def __init__(self, canvas: Canvas, card: str) -> None:
        self._canvas, self._pull = canvas, Connecting(canvas, card)
        self._at = card
        layout = canvas.scene.layout
        self._order = sorted(self._pull.found, key=lambda i: (layout.cards[i].x, layout.cards[i].pieces[0][0]))
        here = layout.cards[card].x
        after = [i for i in self._order if layout.cards[i].x > here]
        if self._order:
            self._show(after[0] if after else self._order[0])

    @property
    def target(self) -> str:
        """The card that is chosen; "" where none fits."""
        return self._canvas.picture.joining

    def step(self, direction: str) -> None:
        """Chooses the next card that fits: left and right through the columns, up and down within one."""
        cards = self._canvas.scene.layout.cards
        if not self.target:
            return
        here = cards[self.target]
        sign = 1 if direction in ("right", "down") else -1
        if direction in ("left", "right"):
            ahead = [i for i in self._order if (cards[i].x - here.x) * sign > 1]
            ahead.sort(key=lambda i: (abs(cards[i].x - here.x), abs(cards[i].pieces[0][0] - here.pieces[0][0])))
        else:
            ahead = [i for i in self._order if (cards[i].pieces[0][0] - here.pieces[0][0]) * sign > 1]
            ahead.sort(key=lambda i: (abs(cards[i].x - here.x), abs(cards[i].pieces[0][0] - here.pieces[0][0])))
        if ahead:
            self._show(ahead[0])

    def finish(self) -> None:
        """Connects to the card that is chosen."""
        target, at = self.target, self._canvas.scene.card(self.target).centre if self.target else Point(0, 0)
        self._pull.end()
        if target:
            self._pull.join(target, at)

    def cancel(self) -> None:
        """Gives up."""
        self._pull.end()

    def _show(self, card: str) -> None:
        self._canvas.reveal(card)
        rect = self._canvas.scene.card(card)
        self._pull.aim(Point(rect.x + 4, rect.centre.y), card)
        name = self._canvas.document.spec.network.layer(self._pull.found[card][0].connection.target).name
        self._canvas.picture.note = Point(rect.x, rect.bottom), tr("Enter connects to {layer}", layer=name), False
