"""The table of runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mtlstudio.network.templates.registry import template
from mtlstudio.project.fields import set_field
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, RunFinished, RunStarted
from mtlstudio.runs.folder import create_run
from mtlstudio.ui.compare.keeper import TrashDialog, WordsDialog
from mtlstudio.ui.compare.rows import duration
from mtlstudio.ui.compare.workspace import CompareWorkspace
from mtlstudio.ui.shell.window import MainWindow
from tests.ui_shell.studio_window import small_project, window_over


def write_run(folder: Path, spec: ProjectSpec, name: str, accuracy: float) -> None:
    """A finished run of one epoch, as the trainer would have written it."""
    run, now = create_run(folder, name, spec), time.time()
    run.record(RunStarted(now, run.id, 0, 0, 1, 2, "cpu", 1, "fp32", spec.task_ids, 1_500_000))
    metrics = {task: {} for task in spec.task_ids} | {"largest": {"accuracy": accuracy}}
    losses = dict.fromkeys(spec.task_ids, 0.5)
    run.record(EpochFinished(now, 2, 1, 1, losses, losses, metrics, 1.0, True, (), 61.0, 0.0))
    run.record(RunFinished(now, 2, 1, "done", 61.0))
    run.update(status="finished")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    folder = tmp_path / "p"
    spec = small_project(folder)
    write_run(folder, spec, "first", 0.5)
    write_run(folder, set_field(spec, "training.batch_size", "8"), "甲 second", 0.75)
    with window_over(qtbot, folder, "compare") as made:
        yield made


@pytest.fixture
def room(window: MainWindow) -> CompareWorkspace:
    found = window.workspaces["compare"]
    assert isinstance(found, CompareWorkspace)
    return found


def column(room: CompareWorkspace, name: str) -> int:
    return room.runs.model.column(name)


def cell(room: CompareWorkspace, row: int, name: str) -> str:
    model = room.runs.model
    return str(model.index(row, model.column(name)).data()).strip()


def names(room: CompareWorkspace) -> list[str]:
    return [cell(room, row, "name") for row in range(room.runs.model.rowCount())]


def click_row(room: CompareWorkspace, row: int, *, control: bool = False) -> None:
    table = room.runs.table
    modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    at = table.visualRect(room.runs.model.index(row, column(room, "network"))).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifier, at)


def test_runs_stand_newest_first_with_the_metrics_of_their_best_epoch(room: CompareWorkspace) -> None:
    assert names(room) == ["甲 second", "first"]
    assert [cell(room, row, "task:largest") for row in range(2)] == ["0.750", "0.500"]
    assert cell(room, 0, "parameters") == "1.50 M"
    assert cell(room, 0, "time") == "1:01"


def test_a_column_is_sorted_as_numbers_by_a_click(room: CompareWorkspace) -> None:
    header = room.runs.table.horizontalHeader()
    at = header.sectionViewportPosition(column(room, "task:largest")) + 40
    for expected in (["0.500", "0.750"], ["0.750", "0.500"]):
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at, header.height() // 2))
        assert [cell(room, row, "task:largest") for row in range(2)] == expected


def test_two_selected_runs_show_in_what_they_differ(room: CompareWorkspace) -> None:
    click_row(room, 0)
    assert "Select two runs" in room.differs.verdict.full_text()
    click_row(room, 1, control=True)
    assert room.differs.told is not None
    assert room.differs.told.parts == (("Batch", "16 → 8"),)
    assert room.differs.verdict.full_text() == "One thing changed."
    assert room.differs.told.equal == "network, seed, data, epochs equal"
    assert not room.differs.design.isVisible()


def test_several_differences_forbid_to_credit_one_and_a_network_can_be_shown_in_design(
    window: MainWindow, room: CompareWorkspace, qtbot: QtBot
) -> None:
    document = window.studio.document
    assert document is not None
    other = document.spec.with_network(template("separate").build(document.spec))
    write_run(document.folder, set_field(other, "training.balancing.method", "pcgrad"), "third", 0.6)
    room.refresh()
    qtbot.waitUntil(lambda: room.settled() and room.runs.model.rowCount() == 3, timeout=20000)
    click_row(room, 0)
    click_row(room, 2, control=True)
    told = room.differs.told
    assert told is not None and told.careful and told.verdict.startswith("2 things changed")
    assert room.differs.title() == "first → third: what differs"
    assert ("balance", "Fixed λ → PCGrad") in told.parts and told.network
    QTest.mouseClick(room.differs.design, Qt.MouseButton.LeftButton)
    assert window.current == "design"
    panel = window.workspaces["design"].panels.difference  # type: ignore[attr-defined]
    assert panel.isVisible() and panel.choice.currentText() == "Run first"


def test_runs_are_found_by_words_and_status(window: MainWindow, room: CompareWorkspace) -> None:
    QTest.keyClicks(room.runs.search, "FIRST")
    assert names(room) == ["first"]
    room.runs.search.clear()
    room.runs.status.setCurrentIndex(room.runs.status.findData("failed"))
    assert names(room) == []
    room.runs.status.setCurrentIndex(0)
    assert len(names(room)) == 2


def test_a_pinned_run_stands_on_top_with_its_sign_and_it_is_written_down(room: CompareWorkspace, qtbot: QtBot) -> None:
    click_row(room, 1)
    QTest.keyClick(room.runs.table, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: room.settled() and names(room)[0] == "first", timeout=20000)
    assert room.runs.model.lines[0].first.run.info().pinned
    assert room.runs.model.index(0, 0).data(Qt.ItemDataRole.DecorationRole) is not None
    assert [one.info.name for one in room.runs.selected()] == ["first"]
    QTest.keyClick(room.runs.table, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: room.settled() and names(room)[0] == "甲 second", timeout=20000)


def test_name_tags_and_note_are_asked_for_and_shown(room: CompareWorkspace, qtbot: QtBot) -> None:
    click_row(room, 1)

    def answer() -> None:
        dialog = room.findChild(WordsDialog)
        assert dialog is not None
        dialog.name.selectAll()
        QTest.keyClicks(dialog.name, "renamed")
        QTest.keyClicks(dialog.tags, "paper, good")
        QTest.keyClicks(dialog.note, "why")
        dialog.accept()

    QTimer.singleShot(50, answer)
    QTest.keyClick(room.runs.table, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: room.settled() and "renamed" in names(room), timeout=20000)
    assert cell(room, 1, "tags") == "paper, good" and cell(room, 1, "note") == "why"
    assert not room.runs.table.isColumnHidden(column(room, "tags"))
    room.runs.search.setText("good")
    assert names(room) == ["renamed"]


def test_a_deleted_run_goes_to_the_trash_and_undo_brings_it_back(
    window: MainWindow, room: CompareWorkspace, qtbot: QtBot
) -> None:
    click_row(room, 0)
    QTest.keyClick(room.runs.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: room.settled() and names(room) == ["first"], timeout=20000)
    toast = window.toaster.toasts()[-1]
    assert "moved to the trash" in toast.text()
    toast.triggered.emit()
    qtbot.waitUntil(lambda: room.settled() and names(room) == ["甲 second", "first"], timeout=20000)


def test_the_trash_shows_deleted_runs_and_gives_them_back(
    window: MainWindow, room: CompareWorkspace, qtbot: QtBot
) -> None:
    click_row(room, 1)
    QTest.keyClick(room.runs.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: room.settled() and names(room) == ["甲 second"], timeout=20000)

    def answer() -> None:
        dialog = room.findChild(TrashDialog)
        assert dialog is not None and dialog.list.count() == 1 and "first" in dialog.list.item(0).text()
        dialog.list.item(0).setSelected(True)
        QTest.mouseClick(dialog.back, Qt.MouseButton.LeftButton)

    QTimer.singleShot(50, answer)
    window.actions_.trigger("compare.trash")
    qtbot.waitUntil(lambda: room.settled() and len(names(room)) == 2, timeout=20000)


def test_a_run_that_is_being_written_is_not_deleted(window: MainWindow, room: CompareWorkspace, qtbot: QtBot) -> None:
    said: list[str] = []
    window.studio.said.connect(lambda text, _kind: said.append(text))
    run = room.runs.model.lines[0].first.run
    run.update(status="running")
    with run.lock():
        room.refresh()
        qtbot.waitUntil(room.settled, timeout=20000)
        click_row(room, 0)
        QTest.keyClick(room.runs.table, Qt.Key.Key_Delete)
        assert "is being written" in said[-1] and run.path.is_dir()


def test_a_run_whose_file_is_damaged_is_named(window: MainWindow, room: CompareWorkspace, qtbot: QtBot) -> None:
    assert not room.unreadable.isVisible()
    run = room.runs.model.lines[0].first.run
    (run.path / "run.json").write_text("{")
    room.refresh()
    qtbot.waitUntil(lambda: room.settled() and names(room) == ["first"], timeout=20000)
    assert room.unreadable.isVisible() and "1 thing cannot be read" in room.unreadable.full_text()
    assert run.id in room.unreadable.full_text()


def test_bars_say_what_the_table_says(room: CompareWorkspace) -> None:
    shown = room.chart._lines
    assert [line.key for line in shown] == [line.key for line in room.runs.model.lines]


def test_of_forty_tasks_the_first_few_have_columns_and_all_can_have(room: CompareWorkspace) -> None:
    task = room._document.spec.tasks[0]
    many = [replace(task, id=f"t{number}", name=f"Task {number}") for number in range(40)]
    room.runs.set_tasks(many)
    table, model = room.runs.table, room.runs.model
    shown = [
        name for name in model.columns if name.startswith("task:") and not table.isColumnHidden(model.column(name))
    ]
    assert len(shown) == 8
    room.runs._show_tasks([one.id for one in many])
    assert not any(table.isColumnHidden(model.column(f"task:{one.id}")) for one in many)


def test_sections_fold_and_the_window_remembers_it(window: MainWindow, room: CompareWorkspace) -> None:
    room.verdict.set_folded(True)
    assert not room.verdict.empty.isVisible()
    state = room.layout_state()
    room.restore_layout("")
    assert room.verdict.empty.isVisible()
    room.restore_layout(state)
    assert room.verdict.is_folded() and not room.runs.is_folded()


def test_durations_read_as_clocks() -> None:
    assert [duration(seconds) for seconds in (0, 59.6, 61, 3661)] == ["0:00", "1:00", "1:01", "1:01:01"]
