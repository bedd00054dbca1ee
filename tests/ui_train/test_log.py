"""What happened, as lines: complete, filtered, copied; and the word to somebody who is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import CheckpointWritten, Event, Noted, Paused, Resumed, RunFailed
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.studio import Studio
from mtlstudio.training import notes
from mtlstudio.ui.shell import notify
from mtlstudio.ui.shell.notify import Notifier
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.train.log_words import LogWriter
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import START, finished, measured, started, weights_changed, whole_run

LEFT = Qt.MouseButton.LeftButton
Live = Callable[[Sequence[Event]], RunFolder]
OLD, NEW = {"largest": 0.2, "count": 0.3, "mask": 0.5}, {"largest": 0.1, "count": 0.2, "mask": 0.7}


def story(spec: ProjectSpec) -> list[Event]:
    """A run in which much happens."""
    return [
        *whole_run(spec, 1),
        weights_changed(22, OLD, {**OLD, "mask": 0.6}, START + 2),
        weights_changed(23, {**OLD, "mask": 0.6}, NEW, START + 2.5),
        Paused(time=START + 4, step=30),
        Resumed(time=START + 9, step=30),
        CheckpointWritten(START + 10, 30, 1, "checkpoints/30", ("last", "best:mask")),
        Noted(START + 11, notes.NO_LABELS, {"task": "count"}),
    ]


def test_everything_that_happened_has_a_line_and_a_drag_has_one(spec: ProjectSpec) -> None:
    writer = LogWriter(spec)
    for event in story(spec):
        writer.take([event])
    words = [line.words for line in writer.lines]
    names = {task.id: task.name for task in spec.tasks}
    assert words[0] == "Started on cpu, fp32, threads: 1"
    assert words[1].startswith("Epoch 1 / 4 in 0:01 · mean validation loss 0.610 · best of all")
    assert words[3].startswith("Changed by hand after step 23: ")
    assert f"{names['mask']} λ 0.50 → 0.70" in words[3] and f"{names['largest']} λ 0.20 → 0.10" in words[3]
    assert words[4:6] == ["Paused after step 30", "Goes on after step 30"]
    assert words[6] == f"Checkpoint of step 30 (last, best {names['mask']})"
    assert names["count"] in words[7] and writer.lines[7].tone == "warning"
    assert len(words) == 8


def test_two_drags_are_two_lines_and_back_to_the_start_is_none(spec: ProjectSpec) -> None:
    writer = LogWriter(spec)
    writer.take([weights_changed(1, OLD, NEW, START), weights_changed(9, NEW, OLD, START + 30)])
    assert len(writer.lines) == 2
    writer = LogWriter(spec)
    writer.take([weights_changed(1, OLD, NEW, START), weights_changed(2, NEW, OLD, START + 1)])
    assert not writer.lines


def test_the_log_unfolds_filters_and_copies(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = live(story(spec))
    qtbot.waitUntil(room.settled, timeout=10000)
    log = room.log
    assert log.is_folded() and log._subtitle.full_text() == log._writer.lines[-1].text()  # type: ignore[union-attr]
    room._scroll.ensureWidgetVisible(log)
    QTest.mouseClick(log.fold, LEFT)
    qtbot.waitUntil(lambda: not log.list.visibleRegion().isEmpty(), timeout=2000)
    assert len(log.texts()) == log.list.count() == 8
    for kind in ("epochs", "checkpoints", "remarks", "run"):
        chip = log.kinds[kind]
        QTest.mouseClick(chip, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(8, chip.height() // 2))
    assert len(log.texts()) == 1 and "0.70" in log.texts()[0]
    QTest.mouseClick(log.copy, LEFT)
    assert QGuiApplication.clipboard().text() == log.texts()[0]
    log.kinds["run"].setChecked(True)
    QTest.keyClicks(log.field, "paused")
    assert [text.split("  ")[1] for text in log.texts()] == ["Paused after step 30"]
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url)) or True)
    QTest.mouseClick(log.open, LEFT)
    assert [url.toLocalFile() for url in opened] == [run.path.as_posix()]


def test_lines_that_are_there_stay_while_the_run_goes_on(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 1))
    qtbot.waitUntil(room.settled, timeout=10000)
    room.log.set_folded(False)
    first = room.log.list.item(0)
    live([measured(spec, 21, 5), Paused(time=START + 4, step=25)])
    qtbot.waitUntil(lambda: room.settled() and "Paused after step 25" in room.log.texts()[-1], timeout=10000)
    assert room.log.list.item(0) is first


# --- the word to somebody who is elsewhere --------------------------------------------------------------------


@pytest.fixture
def alerts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The windows that were made to blink."""
    found: list[object] = []
    monkeypatch.setattr(QApplication, "alert", lambda window, *_: found.append(window))
    return found


@pytest.mark.parametrize("failed", [False, True])
def test_the_end_of_a_long_run_is_told_while_another_window_has_the_focus(
    window: MainWindow, studio: Studio, spec: ProjectSpec, live: Live, alerts: list[object],
    monkeypatch: pytest.MonkeyPatch, failed: bool,
) -> None:  # fmt: skip
    notifier = Notifier(window, studio)
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    live([started(spec)])
    end: Event = replace(finished(spec, 2), time=START + 75)
    if failed:
        end = RunFailed(time=START + 75, step=3, epoch=0, code="disk", message="The disk is full.", fix="Free some.")
    live([end])
    assert alerts == [window] and notifier.told is not None
    title, text = notifier.told
    assert title == ("live has failed" if failed else "live has ended")
    assert text == ("The disk is full." if failed else "After epoch 2, 1:15.")


@pytest.mark.parametrize("reason", ["short", "looking", "off", "followed", "resumed"])
def test_otherwise_nobody_is_disturbed(
    window: MainWindow, studio: Studio, spec: ProjectSpec, live: Live, alerts: list[object],
    monkeypatch: pytest.MonkeyPatch, reason: str,
) -> None:  # fmt: skip
    notifier = Notifier(window, studio)
    monkeypatch.setattr(window, "isActiveWindow", lambda: reason == "looking")
    studio.settings.notify = reason != "off"
    seconds = notify.LEAST_SECONDS + (-1 if reason == "short" else 1)
    live([started(spec)])
    if reason == "followed":
        studio.training._thread = None
    end = replace(finished(spec, 2), time=START + seconds)
    live([end, started(spec, step=40, time=START + 500)] if reason == "resumed" else [end])
    assert not alerts and notifier.told is None
