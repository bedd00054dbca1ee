"""The table of runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mtlstudio.network.templates.registry import template
from mtlstudio.project.fields import set_field
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, RunFinished, RunStarted
from mtlstudio.runs.folder import create_run
from mtlstudio.ui.compare.rows import differences, duration, sharing_words
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


def cell(room: CompareWorkspace, row: int, column: int) -> str:
    return str(room.sorted.index(row, column).data())


def test_runs_stand_newest_first_with_the_metrics_of_their_best_epoch(room: CompareWorkspace) -> None:
    assert [cell(room, row, 0) for row in range(2)] == ["甲 second", "first"]
    assert [cell(room, row, 4) for row in range(2)] == ["0.750", "0.500"]
    assert cell(room, 0, room.model.columnCount() - 3) == "1.50 M"
    assert cell(room, 0, room.model.columnCount() - 1) == "1:01"


def test_a_column_is_sorted_as_numbers_by_a_click(room: CompareWorkspace) -> None:
    room.table.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert [cell(room, row, 4) for row in range(2)] == ["0.500", "0.750"]


def test_two_selected_runs_show_in_what_they_differ(room: CompareWorkspace) -> None:
    for row, modifier in ((0, Qt.KeyboardModifier.NoModifier), (1, Qt.KeyboardModifier.ControlModifier)):
        at = room.table.visualRect(room.sorted.index(row, 0)).center()
        QTest.mouseClick(room.table.viewport(), Qt.MouseButton.LeftButton, modifier, at)
    assert room.facts.facts() == [("training.batch_size", "16  →  8")] or room.facts.facts() == [
        ("training.batch_size", "8  →  16")
    ]
    assert "One thing differs" in room.advice.text()


def test_the_network_counts_as_one_difference(room: CompareWorkspace) -> None:
    first = room.model.rows[0]
    network = template("separate").build(first.spec)
    other = replace(
        first, spec=first.spec.with_network(network), sharing=sharing_words(first.spec.with_network(network))
    )
    found = differences([first, other])
    assert len(found) == 1 and "separate" in found[0][1][1]


def test_durations_read_as_clocks() -> None:
    assert [duration(seconds) for seconds in (0, 59.6, 61, 3661)] == ["0:00", "1:00", "1:01", "1:01:01"]
