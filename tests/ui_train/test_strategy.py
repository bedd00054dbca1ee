"""STRATEGY and the states of tasks in the Train workspace, by clicks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.base.settings import Settings
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.runs.events import Event, Noted, RunFinished, StageStarted, StepsMeasured, TaskStateChanged
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.studio import Studio
from mtlstudio.training.strategies import with_strategy
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.train.overlay import PlotMark
from mtlstudio.ui.train.strategy import StrategyBox
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import PER_EPOCH, START, measured, started, whole_run

LEFT = Qt.MouseButton.LeftButton
Live = Callable[[Sequence[Event]], RunFolder]


@pytest.fixture
def box(room: TrainWorkspace) -> StrategyBox:
    return room.strategy


def stages(studio: Studio) -> tuple[StageSpec, ...]:
    assert studio.document is not None
    return studio.document.spec.training.strategy


def choose(box: StrategyBox, strategy_id: str) -> None:
    """Takes an entry of the combo box with the keyboard."""
    combo = box.findChild(QComboBox, "strategy")
    assert combo is not None and box.choice is not None
    place = list(box.choice.parameter.choices or {}).index(strategy_id)
    combo.setFocus()
    while combo.currentIndex() != place:
        key = Qt.Key.Key_Down if combo.currentIndex() < place else Qt.Key.Key_Up
        before = combo.currentIndex()
        QTest.keyClick(combo, key)
        combo = box.findChild(QComboBox, "strategy")
        assert combo is not None
        if combo.currentIndex() == before:  # a grey one stands between
            break


def click(box: QWidget, name: str) -> None:
    button = box.findChild(QPushButton, name)
    QApplication.processEvents()
    assert button is not None and not button.isHidden() and button.isEnabled(), name
    QTest.mouseClick(button, LEFT)


def words(box: StrategyBox) -> list[str]:
    return [row.words() for row in box.rows]


def test_a_strategy_is_chosen_read_and_taken_back(box: StrategyBox, studio: Studio, spec: ProjectSpec) -> None:
    document = studio.document
    assert document is not None and "All tasks in every step, 4 epochs." in box.summary.text() and not box.rows
    document.apply("epochs", lambda now: edits.set_training(now, epochs=24))
    choose(box, "hybrid")
    assert stages(studio) == with_strategy(document.spec, "hybrid").training.strategy
    names = {task.id: task.name for task in spec.tasks}
    assert words(box) == [
        "1 · Joint, 12 epochs", f"2 · {names['largest']} alone, 4 epochs", f"3 · {names['count']} alone, 4 epochs",
        f"4 · {names['mask']} alone, 4 epochs",
    ]  # fmt: skip
    assert not box.reset.isVisible()
    document.undo()
    while stages(studio):
        document.undo()
    assert not box.rows


def test_what_does_not_suit_is_grey_and_says_why(box: StrategyBox) -> None:
    combo = box.findChild(QComboBox, "strategy")
    assert combo is not None and box.choice is not None
    place = list(box.choice.parameter.choices or {}).index("stacked")
    item = combo.model().index(place, 0)
    assert not item.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "without labels" in item.data(Qt.ItemDataRole.ToolTipRole)


def test_a_stage_is_unfolded_and_edited(qtbot: QtBot, box: StrategyBox, studio: Studio) -> None:
    choose(box, "separate")
    first = box.rows[0]
    QTest.mouseClick(first, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(20, 12))
    assert first.is_open()
    epochs = first.fields.editor("epochs").field().findChild(QLineEdit) or first.fields.editor("epochs").field()
    epochs.setFocus()
    QTest.keyClicks(epochs, "2")
    assert stages(studio)[0].epochs == 2 and words(box)[0].endswith("2 epochs")
    chips = list(first.chips.chips.values())
    assert [chip.isChecked() for chip in chips] == [True, False, False]
    QTest.mouseClick(chips[2], LEFT)
    assert stages(studio)[0].tasks == ("largest", "mask")
    QTest.mouseClick(chips[1], LEFT)
    assert stages(studio)[0].tasks == () and "all tasks" in first._detail.text()
    for chip in chips:
        QTest.mouseClick(chip, LEFT)
    assert stages(studio)[0].tasks == ("mask",) and chips[2].isChecked(), "the last one stays lit"
    trains = first.fields.editor("trains").field()
    trains.setFocus()
    QTest.keyClick(trains, Qt.Key.Key_Down)
    assert stages(studio)[0].trains == "branches" and "trunk frozen" in first._detail.text()
    assert box.choice is not None and "" in (box.choice.parameter.choices or {}), "it is a plan of one's own now"
    click(box, "stage-reset")
    assert stages(studio) == with_strategy(studio.document.spec, "separate").training.strategy  # type: ignore[union-attr]
    QTest.mouseClick(first, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(20, 12))
    QTest.mouseClick(first, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(20, 12))
    assert not first.is_open()


def test_stages_are_added_moved_and_removed_each_an_undo_step(box: StrategyBox, studio: Studio) -> None:
    document = studio.document
    assert document is not None
    click(box, "stage-add")
    assert [stage.name for stage in stages(studio)] == ["Joint", "New stage"] and box.rows[1].is_open()
    click(box.rows[1], "stage-up-1")
    assert [stage.name for stage in stages(studio)] == ["New stage", "Joint"] and box.rows[0].is_open()
    click(box.rows[0], "stage-away-0")
    assert [stage.name for stage in stages(studio)] == ["Joint"]
    for wanted in (["New stage", "Joint"], ["Joint", "New stage"], []):
        document.undo()
        assert [stage.name for stage in stages(studio)] == wanted
    document.redo()
    assert len(box.rows) == 2


def marks(room: TrainWorkspace, name: str) -> list[PlotMark]:
    plot = next(item for item in room.board.panels if item.name == name)
    return [mark for mark in plot.canvas._overlay.marks if mark.words]


def test_a_run_in_stages_is_marked_and_its_stage_stands_out(
    qtbot: QtBot, room: TrainWorkspace, studio: Studio, spec: ProjectSpec, live: Live
) -> None:
    document = studio.document
    assert document is not None
    document.apply("plan", lambda now: with_strategy(now, "hybrid"))
    plan = document.spec.training.strategy
    at = START + 0.05 * PER_EPOCH
    events = [
        started(spec), StageStarted(START, 0, 0, 1, 4, plan[0].name, 2, spec.task_ids), *whole_run(spec, 1)[1:],
        StageStarted(at, PER_EPOCH, 1, 2, 4, plan[1].name, 1, ("largest",)), measured(spec, PER_EPOCH + 1, 3),
        TaskStateChanged(at + 1, PER_EPOCH + 3, 1, "count", "trained", "frozen", "patience"),
        measured(spec, PER_EPOCH + 4, 5),
    ]  # fmt: skip
    live(events)
    qtbot.waitUntil(room.settled, timeout=10000)
    named = f"2 · {plan[1].name}"[:15].rstrip() + "…"
    assert named in [mark.words for mark in marks(room, "largest")]
    assert [mark.words for mark in marks(room, "count")] == [named, "at rest"]
    assert "at rest" not in [mark.words for mark in marks(room, "largest")]
    count = spec.task("count").name
    listed = [value for _when, value in room.facts.marks.facts()]
    assert f"2 · {plan[1].name}"[:21].rstrip() + "…" in listed and f"{count} at rest" in listed
    assert [row.property("tone") for row in room.strategy.rows] == ["", "accent", "", ""]
    assert not room.strategy.more.isVisible()
    QTest.mouseClick(room.strategy.rows[0], LEFT, Qt.KeyboardModifier.NoModifier, QPoint(20, 12))
    assert not room.strategy.rows[0].is_open(), "a run's stages are read, not edited"
    frozen = room.findChild(QPushButton, "frozen-count")
    assert frozen is not None and frozen.isChecked()


def test_mute_and_freeze_for_the_next_run_are_undone(room: TrainWorkspace, studio: Studio) -> None:
    document = studio.document
    assert document is not None
    click(room, "muted-mask")
    assert document.spec.task("mask").state == "muted" and document.undo_text.startswith("Mute")
    click(room, "frozen-mask")
    assert document.spec.task("mask").state == "frozen"
    muted = room.findChild(QPushButton, "muted-mask")
    assert muted is not None and not muted.isChecked()
    click(room, "frozen-mask")
    assert document.spec.task("mask").state == "trained"
    document.undo()
    document.undo()
    assert document.spec.task("mask").state == "muted" and muted.isChecked()


def test_the_context_menu_offers_states_and_patience(qtbot: QtBot, room: TrainWorkspace, studio: Studio) -> None:
    document = studio.document
    assert document is not None
    toggles = room.balance._sliders["count"].states
    toggles.menu(room.mapToGlobal(QPoint(50, 50)))
    menu = toggles.findChild(QMenu, "states-count")
    assert menu is not None
    by_words = {action.text(): action for action in menu.actions()}
    assert by_words["Train"].isChecked()
    inner = next(action.menu() for action in menu.actions() if action.menu() is not None)
    assert isinstance(inner, QMenu)
    next(action for action in inner.actions() if action.text() == "After 5 epochs").trigger()
    by_words["Freeze"].trigger()
    menu.close()
    assert (document.spec.task("count").patience, document.spec.task("count").state) == (5, "frozen")


@pytest.fixture
def trainable(qtbot: QtBot, tmp_path: Path, spec: ProjectSpec) -> Iterator[Studio]:
    made = Studio(Settings())
    made.engine.start()
    made.create(tmp_path / "real", edits.set_training(spec, epochs=400, measure_every=0))
    qtbot.waitUntil(lambda: made.engine.is_ready, timeout=60000)
    yield made
    made.shut_down()


@pytest.mark.gui
def test_a_task_is_muted_while_it_trains_marked_and_kept(qtbot: QtBot, qapp: QApplication, trainable: Studio) -> None:
    window = MainWindow(trainable)
    window.resize(1280, 720)
    window.show()
    qtbot.waitExposed(window)
    window.show_workspace("train")
    room, training, document = window.workspaces["train"], trainable.training, trainable.document
    assert isinstance(room, TrainWorkspace) and document is not None
    try:
        room.actions_.trigger("train.start")
        qtbot.waitUntil(lambda: any(isinstance(e, StepsMeasured) for e in training.history), timeout=60000)
        click(room, "muted-mask")
        qtbot.waitUntil(lambda: any(isinstance(e, TaskStateChanged) for e in training.history), timeout=20000)
        after = next(place for place, e in enumerate(training.history) if isinstance(e, TaskStateChanged))
        qtbot.waitUntil(lambda: any(isinstance(e, StepsMeasured) for e in training.history[after:]), timeout=20000)
        newest = [e for e in training.history if isinstance(e, StepsMeasured)][-1]
        assert newest.weights["mask"] == 0.0 and set(newest.losses["mask"]) == {None}
        slider = room.balance.slider("mask")
        assert slider.value() == pytest.approx(0.5, abs=1e-6), "λ stays what it was, for when it counts again"
        assert document.spec.task("mask").state == "muted"
        document.undo()
        qtbot.waitUntil(
            lambda: [e.after for e in training.history if isinstance(e, TaskStateChanged)] == ["muted", "trained"],
            timeout=20000,
        )
        room.actions_.trigger("train.stop")
        qtbot.waitUntil(lambda: not training.is_training, timeout=20000)
        assert isinstance(training.history[-1], RunFinished)
        qtbot.waitUntil(room.settled, timeout=10000)
        assert any("muted" in mark.words for mark in marks(room, "mask"))
    finally:
        window.dispose()
        window.close()
        window.deleteLater()


def test_what_was_forgotten_stands_beside_the_plots(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 2))
    qtbot.waitUntil(room.settled, timeout=10000)
    assert room.forgetting.isHidden()
    live(
        [
            Noted(START + 9, "training_forgetting", {
                "task": "largest", "metric": "accuracy", "before": "0.900", "after": "0.850", "forgetting": "0.050",
            }),
            Noted(START + 9, "training_intransigence", {
                "task": "count", "metric": "mae", "value": "0.600", "reference": "0.400", "intransigence": "0.200",
                "run": "joint",
            }),
        ]
    )  # fmt: skip
    qtbot.waitUntil(room.settled, timeout=10000)
    assert not room.forgetting.isHidden()
    assert [line.text() for line in room.forgetting.lines] == [
        f"{spec.task('largest').name}: Acc 0.900 → 0.850, forgotten 0.050",
        f"{spec.task('count').name}: MAE 0.600, short by 0.200",
    ]
    assert room.forgetting.minimumSizeHint().width() < 200, "it makes the panel no wider"
