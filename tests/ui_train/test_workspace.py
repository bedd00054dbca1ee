"""The Train workspace in the real window, with synthetic runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.base.texts import set_language
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event, Paused, Resumed, RunFailed, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.train.canvas import Canvas
from mtlstudio.ui.train.panel import LossPanel
from mtlstudio.ui.train.workspace import TrainWorkspace
from mtlstudio.ui.widgets.value_slider import ValueSlider
from tests.ui_train.synthetic import (
    PER_EPOCH,
    finished,
    measured,
    record,
    started,
    weights_changed,
    whole_run,
    with_tasks,
)

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
Live = Callable[[Sequence[Event]], RunFolder]


def settle(qtbot: QtBot, room: TrainWorkspace) -> None:
    """Waits until everything is read and drawn."""
    qtbot.waitUntil(room.settled, timeout=10000)


def panel(room: TrainWorkspace, name: str) -> LossPanel:
    """The plot of a task, or the total."""
    return next(item for item in room.board.panels if item.name == ("" if name == "total" else name))


def subtitle(room: TrainWorkspace, name: str) -> str:
    """The figures in a plot's title."""
    return panel(room, name)._subtitle.full_text()


def drag(widget: QWidget, start: QPoint, end: QPoint, button: Qt.MouseButton = LEFT) -> None:
    """A drag in small steps."""
    widget = _target(widget)
    QTest.mousePress(widget, button, NONE, start)
    for step in range(1, 9):
        QTest.mouseMove(widget, start + (end - start) * step / 8)
        QTest.qWait(5)
    QTest.mouseRelease(widget, button, NONE, end)


def _target(widget: QWidget) -> QWidget:
    """What takes the mouse: a plot's viewport."""
    return widget.viewport() if isinstance(widget, Canvas) else widget


def finished_run(studio: Studio, spec: ProjectSpec, name: str = "first", epochs: int = 2) -> RunFolder:
    """A run on disk."""
    document = studio.document
    assert document is not None
    run = create_run(document.folder, name, spec)
    record(run, [*whole_run(spec, epochs), finished(spec, epochs)], "finished")
    return run


# --- before and without a run ---------------------------------------------------------------------------------


def test_without_a_run_the_way_to_one_is_shown(qtbot: QtBot, room: TrainWorkspace) -> None:
    settle(qtbot, room)
    assert room.pages.currentWidget() is room.empty
    assert room.status() == ["No training"]


def test_the_newest_run_is_shown_on_entering(
    qtbot: QtBot, studio: Studio, spec: ProjectSpec, window: MainWindow
) -> None:
    window.show_workspace("compare")
    finished_run(studio, spec, "old")
    finished_run(studio, spec, "new", epochs=3)
    window.show_workspace("train")
    room = window.workspaces["train"]
    assert isinstance(room, TrainWorkspace)
    qtbot.waitUntil(lambda: room.series is not None and len(room.series.epochs) == 3, timeout=5000)
    settle(qtbot, room)
    combo = room.findChild(QComboBox, "runs")
    assert combo is not None and combo.currentText() == "new — finished"
    assert [combo.itemText(place) for place in range(combo.count())] == ["new — finished", "old — finished"]
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    combo.activated.emit(combo.currentIndex())
    qtbot.waitUntil(lambda: room.series is not None and len(room.series.epochs) == 2, timeout=5000)


def test_a_run_that_another_process_writes_is_followed(
    qtbot: QtBot, studio: Studio, spec: ProjectSpec, room: TrainWorkspace
) -> None:
    document = studio.document
    assert document is not None
    run = create_run(document.folder, "elsewhere", spec)
    with run.lock():
        record(run, whole_run(spec, 1), "running")
        studio.training.show(run)
        qtbot.waitUntil(lambda: room.series is not None and len(room.series.step) == PER_EPOCH, timeout=5000)
        settle(qtbot, room)
        assert room.status()[0] == "● Followed · epoch 2 / 4"
        run.record(measured(spec, PER_EPOCH + 1, 5))
        qtbot.waitUntil(lambda: room.series is not None and len(room.series.step) == PER_EPOCH + 5, timeout=5000)
        run.log.close()


