"""Inspect without a network: pictures, truth, keys. With one, see tests/e2e/test_window.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mtlstudio.tasks.predictions import MapPrediction, MaskPrediction
from mtlstudio.ui.inspect.entries import error_map
from mtlstudio.ui.inspect.workspace import InspectWorkspace
from mtlstudio.ui.shell.window import MainWindow
from tests.ui_shell.studio_window import small_project, window_over


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    small_project(tmp_path / "p")
    with window_over(qtbot, tmp_path / "p", "inspect") as made:
        yield made


@pytest.fixture
def room(window: MainWindow) -> InspectWorkspace:
    found = window.workspaces["inspect"]
    assert isinstance(found, InspectWorkspace)
    return found


def test_the_truth_is_shown_before_anything_was_trained(room: InspectWorkspace) -> None:
    assert room._looked is not None and room.panes.panels["truth"].isVisible()
    assert "mask" in room._looked.truths and room.predictions == {}
    assert "No trained network" in room.status()[0]


def test_keys_browse_the_pictures(qtbot: QtBot, window: MainWindow, room: InspectWorkspace) -> None:
    def title() -> str:
        assert room._looked is not None
        return room._looked.entry.title

    first = title()
    QTest.keyClick(window, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: title() != first)
    QTest.keyClick(window, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: title() == first)


def test_number_keys_toggle_layers_and_the_grave_key_bares_the_picture(room: InspectWorkspace) -> None:
    tasks = list(room.sidebar.layers)
    number = tasks.index("mask") + 1
    room.panes.views["truth"].setFocus()
    before = room.panes.views["truth"].grab().toImage()
    QTest.keyClick(room.panes.views["truth"], getattr(Qt.Key, f"Key_{number}"))
    assert not room.sidebar.layers["mask"].eye.isChecked()
    assert room.panes.views["truth"].grab().toImage() != before
    QTest.keyClick(room.panes.views["truth"], getattr(Qt.Key, f"Key_{number}"))
    assert room.panes.views["truth"].grab().toImage() == before
    QTest.keyPress(room.panes.views["truth"], Qt.Key.Key_QuoteLeft)
    assert room.panes.views["truth"].grab().toImage() != before
    QTest.keyRelease(room.panes.views["truth"], Qt.Key.Key_QuoteLeft)
    assert room.panes.views["truth"].grab().toImage() == before


def test_hovering_tells_the_truth_of_the_pixel(room: InspectWorkspace) -> None:
    assert room._looked is not None
    truth = room._looked.truths["mask"]
    assert isinstance(truth, MaskPrediction)
    y, x = (int(values[0]) for values in np.nonzero(truth.indices))
    room.panes.hovered.emit(x, y)
    name = room._tasks["mask"].spec.parameters["class_names"][truth.indices[y, x]]
    assert name in room.readout.texts["mask"]


def test_opened_pictures_have_no_truth_and_a_broken_one_is_told(
    qtbot: QtBot, room: InspectWorkspace, tmp_path: Path
) -> None:
    said: list[str] = []
    room.studio.said.connect(lambda text, _kind: said.append(text))
    good, broken = tmp_path / "好 picture.png", tmp_path / "broken.jpg"
    Image.new("RGB", (60, 30), "red").save(good)
    broken.write_bytes(b"no picture")
    room.open_images([good, broken])
    qtbot.waitUntil(lambda: room._looked is not None and room._looked.entry.title == good.name)
    assert room._looked is not None and room._looked.truths == {} and not room.panes.panels["truth"].isVisible()
    room.strip.step(1)
    qtbot.waitUntil(lambda: any("broken.jpg" in text for text in said))


def test_errors_tell_missed_from_too_much_from_another_class_and_spare_what_is_unknown() -> None:
    truth = MaskPrediction(np.array([[0, 1, 2, 255], [0, 1, 2, 255]], np.uint8), None, 255)
    said = MaskPrediction(np.array([[1, 0, 1, 1], [0, 1, 2, 0]], np.uint8))
    found = error_map(said, truth, 0)
    assert found is not None and found.indices.tolist() == [[2, 1, 3, 0], [0, 0, 0, 0]]
    assert error_map(MapPrediction(np.zeros((2, 4), np.float32)), truth, 0) is None
    assert error_map(MaskPrediction(np.zeros((3, 3), np.uint8)), truth, 0) is None
