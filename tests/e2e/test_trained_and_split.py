"""A network is trained in the window, then split and joined by hand: what is said of its weights, and what a run that
starts from it really takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.templates.registry import template
from mtlstudio.project import files
from mtlstudio.runs.checkpoints import NETWORK_FILE
from mtlstudio.runs.events import Noted
from mtlstudio.runs.folder import RunFolder, runs_of
from mtlstudio.training import notes
from mtlstudio.ui.train.workspace import TrainWorkspace
from mtlstudio.ui.widgets.feedback import Toast
from tests.e2e.hand import WAIT_MS, Hand
from tests.ui_shell.studio_window import small_project, window_over

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def hand(qtbot: QtBot, tmp_path: Path) -> Iterator[Hand]:
    """Two tasks on a shared trunk, in Design."""
    folder = tmp_path / "p"
    spec = small_project(folder)
    tasks = tuple(task for task in spec.tasks if task.id in ("largest", "count"))
    scenes = replace(spec.datasets[0], targets=FrozenDict(largest="largest", count="count"))
    spec = replace(spec, tasks=tasks, datasets=(scenes,))
    spec = replace(spec, training=replace(spec.training, epochs=1, batch_size=8, threads=1, device="cpu"))
    files.save(folder, spec.with_network(template("shared").build(spec)))
    with window_over(qtbot, folder, "design") as window:
        yield Hand(window, qtbot)


def train(hand: Hand, qtbot: QtBot) -> RunFolder:
    """F5, to the end."""
    training = hand.window.studio.training
    hand.key(Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: training.is_training, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not training.is_training, timeout=WAIT_MS)
    return runs_of(hand.window.studio.document.folder)[-1]


def toasts(hand: Hand) -> str:
    """All that is said at the bottom of the window."""
    return " ".join(toast.accessibleName() for toast in hand.window.findChildren(Toast) if toast.isVisible())


def weights(run: RunFolder, which: str) -> dict[str, torch.Tensor]:
    return load_file(run.store.find(which).path / NETWORK_FILE)


def of(tensors: dict[str, torch.Tensor], layer_id: str) -> dict[str, torch.Tensor]:
    """The tensors of one layer, by their names within it."""
    return {name.split(f".{layer_id}.", 1)[1]: value for name, value in tensors.items() if f".{layer_id}." in name}


def test_a_split_is_told_foreseen_and_inherited(hand: Hand, qtbot: QtBot) -> None:
    first = train(hand, qtbot)
    hand.key(Qt.Key.Key_2, ALT)
    hand.settle()
    handle = hand.canvas.edge_handle("stage_3", "lower")
    hand.drag(handle, QPoint(handle.x(), hand.middle_of_row("largest", 0.7)))
    hand.settle()
    layers = {layer.id: layer for layer in hand.spec.network.layers}
    copy = next(layer for layer in layers.values() if layer.origin == "stage_3")
    assert {frozenset(layers["stage_3"].tasks), frozenset(copy.tasks)} == {frozenset({"largest"}), frozenset({"count"})}
    assert "trained weights go with it" in toasts(hand)
    assert layers["stage_3"].name in toasts(hand)

    hand.key(Qt.Key.Key_3, ALT)
    room = hand.window.workspaces["train"]
    assert isinstance(room, TrainWorkspace)
    recipe = room.recipe
    combo = recipe.form.editor("start_from").field()
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert hand.spec.training.start_from == first.id
    assert recipe.heritage.isVisible() and "cop" in recipe.heritage.text()
    assert layers["stage_3"].name in recipe.heritage.toolTip()
    epochs = recipe.form.editor("epochs").field()
    hand.click(epochs)
    hand.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hand.type("0")
    second = train(hand, qtbot)
    assert second.id != first.id

    before, after = weights(first, "best"), weights(second, "last")
    for layer_id in ("stage_1", "stage_2", "stage_3", copy.id):
        source = of(before, "stage_3" if layer_id == copy.id else layer_id)
        taken = of(after, layer_id)
        assert taken and set(taken) == set(source)
        assert all(torch.equal(taken[name], source[name]) for name in taken), layer_id
    said = {event.code for event in hand.window.studio.training.history if isinstance(event, Noted)}
    assert {notes.INHERITED, notes.INHERITED_COPY} <= said and notes.STARTED_ANEW not in said


def test_joining_again_says_what_is_lost(hand: Hand, qtbot: QtBot) -> None:
    handle = hand.canvas.edge_handle("stage_3", "lower")
    hand.drag(handle, QPoint(handle.x(), hand.middle_of_row("largest", 0.7)))
    train(hand, qtbot)
    hand.key(Qt.Key.Key_2, ALT)
    hand.settle()
    own = next(
        layer for layer in hand.spec.network.layers if layer.type == "residual_stage" and layer.tasks == {"largest"}
    )
    hand.select(own.id)
    handle = hand.canvas.edge_handle(own.id, "lower")
    hand.drag(handle, QPoint(handle.x(), hand.middle_of_row("count", 0.7)))
    assert hand.spec.network.layer(own.id).tasks == {"largest", "count"}
    assert f"The weights of “{own.name}" in toasts(hand) and "are lost" in toasts(hand)
