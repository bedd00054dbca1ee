"""The learning-rate finder in the window, with clicks and keys."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from mtlstudio.project import edits
from mtlstudio.project.settings import MethodSpec
from mtlstudio.session.studio import Studio
from mtlstudio.training import rate_finder
from mtlstudio.training.control import Control
from mtlstudio.training.rate_finder import RateFound, RateTried, rate_at
from mtlstudio.ui.train.rate_dialog import RateDialog
from mtlstudio.ui.train.workspace import TrainWorkspace

LEFT = Qt.MouseButton.LeftButton


def opened(qtbot: QtBot, room: TrainWorkspace) -> RateDialog:
    """The dialog, opened by the button beside the learning rate."""
    press = room.recipe.findChild(QPushButton, "find-rate")
    assert press is not None and press.isVisible()
    QTest.mouseClick(press, LEFT)
    found = [dialog for dialog in room.recipe.findChildren(RateDialog) if dialog.isVisible()]
    assert len(found) == 1
    qtbot.waitExposed(found[0])
    return found[0]


def finder(rate: float | None, steepest: float | None, wait: float = 0.0) -> Any:
    """A stand-in that proposes those."""

    def find(spec: object, folder: object, control: Control, steps: int = 20) -> Generator[RateTried, None, RateFound]:
        tried = []
        for number in range(steps):
            if control.stopped:
                break
            time.sleep(wait)
            loss = 1.0 - number / (2 * steps)
            tried.append(RateTried(number + 1, steps, rate_at(number, steps), {"mask": loss}, loss, loss))
            yield tried[-1]
        return RateFound(rate, steepest, tuple(tried))

    return find


def rate(studio: Studio) -> object:
    """The project's learning rate."""
    assert studio.document is not None
    return studio.document.spec.training.optimizer.parameters.get("learning_rate")


def test_the_proposed_rate_is_taken_by_a_click_and_undone(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_finder, "find_rate", finder(0.01234, 0.001))
    before = rate(studio)
    dialog = opened(qtbot, room)
    qtbot.waitUntil(lambda: not studio.trials.busy, timeout=5000)
    assert len(dialog.plot.curve()) == 20
    assert dialog.use.text() == "Use 0.012" and dialog.cautious.text() == "Use 0.001, cautious"
    QTest.mouseClick(dialog.use, LEFT)
    assert rate(studio) == 0.012
    assert studio.document is not None
    studio.document.undo()
    assert rate(studio) == before


def test_a_click_into_the_curve_takes_another_rate(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_finder, "find_rate", finder(0.01, 0.001))
    dialog = opened(qtbot, room)
    qtbot.waitUntil(lambda: not studio.trials.busy, timeout=5000)
    plot = dialog.plot
    QTest.mouseClick(plot, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(round(plot.x_of(1e-3)), plot.height() // 2))
    assert dialog.chosen == pytest.approx(1e-3, rel=0.1)
    QTest.mouseClick(dialog.use, LEFT)
    assert rate(studio) == dialog.chosen


def test_it_can_be_stopped_and_begun_again_and_leaves_the_project_alone(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_finder, "find_rate", finder(None, None, wait=0.02))
    before = rate(studio)
    dialog = opened(qtbot, room)
    assert not dialog.use.isEnabled()
    qtbot.waitUntil(lambda: len(dialog.plot.curve()) > 1, timeout=5000)
    QTest.mouseClick(dialog.stop, LEFT)
    qtbot.waitUntil(lambda: not studio.trials.busy, timeout=5000)
    assert len(dialog.plot.curve()) < 20 and not dialog.use.isEnabled()
    assert "never fell" in dialog.state.full_text()
    QTest.mouseClick(dialog.again, LEFT)
    assert studio.trials.busy and not dialog.plot.curve()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible() and not studio.trials.busy and rate(studio) == before


def test_every_rate_has_its_place(qtbot: QtBot, room: TrainWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_finder, "find_rate", finder(0.01, 0.001))
    plot = opened(qtbot, room).plot
    for wanted in (1e-6, 1e-4, 0.03, 10.0):
        assert plot.rate_at(plot.x_of(wanted)) == pytest.approx(wanted)


def test_a_real_search_with_the_project_s_own_network(qtbot: QtBot, studio: Studio, room: TrainWorkspace) -> None:
    dialog = opened(qtbot, room)
    qtbot.waitUntil(lambda: not studio.trials.busy, timeout=60000)
    assert len(dialog.plot.curve()) > 20, dialog.state.full_text()
    assert all(task in dialog.plot._tried[0].losses for task in ("largest", "count", "mask"))


def test_another_optimizer_keeps_the_button(qtbot: QtBot, studio: Studio, room: TrainWorkspace) -> None:
    document = studio.document
    assert document is not None
    document.apply("x", lambda spec: edits.set_training(spec, optimizer=MethodSpec("sgd")))

    def shown() -> list[QPushButton]:
        return [item for item in room.recipe.findChildren(QPushButton, "find-rate") if item.isVisible()]

    qtbot.waitUntil(lambda: len(shown()) == 1, timeout=2000)
