"""The panels beside the table, with clicks and keys: Pareto, curves, parallel coordinates, verdict, dialogs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mtlstudio.project.fields import set_fields
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, RunFinished, RunStarted, StepsMeasured, WeightsChanged
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.studies.axes import field_choices
from mtlstudio.studies.folder import create_study
from mtlstudio.studies.plan import baselines
from mtlstudio.ui.compare.curve_data import EPOCH, STEP
from mtlstudio.ui.compare.gain_chart import BarGroup, GainChart
from mtlstudio.ui.compare.plan_dialogs import BaselinesDialog, duration_told, span
from mtlstudio.ui.compare.sweep_dialogs import BakeOffDialog, SweepDialog
from mtlstudio.ui.compare.workspace import CompareWorkspace
from mtlstudio.ui.shell.window import MainWindow
from tests.training.small import project
from tests.ui_shell.studio_window import small_project, window_over

LEFT = Qt.MouseButton.LeftButton


def write_run(folder: Path, spec: ProjectSpec, name: str, accuracies: list[float], **told: object) -> RunFolder:
    """A finished run, as the trainer would have written it: an accuracy that rises, an IoU that falls."""
    run, now = create_run(folder, name, spec, told), time.time()
    count = len(accuracies)
    run.record(RunStarted(now, run.id, 0, 0, count, 2, "cpu", 1, "fp32", spec.task_ids, 1_500_000))
    losses = dict.fromkeys(spec.task_ids, 0.5)
    for number, accuracy in enumerate(accuracies, 1):
        pair = dict.fromkeys(spec.task_ids, (1.0 / number, 0.9 / number))
        run.record(StepsMeasured(now, 2 * number, number - 1, pair, (1.0 / number, 0.9 / number), {}, 0.1, 0.1))
        metrics = {"largest": {"accuracy": accuracy}, "mask": {"mean_iou": 1.0 - accuracy}}
        run.record(
            EpochFinished(now, 2 * number, number, count, losses, losses, metrics, 1.0, number == 1, (), 1.0, 0.0)
        )
    run.record(RunFinished(now, 2 * count, count, "done", 61.0))
    run.update(status="finished", fingerprint="f")
    return run


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    folder = tmp_path / "p"
    spec = small_project(folder)
    write_run(folder, spec, "first", [0.2, 0.4, 0.6])
    for number, (batch, accuracy) in enumerate((("4", 0.5), ("8", 0.7), ("16", 0.3)), 1):
        changes = {"training.batch_size": batch}
        told = {"id": "sweep-001", "kind": "sweep", "member": f"p{number}_s0", "role": "point", "seed": 0,
                "fingerprint": "f", "changes": changes}  # fmt: skip
        point = set_fields(spec, list(changes.items()))
        write_run(folder, point, f"sweep-001 p{number}_s0", [0.1, accuracy], study=told)
    with window_over(qtbot, folder, "compare") as made:
        yield made


@pytest.fixture
def room(window: MainWindow) -> CompareWorkspace:
    found = window.workspaces["compare"]
    assert isinstance(found, CompareWorkspace)
    return found


def choose(combo: object, key: str) -> None:
    place = combo.findData(key)  # type: ignore[attr-defined]
    assert place >= 0, key
    combo.setCurrentIndex(place)  # type: ignore[attr-defined]


def test_arrows_walk_along_the_front_and_a_lost_checkpoint_says_why(room: CompareWorkspace) -> None:
    room.views.show_view("pareto")
    panel = room.pareto
    choose(panel.across, "largest.accuracy")
    choose(panel.up, "mask.mean_iou")
    cloud = panel.view.cloud
    assert cloud is not None and len(cloud.points) == 9
    assert [round(cloud.points[place].x, 2) for place in cloud.front] == sorted(
        round(point.x, 2) for point in cloud.points
    )  # what one task wins the other loses: all are on the front
    panel.view.setFocus()
    for _ in range(3):
        QTest.keyClick(panel.view, Qt.Key.Key_Right)
    chosen = panel.view.chosen_point()
    assert chosen is not None and chosen == cloud.points[cloud.front[2]]
    assert not panel.use.isEnabled() and "thinned out" in panel.words.full_text()
    QTest.mouseMove(panel.view, panel.view.spot(cloud.front[-1]).toPoint())
    QTest.mouseClick(panel.view, LEFT, Qt.KeyboardModifier.NoModifier, panel.view.spot(cloud.front[-1]).toPoint())
    assert panel.view.chosen_point() == cloud.points[cloud.front[-1]]


def test_the_selected_runs_alone_are_in_the_pareto_view(room: CompareWorkspace) -> None:
    room.views.show_view("pareto")
    choose(room.pareto.across, "largest.accuracy")
    choose(room.pareto.up, "mask.mean_iou")
    first = next(one.run.id for one in room.runs.model.rows if one.info.name == "first")
    room.runs.select_runs([first])
    cloud = room.pareto.view.cloud
    assert cloud is not None and {point.name for point in cloud.points} == {"first"}


def test_curves_of_selected_runs_are_laid_over_one_another(room: CompareWorkspace, qtbot: QtBot) -> None:
    room.views.show_view("curves")
    room.runs.select_runs([one.run.id for one in room.runs.model.rows][:2])
    qtbot.waitUntil(lambda: room.settled() and len(room.curves.curves) == 2, timeout=20000)
    panel = room.curves
    choose(panel.choice, "train::")
    lines = panel.plot.getPlotItem().listDataItems()
    assert len(lines) == 2
    assert [list(line.getData()[0]) for line in lines] == [[0.5, 1.0, 1.5, 2.0]] * 2
    measured = [curves.losses[""].copy() for curves in panel.curves]
    panel.smoothing.setCurrentIndex(3)
    assert len(panel.plot.getPlotItem().listDataItems()) == 4  # each with what was measured behind it
    assert all((now.losses[""] == before).all() for now, before in zip(panel.curves, measured, strict=True))
    panel.unit.set_current(STEP)
    panel.draw()
    assert list(panel.plot.getPlotItem().listDataItems()[0].getData()[0]) == [1, 2, 3, 4]
    panel.unit.set_current(EPOCH)
    choose(panel.choice, "metric:largest:accuracy")
    accuracies = [list(line.getData()[1]) for line in panel.plot.getPlotItem().listDataItems()]
    assert sorted(accuracies) == sorted([[0.1, 0.3], [0.1, 0.7]])


def test_a_brush_over_an_axis_selects_runs_in_the_table(room: CompareWorkspace) -> None:
    room.views.show_view("sweep")
    view = room.parallel.view
    assert room.parallel.study.currentText() == "sweep-001" and view.parallel is not None
    x = int(view.axis_x("field:training.batch_size"))
    start, end = QPoint(x, int(view.place_y(0.0)) + 3), QPoint(x, int(view.place_y(0.5)))
    QTest.mousePress(view, LEFT, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, LEFT, Qt.KeyboardModifier.NoModifier, end)
    assert {one.info.study["changes"]["training.batch_size"] for one in room.runs.selected()} == {"4", "8"}
    assert "2 of 3 points selected" in room.parallel.words.full_text()
    QTest.mouseClick(room.parallel.all, LEFT)
    assert room.runs.selected() == [] and view.brush == {}


def test_runs_whose_weights_were_steered_are_marked(window: MainWindow, room: CompareWorkspace, qtbot: QtBot) -> None:
    document = window.studio.document
    assert document is not None
    run = write_run(document.folder, document.spec, "steered", [0.5])
    run.record(WeightsChanged(time.time(), 1, 0, {"mask": 0.5}, {"mask": 0.7}))
    room.refresh()
    qtbot.waitUntil(lambda: room.settled() and len(room.runs.model.rows) == 5, timeout=20000)
    model = room.runs.model
    marked = [
        str(model.index(row, 0).data()) for row in range(model.rowCount()) if " λ" in str(model.index(row, 0).data())
    ]
    assert [one.strip() for one in marked] == ["steered λ"]
    place = next(row for row in range(model.rowCount()) if "steered" in str(model.index(row, 0).data()))
    assert "by hand 1 time" in str(model.index(place, 0).data(Qt.ItemDataRole.ToolTipRole))


def test_a_point_of_a_sweep_is_called_by_what_it_sets(room: CompareWorkspace) -> None:
    model = room.runs.model
    names = [str(model.index(row, 0).data()).strip(" ⚠") for row in range(model.rowCount())]
    assert names == [f"sweep-001 · batch_size={size} · seed 0" for size in (16, 8, 4)] + ["first"]


def test_the_status_names_the_best_gain_as_the_table_has_it(room: CompareWorkspace) -> None:
    assert room.status()[0] == "4 runs"
    assert not any("best Δm" in text for text in room.status())  # there are no baselines


def test_a_verdict_whose_reading_was_overtaken_is_shown_all_the_same(
    window: MainWindow, room: CompareWorkspace, qtbot: QtBot
) -> None:
    """A second look, asked for before the first was delivered, replaces it: it must not find all as it was."""
    document = window.studio.document
    assert document is not None and room.verdict.current() is None
    study = create_study(document.folder, baselines(project(), document.folder, 1))
    done: list[bool] = []
    room.refresh()
    room._jobs._pool.submit(done.append, True)  # behind the readings: they are done when this is
    while not done:
        time.sleep(0.01)  # no event is delivered meanwhile
    room.refresh()
    qtbot.waitUntil(window.settled, timeout=20000)
    verdict = room.verdict.current()
    assert verdict is not None and verdict.study.id == study.id


def test_every_method_has_its_bar_and_what_is_unknown_has_none(qtbot: QtBot) -> None:
    chart = GainChart()
    qtbot.addWidget(chart)
    chart.resize(600, 220)
    chart.show_groups(
        [BarGroup("Breed", "#4C9BE8", ((2.0, 1.0), None)), BarGroup("Mask", "#F2A541", ((-1.0, None), (3.0, 0.5)))],
        ["Equal", "PCGrad"],
    )
    chart.grab()
    assert [words for _, words in chart._places] == [
        "Breed · Equal: +2.0 % ± 1.0", "Mask · Equal: −1.0 %", "Mask · PCGrad: +3.0 % ± 0.5",
    ]  # fmt: skip
    up, down = chart._places[0][0], chart._places[1][0]
    assert up.bottom() == pytest.approx(down.top(), abs=9)  # both stand on zero


def test_of_forty_tasks_every_one_keeps_room_for_its_bars(qtbot: QtBot) -> None:
    chart = GainChart()
    qtbot.addWidget(chart)
    chart.show_groups([BarGroup(f"Task {n}", "#4C9BE8", ((1.0, 0.5),)) for n in range(40)], ["Equal"])
    assert chart.minimumWidth() >= 40 * 60


def test_the_dialog_says_how_many_runs_there_will_be(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = BaselinesDialog(project(), tmp_path)
    qtbot.addWidget(dialog)
    assert "12 runs: all together, and 3 tasks alone; seeds 0, 1, 2" in dialog.runs.text()
    dialog.seeds.setValue(1)
    assert "4 runs" in dialog.runs.text()
    qtbot.waitUntil(dialog.settled, timeout=10000)
    assert "nothing was trained here yet" in dialog.time.text()
    dialog.epochs.setValue(7)
    assert dialog.spec().training.epochs == 7
    dialog.reject()


def test_baselines_of_a_single_task_are_refused_in_words(qtbot: QtBot, tmp_path: Path) -> None:
    from mtlstudio.studies.plan import alone_spec

    dialog = BaselinesDialog(alone_spec(project(), "mask"), tmp_path)
    qtbot.addWidget(dialog)
    assert "nothing is shared" in dialog.runs.text() and not dialog.go.isEnabled()
    dialog.reject()


def test_a_sweep_is_typed_and_what_does_not_fit_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = SweepDialog(project(), tmp_path)
    qtbot.addWidget(dialog)
    dialog.axes[0].choose("training.batch_size")
    dialog.axes[0].values.setText("4, 8，16")
    QTest.mouseClick(dialog.more, LEFT)
    dialog.axes[1].choose("network.split")
    dialog.axes[1].values.setText("stem")
    assert "3 runs: 3 points" in dialog.runs.text() and dialog.go.isEnabled()
    dialog.axes[1].values.setText("stem, nowhere")
    assert "nowhere" in dialog.runs.text() and not dialog.go.isEnabled()
    QTest.mouseClick(dialog.axes[1].away, LEFT)
    assert len(dialog.members(dialog.spec())) == 3
    assert [member.changes for member in dialog.members(dialog.spec())] == [
        (("training.batch_size", size),) for size in ("4", "8", "16")
    ]
    dialog.reject()


def test_equal_weights_are_always_in_the_bake_off(qtbot: QtBot, tmp_path: Path) -> None:
    spec = replace(project(), training=replace(project().training))
    dialog = BakeOffDialog(spec, tmp_path)
    qtbot.addWidget(dialog)
    for place in range(dialog.methods.count()):
        item = dialog.methods.item(place)
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            item.setCheckState(Qt.CheckState.Unchecked)
    assert dialog.chosen() == ("equal",)
    equal = next(dialog.methods.item(place) for place in range(dialog.methods.count())
                 if dialog.methods.item(place).data(Qt.ItemDataRole.UserRole) == "equal")  # fmt: skip
    assert not equal.flags() & Qt.ItemFlag.ItemIsEnabled and equal.checkState() == Qt.CheckState.Checked
    assert {member.changes for member in dialog.members(spec)} == {(("training.balancing.method", "equal"),)}
    dialog.reject()


def test_every_lambda_can_be_swept_by_its_task_s_name() -> None:
    words = [choice.words for choice in field_choices(project())]
    assert {"λ of Largest", "λ of Mask", "λ of Count"} <= set(words)


def test_spans_of_time_read_as_people_say_them() -> None:
    assert [span(seconds) for seconds in (0.2, 40, 600, 12000)] == ["1 s", "40 s", "10 min", "3 h 20 min"]
    from mtlstudio.studies.durations import UNKNOWN, Duration

    assert "not known" in duration_told(Duration(None, UNKNOWN))
