"""A real, tiny training from the window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from mtlstudio.base.settings import Settings
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, RunFinished, StepsMeasured, WeightsChanged
from mtlstudio.session.studio import Studio
from mtlstudio.session.training import State
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.train.workspace import TrainWorkspace
from mtlstudio.ui.widgets.value_slider import ValueSlider

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def studio(qtbot: QtBot, tmp_path: Path, spec: ProjectSpec) -> Iterator[Studio]:
    """With figures and data, this time."""
    made = Studio(Settings())
    made.engine.start()
    made.create(tmp_path / "demo", edits.set_training(spec, epochs=400))
    qtbot.waitUntil(lambda: made.engine.is_ready, timeout=60000)
    yield made
    made.shut_down()


@pytest.mark.gui
def test_train_steer_pause_stop_and_resume_by_clicks(
    qtbot: QtBot, studio: Studio, window: MainWindow, room: TrainWorkspace
) -> None:
    training, document = studio.training, studio.document
    assert document is not None

    def click(verb: str) -> None:
        button = window.findChild(QPushButton, f"button-train.{verb}")
        assert button is not None and button.isEnabled(), verb
        QTest.mouseClick(button, LEFT)

    click("start")
    qtbot.waitUntil(lambda: any(isinstance(e, EpochFinished) for e in training.history), timeout=60000)
    slider = room.findChild(ValueSlider, "weight-mask")
    assert slider is not None
    track = slider.focusProxy()
    assert track is not None
    QTest.mouseClick(track, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(int(track.width() * 0.9), track.height() // 2))
    qtbot.waitUntil(lambda: any(isinstance(e, WeightsChanged) for e in training.history), timeout=20000)
    qtbot.waitUntil(lambda: not room.balance._is_held(), timeout=20000)
    newest = [e for e in training.history if isinstance(e, StepsMeasured)][-1]
    assert newest.weights["mask"] == pytest.approx(slider.value(), abs=1e-6)
    assert document.spec.task("mask").loss_weight == pytest.approx(slider.value())

    click("pause")
    qtbot.waitUntil(lambda: training.state == State.PAUSED, timeout=20000)
    assert room.status()[0].startswith("● Paused · epoch ")
    stood = len(training.history)
    QTest.qWait(300)
    assert len(training.history) == stood, "nothing happens meanwhile"
    qtbot.waitUntil(
        lambda: room.settled() and room.log.texts()[-1].split("  ")[1].startswith("Paused after"), timeout=9000
    )
    click("pause")
    qtbot.waitUntil(lambda: training.state == State.RUNNING, timeout=20000)
    marks = [mark for mark in room.board.panels[0].canvas.marks if mark.words.startswith("λ")]
    assert len(marks) == 1 and room.runs.steered.isVisible()
    click("stop")
    qtbot.waitUntil(lambda: not training.is_training, timeout=20000)
    qtbot.waitUntil(
        lambda: room.settled() and room.series is not None and room.series.finished is not None, timeout=20000
    )
    assert isinstance(training.history[-1], RunFinished) and room.facts.outcome.isVisible()
    assert room.series is not None
    before = room.series.step.values.tolist()
    assert before == list(range(1, len(before) + 1))
    assert room.sights.isVisible() and room.sights.strip.shown()
    qtbot.waitUntil(lambda: room.sights.picture(room.sights.strip.current()) is not None, timeout=20000)

    QTest.mouseClick(room.facts.outcome.resume, LEFT)
    qtbot.waitUntil(lambda: room.series is not None and len(room.series.step) > len(before), timeout=60000)
    steps = room.series.step.values.tolist()
    assert steps == list(range(1, len(steps) + 1)), "the curves go on where they ended"
    assert any(mark.changes for mark in room.series.marks), "the marks of before are there again"
    click("stop")
    qtbot.waitUntil(lambda: not training.is_training, timeout=20000)
