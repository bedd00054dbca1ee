"""λ over the epochs, in the Train workspace, with clicks and keys; and what training makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.project import edits
from mtlstudio.project.weights import shown_weights
from mtlstudio.runs.events import Event
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.studio import Studio
from mtlstudio.training.weights import LossWeights
from mtlstudio.ui.train.schedule_dialog import ScheduleDialog
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import TASKS, started

LEFT = Qt.MouseButton.LeftButton
TASK = TASKS[0]


def _click(where: QWidget, name: str) -> None:
    QApplication.processEvents()
    found = next((one for one in where.findChildren(QPushButton, name) if one.isVisible()), None)
    assert found is not None and found.isEnabled(), name
    QTest.mouseClick(found, LEFT)


def _open(qtbot: QtBot, room: TrainWorkspace) -> ScheduleDialog:
    _click(room, f"schedule-{TASK}")
    qtbot.waitUntil(lambda: any(found.isVisible() for found in room.findChildren(ScheduleDialog)))
    return next(found for found in room.findChildren(ScheduleDialog) if found.isVisible())


def _type(field: QWidget, words: str) -> None:
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, words)


def _ok(dialog: ScheduleDialog) -> QPushButton:
    return dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)


def test_points_typed_in_the_window_are_followed_by_training(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace
) -> None:
    assert studio.document is not None
    button = room.findChild(QPushButton, f"schedule-{TASK}")
    assert button is not None and button.accessibleName().endswith("constant")
    dialog = _open(qtbot, room)
    assert dialog.preview.line() == [(0.0, 0.2), (4.0, 0.2)], "constant, over the epochs of the next run"
    _click(dialog, "add-point")
    (_, _), (epoch, weight) = dialog.editors()
    _type(epoch.field(), "2")
    _type(weight.field(), "0.8")
    assert dialog.preview.line() == [(0.0, 0.2), (2.0, 0.8), (4.0, 0.8)]
    QTest.mouseClick(_ok(dialog), LEFT)
    spec = studio.document.spec
    assert spec.task(TASK).weight_schedule == ((0.0, 0.2), (2.0, 0.8))
    weights = LossWeights(spec.tasks, normalise=False)
    assert [round(weights.as_set(epoch)[TASK], 6) for epoch in (0, 1, 2, 3)] == [0.2, 0.5, 0.8, 0.8]
    assert button.text() == "0: 0.2 → 2: 0.8"
    assert studio.document.undo_text
    studio.document.undo()
    assert studio.document.spec.task(TASK).weight_schedule == ()
    assert button.accessibleName().endswith("constant") and not button.text()


def test_the_sliders_show_the_start_and_cannot_be_turned_in_vain(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, live: Callable[[Sequence[Event]], RunFolder]
) -> None:
    assert studio.document is not None
    box = room.findChild(QWidget, f"weight-{TASK}")
    assert box is not None and box.isEnabled()
    studio.document.apply("", lambda spec: edits.set_task(spec, TASK, weight_schedule=((0.0, 0.7), (3.0, 0.1))))
    weights = shown_weights(studio.document.spec)
    spec = studio.document.spec
    assert weights == LossWeights(spec.tasks, spec.training.normalise_weights).used(0)
    assert not box.isEnabled(), "the points say what λ is"
    live([started(spec)])
    assert box.isEnabled(), "a running training can be steered by hand"


def test_same_epochs_are_refused_and_cancel_changes_nothing(qtbot: QtBot, studio: Studio, room: TrainWorkspace) -> None:
    assert studio.document is not None
    before = studio.document.spec
    dialog = _open(qtbot, room)
    _click(dialog, "add-point")
    _click(dialog, "add-point")
    assert len(dialog.editors()) == 3
    _type(dialog.editors()[1][0].field(), "0")
    assert not _ok(dialog).isEnabled()
    assert "same epoch" in dialog.words.text()
    _click(dialog, "remove-point-1")
    assert _ok(dialog).isEnabled()
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel), LEFT)
    assert studio.document.spec == before


def test_constant_again(qtbot: QtBot, studio: Studio, room: TrainWorkspace) -> None:
    assert studio.document is not None
    studio.document.apply("", lambda spec: edits.set_task(spec, TASK, weight_schedule=((0.0, 1.0), (3.0, 0.5))))
    dialog = _open(qtbot, room)
    _click(dialog, "constant")
    assert not dialog.editors()
    QTest.mouseClick(_ok(dialog), LEFT)
    assert studio.document.spec.task(TASK).weight_schedule == ()