# --- figures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.8])
def test_every_two_figures_that_can_be_seen_together_agree(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live, smoothing: float
) -> None:
    room.board.set_smoothing(smoothing)
    live([*whole_run(spec, 2), measured(spec, 41, 7)])
    settle(qtbot, room)
    words = room.board.bar.equation.full_text()
    total, right = re.fullmatch(r"Total (\S+) = (.*)", words).groups()  # type: ignore[union-attr]
    terms = [term.split(" × ") for term in right.split(" + ")]
    assert sum(float(w) * float(x) for w, x in terms) == pytest.approx(float(total), abs=2e-3)
    assert subtitle(room, "total").split(" · ")[0] == total
    for row, task, (weight, loss) in zip(room.table.texts(), spec.tasks, terms, strict=True):
        head = subtitle(room, task.id).split(" · ")
        name, train, val, metric, best, epoch, share = row
        assert name == task.name and train == loss == head[0]
        assert f"val {val}" == head[1] and metric == head[2]
        assert float(weight) == pytest.approx(room.balance.slider(task.id).value(), abs=6e-3)
        assert share == "—"
        assert epoch == ("2" if task.id == "mask" else "1")
        assert best == ("0.700" if task.id == "mask" else "0.550" if task.id == "largest" else "1.000")
        shown = panel(room, task.id).canvas.drawn()["shown"]
        assert f"{shown[1][-1]:.3f}" == loss, "the curve ends where the figure says"


