"""Activations on the cards and the microscope, with real clicks in the whole window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from mtlstudio.inspection.thumbnails import Thumbnail
from mtlstudio.project import edits
from mtlstudio.ui.design.activations import ActivationView
from mtlstudio.ui.design.microscope import OUTPUT, Microscope
from mtlstudio.ui.design.tips import tip
from mtlstudio.ui.design.workspace import DesignWorkspace
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import depth_table
from tests.ui_shell.studio_window import small_project, window_over

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    small_project(tmp_path / "p")
    torch.set_num_threads(1)
    with window_over(qtbot, tmp_path / "p", "design") as made:
        made.resize(1280, 720)
        yield made


@pytest.fixture
def room(window: MainWindow) -> DesignWorkspace:
    found = window.workspaces["design"]
    assert isinstance(found, DesignWorkspace)
    return found


@pytest.fixture
def shown(room: DesignWorkspace, window: MainWindow, qtbot: QtBot) -> ActivationView:
    """Turned on by its key."""
    QTest.keyClick(room.canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: room.canvas.picture.thumbs is not None, timeout=60000)
    qtbot.waitUntil(window.settled, timeout=20000)
    return room.activations


def colours_on(room: DesignWorkspace, layer_id: str) -> set[int]:
    """The colours on a layer's card."""
    rect = room.canvas.card_rect(layer_id)
    image = room.canvas.grab(rect).toImage()
    return {image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}


