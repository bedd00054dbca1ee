"""Did sharing help? In the real window with clicks: baselines, the verdict, a checkpoint from the Pareto view, the queue
after a restart, the trash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from mtlstudio.cli.main import main
from mtlstudio.project import files
from mtlstudio.session.studies import StudyState
from mtlstudio.studies.folder import studies_of
from mtlstudio.studies.queue import queued
from mtlstudio.studies.words import percent
from mtlstudio.ui.compare.lines import cell
from mtlstudio.ui.compare.plan_dialogs import BaselinesDialog
from mtlstudio.ui.compare.workspace import CompareWorkspace
from mtlstudio.ui.shell.window import MainWindow
from tests.training.small import project
from tests.ui_shell.studio_window import window_over

LEFT = Qt.MouseButton.LeftButton


@contextmanager
def opened(qtbot: QtBot, folder: Path) -> Iterator[tuple[MainWindow, CompareWorkspace]]:
    with window_over(qtbot, folder, "compare") as window:
        room = window.workspaces["compare"]
        assert isinstance(room, CompareWorkspace)
        yield window, room


def click(window: MainWindow, name: str) -> None:
    found = window.findChild(QPushButton, name)
    assert found is not None and found.isVisible() and found.isEnabled(), name
    QTest.mouseClick(found, LEFT)


def start(window: MainWindow, seeds: int, qtbot: QtBot) -> None:
    """The dialog of Run baselines, with clicks."""

    def answer() -> None:
        dialog = window.findChild(BaselinesDialog)
        assert dialog is not None
        dialog.seeds.setValue(seeds)
        QTest.mouseClick(dialog.go, LEFT)

    QTimer.singleShot(100, answer)
    click(window, "button-compare.baselines")
    qtbot.waitUntil(lambda: window.studio.studies.is_working, timeout=60000)


def finish(window: MainWindow, qtbot: QtBot) -> None:
    studies = window.studio.studies
    qtbot.waitUntil(lambda: studies.state == StudyState.IDLE, timeout=240000)
    qtbot.waitUntil(window.settled, timeout=60000)


def test_baselines_are_run_read_and_used_with_clicks(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "p"
    files.create(folder, project(count=60, epochs=2, missing=0.2))
    with opened(qtbot, folder) as (window, room):
        start(window, 2, qtbot)
        words: list[str] = []
        window.studio.studies.progressed.connect(lambda _progress: words.append(room.bar.words.full_text()))
        qtbot.waitUntil(
            lambda: any("run 2 / 8" in one and "Largest alone, seed 0" in one for one in words), timeout=60000
        )
        assert room.bar.isVisible() and room.bar.progress.isVisible()
        finish(window, qtbot)
        study = studies_of(folder)[0]
        assert study.status() == "finished" and not room.bar.isVisible()
        told = _compared(folder, capsys)
        _verdict_is_what_the_command_says(room, told["studies"][0])
        _figures_on_one_screen_agree(room, told)
        _the_report_is_saved(window, study.path / "report.csv", tmp_path / "figures 表.csv", monkeypatch)
        _features_are_compared(room, qtbot)
        _a_checkpoint_is_picked(window, room, qtbot)
        click_back(window, qtbot)
        _a_run_is_deleted_and_comes_back(window, room, qtbot)


def _compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert main(["compare", str(folder), "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def _verdict_is_what_the_command_says(room: CompareWorkspace, told: object) -> None:
    assert isinstance(told, dict)
    verdict = room.verdict.current()
    assert verdict is not None and verdict.answer is not None
    assert room.verdict.headline.text() == told["headline"] and told["headline"]
    assert {task: one["verdict"] for task, one in verdict.answer["tasks"].items()} == told["verdicts"]
    assert verdict.answer["delta_m"] == told["delta_m"]
    facts = dict(room.verdict.deltas.facts())
    for key, name in (("per_task", "Δm per task, test"), ("per_metric", "Δm per metric, test")):
        assert facts[name].startswith(percent(told["delta_m"][key]["value"]))


def _figures_on_one_screen_agree(room: CompareWorkspace, told: dict[str, object]) -> None:
    """What stands in two places is the same: bars and sentences, table and costs, table and chart of metrics."""
    verdict = room.verdict.current()
    assert verdict is not None and verdict.answer is not None
    answer = verdict.answer
    for group, values in zip(room.verdict.chart.groups, answer["tasks"].values(), strict=False):
        gain = values["gain"]
        assert group.name == values["name"] and group.gains[0] == (gain["value"], gain["sd"])
    own = verdict.methods[0]
    assert own.per_task is not None
    assert own.per_task.mean == pytest.approx(answer["delta_m"]["per_task"]["value"], rel=1e-9)
    lines = {line.label: line for line in room.runs.model.lines}
    together, apart = lines["baselines-001 · all together"], lines["baselines-001 · separate networks"]
    words = dict(room.verdict.costs.facts())
    for line, name in ((together, "Shared"), (apart, "Separate, together")):
        assert f"{cell(line, 'time').text} of training" in words[name]
        assert f"{cell(line, 'parameters').text} parameters" in words[name]
    for line, costs in ((together, answer["costs"]["shared"]), (apart, answer["costs"]["separate"])):
        assert cell(line, "parameters").value == costs["parameters"]
        assert cell(line, "time").value == pytest.approx(costs["seconds"]["mean"])
    rows = {row["label"]: row for row in told["studies"][0]["rows"]}  # type: ignore[index]
    for task, metrics in rows["shared"]["tasks"].items():
        main_metric = next(iter(metrics.values()))
        assert cell(together, f"task:{task}").value == pytest.approx(main_metric["mean"])
        shown = next(one for one in room.chart._lines if one.key == together.key)
        assert cell(shown, f"task:{task}") == cell(together, f"task:{task}")
    assert cell(together, "delta").value == pytest.approx(rows["shared"]["delta_m"]["per_task"]["mean"])


def _the_report_is_saved(window: MainWindow, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_told, **_more: (str(target), ""))
    click(window, "button-compare.report")
    menu = window.findChild(QMenu, "report-menu")
    assert menu is not None and menu.isVisible()
    assert [action.text() for action in menu.actions()][:1] == ["Open the report"]
    menu.actions()[2].trigger()
    menu.close()
    assert target.read_bytes() == source.read_bytes() and b"gain_percent" in target.read_bytes()


def _features_are_compared(room: CompareWorkspace, qtbot: QtBot) -> None:
    room.views.show_view("similarity")
    QTest.mouseClick(room.similarity.measure, LEFT)
    qtbot.waitUntil(lambda: room.similarity.table.found is not None, timeout=60000)
    found = room.similarity.table.found
    assert found is not None and len(found.columns) == 3 and ("stem", "Stem") in found.layers
    assert "seed 0" in room.similarity.words.text()


def _a_checkpoint_is_picked(window: MainWindow, room: CompareWorkspace, qtbot: QtBot) -> None:
    room.views.show_view("pareto")
    view = room.pareto.view
    qtbot.waitUntil(lambda: view.cloud is not None and len(view.cloud.points) == 4, timeout=20000)
    assert view.cloud is not None
    place = next(number for number, point in enumerate(view.cloud.points) if point.usable and point.epoch == 1)
    point = view.cloud.points[place]
    QTest.mouseClick(view, LEFT, Qt.KeyboardModifier.NoModifier, view.spot(place).toPoint())
    assert view.chosen_point() is not None and view.chosen_point().epoch in (1, 2)  # type: ignore[union-attr]
    view._choose(place)  # points may lie on one another
    QTest.mouseClick(room.pareto.keep, LEFT)
    qtbot.waitUntil(lambda: point.run.store.tags().get("chosen") == point.step, timeout=20000)
    qtbot.waitUntil(window.settled, timeout=20000)
    assert room.pareto.keep.text() == "Chosen"
    QTest.mouseClick(room.pareto.use, LEFT)
    assert window.current == "inspect"
    qtbot.waitUntil(lambda: window.studio.prediction.predictor is not None and window.settled(), timeout=60000)
    predictor = window.studio.prediction.predictor
    assert predictor is not None and predictor.epoch == 1
    assert window.studio.prediction.run is not None and window.studio.prediction.run.id == point.run.id
    inspect = window.workspaces["inspect"]
    assert any("epoch 1" in text for text in inspect.status())
    assert inspect.sidebar.which.currentText() == "epoch 1"  # type: ignore[attr-defined]


def click_back(window: MainWindow, qtbot: QtBot) -> None:
    QTest.mouseClick(window.top.workspaces.button("compare"), LEFT)
    assert window.current == "compare"
    qtbot.waitUntil(window.settled, timeout=20000)


def _a_run_is_deleted_and_comes_back(window: MainWindow, room: CompareWorkspace, qtbot: QtBot) -> None:
    room.runs.grouped.setChecked(False)
    count = len(room.runs.model.lines)
    table, model = room.runs.table, room.runs.model
    at = table.visualRect(model.index(0, model.column("network"))).center()
    QTest.mouseClick(table.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: room.settled() and len(model.lines) == count - 1, timeout=60000)
    toast = window.toaster.toasts()[-1]
    undo = next(one for one in toast.findChildren(QPushButton) if one.text() == "Undo")
    QTest.mouseClick(undo, LEFT)
    qtbot.waitUntil(lambda: room.settled() and len(model.lines) == count, timeout=60000)


def test_what_was_under_way_is_offered_again_after_a_restart(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    files.create(folder, project(count=24, epochs=4000))
    with opened(qtbot, folder) as (window, _room):
        start(window, 1, qtbot)
        studies = window.studio.studies
        qtbot.waitUntil(lambda: bool(studies.progress and studies.progress.epoch >= 1), timeout=60000)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert [one.id for one in queued(folder)] == ["baselines-001"]
    with opened(qtbot, folder) as (window, room):
        assert room.bar.isVisible() and "1 study waits" in room.bar.words.full_text()
        click(window, "study-go-on")
        studies = window.studio.studies
        qtbot.waitUntil(lambda: bool(studies.progress and studies.progress.epoch >= 1), timeout=60000)
        click(window, "study-stop")
        finish(window, qtbot)
        click(window, "study-queue")
        qtbot.waitUntil(window.settled, timeout=20000)
        click(window, "leave-baselines-001")
        qtbot.waitUntil(lambda: not room.bar.isVisible(), timeout=20000)
    assert queued(folder) == []
