"""Do the tasks agree? The box in Train, with synthetic measurements and real clicks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.project.graph import reaches
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event
from mtlstudio.runs.folder import RunFolder
from mtlstudio.runs.proposals import shared_layers
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.train.agreement import AgreementBox
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import affinity_measured, gradients_measured, started, whole_run, with_tasks

LEFT = Qt.MouseButton.LeftButton
Live = Callable[[Sequence[Event]], RunFolder]
APART = (0, 2)


def layers_of(spec: ProjectSpec) -> list[str]:
    """Ids of the shared layers with weights, in order."""
    return list(shared_layers(spec))


def measurements(spec: ProjectSpec, count: int = 12, since: int = 4) -> list[Event]:
    """From the fourth measurement on the first and the third task pull apart in the last two shared layers."""
    layers = layers_of(spec)
    events: list[Event] = []
    for number in range(count):
        apart = {APART: -0.4 + 0.02 * (number % 3)} if number >= since else {}
        cosines = {layer: apart if layer in layers[-2:] else {} for layer in layers}
        events.append(gradients_measured(spec, 10 * (number + 1), cosines, (1.0, 2.0, 5.0)))
    return events


def settle(qtbot: QtBot, room: TrainWorkspace) -> AgreementBox:
    qtbot.waitUntil(room.settled, timeout=10000)
    return room.agreement


def click(widget: QWidget, at: QPoint | None = None) -> None:
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, at or widget.rect().center())


def button(box: QWidget, text: str) -> QPushButton:
    return next(item for item in box.findChildren(QPushButton) if item.text() == text and item.isVisible())


def test_before_anything_is_measured_there_are_words_only(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live(whole_run(spec, 1))
    box = settle(qtbot, room)
    assert box.nothing.isVisible() and "60" in box.nothing.text()
    assert not box.pages.isVisible() and not box.kinds.isVisible()
    assert [line[-1] for line in room.table.texts()] == ["—"] * 3


def test_figures_of_the_matrix_the_tip_and_the_table_agree(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    live([*whole_run(spec, 2), *measurements(spec)])
    box = settle(qtbot, room)
    page = box.gradients
    assert not box.affinity.matrix.isVisible()
    assert page.isVisible() and not box.affinity.isVisible() and not box.kinds.isVisible()
    layers = layers_of(spec)
    assert page.layer in layers[-2:] and "conflict" in page.layers.currentText()
    assert [page.matrix.text_at(0, 0), page.matrix.text_at(0, 1)] == ["", "0.30"]
    shown = page.matrix.text_at(*APART)
    assert shown == "−0.24"  # two that agree, eight that do not
    click(page.matrix, page.matrix.cell_rect(*APART).center().toPoint())
    assert page.line.isVisible() and len(page.line.values) == 12 and page.line.steps[0] == 10
    assert f"cosine {shown} ±" in page.pair_words.text() and "10 measurements" in page.pair_words.text()
    shares = [int(line[-1].rstrip(" %")) for line in room.table.texts()]
    assert shares == [12, 25, 62] and abs(sum(shares) - 100) <= 1


def test_another_layer_is_chosen_and_stays(qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live) -> None:
    live([started(spec), *measurements(spec)])
    page = settle(qtbot, room).gradients
    page.layers.setFocus()
    QTest.keyClick(page.layers, Qt.Key.Key_Home)
    page.layers.activated.emit(page.layers.currentIndex())
    assert page.layers.currentText() == "All shared layers" and "all shared layers" in page.caption.text()
    live([gradients_measured(spec, 200, {layer: {} for layer in layers_of(spec)})])
    settle(qtbot, room)
    assert page.layers.currentText() == "All shared layers"


def test_arrow_keys_go_from_pair_to_pair(qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live) -> None:
    live([started(spec), *measurements(spec)])
    page = settle(qtbot, room).gradients
    page.matrix.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(page.matrix, key)
    names = [task.name for task in spec.tasks]
    assert f"{names[0]} and {names[2]}" in page.pair_words.text()


def test_the_proposed_split_is_taken_as_a_new_design(
    qtbot: QtBot, window: MainWindow, room: TrainWorkspace, studio: Studio, spec: ProjectSpec, live: Live
) -> None:
    live([*whole_run(spec, 2), *measurements(spec)])
    box = settle(qtbot, room)
    document = studio.document
    assert document is not None
    before = document.spec
    names = {task.id: task.name for task in spec.tasks}
    first, last = spec.task_ids[0], spec.task_ids[2]
    assert f"{names[first]} and {names[last]} pull apart" in [item.text() for item in box.gradients.notice.findChildren(type(box.nothing))]  # fmt: skip
    words = next(
        item.text() for item in box.gradients.notice.findChildren(type(box.nothing)) if "since epoch" in item.text()
    )
    assert re.search(r"since epoch 3: cosine −0\.\d\d ± 0\.\d\d in 8 measurements", words)
    click(button(box, "Try as new design"))
    after = document.spec
    assert window.workspaces["design"].isVisible() and not room.isVisible()
    start = layers_of(spec)[-2]
    alone = {last} if box.proposal is None or last in box.proposal.tasks else {first}
    shared = shared_layers(after)
    assert all(not shared.get(layer, frozenset()) >= {first, last} for layer in layers_of(spec)[-2:])
    assert shared[layers_of(spec)[-3]] == set(spec.task_ids)
    selected = [after.network.layer(layer) for layer in document.selection]
    assert selected and all(layer.origin in layers_of(spec)[-2:] for layer in selected)
    assert start in {layer.origin for layer in selected}
    assert all(reaches(after.network)[layer.id] <= alone | set(spec.task_ids) for layer in selected)
    toast = next(item for item in window.toaster.toasts() if item.text().startswith("New design:"))
    click(button(toast, "Undo"))
    assert document.spec == before
    assert not document.can_undo


def test_after_the_split_nothing_is_proposed_twice(
    qtbot: QtBot, window: MainWindow, room: TrainWorkspace, studio: Studio, spec: ProjectSpec, live: Live
) -> None:
    live([*whole_run(spec, 2), *measurements(spec)])
    box = settle(qtbot, room)
    first = box.proposal
    box.try_split()
    window.show_workspace("train")
    settle(qtbot, room)
    assert first is not None and box.proposal is None
    assert "The design has been changed" in [
        item.text() for item in box.gradients.notice.findChildren(type(box.nothing))
    ]


def test_groups_that_help_each_other_become_a_tree(
    qtbot: QtBot, window: MainWindow, room: TrainWorkspace, studio: Studio, spec: ProjectSpec, live: Live
) -> None:
    helps = ((0.02, 0.01, -0.01), (0.015, 0.03, -0.02), (-0.004, -0.006, 0.02))
    live(
        [
            *whole_run(spec, 2),
            *measurements(spec),
            affinity_measured(spec, 40, helps),
            affinity_measured(spec, 80, helps),
        ]
    )
    box = settle(qtbot, room)
    assert box.kinds.isVisible() and not box.affinity.isVisible()
    click(box.kinds.button("affinity"))
    page = box.affinity
    assert page.isVisible() and not box.gradients.isVisible()
    assert page.matrix.text_at(0, 1) == "0.33" and page.matrix.text_at(1, 0) == "0.75"
    assert page.matrix.text_at(0, 2) == "−0.50"
    assert box.grouping is not None and box.grouping.groups == (spec.task_ids[:2], spec.task_ids[2:])
    click(button(box, "Try as a tree"))
    document = studio.document
    assert document is not None
    sets = set(shared_layers(document.spec).values())
    assert frozenset(spec.task_ids) in sets and frozenset(spec.task_ids[:2]) in sets
    document.undo()
    assert document.spec == spec


def test_forty_tasks_are_shown_as_their_worst_pairs(
    qtbot: QtBot, room: TrainWorkspace, studio: Studio, spec: ProjectSpec, live: Live
) -> None:
    many = with_tasks(spec, 40)
    document = studio.document
    assert document is not None
    document.apply("many", lambda _spec: many)
    live(
        [
            started(many),
            *(gradients_measured(many, 800 * (n + 1), {"stem": {(3, 17): -0.7, (5, 9): -0.2}}) for n in range(6)),
        ]
    )
    page = settle(qtbot, room).gradients
    assert page.pairs.isVisible() and not page.matrix.isVisible()
    texts = [page.pairs.item(place).text() for place in range(page.pairs.count())]
    assert texts[0] == "−0.70  Task 3 · Task 17" and texts[1] == "−0.20  Task 5 · Task 9" and len(texts) == 8
    click(page.pairs.viewport(), page.pairs.visualItemRect(page.pairs.item(0)).center())
    assert "Task 3 and Task 17" in page.pair_words.text() and page.line.isVisible()


@pytest.mark.parametrize("every", [0, None])
def test_the_words_say_whether_it_is_measured_at_all(
    qtbot: QtBot, room: TrainWorkspace, studio: Studio, spec: ProjectSpec, live: Live, every: int | None
) -> None:
    from dataclasses import replace

    document = studio.document
    assert document is not None
    document.apply("off", lambda now: replace(now, training=replace(now.training, measure_every=every)))
    live([started(spec)])
    box = settle(qtbot, room)
    assert ("switched off" in box.nothing.text()) == (every == 0)


def test_advice_stands_beside_with_its_figures_and_goes_with_its_reason(
    qtbot: QtBot, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    layers = layers_of(spec)
    live([started(spec), gradients_measured(spec, 10, {layer: {} for layer in layers})])
    box = settle(qtbot, room)
    assert not room.advice.isVisible()
    apart = {(0, 1): -0.3, (0, 2): -0.5}
    live([gradients_measured(spec, 10 * (n + 2), dict.fromkeys(layers[-1:], apart)) for n in range(8)])
    settle(qtbot, room)
    names = [task.name for task in spec.tasks]
    assert box.proposal is not None and box.proposal.because.second == spec.task_ids[2]  # told in the box
    assert room.advice.isVisible()
    (words,) = [text for text, _fix in room.advice.texts() if "pull apart" in text]  # the other one
    assert words.startswith(f"{names[0]} and {names[1]}") and "cosine −0.30 ± 0.00 in 8 measurements" in words
    live([started(spec)])
    settle(qtbot, room)
    assert not room.advice.isVisible()
