"""What it sees: preview files over the pictures, dragged through the epochs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import PreviewTaken
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.session.studio import Studio
from mtlstudio.ui.theme import depth_table
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.sights import Sights, read_preview
from mtlstudio.ui.train.strip import EpochStrip
from tests.ui_train.synthetic import START, started

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
RED, SIZE = "#ff0000", 32


def strip(qtbot: QtBot, epochs: list[int], width: int) -> EpochStrip:
    """A strip of grey pictures."""
    made = EpochStrip()
    qtbot.addWidget(made)
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("#888888"))
    made.set_source(lambda _epoch: picture, lambda _epoch: "")
    made.resize(width, made.sizeHint().height())
    made.set_epochs(epochs)
    made.show()
    return made


def test_evenly_chosen_epochs_fill_the_strip_the_first_and_the_newest_among_them(qtbot: QtBot) -> None:
    made = strip(qtbot, list(range(1, 41)), 720)
    shown = made.shown()
    assert len(shown) == 8 and shown[0] == 1 and shown[-1] == 40 == made.current()
    gaps = np.diff(shown)
    assert gaps.max() - gaps.min() <= 1


def test_dragging_reaches_every_epoch(qtbot: QtBot) -> None:
    made = strip(qtbot, list(range(1, 41)), 720)
    seen: list[int] = []
    made.chosen.connect(seen.append)
    y = made.height() // 3
    QTest.mousePress(made, LEFT, NONE, QPoint(5, y))
    right = int(made.areas()[-1].right())
    for x in range(5, right, 4):
        QTest.mouseMove(made, QPoint(x, y))
        assert made.current() in made.shown(), "what is framed can be seen"
    QTest.mouseRelease(made, LEFT, NONE, QPoint(right - 1, y))
    assert sorted(set(seen)) == list(range(1, 41))


def test_the_keys_go_through_the_epochs_and_new_ones_are_followed_only_from_the_end(qtbot: QtBot) -> None:
    made = strip(qtbot, [2, 5, 9], 300)
    made.set_epochs([2, 5, 9, 12])
    assert made.current() == 12
    QTest.keyClick(made, Qt.Key.Key_Left)
    made.set_epochs([2, 5, 9, 12, 15])
    assert made.current() == 9
    QTest.keyClick(made, Qt.Key.Key_End)
    assert made.current() == 15


def test_a_depth_map_takes_the_depth_colours(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 128, 255]], np.uint8)).save(tmp_path / "d.png")
    image = read_preview(tmp_path / "d.png")
    assert isinstance(image, QImage)
    found = [image.pixel(x, 0) & 0xFFFFFF for x in range(3)]
    assert found == [depth_table()[value] & 0xFFFFFF for value in (0, 128, 255)]


def test_missing_and_broken_files_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"no picture")
    assert read_preview(tmp_path / "x.png") is None
    assert read_preview(tmp_path / "none.txt") is None


@pytest.fixture
def previews(tmp_path: Path, spec: ProjectSpec) -> tuple[RunFolder, PreviewTaken]:
    """A run with one preview of one sample: a mask whose left half is red, the rest transparent, and words."""
    run = create_run(tmp_path / "demo", "seen", spec)
    folder = run.path / "previews" / "0003"
    folder.mkdir(parents=True)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[:, : SIZE // 2] = 1
    image = Image.fromarray(mask)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.save(folder / "0.mask.png", transparency=bytes((0, 255)))
    (folder / "0.largest.txt").write_text("circle 93 %", encoding="utf-8")
    images = {"scene 00004": {"mask": "previews/0003/0.mask.png", "largest": "previews/0003/0.largest.txt"}}
    return run, PreviewTaken(time=START + 1, step=60, epoch=3, images=images)


def test_the_mask_lies_over_the_picture_of_its_sample(
    qtbot: QtBot, tmp_path: Path, spec: ProjectSpec, previews: tuple[RunFolder, PreviewTaken]
) -> None:
    from mtlstudio.base.settings import Settings

    studio = Studio(Settings())
    studio.analysis.request = lambda _spec: None  # type: ignore[method-assign]
    studio.create(tmp_path / "demo", spec)
    qtbot.waitUntil(lambda: studio.data.data is not None, timeout=20000)
    data = studio.data.data
    assert data is not None
    run, event = previews
    series = RunSeries(spec, {})
    series.take([started(spec), event])
    sights = Sights(studio.data)
    qtbot.addWidget(sights)
    sights.resize(700, 130)
    sights.set_run(run, series)
    sights.show()
    assert sights.task.currentData() == "mask", "maps come first"
    qtbot.waitUntil(lambda: sights.picture(3) is not None, timeout=20000)
    picture = sights.picture(3)
    assert picture is not None
    item = next(item for item in data.all_items if item.key == "scene 00004")
    base = data.read_image(item).astype(int)
    scale = picture.width() / SIZE
    for x, y in ((4, 8), (8, 24), (24, 8), (28, 28)):
        pixel = picture.pixelColor(int((x + 0.5) * scale), int((y + 0.5) * scale))
        found = np.array([pixel.red(), pixel.green(), pixel.blue()])
        wanted = base[y, x] * 0.45 + np.array([255, 0, 0]) * 0.55 if x < SIZE // 2 else base[y, x]
        assert np.abs(found - wanted).max() < 40, (x, y, found, wanted)
    sights.task.setCurrentIndex(sights.task.findData("largest"))
    qtbot.waitUntil(lambda: sights.picture(3) is not None, timeout=20000)
    assert sights.words(3) == "circle 93 %"
    studio.shut_down()
