"""The plots with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event
from mtlstudio.runs.folder import RunFolder
from mtlstudio.ui.train.canvas import Canvas
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import whole_run

Live = Callable[[Sequence[Event]], RunFolder]


@pytest.fixture
def canvas(qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live) -> Canvas:
    """The plot of a task, with the focus."""
    live(whole_run(spec, 2))
    qtbot.waitUntil(room.settled, timeout=10000)
    found = room.board.panels[2].canvas
    found.setFocus()
    return found


def test_keys_zoom_pan_and_show_all(qtbot: QtBot, room: TrainWorkspace, canvas: Canvas) -> None:
    def shown() -> tuple[float, float]:
        qtbot.waitUntil(room.settled, timeout=5000)
        return canvas.view()[0]

    assert shown() == (0, 40)
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert shown() == pytest.approx((4, 36)) and not room.board.bar.follow.isChecked()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert shown() == pytest.approx((7.2, 39.2))
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    low, high = shown()
    assert high - low == pytest.approx(38.4)
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert shown() == (0, 40) and room.board.bar.follow.isChecked()


def test_l_turns_the_logarithm_of_that_plot_on_and_off(qtbot: QtBot, room: TrainWorkspace, canvas: Canvas) -> None:
    others = [panel.canvas for panel in room.board.panels if panel.canvas is not canvas]
    QTest.keyClick(canvas, Qt.Key.Key_L)
    qtbot.waitUntil(room.settled, timeout=5000)
    assert canvas.is_log and not any(other.is_log for other in others)
    QTest.keyClick(canvas, Qt.Key.Key_L)
    qtbot.waitUntil(room.settled, timeout=5000)
    assert not canvas.is_log


def test_every_plot_is_reached_with_tab_and_shows_it(room: TrainWorkspace, canvas: Canvas) -> None:
    reached = {canvas}
    for _ in range(60):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if isinstance(focus, Canvas):
            reached.add(focus)
            assert focus._overlay.framed
    assert reached == {panel.canvas for panel in room.board.panels}
    assert sum(panel.canvas._overlay.framed for panel in room.board.panels) <= 1
