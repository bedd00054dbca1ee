"""Zoom and pan with a real wheel and real buttons."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

NONE = Qt.KeyboardModifier.NoModifier


def wheel(room: Any, at: QPoint, turn: int, held: Any = NONE) -> None:
    """One turn of the wheel."""
    event = QWheelEvent(
        QPointF(at), QPointF(room.canvas.mapToGlobal(at)), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(room.canvas, event)


def test_the_wheel_zooms_to_the_pointer(room: Any) -> None:
    at = room.card("up2")
    before = room.canvas.card_rect("up2")
    share = (at.x() - before.left()) / before.width()
    wheel(room, at, 360)
    after = room.canvas.card_rect("up2")
    assert after.width() > 1.3 * before.width()
    assert (at.x() - after.left()) / after.width() == pytest.approx(share, abs=0.05)
    room.key(Qt.Key.Key_Home)
    assert room.canvas.card_rect("head_mask").right() < room.canvas.width()


def test_the_wheel_scrolls_where_the_settings_say_so(room: Any) -> None:
    wheel(room, room.card("up2"), 600)
    zoom = room.canvas.scene.camera.zoom_x
    room.studio.settings.wheel_scrolls = True
    before = room.canvas.scene.camera.y
    wheel(room, room.card("up2"), -240)
    assert room.canvas.scene.camera.zoom_x == zoom and room.canvas.scene.camera.y != before
    wheel(room, room.card("up2"), 120, Qt.KeyboardModifier.ControlModifier)
    assert room.canvas.scene.camera.zoom_x > zoom


@pytest.mark.parametrize("with_space", [False, True])
def test_the_middle_button_and_space_pan(room: Any, with_space: bool) -> None:
    wheel(room, room.card("stage3"), 720)
    before = room.canvas.card_rect("stage3").topLeft()
    start, end = QPoint(600, 400), QPoint(520, 380)
    button = Qt.MouseButton.LeftButton if with_space else Qt.MouseButton.MiddleButton
    if with_space:
        QTest.keyPress(room.canvas, Qt.Key.Key_Space)
    QTest.mousePress(room.canvas, button, NONE, start)
    QTest.mouseMove(room.canvas, (start + end) / 2)
    QTest.mouseMove(room.canvas, end)
    QTest.mouseRelease(room.canvas, button, NONE, end)
    if with_space:
        QTest.keyRelease(room.canvas, Qt.Key.Key_Space)
    moved = room.canvas.card_rect("stage3").topLeft() - before
    assert abs(moved.x() - (end - start).x()) <= 2 and abs(moved.y() - (end - start).y()) <= 2
    assert room.document.selection == () and not room.document.can_undo


def test_f_shows_the_selection_large(room: Any) -> None:
    room.click(room.card("up2"))
    before = room.canvas.card_rect("up2").width()
    room.key(Qt.Key.Key_F)
    rect = room.canvas.card_rect("up2")
    assert rect.width() > before and room.canvas.rect().contains(rect.center())


def test_a_selected_card_is_brought_into_view(room: Any) -> None:
    wheel(room, room.card("image"), 1200)
    assert room.canvas.card_rect("head_mask").left() > room.canvas.width()
    room.workspace.next_problem()
    room.document.select(["up1"])
    room.key(Qt.Key.Key_Right)
    assert room.document.selection == ("head_mask",)
    assert room.canvas.card_rect("head_mask").center().x() < room.canvas.width()


def test_the_grid_follows_the_window(room: Any) -> None:
    before = room.canvas.card_rect("head_mask").right()
    room.window.resize(room.window.width() + 300, room.window.height())
    QApplication.processEvents()
    assert room.canvas.card_rect("head_mask").right() > before + 150


@pytest.mark.parametrize("seed", range(4))
def test_no_wheel_drag_or_resize_leads_to_nan_or_to_emptiness(room: Any, seed: int) -> None:
    dice = random.Random(seed)
    canvas = room.canvas
    for _step in range(120):
        at = QPoint(dice.randrange(canvas.width()), dice.randrange(canvas.height()))
        kind = dice.randrange(5)
        if kind == 0:
            room.window.resize(dice.randrange(500, 1900), dice.randrange(300, 1100))
            QApplication.processEvents()
        elif kind == 1:
            button, end = Qt.MouseButton.MiddleButton, QPoint(dice.randrange(-2000, 3000), dice.randrange(-2000, 3000))
            QTest.mousePress(canvas, button, NONE, at)
            QTest.mouseMove(canvas, end)
            QTest.mouseRelease(canvas, button, NONE, end)
        elif kind == 2:
            room.key(dice.choice([Qt.Key.Key_F, Qt.Key.Key_Home, Qt.Key.Key_Plus, Qt.Key.Key_Minus]))
        else:
            held = dice.choice([NONE, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier])
            wheel(room, at, dice.choice([-100000, -2400, -120, 1, 120, 2400, 100000]), held)
        camera, main = canvas.scene.camera, canvas.frame.main
        assert all(math.isfinite(value) for value in (camera.x, camera.y, camera.zoom_x, camera.zoom_y))
        assert camera.zoom_x > 0 and camera.zoom_y > 0
        seen = [piece for _card, pieces in canvas.scene.visible_cards() for piece in pieces if piece.touches(main)]
        assert seen, "something can always be seen"
