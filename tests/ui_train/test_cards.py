"""What the right side says: warnings, failures with their way out, figures of the machine; and what is saved."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event, Noted, RunFailed
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.session.studio import Studio
from mtlstudio.training import notes
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.train.equation import Equation
from mtlstudio.ui.train.method_dialog import MethodDialog
from mtlstudio.ui.train.panel import LossPanel
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.words import can_be_seen, change_words
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import (
    START,
    epoch_finished,
    measured,
    record,
    started,
    weights_changed,
    whole_run,
    with_tasks,
)  # fmt: skip

LEFT = Qt.MouseButton.LeftButton
Live = Callable[[Sequence[Event]], RunFolder]


def failed_run(studio: Studio, spec: ProjectSpec, proposal: dict[str, object]) -> RunFolder:
    """A run that had not enough memory."""
    assert studio.document is not None
    run = create_run(studio.document.folder, "broken", spec)
    failure = RunFailed(
        time=START + 9, step=20, epoch=1, code="memory", message="It takes about 9.1 GB.", fix="Try a batch of 4.",
        checkpoint=20, proposal=proposal,
    )  # fmt: skip
    record(run, [*whole_run(spec, 1), failure], "failed")
    return run


def words(part: QWidget) -> str:
    """All that a card says."""
    return " ".join(item.text() for item in part.findChildren(QLabel) if item.isVisible())


# --- failures and warnings ------------------------------------------------------------------------------------


def test_what_a_failure_proposes_is_applied_and_trained_by_one_click(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, spec: ProjectSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[ProjectSpec] = []
    monkeypatch.setattr(studio.training, "start", lambda spec, *_: begun.append(spec))
    studio.training.show(failed_run(studio, spec, {"training.batch_size": 4, "training.accumulate": 2}))
    qtbot.waitUntil(lambda: room.facts.outcome.again.isVisible(), timeout=5000)
    assert "Try a batch of 4." in words(room.facts.outcome)
    document = studio.document
    assert document is not None
    before = document.spec
    QTest.mouseClick(room.facts.outcome.again, LEFT)
    assert len(begun) == 1 and begun[0] is document.spec
    assert (begun[0].training.batch_size, begun[0].training.accumulate) == (4, 2)
    document.undo()
    assert document.spec == before, "one step"


def test_another_method_is_a_way_out_of_the_memory_too(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, spec: ProjectSpec
) -> None:
    studio.training.show(failed_run(studio, spec, {}))
    qtbot.waitUntil(lambda: room.facts.outcome.method.isVisible(), timeout=5000)
    assert not room.facts.outcome.again.isVisible(), "nothing is proposed"
    QTest.mouseClick(room.facts.outcome.method, LEFT)
    assert [dialog.isVisible() for dialog in room.balance.findChildren(MethodDialog)] == [True]


def test_collapsed_weights_are_a_warning_with_what_to_do(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live, studio: Studio
) -> None:
    note = Noted(START + 3, notes.WEIGHTS_COLLAPSED, {"task": "mask", "share": 99, "total": 0.01})
    live([*whole_run(spec, 1), note])
    qtbot.waitUntil(room.facts.warnings.isVisible, timeout=5000)
    said = words(room.facts.warnings)
    assert f"{spec.task('mask').name} holds 99 %" in said, "named as everywhere else"
    assert "The λ have collapsed" in said and "Choose a method" in said
    assert "stop the run first" in said and not room.facts.warnings.notice._button.isVisible()
    assert room.facts.notes.text() == "", "said once"
    studio.training._end()
    room._show_outcome()
    QTest.mouseClick(room.facts.warnings.notice._button, LEFT)
    assert [dialog.isVisible() for dialog in room.balance.findChildren(MethodDialog)] == [True]


def test_failures_of_the_solver_are_counted(qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live) -> None:
    live(
        [
            *whole_run(spec, 2),
            Noted(START + 1, notes.SOLVER_FAILED, {"n": 3}),
            Noted(START + 2, notes.SOLVER_FAILED, {"n": 4}),
        ]
    )
    qtbot.waitUntil(room.settled, timeout=10000)
    assert ("Solver failed", "7 of 40 steps") in room.facts.machine.list.facts()


def test_a_steered_run_is_marked(qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live) -> None:
    live(whole_run(spec, 1))
    qtbot.waitUntil(room.settled, timeout=10000)
    assert not room.runs.steered.isVisible()
    old = {task.id: task.loss_weight for task in spec.tasks}
    live([weights_changed(22, old, {**old, "mask": 0.9}, START + 5), measured(spec, 21, 5)])
    qtbot.waitUntil(room.runs.steered.isVisible, timeout=5000)
    assert room.runs.steered.text() == "λ-steered · 1 ×"
    assert change_words(0.0250, 0.0252) == "λ 0.025 → 0.025" and not can_be_seen(0.0250, 0.0252)
    assert can_be_seen(0.025, 0.035) and can_be_seen(0.5, 0.7)


# --- the machine ----------------------------------------------------------------------------------------------


def test_loading_beside_computing(qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live) -> None:
    slow = replace(measured(spec, 1, 20), seconds=2.0, loading=0.8)
    live([started(spec), slow])
    qtbot.waitUntil(room.settled, timeout=10000)
    assert [part.label for part in room.facts.machine.shares.parts()] == ["computing 60%", "waiting 40%"]
    assert [part.colour for part in room.facts.machine.shares.parts()][1] == "warning"
    wide = [area.width() for area in room.facts.machine.shares.areas()]
    assert wide[0] / wide[1] == pytest.approx(1.5, rel=0.05)
    assert ("Loader waits", "40%") in room.facts.machine.list.facts()


def test_the_strip_below_says_what_the_machine_says(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live([*whole_run(spec, 2), measured(spec, 41, 7)])
    qtbot.waitUntil(room.settled, timeout=10000)
    facts, status = dict(room.facts.machine.list.facts()), room.status()
    speed = next(text for text in status if text.endswith("steps/s"))
    assert float(speed.split()[0]) == pytest.approx(float(facts["Steps / s"]), abs=0.5)
    assert status[0] == "● Training epoch 3 / 4" and status[1] == f"{47 / 80:.0%}"
    assert facts["Loader waits"] == room.facts.machine.shares.parts()[1].label.split()[1]
    assert room.series is not None
    best = {row[0]: row[5] for row in room.table.texts()}
    for when, what in room.facts.marks.facts():
        for task, epoch in best.items():
            if what == f"best {task}":
                assert when == f"epoch {epoch}"


def test_no_figure_of_the_table_is_cut_in_a_narrow_window(
    qtbot: QtBot, window: MainWindow, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    window.resize(1280, 720)
    live(whole_run(spec, 2))
    qtbot.waitUntil(room.settled, timeout=10000)
    table = room.table.table
    for line in range(table.rowCount()):
        for place in range(1, table.columnCount()):
            item = table.item(line, place)
            assert item is not None
            assert table.fontMetrics().horizontalAdvance(item.text()) + 16 <= table.columnWidth(place), item.text()


# --- marks of the learning rate -------------------------------------------------------------------------------


def with_rates(spec: ProjectSpec, rates: Sequence[float]) -> list[Event]:
    """A run of four steps per rate."""
    steps = [replace(measured(spec, 1 + 4 * n, 4), learning_rate=rate) for n, rate in enumerate(rates)]
    return [started(spec), *steps]


def test_jumps_of_the_learning_rate_are_marked_and_smooth_schedules_are_not(spec: ProjectSpec) -> None:
    series = RunSeries(spec, {})
    series.take(with_rates(spec, [0.1, 0.1, 0.1, 0.01, 0.01, 0.001]))
    assert [(mark.step, mark.before, mark.after) for mark in series.rate_marks] == [(12, 0.1, 0.01), (20, 0.01, 0.001)]
    series.take([started(spec, step=16)])
    assert [mark.step for mark in series.rate_marks] == [12], "a resume takes back what came later"
    smooth = RunSeries(spec, {})
    smooth.take(with_rates(spec, [0.1 * np.cos(n / 8) for n in range(10)]))
    warm = RunSeries(spec, {})
    warm.take(with_rates(spec, [0.01, 0.04, 0.1, 0.1, 0.1, 0.099]))
    assert smooth.rate_marks == warm.rate_marks == []


def test_they_stand_on_the_total_and_in_the_list(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(with_rates(spec, [0.1, 0.1, 0.02, 0.02]))
    qtbot.waitUntil(room.settled, timeout=10000)
    total, *others = room.board.panels
    assert [mark.words for mark in total.canvas.marks if mark.words] == ["η 0.1 → 0.02"]
    assert not any(mark.words for panel in others for mark in panel.canvas.marks)
    assert ("epoch 1", "η 0.1 → 0.02") in room.facts.marks.facts()


# --- the equation ---------------------------------------------------------------------------------------------


def test_the_smaller_terms_are_put_together_where_room_is_short() -> None:
    terms = tuple((f"t{n}", 0.1 + 0.01 * n, 1.0 + n) for n in range(8))
    total = sum(weight * loss for _, weight, loss in terms)
    found = Equation(total, True, terms, 0.0)
    short = found.short(3)
    assert [task for task, _ in short] == ["t5", "t6", "t7", ""]
    n, rest = re.fullmatch(r"(\d+) more (\S+)", short[-1][1]).groups()  # type: ignore[union-attr]
    assert n == "5" and float(rest) == pytest.approx(sum(w * x for _, w, x in terms[:5]), abs=1e-3)
    assert found.text().count("×") == 8


def test_a_long_equation_moves_below_the_controls_and_stays_whole_in_its_tip(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live([started(spec), measured(spec, 1, 10)])
    qtbot.waitUntil(room.settled, timeout=10000)
    bar = room.board.bar
    assert bar.equation.isVisible() and not bar.below.isVisible(), "three terms fit beside"
    many = with_tasks(spec, 24)
    series = RunSeries(many, {})
    uneven = [0.01 * (n + 1) for n in range(24)]
    event = measured(many, 1, 10)
    series.take([started(many), replace(event, weights=dict(zip(many.task_ids, uneven, strict=True)))])
    bar.show_equation(series)
    qtbot.waitUntil(lambda: bar.below.isVisible() and bar.below.width() > 100, timeout=2000)
    assert not bar.equation.isVisible()
    assert bar.below.full_text().count("×") == 24 and bar.below.toolTip() == bar.below.full_text()
    assert "more" in bar.below.text() and bar.below.height() <= 2.6 * bar.below.fontMetrics().height()


# --- files ----------------------------------------------------------------------------------------------------


def test_all_plots_and_all_numbers_are_saved_at_once(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live([started(spec), measured(spec, 1, 20), epoch_finished(spec, 1)])
    qtbot.waitUntil(room.settled, timeout=10000)
    save = room.findChild(QPushButton, "save-plots")
    assert save is not None and save.isVisible()
    for kind, name in (("csv", "all.csv"), ("png", "all.png")):
        monkeypatch.setattr("mtlstudio.ui.train.board.ask_path", lambda *_, name=name: str(tmp_path / name))
        room.board.bar.export_asked.emit(kind)
    with (tmp_path / "all.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20 and room.series is not None
    for task in ("total", *spec.task_ids):
        raw = room.series.curves["" if task == "total" else task].raw.values
        assert [float(row[f"{task}.train"]) for row in rows] == raw.tolist(), "exactly as measured"
        assert rows[-1][f"{task}.val"] and not rows[0][f"{task}.val"]
    picture = QImage(str(tmp_path / "all.png"))
    plots = [panel for panel in room.board.panels if isinstance(panel, LossPanel)]
    assert picture.width() >= max(panel.geometry().right() for panel in plots)
    for panel in plots:
        box = panel.geometry()
        colours = {
            picture.pixel(x, y) for x in range(box.left(), box.right(), 3) for y in range(box.top(), box.bottom(), 3)
        }
        assert len(colours) > 4, "a curve is in it"
