"""A hand that does anything: nothing may break, and undo must bring back the first state, bit for bit."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mtlstudio.project.check import check_structure
from mtlstudio.project.problems import Severity

ACTIONS = 160
KEYS = (
    Qt.Key.Key_Delete, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Left, Qt.Key.Key_Right,
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_F, Qt.Key.Key_Home, Qt.Key.Key_F2, Qt.Key.Key_F8, Qt.Key.Key_Slash,
    Qt.Key.Key_Space, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_A, Qt.Key.Key_Z,
)  # fmt: skip
CTRL_KEYS = (
    Qt.Key.Key_M, Qt.Key.Key_B, Qt.Key.Key_D, Qt.Key.Key_A, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up,
    Qt.Key.Key_Down,
)  # fmt: skip


class Robot:
    """Random mouse and keys on a canvas."""

    def __init__(self, room: Any, seed: int) -> None:
        self.room, self.canvas, self.dice = room, room.canvas, random.Random(seed)

    def place(self) -> QPoint:
        """Somewhere, more often where something is."""
        canvas, dice, scene = self.canvas, self.dice, self.canvas.scene
        choice, cards = dice.random(), list(scene.layout.cards)
        if choice < 0.25 or not cards:
            return QPoint(dice.randrange(canvas.width()), dice.randrange(canvas.height()))
        layer = dice.choice(cards)
        if choice < 0.5:
            rect = canvas.card_rect(layer)
            return QPoint(
                rect.left() + dice.randrange(max(1, rect.width())), rect.top() + dice.randrange(max(1, rect.height()))
            )
        if choice < 0.7:
            return canvas.edge_handle(layer, dice.choice(["lower", "upper"]))
        if choice < 0.78:
            return canvas.out_port(layer)
        if choice < 0.86:
            return canvas.split_handle()
        connections = self.room.spec.network.connections
        return canvas.plus_button(dice.choice(connections)) if connections else canvas.split_handle()

    def act(self) -> None:
        """One thing."""
        held = self.dice.choice([Qt.KeyboardModifier.NoModifier] * 3 + [Qt.KeyboardModifier.ControlModifier])
        self.dice.choice([self.click, self.double_click, self.drag, self.drag, self.drag, self.key, self.key, self.wheel,
                          self.type, self.undo])(held)  # fmt: skip

    def click(self, held: Any) -> None:
        button = self.dice.choice([Qt.MouseButton.LeftButton] * 4 + [Qt.MouseButton.MiddleButton])
        QTest.mouseClick(self.canvas, button, held, self.place())

    def double_click(self, held: Any) -> None:
        QTest.mouseDClick(self.canvas, Qt.MouseButton.LeftButton, held, self.place())

    def drag(self, held: Any) -> None:
        button = self.dice.choice([Qt.MouseButton.LeftButton] * 5 + [Qt.MouseButton.MiddleButton])
        start, end = self.place(), self.place()
        QTest.mouseMove(self.canvas, start)
        QTest.mousePress(self.canvas, button, held, start)
        for _step in range(self.dice.randrange(1, 4)):
            QTest.mouseMove(self.canvas, self.place())
        if self.dice.random() < 0.2:
            QTest.keyClick(self.canvas, Qt.Key.Key_Escape)
        QTest.mouseMove(self.canvas, end)
        QTest.mouseRelease(self.canvas, button, held, end)

    def key(self, held: Any) -> None:
        if held == Qt.KeyboardModifier.ControlModifier:
            QTest.keyClick(self.canvas, self.dice.choice(CTRL_KEYS), held)
        else:
            QTest.keyClick(QApplication.focusWidget() or self.canvas, self.dice.choice(KEYS))

    def wheel(self, held: Any) -> None:
        at, turn = QPointF(self.place()), self.dice.choice([-3000, -240, -120, 120, 240, 3000])
        event = QWheelEvent(
            at, QPointF(self.canvas.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, held,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.canvas, event)

    def type(self, held: Any) -> None:
        if self.room.workspace.quick_add.isVisible():
            QTest.keyClicks(
                self.room.workspace.quick_add.field, self.dice.choice(["conv", "drop", "pool", "zzz", "up"])
            )
            QTest.keyClick(self.room.workspace.quick_add.field, Qt.Key.Key_Return)

    def undo(self, held: Any) -> None:
        self.room.document.undo() if self.dice.random() < 0.6 else self.room.document.redo()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_anything_a_hand_does_is_survived_and_undone(room: Any, seed: int) -> None:
    first = room.spec
    robot = Robot(room, seed)
    for _action in range(ACTIONS):
        robot.act()
        camera = room.canvas.scene.camera
        assert all(math.isfinite(number) for number in (camera.x, camera.y, camera.zoom_x, camera.zoom_y))
        assert list(room.canvas.scene.visible_columns()) or not room.spec.network.layers
        assert room.canvas.grab().width() == room.canvas.width()
        errors = [problem for problem in check_structure(room.spec) if problem.severity is Severity.ERROR]
        assert not errors or any("output" in problem.code for problem in errors), errors
    while room.document.can_undo:
        room.document.undo()
    assert room.spec == first