def test_the_curves_are_all_the_measured_steps(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    room.board.set_smoothing(0.0)
    events = [*whole_run(spec, 2)]
    live(events)
    settle(qtbot, room)
    for task in spec.task_ids:
        wanted = [value for event in events if isinstance(event, StepsMeasured) for value in event.losses[task]]
        x, y = panel(room, task).canvas.drawn()["shown"]
        assert list(x) == list(range(1, 41)) and list(y) == wanted
        validated = panel(room, task).canvas.drawn()["validated"]
        assert list(validated[0]) == [20, 40]


def test_a_hidden_workspace_gathers_and_draws_nothing(
    qtbot: QtBot, window: MainWindow, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live([started(spec)])
    settle(qtbot, room)
    window.show_workspace("compare")
    before = {item.name: len(item.canvas.drawn()["shown"][0]) for item in room.board.panels}
    live(whole_run(spec, 2)[1:])
    QTest.qWait(300)
    assert room.series is not None and len(room.series.step) == 40
    assert {item.name: len(item.canvas.drawn()["shown"][0]) for item in room.board.panels} == before
    window.show_workspace("train")
    settle(qtbot, room)
    assert len(panel(room, "mask").canvas.drawn()["shown"][0]) == 40


def test_another_language_restores_all_of_it(
    qtbot: QtBot, window: MainWindow, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 2))
    room.board.set_smoothing(0.5)
    settle(qtbot, room)
    before = room.board.bar.equation.full_text()
    set_language("zh_CN")
    window._rebuild()
    window.show_workspace("train")
    again = window.workspaces["train"]
    assert isinstance(again, TrainWorkspace) and again is not room
    settle(qtbot, again)
    assert again.board.options.smoothing == 0.5
    assert re.sub(r"^\S+ ", "", again.board.bar.equation.full_text()) == re.sub(r"^\S+ ", "", before)
    set_language("en")


# --- looking at the curves ------------------------------------------------------------------------------------


def test_zooming_and_panning_end_following_and_a_double_click_begins_it_again(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 2))
    settle(qtbot, room)
    canvas = panel(room, "count").canvas
    middle = canvas.height() // 2
    assert room.board.bar.follow.isChecked() and room.board.frame.high == 40
    drag(canvas, QPoint(canvas.width() // 3, middle), QPoint(2 * canvas.width() // 3, middle))
    low, high = room.board.frame.low, room.board.frame.high
    assert not room.board.bar.follow.isChecked() and 0 < low < high < 40
    settle(qtbot, room)
    for item in room.board.panels:
        assert item.canvas.view()[0] == pytest.approx((low, high)), "all plots look at the same steps"
    drag(
        canvas,
        QPoint(canvas.width() // 2, middle),
        QPoint(canvas.width() // 2 + 40, middle),
        Qt.MouseButton.MiddleButton,
    )
    assert room.board.frame.low < low
    live([measured(spec, 41, 5)])
    settle(qtbot, room)
    assert room.board.frame.high < 40, "new steps do not move what is looked at"
    QTest.mouseDClick(canvas.viewport(), LEFT, NONE, QPoint(canvas.width() // 2, middle))
    settle(qtbot, room)
    assert room.board.bar.follow.isChecked() and (room.board.frame.low, room.board.frame.high) == (0, 45)


def test_a_click_or_a_zoom_to_nothing_changes_nothing(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 1))
    settle(qtbot, room)
    canvas, before = panel(room, "total").canvas, room.board.frame
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, QPoint(80, 60))
    for low, high in ((3.0, 3.0), (float("nan"), 4.0), (5.0, 4.0), (0.0, float("inf"))):
        canvas.asked.emit(low, high)
    assert room.board.frame == before and room.board.bar.follow.isChecked()


def test_ctrl_and_the_wheel_zoom_but_the_wheel_alone_scrolls(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 2))
    settle(qtbot, room)
    canvas = panel(room, "total").canvas

    def wheel(modifier: Qt.KeyboardModifier) -> None:
        at = QPointF(canvas.width() / 2, canvas.height() / 2)
        event = QWheelEvent(
            at, QPointF(canvas.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(canvas.viewport(), event)

    wheel(NONE)
    assert room.board.bar.follow.isChecked()
    wheel(Qt.KeyboardModifier.ControlModifier)
    assert not room.board.bar.follow.isChecked() and room.board.frame.high < 40


def test_the_crosshair_reads_the_same_step_in_every_plot(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    room.board.set_smoothing(0.0)
    live(whole_run(spec, 2))
    settle(qtbot, room)
    before = subtitle(room, "mask")
    canvas = panel(room, "largest").canvas
    QTest.mouseMove(canvas.viewport(), QPoint(canvas.width() // 3, canvas.height() // 2))
    QTest.mouseMove(canvas.viewport(), QPoint(canvas.width() // 2, canvas.height() // 2))
    qtbot.waitUntil(lambda: subtitle(room, "mask").startswith("step "), timeout=5000)
    step = int(re.match(r"step (\d+)", subtitle(room, "mask")).group(1))  # type: ignore[union-attr]
    assert room.series is not None
    wanted = room.series.curves["mask"].raw.values[step - 1]
    assert subtitle(room, "mask").startswith(f"step {step} · {wanted:.3f}")
    assert subtitle(room, "total").startswith(f"step {step} · ")
    canvas.pointed.emit(float("nan"))
    assert subtitle(room, "mask") == before


def test_smoothing_and_log_change_the_screen_alone(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live, tmp_path: Path
) -> None:
    live(whole_run(spec, 2))
    settle(qtbot, room)
    assert room.series is not None
    raw = {name: curve.raw.values.copy() for name, curve in room.series.curves.items()}
    room.board.export(panel(room, "total"), tmp_path / "before.csv")
    room.board.set_smoothing(0.95)
    QTest.mouseClick(room.board.bar.log, LEFT)
    settle(qtbot, room)
    _x, y = panel(room, "mask").canvas.drawn()["raw"]
    assert np.allclose(10**y, raw["mask"]), "a logarithmic axis draws logarithms"
    room.board.export(panel(room, "total"), tmp_path / "after.csv")
    assert (tmp_path / "before.csv").read_bytes() == (tmp_path / "after.csv").read_bytes()
    assert all(np.array_equal(room.series.curves[name].raw.values, values) for name, values in raw.items())


def test_epochs_and_time_on_the_x_axis(qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live) -> None:
    live(whole_run(spec, 2))
    QTest.mouseClick(room.board.bar.units.button("epoch"), LEFT)
    settle(qtbot, room)
    assert panel(room, "mask").canvas.drawn()["shown"][0][-1] == pytest.approx(2.0)
    QTest.mouseClick(room.board.bar.units.button("time"), LEFT)
    settle(qtbot, room)
    assert panel(room, "mask").canvas.drawn()["shown"][0][-1] == pytest.approx(2.0, abs=0.05)


def test_a_plot_is_saved_as_a_picture(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live, tmp_path: Path
) -> None:
    live(whole_run(spec, 1))
    settle(qtbot, room)
    room.board.export(panel(room, "mask"), tmp_path / "mask.png")
    assert (tmp_path / "mask.png").read_bytes().startswith(b"\x89PNG")


def test_one_plot_alone_takes_a_logarithmic_axis_from_its_menu(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 1))
    settle(qtbot, room)
    canvas = panel(room, "mask").canvas
    canvas.customContextMenuRequested.emit(QPoint(20, 20))
    menu = panel(room, "mask").findChild(QMenu)
    assert menu is not None
    words = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert words == ["Logarithmic y axis", "Show all and follow", "Save as PNG…", "Save the numbers as CSV…"]
    menu.actions()[0].trigger()
    menu.close()
    settle(qtbot, room)
    assert np.allclose(10 ** canvas.drawn()["raw"][1], room.series.curves["mask"].raw.values)  # type: ignore[union-attr]
    assert panel(room, "total").canvas.drawn()["raw"][1][0] > 0.5, "the others stay as they are"


def test_many_tasks_get_smaller_plots_and_only_those_in_view_are_drawn(
    qtbot: QtBot, studio: Studio, spec: ProjectSpec, window: MainWindow, room: TrainWorkspace, live: Live
) -> None:
    document = studio.document
    assert document is not None
    many = with_tasks(spec, 24)
    document.apply("many", lambda _spec: many)
    room.board.set_selection(count=0)
    live([started(many), measured(many, 1, 10)])
    settle(qtbot, room)
    assert len(room.board.panels) == 25
    drawn = [len(item.canvas.drawn()["shown"][0]) for item in room.board.panels]
    assert drawn[0] == 10 and drawn[-1] == 0
    room._scroll.ensureWidgetVisible(room.board.panels[-1])
    settle(qtbot, room)
    panels_in_view = [item for item in room.board.panels if not item.canvas.visibleRegion().isEmpty()]
    assert panels_in_view[-1] is room.board.panels[-1]
    assert len(room.board.panels[-1].canvas.drawn()["shown"][0]) == 10


# --- steering -------------------------------------------------------------------------------------------------


def test_a_drag_of_a_slider_steers_the_run_and_is_one_undo_step(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, spec: ProjectSpec, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(whole_run(spec, 1))
    settle(qtbot, room)
    sent: list[dict[str, float]] = []
    monkeypatch.setattr(studio.training, "set_weights", lambda weights: sent.append(dict(weights)))
    document = studio.document
    assert document is not None
    slider = room.findChild(ValueSlider, "weight-mask")
    assert slider is not None and slider.value() == pytest.approx(0.5)
    track = slider.focusProxy()
    assert track is not None
    drag(track, QPoint(track.width() // 2, track.height() // 2), QPoint(int(track.width() * 0.8), track.height() // 2))
    final = slider.value()
    assert final > 0.7
    assert 1 <= len(sent) <= 6, "at most twenty a second"
    assert sent[-1]["mask"] == pytest.approx(final) and sum(sent[-1].values()) == pytest.approx(1.0)
    assert sent[-1]["largest"] / sent[-1]["count"] == pytest.approx(0.2 / 0.3), "the others keep their proportion"
    assert document.spec.task("mask").loss_weight == pytest.approx(final)
    live([measured(spec, 21, 5)])  # still with the old λ: the slider waits for the run to take the new one up
    assert slider.value() == pytest.approx(final)
    document.undo()
    assert document.spec == spec
    assert sent[-1] == pytest.approx({"largest": 0.2, "count": 0.3, "mask": 0.5}), "undo steers the run back"
    assert slider.value() == pytest.approx(0.5) and not document.can_undo


def test_without_a_training_the_slider_only_edits_the_project(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    monkeypatch.setattr(studio.training, "set_weights", sent.append)
    document = studio.document
    assert document is not None
    slider = room.balance.slider("count")
    QTest.keyClick(slider.focusProxy(), Qt.Key.Key_Right)
    QTest.keyClick(slider.focusProxy(), Qt.Key.Key_Right)
    assert document.spec.task("count").loss_weight == pytest.approx(0.34) and not sent
    document.undo()
    assert not document.can_undo, "keys in a row are one step"


def test_the_marks_of_a_change_stand_on_the_plots(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 1))
    before = {"largest": 0.2, "count": 0.3, "mask": 0.5}
    after = {"largest": 0.12, "count": 0.18, "mask": 0.7}
    live([weights_changed(20, before, after, 1.7e9)])
    settle(qtbot, room)
    words = {item.name: [mark.words for mark in item.canvas.marks if mark.words] for item in room.board.panels}
    assert words["mask"] == ["λ 0.50 → 0.70"] == words[""] and words["count"] == ["λ 0.30 → 0.18"]
    assert ("epoch 2", "Shape mask λ 0.50 → 0.70") in room.facts.marks.facts()


def test_a_method_that_weighs_by_itself_greys_the_sliders(qtbot: QtBot, studio: Studio, room: TrainWorkspace) -> None:
    document = studio.document
    assert document is not None
    combo = room.balance.method.editor("method").field()
    assert isinstance(combo, QComboBox)
    combo.setCurrentText("Uncertainty")
    combo.activated.emit(combo.currentIndex())
    assert document.spec.training.balancing.method == "uncertainty"
    assert not room.balance.slider("mask").isEnabled() and "itself" in room.balance.hint.text()
    document.undo()
    assert room.balance.slider("mask").isEnabled()


def test_settings_are_edited_and_locked_while_training(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    document = studio.document
    assert document is not None
    field = room.recipe.form.editor("epochs").field()
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, "33")
    assert document.spec.training.epochs == 33
    combo = room.recipe.form.editor("optimizer.method").field()
    assert isinstance(combo, QComboBox)
    combo.setCurrentText("SGD")
    combo.activated.emit(combo.currentIndex())
    assert document.spec.training.optimizer.method == "sgd"
    assert "optimizer.momentum" in [item.name for item in room.recipe.more.parameters()]
    live([started(document.spec)])
    assert not room.recipe.form.isEnabled() and room.recipe.hint.isVisible()
    document.apply("elsewhere", lambda spec: edits.set_training(spec, epochs=7))
    assert room.recipe.form.values()["epochs"] == 33, "what is shown is what this run has"


# --- start, pause, stop ---------------------------------------------------------------------------------------


def test_the_buttons_follow_the_training(
    qtbot: QtBot, studio: Studio, window: MainWindow, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    def states() -> tuple[bool, bool, bool]:
        buttons = [window.findChild(QPushButton, f"button-train.{verb}") for verb in ("start", "pause", "stop")]
        return tuple(button.isEnabled() for button in buttons if button is not None)  # type: ignore[return-value]

    assert states() == (True, False, False)
    live([started(spec), measured(spec, 1, 5)])
    assert states() == (False, True, True)
    live([Paused(time=1.7e9, step=5)])
    pause = window.findChild(QPushButton, "button-train.pause")
    assert pause is not None and pause.text() == "Resume" and states() == (True, True, True)
    assert room.status()[0].startswith("● Paused")
    live([Resumed(time=1.7e9 + 1, step=5)])
    assert pause.text() == "Pause" and states() == (False, True, True)
    settle(qtbot, room)
    texts = room.status()
    assert texts[:2] == ["● Training epoch 1 / 4", "6%"] and texts[2].startswith("ETA ") and texts[3] == "20 steps/s"


def test_a_project_with_errors_is_not_trained_and_the_way_to_them_is_offered(
    qtbot: QtBot, studio: Studio, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_runs: list[object] = []
    monkeypatch.setattr(studio.training, "start", lambda *args: started_runs.append(args))
    document = studio.document
    assert document is not None
    broken = replace(document.spec, network=replace(document.spec.network, outputs=()))
    document.apply("broken", lambda _spec: broken)
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert not started_runs
    toast = window.toaster.toasts()[-1]
    assert toast.text().startswith("It cannot be trained yet.")
    document.undo()
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert len(started_runs) == 1


def test_f5_works_from_another_workspace_before_train_was_opened(
    qtbot: QtBot, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(studio.training, "start", lambda *args: calls.append(args))
    window = MainWindow(studio)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.show_workspace("compare")
    assert "train" not in window.workspaces
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert len(calls) == 1 and window.current == "train"
    window.dispose()
    window.deleteLater()


def test_the_name_of_the_next_run_is_kept_until_it_is_used(
    qtbot: QtBot, studio: Studio, spec: ProjectSpec, window: MainWindow, room: TrainWorkspace, live: Live,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    names: list[object] = []
    monkeypatch.setattr(studio.training, "start", lambda _spec, _folder, name: names.append(name))
    room.runs.name.setFocus()
    QTest.keyClicks(room.runs.name, "more mask")
    window.actions_.trigger("train.start")
    assert names == ["more mask"] and room.runs.name.text() == "more mask", "it has not begun yet"
    live([started(spec)])
    assert room.runs.name.text() == ""


def test_a_failure_is_told_with_its_remedy_and_a_way_to_go_on(
    qtbot: QtBot, studio: Studio, window: MainWindow, room: TrainWorkspace, spec: ProjectSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = finished_run(studio, spec, "broken", 2)
    failure = RunFailed(
        time=1.7e9 + 3, step=44, epoch=2, code="memory", message="The memory does not suffice.",
        fix="Try a batch of 4.", checkpoint=40,
    )  # fmt: skip
    record(run, [started(spec, step=40, time=1.7e9 + 2.5), measured(spec, 41, 4), failure], "failed")
    resumed: list[object] = []
    monkeypatch.setattr(studio.training, "resume", lambda *args: resumed.append(args))
    studio.training.show(run)
    qtbot.waitUntil(lambda: room.series is not None and room.series.failed is not None, timeout=5000)
    settle(qtbot, room)
    outcome = room.facts.outcome
    assert outcome.isVisible() and any("Try a batch of 4." in item.text() for item in outcome.findChildren(QLabel))
    QTest.mouseClick(outcome.resume, LEFT)
    assert len(resumed) == 1


def test_a_finished_run_goes_on_only_with_more_epochs(
    qtbot: QtBot, studio: Studio, window: MainWindow, room: TrainWorkspace, spec: ProjectSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = finished_run(studio, spec)
    resumed: list[tuple[ProjectSpec, object, object]] = []
    monkeypatch.setattr(studio.training, "resume", lambda *args: resumed.append(args))
    studio.training.show(run)
    settle(qtbot, room)
    assert room.facts.outcome.isVisible() and not room.facts.outcome.resume.isVisible()
    window.actions_.trigger("train.resume")
    assert not resumed and window.toaster.toasts()[-1].text().startswith("This run has had its 4 epochs.")
    document = studio.document
    assert document is not None
    document.apply("more", lambda spec: edits.set_training(spec, epochs=9))
    window.actions_.trigger("train.resume")
    assert resumed[0][0].training.epochs == 9 and resumed[0][0].tasks == spec.tasks
