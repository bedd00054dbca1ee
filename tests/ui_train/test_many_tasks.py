"""Many tasks: the worst have a plot, all have a row; clicks and keys open plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, Event, StepsMeasured
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.studio import Studio
from mtlstudio.ui.train import heat
from mtlstudio.ui.train.board import Options
from mtlstudio.ui.train.heat import Heat, levels
from mtlstudio.ui.train.ranking import Selection, ranked
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import PER_EPOCH, START, measured, started, with_tasks

LEFT = Qt.MouseButton.LeftButton
Live = Callable[[Sequence[Event]], RunFolder]


@pytest.fixture
def many(spec: ProjectSpec) -> ProjectSpec:
    """Twelve tasks."""
    return with_tasks(spec, 12)


@pytest.fixture
def shown(qtbot: QtBot, studio: Studio, many: ProjectSpec, room: TrainWorkspace, live: Live) -> Live:
    """Their run in the room."""
    document = studio.document
    assert document is not None
    document.apply("many", lambda _spec: many)
    live([started(many), measured(many, 1, PER_EPOCH)])
    qtbot.waitUntil(room.settled, timeout=10000)
    return live


def steps(spec: ProjectSpec, first: int, columns: dict[str, Sequence[float | None]]) -> StepsMeasured:
    """Steps with those losses; the other tasks have none."""
    count = len(next(iter(columns.values())))
    losses = {task: tuple(columns.get(task, (None,) * count)) for task in spec.task_ids}
    return StepsMeasured(
        START + first + count, first + count - 1, 0, losses, (1.0,) * count, dict.fromkeys(spec.task_ids, 1.0), 0.1, 1.0
    )


def epoch(spec: ProjectSpec, step: int, validation: dict[str, float]) -> EpochFinished:
    """An epoch's end."""
    known = {task: validation.get(task) for task in spec.task_ids}
    return EpochFinished(START + step, step, 1, 4, known, known, {}, 1.0, True, (), 1.0, 1.0)


# --- the rules ------------------------------------------------------------------------------------------------


def test_each_rule_puts_its_own_worst_task_first(spec: ProjectSpec) -> None:
    three = with_tasks(spec, 3)
    series = RunSeries(three, {})
    falling, stuck = np.linspace(1.0, 0.1, 100), np.concatenate((np.linspace(1.0, 0.3, 50), np.full(50, 0.3)))
    high = np.linspace(2.0, 1.5, 100)
    series.take([started(three), steps(three, 1, {"t0": falling, "t1": stuck, "t2": high})])
    series.take([epoch(three, 100, {"t0": 1.0, "t1": 0.3, "t2": 1.6})])
    assert ranked(series, "start") == ["t2", "t1", "t0"], "1.5/2, 0.3/1, 0.1/1"
    assert ranked(series, "gap")[0] == "t0", "ten times its training loss"
    assert ranked(series, "progress")[0] == "t1", "nothing in the last quarter"


def test_a_task_without_figures_comes_last(spec: ProjectSpec) -> None:
    three = with_tasks(spec, 3)
    series = RunSeries(three, {})
    series.take([started(three), steps(three, 1, {"t1": [1.0, 0.9]})])
    assert ranked(series, "start")[0] == "t1" and ranked(series, "gap") == ["t0", "t1", "t2"]


def test_plots_change_places_at_the_end_of_an_epoch_alone(spec: ProjectSpec) -> None:
    spec = with_tasks(spec, 10)
    series, selection = RunSeries(spec, {}), Selection("start", 2)
    first = {task: [1.0] * 10 for task in spec.task_ids}
    series.take([started(spec), steps(spec, 1, {**first, "t3": [1.0] * 9 + [5.0]})])
    before = [task.id for task in selection.tasks(series)]
    assert before[0] == "t3"
    series.take([steps(spec, 11, {**first, "t7": [50.0] * 10})])
    assert [task.id for task in selection.tasks(series)] == before
    series.take([epoch(spec, 20, {})])
    assert selection.tasks(series)[0].id == "t7"
    selection.open("t5")
    assert [task.id for task in selection.tasks(series)][:2] == ["t5", "t7"]


# --- the picture ----------------------------------------------------------------------------------------------


def test_the_cells_are_the_mean_losses_however_the_steps_arrive(
    spec: ProjectSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heat, "MOST", 8)
    three = with_tasks(spec, 3)
    series, made = RunSeries(three, {}), Heat()
    random = np.random.default_rng(0)
    columns = random.random((3, 83))
    columns[1, 10:28] = np.nan
    series.take([started(three)])
    place = 0
    for size in (1, 2, 5, 13, 30, 32):
        part = columns[:, place : place + size]
        values = [[None if np.isnan(x) else float(x) for x in row] for row in part]
        series.take([steps(three, place + 1, dict(zip(three.task_ids, values, strict=True)))])
        made.update(series)
        place += size
    assert made.width == 16 and made.columns == 6
    wanted = np.stack(
        [
            [row[start : start + 16][np.isfinite(row[start : start + 16])].mean() for start in range(0, 83, 16)]
            for row in columns
        ]
    )
    assert np.allclose(made.losses(), wanted)
    assert made.steps(0) == (1, 16) and made.steps(5) == (81, 83)
    firsts = np.array([row[np.isfinite(row)][:8].mean() for row in columns])
    assert np.allclose(made.relative(), wanted / firsts[:, None])