def magnified(room: DesignWorkspace, layer_id: str, qtbot: QtBot) -> Microscope:
    """Clicks a card and waits for the microscope."""
    rect = room.canvas.card_rect(layer_id)
    QTest.mouseClick(room.canvas, LEFT, NONE, QPoint(rect.center().x(), rect.top() + rect.height() // 3))
    qtbot.waitUntil(lambda: room.activations.microscope is not None, timeout=5000)
    found = room.activations.microscope
    assert found is not None
    qtbot.waitUntil(lambda: found.isVisible() and found.magnified is not None, timeout=20000)
    return found


def test_every_card_shows_its_thumbnail_until_it_is_turned_off(
    room: DesignWorkspace, window: MainWindow, shown: ActivationView
) -> None:
    thumbs = room.canvas.picture.thumbs
    assert thumbs is not None and window.actions_["design.activations"].isChecked()
    assert "untrained" in shown.strip.words.text() and "Validation 1 of" in shown.strip.place.text()
    for layer_id in ("down_1", "down_3", "mask_dense_head", "depth_up_1"):
        pixels = thumbs.observation.thumbnails[layer_id].pixels
        expected = {depth_table()[value] for value in np.unique(pixels).tolist()}
        drawn = colours_on(room, layer_id) & set(depth_table())
        assert len(drawn) >= min(6, len(expected)) and drawn <= expected, layer_id
    close = shown.strip.findChild(QPushButton, "activation-close")
    assert close is not None
    QTest.mouseClick(close, LEFT)
    assert room.canvas.picture.thumbs is None and not shown.strip.isVisible()
    assert not colours_on(room, "down_1") & set(depth_table()[:200])
    assert not window.actions_["design.activations"].isChecked()


def test_the_next_sample_has_other_pictures(
    room: DesignWorkspace, window: MainWindow, shown: ActivationView, qtbot: QtBot
) -> None:
    before, image = colours_on(room, "down_1"), shown.strip.picture.pixmap().toImage()
    observation = shown.session.observation
    QTest.mouseClick(shown.strip.next, LEFT)
    qtbot.waitUntil(lambda: shown.session.observation is not observation and window.settled(), timeout=20000)
    assert colours_on(room, "down_1") != before and shown.strip.picture.pixmap().toImage() != image
    assert "2 of" in shown.strip.place.text()
    data = room.studio.data.data
    assert data is not None and shown.session.observation is not None
    assert shown.session.observation.title == data.items("val")[1].key
    QTest.mouseClick(shown.strip.previous, LEFT)
    QTest.mouseClick(shown.strip.previous, LEFT)
    qtbot.waitUntil(lambda: "Train" in shown.strip.place.text() and window.settled(), timeout=20000)
    assert shown.session.observation.title == data.items("train")[-1].key


def test_an_edit_is_worked_out_anew(
    room: DesignWorkspace, window: MainWindow, shown: ActivationView, qtbot: QtBot
) -> None:
    thumbs = room.canvas.picture.thumbs
    assert thumbs is not None and thumbs.observation.layers["down_1"].shape[0] == 16
    room.document.apply("wider", lambda spec: edits.set_parameters(spec, ["down_1"], out_channels=20))
    assert thumbs.stale
    qtbot.waitUntil(lambda: room.canvas.picture.thumbs is not thumbs and window.settled(), timeout=20000)
    after = room.canvas.picture.thumbs
    assert after is not None and after.observation.layers["down_1"].shape[0] == 20 and not after.stale
    room.document.apply("broken", lambda spec: edits.set_parameters(spec, ["down_1"], kernel_size=99))
    qtbot.waitUntil(window.settled, timeout=20000)


def test_the_formula_of_a_clicked_pixel_adds_up_to_the_value_of_the_module(
    room: DesignWorkspace, window: MainWindow, shown: ActivationView, qtbot: QtBot
) -> None:
    microscope = magnified(room, "down_1", qtbot)
    slide, observation = microscope._slide, shown.session.observation
    assert slide is not None and observation is not None
    view = microscope.view
    for x, y in ((0, 0), (7, 5), (23, 23)):
        QTest.mouseClick(view, LEFT, NONE, view.to_widget(x + 0.5, y + 0.5).toPoint())
        found = microscope.magnified
        assert found is not None and (found.column, found.row) == (x, y)
        total, parts = microscope.formula.text().split(" = ")
        numbers = [float(number) for number in re.findall(r"[+-]\d+\.\d+", parts)]
        places = found.decimals()
        assert round(sum(numbers), places) == float(total)
        assert float(total) == pytest.approx(found.module_value, abs=0.6 * 10.0**-places)
        assert found.module_value == pytest.approx(float(slide.leaving[found.channel, y, x]))
        for term in microscope.table._terms:
            products = microscope.table.grids(term)[2]
            assert round(float(products.sum()), places) == round(term.value, places)
    assert microscope.magnified is not None and not microscope.magnified.inside.all()
    assert "ReLU" in microscope.after.text()
    QTest.keyClick(view, Qt.Key.Key_Left)
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert (microscope.magnified.row, microscope.magnified.column) == (21, 22)
    QTest.mouseClick(microscope.channels, LEFT, NONE, microscope.channels.cell(3).center())
    assert microscope.magnified.channel == microscope.channels.numbers[3]


def test_the_microscope_follows_sample_design_and_card(
    room: DesignWorkspace, window: MainWindow, shown: ActivationView, qtbot: QtBot
) -> None:
    microscope = magnified(room, "down_2", qtbot)
    first = microscope.magnified
    assert first is not None
    shown.step(1)
    qtbot.waitUntil(lambda: microscope.magnified is not first and window.settled(), timeout=20000)
    second = microscope.magnified
    assert second is not None and (second.channel, second.row, second.column) == (
        first.channel,
        first.row,
        first.column,
    )
    assert second.value != first.value
    microscope.source.setCurrentIndex(0)
    microscope.source.activated.emit(0)
    assert microscope._wanted == OUTPUT and microscope.magnified is None and microscope.formula.text() == ""
    assert microscope.parts[0].isVisible() and microscope.view.image() is not None
    room.document.select(["largest_global_pool"])
    window.actions_.trigger("design.microscope")
    assert microscope._layer == "largest_global_pool" and not microscope.source.isVisible()
    assert microscope.view.image() is not None
    room.document.apply("gone", lambda spec: edits.delete_layers(spec, ["largest_global_pool"]))
    qtbot.waitUntil(window.settled, timeout=20000)
    window.show_workspace("train")
    assert not microscope.isVisible()


def test_silent_and_endless_values_warn_on_the_card(room: DesignWorkspace, shown: ActivationView) -> None:
    thumbs = room.canvas.picture.thumbs
    assert thumbs is not None
    observation = thumbs.observation
    layer = observation.layers["down_1"]
    object.__setattr__(layer, "silent", 0.75)
    assert thumbs.warns("down_1") == "warning"
    rect = room.canvas.card_rect("down_1")
    found = room.canvas.hit(QPoint(rect.center().x(), rect.top() + rect.height() // 3))
    assert "75 % of the channels are silent" in tip(found, room.canvas.picture, room.canvas.scene.layout)
    object.__setattr__(layer, "finite", False)
    assert thumbs.warns("down_1") == "bad" and "not finite" in "".join(thumbs.lines("down_1"))
    assert isinstance(observation.thumbnails["down_1"], Thumbnail)


def test_closing_while_it_is_worked_out_is_safe(window: MainWindow, room: DesignWorkspace, qtbot: QtBot) -> None:
    window.actions_.trigger("design.activations")
    assert room.activations.session.jobs.busy
    window.studio.close_document()
    qtbot.wait(300)
    assert window.studio.document is None and not window.workspaces
