"""Choosing a balancing method, with clicks and keys; what methods cost, shown and measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from mtlstudio.base.errors import StudioError
from mtlstudio.network.analyze import analyze
from mtlstudio.project import edits
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.studio import Studio
from mtlstudio.session.training import State
from mtlstudio.training import costs
from mtlstudio.training.balancing import BalancingMethod
from mtlstudio.training.costs import MethodCost
from mtlstudio.ui.train.method_dialog import MethodDialog
from mtlstudio.ui.train.method_words import cost_cells
from mtlstudio.ui.train.workspace import TrainWorkspace

LEFT = Qt.MouseButton.LeftButton


def opened(qtbot: QtBot, room: TrainWorkspace) -> MethodDialog:
    """The dialog, opened by its button."""
    QTest.mouseClick(room.balance.choose, LEFT)
    found = [dialog for dialog in room.balance.findChildren(MethodDialog) if dialog.isVisible()]
    assert len(found) == 1
    qtbot.waitExposed(found[0])
    return found[0]


def button(dialog: MethodDialog, name: str) -> QPushButton:
    """A button of it."""
    found = dialog.findChild(QPushButton, name)
    assert found is not None
    return found


def lacks(monkeypatch: pytest.MonkeyPatch, *methods: str) -> None:
    """As on a machine without the packages of some methods."""
    monkeypatch.setattr(BalancingMethod, "lacks", lambda self: "needs cvxpy" if self.id in methods else "")


def test_a_method_is_found_by_typing_and_taken_by_enter(qtbot: QtBot, studio: Studio, room: TrainWorkspace) -> None:
    document = studio.document
    assert document is not None
    before = document.spec.training.balancing
    dialog = opened(qtbot, room)
    assert dialog.chosen == before.method and len(dialog.list.ids()) >= 22
    QTest.keyClicks(dialog.field, "bargain")
    assert dialog.list.ids() == ["nash_mtl"] and dialog.name.text() == "Nash-MTL"
    assert "2202.01017" in dialog.source.text()
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert document.spec.training.balancing == MethodSpec("nash_mtl")
    document.undo()
    assert document.spec.training.balancing == before


def test_escape_empties_the_search_first_and_then_changes_nothing(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace
) -> None:
    document = studio.document
    assert document is not None
    before = document.spec
    dialog = opened(qtbot, room)
    QTest.keyClicks(dialog.field, "pcgrad")
    QTest.keyClick(dialog.field, Qt.Key.Key_Escape)
    assert dialog.isVisible() and not dialog.field.text()
    QTest.keyClick(dialog.field, Qt.Key.Key_Escape)
    assert not dialog.isVisible() and document.spec == before


def test_taking_the_method_that_is_chosen_keeps_its_parameters(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace
) -> None:
    document = studio.document
    assert document is not None
    chosen = MethodSpec("pcgrad").parameters.with_(every=5)
    document.apply("x", lambda spec: edits.set_training(spec, balancing=MethodSpec("pcgrad", chosen)))
    dialog = opened(qtbot, room)
    QTest.mouseClick(button(dialog, "method-accept"), LEFT)
    assert document.spec.training.balancing == MethodSpec("pcgrad", chosen)


def test_the_methods_stand_in_three_groups_and_equal_weights_are_the_baseline(
    qtbot: QtBot, room: TrainWorkspace
) -> None:
    dialog = opened(qtbot, room)
    heads = [dialog.list.topLevelItem(place) for place in range(dialog.list.topLevelItemCount())]
    groups = {
        head.text(0): [head.child(row).data(0, Qt.ItemDataRole.UserRole) for row in range(head.childCount())]
        for head in heads
        if head is not None
    }
    assert list(groups) == ["Fixed and simple", "Learned from the losses", "On the gradients"]
    assert {"equal", "fixed", "random"} <= set(groups["Fixed and simple"])
    assert {"uncertainty", "dwa"} <= set(groups["Learned from the losses"])
    assert {"pcgrad", "upgrad", "gradnorm"} <= set(groups["On the gradients"])
    assert dialog.list.cells("equal")[0] == "Equal · strong baseline"
    dialog.list.make_current("equal")
    assert dialog.advice.isVisible()
    dialog.list.make_current("pcgrad")
    assert not dialog.advice.isVisible()


def test_a_method_without_its_package_is_grey_and_says_why(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks(monkeypatch, "cagrad")
    document = studio.document
    assert document is not None
    before = document.spec
    dialog = opened(qtbot, room)
    dialog.list.make_current("cagrad")
    assert not button(dialog, "method-accept").isEnabled() and not button(dialog, "measure-one").isEnabled()
    assert dialog.why.isVisible() and "cvxpy" in dialog.why.text()
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.isVisible() and document.spec == before
    dialog.reject()
    room.balance.refresh()
    combo = room.balance.method.editor("method").field()
    assert isinstance(combo, QComboBox)
    model: Any = combo.model()
    item = model.item(combo.findText("CAGrad"))
    assert not item.isEnabled() and "cvxpy" in item.toolTip()
    assert model.item(combo.findText("PCGrad")).isEnabled()


def test_costs_are_estimated_before_they_are_measured(qtbot: QtBot, studio: Studio, room: TrainWorkspace) -> None:
    document = studio.document
    assert document is not None
    studio.analysis.spec, studio.analysis.analysis = document.spec, analyze(document.spec)
    dialog = opened(qtbot, room)
    _name, step, ratio, memory, run = dialog.list.cells("pcgrad")
    assert (step, run) == ("—", "—") and ratio.startswith("≈ ") and float(ratio[2:]) > 1.2
    assert memory.startswith("≈ ") and memory.endswith("B")
    assert dialog.list.cells("equal")[2:4] == ["≈ 1.00", "0"]


def test_measuring_fills_the_columns_in_and_is_remembered(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def measured(spec: ProjectSpec, folder: Path, methods: Sequence[str], cancelled: object) -> Generator[MethodCost]:
        asked.append(tuple(methods))
        yield MethodCost("equal", 1.0, 0, 0.1, 60.0, 500, measured=True)
        yield MethodCost("pcgrad", 1.5, 4_200_000, 0.15, 85.0, 500, measured=True)

    monkeypatch.setattr(costs, "measured", measured)
    dialog = opened(qtbot, room)
    dialog.list.make_current("pcgrad")
    QTest.mouseClick(button(dialog, "measure-one"), LEFT)
    assert button(dialog, "measure-stop").isVisible() and not button(dialog, "measure-all").isEnabled()
    qtbot.waitUntil(lambda: not studio.trials.busy, timeout=5000)
    assert asked == [("pcgrad",)]
    assert dialog.list.cells("pcgrad") == ["PCGrad", "150 ms", "1.50", "≈ 4.2 MB", "1:25"]
    assert dialog.list.cells("equal")[1:] == ["100 ms", "1.00", "0", "1:00"]
    assert button(dialog, "measure-all").isEnabled() and not button(dialog, "measure-stop").isVisible()
    dialog.reject()
    again = opened(qtbot, room)
    assert again.list.cells("pcgrad")[1] == "150 ms"
    again.reject()
    document = studio.document
    assert document is not None
    document.apply("x", lambda spec: edits.set_training(spec, batch_size=16))
    assert opened(qtbot, room).list.cells("pcgrad")[1] == "—", "another batch costs something else"


def test_a_measurement_can_be_stopped_and_ends_with_the_dialog(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def measured(spec: object, folder: object, methods: object, cancelled: Callable[[], bool]) -> Generator[MethodCost]:
        try:
            while not cancelled():
                time.sleep(0.005)
            yield MethodCost("equal")
        finally:
            ended.set()

    monkeypatch.setattr(costs, "measured", measured)
    dialog = opened(qtbot, room)
    for leave in (lambda: QTest.mouseClick(button(dialog, "measure-stop"), LEFT), dialog.reject):
        ended.clear()
        QTest.mouseClick(button(dialog, "measure-all"), LEFT)
        assert studio.trials.busy
        QTest.qWait(50)
        leave()
        assert not studio.trials.busy
        assert ended.wait(5)


def test_no_trial_while_a_training_runs_and_a_training_waits_for_the_trial_to_end(
    qtbot: QtBot, studio: Studio, spec: ProjectSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, trained = threading.Event(), threading.Event()
    order: list[str] = []

    def trial(token: Callable[[], bool]) -> Generator[int]:
        working.set()
        while not token():
            time.sleep(0.005)
        time.sleep(0.1)  # the step under way
        order.append("trial ended")
        yield 1

    class Trainer:
        def __init__(self, *_: object, **__: object) -> None:
            order.append("training began")
            trained.set()

        def run(self) -> list[object]:
            return []

    monkeypatch.setattr("mtlstudio.training.trainer.Trainer", Trainer)
    document = studio.document
    assert document is not None
    monkeypatch.setattr(studio.training, "occupied", lambda: True)
    with pytest.raises(StudioError):  # by a study
        studio.trials.start(trial)
    monkeypatch.setattr(studio.training, "occupied", lambda: False)
    studio.trials.start(trial)
    assert working.wait(5)
    studio.training.start(spec, document.folder)
    assert not studio.trials.busy and studio.training.state == State.STARTING
    with pytest.raises(StudioError):
        studio.trials.start(trial)
    assert trained.wait(5)
    assert order == ["trial ended", "training began"]
    qtbot.waitUntil(lambda: not studio.training.is_training, timeout=5000)


def test_the_window_stays_awake_and_a_real_measurement_arrives(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace
) -> None:
    dialog = opened(qtbot, room)
    dialog.list.make_current("pcgrad")
    QTest.mouseClick(button(dialog, "measure-one"), LEFT)
    qtbot.waitUntil(lambda: not studio.trials.busy, timeout=60000)
    known = dialog.costs()
    assert known["equal"].measured and known["pcgrad"].measured, dialog.state.full_text()
    assert dialog.list.cells("pcgrad")[1:] == list(cost_cells(known["pcgrad"]))


def test_what_could_not_be_measured_says_why() -> None:
    cost = replace(MethodCost("x", 2.0, 5, 1.0, 2.0, measured=True), failure="The memory does not suffice.")
    assert cost_cells(cost) == ("—",) * 4


def test_the_field_has_the_keyboard(qtbot: QtBot, room: TrainWorkspace) -> None:
    dialog = opened(qtbot, room)
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QLineEdit), timeout=2000)
    QTest.keyClick(dialog.field, Qt.Key.Key_Down)
    assert dialog.chosen != "fixed"