def test_a_resume_takes_cells_back(spec: ProjectSpec) -> None:
    three = with_tasks(spec, 3)
    series, made = RunSeries(three, {}), Heat()
    series.take([started(three), steps(three, 1, {"t0": [1.0] * 20})])
    made.update(series)
    series.take([started(three, step=10), steps(three, 11, {"t0": [3.0] * 12})])
    made.update(series)
    assert made.losses()[0].tolist() == [1.0] * 10 + [3.0] * 12


def test_colours_are_even_steps_of_the_ratio() -> None:
    found = levels(np.array([[np.nan, 0.0, 1 / 16, 0.25, 1.0, 2.0, 4.0, 100.0, 1e-9]]))[0].tolist()
    assert found[0] == 0 and found[1] == found[2] == found[8] == 1 and found[4] == 128 and found[6] == found[7] == 255
    assert found[3] == pytest.approx(64.5, abs=1) and found[5] == pytest.approx(191.5, abs=1)


# --- in the window --------------------------------------------------------------------------------------------


def test_up_to_eight_tasks_have_all_their_plots_and_no_strip(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live([started(spec), measured(spec, 1, 10)])
    qtbot.waitUntil(room.settled, timeout=10000)
    assert len(room.board.panels) == 1 + len(spec.tasks) and not room.board.overview.isVisible()


def test_with_more_the_worst_have_a_plot_and_a_click_on_a_row_gives_one(
    qtbot: QtBot, room: TrainWorkspace, many: ProjectSpec, shown: Live
) -> None:
    board = room.board
    assert board.series is not None
    assert [panel.name for panel in board.panels] == ["", *ranked(board.series, "start")[:7]]
    strip = board.overview.strip
    assert board.overview.isVisible() and strip.heat.columns == PER_EPOCH
    without = next(task for task in many.task_ids if task not in {panel.name for panel in board.panels})
    row = many.task_ids.index(without)
    kept = board.panels[2]
    high = strip.height() / len(many.tasks)
    QTest.mouseClick(strip, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(strip.width() // 2, int((row + 0.5) * high)))
    assert board.panels[1].name == without and kept in board.panels, "the others keep their plots"
    qtbot.waitUntil(room.settled, timeout=10000)
    assert not board.panels[1].canvas.visibleRegion().isEmpty()
    assert len(board.panels[1].canvas.drawn()["shown"][0]) == PER_EPOCH


def test_the_strip_tells_the_figures_under_the_pointer(room: TrainWorkspace, many: ProjectSpec, shown: Live) -> None:
    strip, series = room.board.overview.strip, room.board.series
    assert series is not None
    area = strip._area()
    cell = strip.cell_at(area.left() + 4.5 * area.width() / PER_EPOCH, 2.5 * strip.height() / len(many.tasks))
    assert cell == (2, 4)
    loss = float(series.curves["t2"].raw.values[4])
    words = strip.words(*cell)
    assert words.startswith("Task 2 · step 5 (epoch 1) · loss ") and f"{loss:.3f}" in words
    assert strip.cell_at(area.left() - 3, 5) is None


def test_the_strip_is_coloured_by_the_loss(
    qtbot: QtBot, room: TrainWorkspace, many: ProjectSpec, live: Live, studio: Studio
) -> None:
    document = studio.document
    assert document is not None
    document.apply("many", lambda _spec: many)
    columns = {task: [1.0] * 20 for task in many.task_ids} | {
        "t0": [1.0] * 10 + [0.05] * 10,
        "t1": [1.0] * 10 + [9.0] * 10,
    }
    live([started(many), steps(many, 1, columns)])
    qtbot.waitUntil(room.settled, timeout=10000)
    strip = room.board.overview.strip
    picture = strip.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    area, high = strip._area(), strip.height() / len(many.tasks)

    def colour(row: int, share: float) -> tuple[int, int, int]:
        found = picture.pixelColor(int(area.left() + share * area.width()), int((row + 0.5) * high))
        return found.red(), found.green(), found.blue()

    good, bad, same = colour(0, 0.9), colour(1, 0.9), colour(2, 0.9)
    assert good[1] > good[0] + 40 and bad[0] > bad[1] + 40
    assert max(same) - min(same) < 40 and colour(0, 0.1) == colour(2, 0.1)


def test_rule_and_number_are_chosen_in_menus_and_remembered(
    qtbot: QtBot, studio: Studio, room: TrainWorkspace, shown: Live
) -> None:
    board = room.board
    for chip, words in ((board.overview.count, "Worst 3"), (board.overview.rule, "Least progress lately")):
        QTest.mouseClick(chip, LEFT)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        action = next(item for item in menu.actions() if item.text() == words)
        QTest.mouseClick(menu, LEFT, Qt.KeyboardModifier.NoModifier, menu.actionGeometry(action).center())
        assert chip.text() == words
    assert board.series is not None
    assert [panel.name for panel in board.panels[1:]] == ranked(board.series, "progress")[:3]
    kept = Options.read(studio.settings.layouts["train.board"])
    assert (kept.rule, kept.count) == ("progress", 3)
    assert Options.read(replace(kept, rule="nonsense").text()) == Options()


def test_the_keyboard_walks_through_the_rows(room: TrainWorkspace, many: ProjectSpec, shown: Live) -> None:
    strip = room.board.overview.strip
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Down)
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert room.board.panels[1].name == "t1"
