"""A hand on the real window: it clicks, drags and types on what is to be seen, and counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.project.spec import Connection, ProjectSpec
from mtlstudio.ui.design.workspace import DesignWorkspace
from mtlstudio.ui.shell.window import MainWindow

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
WAIT_MS = 60000


@dataclass
class Counts:
    """What the hand has done: a double click is two clicks, a letter one key; a drag is a press, a way and a release."""

    clicks: int = 0
    drags: int = 0
    keys: int = 0


class Hand:
    """Works Design in a window. It never calls a command: it only looks where things are."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        room = window.workspaces["design"]
        assert isinstance(room, DesignWorkspace)
        self.window, self.room, self.canvas, self._qtbot = window, room, room.canvas, qtbot
        self.counts = Counts()
        self.settle()

    # --- looking ----------------------------------------------------------------------------------------------

    @property
    def spec(self) -> ProjectSpec:
        return self.room.document.spec

    @property
    def selected(self) -> str:
        """The one selected layer."""
        (found,) = self.room.document.selection
        return found

    def settle(self) -> None:
        """Waits for the figures, as a person would."""
        self._qtbot.waitUntil(self.room.settled, timeout=WAIT_MS)

    def card(self, layer_id: str) -> QPoint:
        """A place on a card that is nothing else."""
        rect = self.canvas.card_rect(layer_id)
        return QPoint(rect.center().x(), rect.top() + rect.height() // 3)

    def middle_of_row(self, task: str, share: float = 0.5) -> int:
        band = self.canvas.scene.row(self.canvas.scene.layout.row_of[task])
        return round(band.y + share * band.h)

    def last_of(self, task: str) -> str:
        """The first layer of a task's own, behind all that it shares."""
        layout = self.canvas.scene.layout
        own = [layer.id for layer in self.spec.network.layers if layer.tasks == {task}]
        return min(own, key=lambda layer_id: layout.cards[layer_id].x)

    def _free_place(self, task: str) -> QPoint:
        """Empty ground in a task's row, behind its last card."""
        main, layout = self.canvas.frame.main, self.canvas.scene.layout
        row = layout.row_of[task]
        last = max(self.canvas.scene.x(card.right) for card in layout.cards.values() if row in card.spot.rows)
        place = QPoint(round((last + main.right) / 2), self.middle_of_row(task))
        assert place.x() - last > 6 and self.canvas.hit(place).kind == "nothing", f"no empty ground in {task}'s row"
        return place

    # --- the mouse --------------------------------------------------------------------------------------------

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """A click on a widget that can be seen and reached."""
        place = widget.rect().center() if at is None else at
        assert widget.isVisible() and widget.isEnabled() and widget.visibleRegion().contains(place)
        QTest.mouseMove(widget, place)
        QTest.mouseClick(widget, LEFT, NONE, place)
        self.counts.clicks += 1

    def press(self, name: str) -> None:
        """Clicks the button of that name."""
        found = self.window.findChild(QWidget, name)
        assert isinstance(found, QWidget), name
        self.click(found)

    def drag(self, start: QPoint, end: QPoint) -> None:
        """A drag over the canvas, in steps."""
        area = self.canvas.rect()
        assert area.contains(start) and area.contains(end)
        QTest.mouseMove(self.canvas, start)
        QTest.mousePress(self.canvas, LEFT, NONE, start)
        for part in (0.2, 0.5, 0.8, 1.0):
            QTest.mouseMove(self.canvas, start + (end - start) * part)
        QTest.mouseRelease(self.canvas, LEFT, NONE, end)
        self.counts.drags += 1

    def select(self, layer_id: str) -> None:
        """A click on a card."""
        self.settle()
        self.click(self.canvas, self.card(layer_id))
        assert self.selected == layer_id

    # --- keys -------------------------------------------------------------------------------------------------

    def key(self, key: Any, held: Any = NONE) -> None:
        """One key, wherever the focus is."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, held)
        self.counts.keys += 1

    def type(self, words: str) -> None:
        """Letters, wherever the focus is."""
        field = QApplication.focusWidget()
        assert field is not None
        QTest.keyClicks(field, words)
        self.counts.keys += len(words)

    # --- building ---------------------------------------------------------------------------------------------

    def add(self, words: str, each: bool = False) -> tuple[str, ...]:
        """`/`, some letters, Enter: a layer behind the selected one (with Ctrl: one for each task). Gives the new ids."""
        self.settle()
        self.key(Qt.Key.Key_Slash)
        return self._choose(words, each)

    def insert(self, source: str, target: str, words: str) -> tuple[str, ...]:
        """The "+" of a connection, some letters, Enter."""
        self.settle()
        wire = next(c for c in self.spec.network.connections if (c.source, c.target) == (source, target))
        self.click(self.canvas, self.canvas.plus_button(wire))
        return self._choose(words, False)

    def branch(self, source: str, task: str, words: str) -> tuple[str, ...]:
        """A line pulled from a layer's port into a task's row, some letters, Enter."""
        self.select(source)
        self.drag(self.canvas.out_port(source), self._free_place(task))
        return self._choose(words, False)

    def connect(self, source: str, target: str) -> None:
        """A line pulled from a layer's port to a card."""
        self.select(source)
        self.drag(self.canvas.out_port(source), self.card(target))
        assert any((c.source, c.target) == (source, target) for c in self.spec.network.connections)

    def set_number(self, layer_id: str, name: str, words: str) -> None:
        """Types a number into the properties of the selected layer, and goes back to the grid with a click."""
        field = self.room.properties.layer_page.form.editor(name).field()
        self.click(field)
        self.key(Qt.Key.Key_A, CTRL)
        self.type(words)
        self.select(layer_id)

    def _choose(self, words: str, each: bool) -> tuple[str, ...]:
        popup = self.room.quick_add
        assert popup.isVisible() and popup.field.hasFocus()
        self.type(words)
        self.key(Qt.Key.Key_Return, CTRL if each else NONE)
        assert not popup.isVisible()
        return self.room.document.selection

    def sources(self, layer_id: str) -> set[str]:
        """What feeds a layer."""
        return {c.source for c in self.spec.network.connections if c.target == layer_id}

    def way(self, source: str, task: str) -> Connection:
        """The connection that leaves a layer for a task alone."""
        network = self.spec.network
        return next(c for c in network.connections if c.source == source and network.layer(c.target).tasks == {task})
