"""Networks of every family built from nothing, with real clicks and keys; every click and key is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mtlstudio.project.check import check_structure
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import NetworkSpec, ProjectSpec

CTRL = Qt.KeyboardModifier.ControlModifier


class Hand:
    """Clicks, drags and types; counts them."""

    def __init__(self, room: Any, qtbot: Any) -> None:
        self.room, self._qtbot = room, qtbot
        self.clicks = self.keys = self.drags = 0

    def start(self) -> None:
        """Clicks the button in the middle of the empty grid."""
        QTest.mouseClick(self.room.workspace.host.start, Qt.MouseButton.LeftButton)
        self.clicks += 1

    def click(self, at: QPoint) -> None:
        self.room.click(at)
        self.clicks += 1

    def drag(self, start: QPoint, end: QPoint) -> None:
        self.room.drag(start, end)
        self.drags += 1

    def key(self, key: Any, held: Any = Qt.KeyboardModifier.NoModifier) -> None:
        self.room.key(key, held)
        self.keys += 1

    def add(self, words: str, each: bool = False) -> str:
        """`/`, a few letters, Enter (with Ctrl: one for each task). Gives the id of the (first) new layer."""
        self.settle()
        QTest.keyClick(self.room.canvas, Qt.Key.Key_Slash)
        assert self.room.workspace.quick_add.isVisible()
        field = QApplication.focusWidget()
        QTest.keyClicks(field, words)
        QTest.keyClick(field, Qt.Key.Key_Return, CTRL if each else Qt.KeyboardModifier.NoModifier)
        self.keys += 2 + len(words)
        assert not self.room.workspace.quick_add.isVisible(), self.room.said
        return self.room.document.selection[0]

    def select(self, layer_id: str) -> None:
        self.click(self.room.card(layer_id))
        assert layer_id in self.room.document.selection

    def settle(self) -> None:
        """Waits for the shapes, as a person would for the figures."""
        self._qtbot.waitUntil(lambda: self.room.workspace.settled(), timeout=30000)

    def sources(self, layer_id: str) -> set[str]:
        """What feeds a layer."""
        return {c.source for c in self.room.spec.network.connections if c.target == layer_id}


@pytest.fixture
def empty(open_room: Callable[..., Any], pets_spec: ProjectSpec, qtbot: Any) -> Hand:
    """A project with three tasks and no layer."""
    return Hand(open_room(pets_spec.with_network(NetworkSpec())), qtbot)


def sound(hand: Hand) -> None:
    """Nothing is wrong, every task has an output, and all can be taken back."""
    hand.settle()
    errors = [p.text() for p in check_structure(hand.room.spec) if p.severity is Severity.ERROR]
    assert not errors, errors
    analysis = hand.room.studio.analysis.analysis
    assert analysis is not None and not analysis.errors, [problem.text() for problem in analysis.errors]
    assert {output.task for output in hand.room.spec.network.outputs} == set(hand.room.spec.task_ids)


def types(spec: ProjectSpec, task: str) -> list[str]:
    """Layer types that serve a task, in the order of the list."""
    return [layer.type for layer in spec.network.layers if task in layer.tasks]


def test_classification_and_segmentation(empty: Hand, open_room: Callable[..., Any], qtbot: Any) -> None:
    spec = empty.room.spec
    two = replace(spec, tasks=(spec.task("species"), spec.task("mask")))
    hand = Hand(open_room(two), qtbot)
    hand.start()
    for _stage in range(3):
        hand.add("resid")
    sound(hand)
    assert types(hand.room.spec, "species").count("residual_stage") == 3
    assert all(layer.tasks == {"species", "mask"} for layer in hand.room.spec.network.layers if layer.type == "residual_stage")  # fmt: skip
    assert (hand.clicks, hand.drags) == (1, 0) and hand.keys <= 21


def test_a_tree_of_three_tasks(empty: Hand) -> None:
    empty.start()
    stages = [empty.add("resid") for _stage in range(3)]
    handle = empty.room.canvas.edge_handle(stages[-1], "lower")
    empty.drag(handle, QPoint(handle.x(), empty.room.middle_of_row("breed")))
    sound(empty)
    assert empty.room.tasks_of(stages[1]) == {"species", "breed", "mask"}
    assert empty.room.tasks_of(stages[2]) == {"species", "breed"}
    assert (empty.clicks, empty.drags) == (1, 1)


def test_mtan(empty: Hand) -> None:
    empty.start()
    first, second = empty.add("resid"), empty.add("resid")
    empty.add("task att", each=True)
    later = list(empty.room.document.selection)
    assert len(later) == 3
    empty.select(first)
    empty.add("task att", each=True)
    early = list(empty.room.document.selection)
    sound(empty)
    for task, one, two in zip(empty.room.spec.task_ids, early, later, strict=True):
        assert empty.sources(one) == {first} and empty.sources(two) == {second, one}
        assert empty.room.tasks_of(one) == empty.room.tasks_of(two) == {task}
    assert (empty.clicks, empty.drags) == (2, 0)


def test_an_attention_added_in_the_middle_takes_its_place_in_the_chain(empty: Hand) -> None:
    empty.start()
    first, middle, last = (empty.add("resid") for _stage in range(3))
    empty.add("task att", each=True)
    late = list(empty.room.document.selection)
    empty.select(first)
    empty.add("task att", each=True)
    early = list(empty.room.document.selection)
    empty.select(middle)
    empty.add("task att", each=True)
    added = list(empty.room.document.selection)
    sound(empty)
    for one, two, three in zip(early, added, late, strict=True):
        assert empty.sources(two) == {middle, one}
        assert empty.sources(three) == {last, two}


def test_an_fpn_with_three_heads(empty: Hand) -> None:
    empty.start()
    stages = [empty.add("resid") for _stage in range(4)]
    top = empty.add("fpn")
    down = empty.add("fpn")
    assert empty.sources(top) == {stages[3], stages[2]}, "the skip is found by its size"
    assert empty.sources(down) == {top, stages[1]}
    spec = empty.room.spec
    pool = next(c.target for c in spec.network.connections if c.source == down and empty.room.tasks_of(c.target) == {"species"})  # fmt: skip
    other = next(c.target for c in spec.network.connections if c.source == down and empty.room.tasks_of(c.target) == {"breed"})  # fmt: skip
    empty.settle()
    empty.select(top)
    empty.drag(empty.room.canvas.out_port(top), empty.room.card(pool))
    empty.settle()
    empty.select(stages[3])
    empty.drag(empty.room.canvas.out_port(stages[3]), empty.room.card(other))
    sound(empty)
    assert empty.sources(pool) == {top} and empty.sources(other) == {stages[3]}
    assert empty.room.tasks_of(down) == {"mask"} and empty.room.tasks_of(top) == {"mask", "species"}
    assert (empty.clicks, empty.drags) == (3, 2)


def test_cross_stitch_lies_over_the_own_ways(empty: Hand) -> None:
    empty.start()
    empty.add("resid", each=True)
    assert len(empty.room.document.selection) == 3
    unit = empty.add("cross-s")
    sound(empty)
    assert empty.room.tasks_of(unit) == {"species", "breed", "mask"}
    card = empty.room.canvas.scene.layout.cards[unit]
    assert card.spot.crosses and len(card.spot.rows) == 3
    behind = empty.add("conv", each=False)
    assert len(empty.room.document.selection) == 3, "behind a layer between tasks each has its own"
    assert len(empty.room.tasks_of(behind)) == 1


def test_heads_from_the_rows(empty: Hand) -> None:
    room = empty.room
    room.document.apply("", lambda spec: __import__("mtlstudio.project.edits", fromlist=["x"]).start_network(spec))
    empty.select("image")
    stage = empty.add("resid")
    assert room.canvas.end_plus(stage) != QPoint(-1, -1), "the way ends in nothing yet"
    for task in room.spec.task_ids:
        empty.click(room.canvas.head_plus(task))
    sound(empty)
    assert room.tasks_of(stage) == set(room.spec.task_ids)
    assert room.canvas.end_plus(stage) == QPoint(-1, -1)


def test_one_key_gives_every_task_a_head(empty: Hand) -> None:
    room = empty.room
    room.workspace.commands.add("residual_stage")
    empty.key(Qt.Key.Key_H)
    sound(empty)
    assert len(room.spec.network.outputs) == 3
