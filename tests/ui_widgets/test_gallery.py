"""Claims about thumbnails by the ten thousand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mtlstudio.ui.widgets import Gallery, GalleryItem, rgb_image
from mtlstudio.ui.widgets.gallery_parts import Store, grid, thumbnail

LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key
MANY = [GalleryItem(f"img{i}", (("#4C9BE8", "cat"), ("#F2A541", f"breed {i}")), f"tip {i}") for i in range(13_000)]


def _image(colour: int = 0xFF3366, width: int = 40, height: int = 30) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


@pytest.fixture
def gallery(qtbot: QtBot) -> Gallery:
    made = Gallery(thumb_size=100)
    qtbot.addWidget(made)
    made.resize(560, 400)
    made.show()
    qtbot.waitExposed(made)
    made.set_items(MANY[:60])
    return made


def _click(
    qtbot: QtBot, gallery: Gallery, key: str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.mouseClick(gallery.viewport(), LEFT, modifier, gallery.item_area(key).center())


# ── arithmetic ──


@given(st.integers(0, 300), st.integers(1, 1500), st.integers(48, 320), st.booleans())
def test_cells_never_overlap_and_are_found_again(count: int, width: int, thumb: int, strip: bool) -> None:
    cells = grid(count, width, thumb, 20, strip=strip)
    areas = [cells.area(i) for i in range(count)]
    assert all(cells.at(area.center()) == i for i, area in enumerate(areas))
    assert all(QRect(QPoint(), cells.extent()).contains(area) for area in areas)
    for a, b in itertools.pairwise(areas):
        assert not a.intersects(b)
    if not strip and cells.columns > 1:
        assert cells.extent().width() <= width


@given(st.integers(1, 500), st.integers(100, 1500), st.integers(0, 5000), st.integers(1, 900), st.booleans())
def test_all_that_is_in_sight_is_painted(count: int, width: int, at: int, seen: int, strip: bool) -> None:
    cells = grid(count, width, 100, 20, strip=strip)
    area = QRect(at, 0, seen, 120) if strip else QRect(0, at, width, seen)
    shown = cells.visible(area)
    assert all(i in shown for i in range(count) if cells.area(i).intersects(area))
    assert len(shown) <= cells.columns * (seen // 128 + 2) or strip


def test_the_store_forgets_the_longest_unseen() -> None:
    store = Store(limit=3 * 40 * 40 * 4)
    for key in "abc":
        store.put(key, thumbnail(_image(), 40, 1.0))
    store.get("a")
    store.put("d", thumbnail(_image(), 40, 1.0))
    assert [key in store for key in "abcd"] == [True, False, True, True]


def test_a_thumbnail_is_the_middle_of_the_image() -> None:
    array = np.zeros((20, 60, 3), np.uint8)
    array[:, 20:40] = (0, 255, 0)
    made = thumbnail(rgb_image(array), 20, 2.0).toImage()
    assert (made.width(), made.devicePixelRatio()) == (40, 2.0)
    assert {made.pixelColor(x, 20).name() for x in range(3, 37)} == {"#00ff00"}
    assert made.pixelColor(0, 0).alpha() == 0  # round corners


# ── pictures on demand ──


def test_only_what_is_in_sight_is_asked_for_and_only_once(qtbot: QtBot, gallery: Gallery) -> None:
    asked: list[str] = []
    gallery.thumbnail_needed.connect(asked.append)
    gallery.set_items(MANY)
    qtbot.waitUntil(lambda: len(asked) > 0)
    qtbot.wait(80)
    assert 10 < len(asked) < 40
    assert len(set(asked)) == len(asked)
    first = list(asked)
    gallery.verticalScrollBar().setValue(gallery.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: MANY[-1].key in asked)
    assert not set(asked[len(first) :]) & set(first)


def test_a_picture_is_painted_when_it_comes(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.set_thumbnail("img0", _image())
    centre = gallery.item_area("img0").topLeft() + QPoint(50, 50)
    assert gallery.viewport().grab().toImage().pixelColor(centre) == QColor("#ff3366")
    gallery.set_thumbnail("nobody", _image())
    gallery.set_thumbnail("img1", QImage())  # unreadable
    gallery.grab()


def test_invalidated_pictures_are_asked_for_again(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.thumbnail_needed.connect(lambda key: gallery.set_thumbnail(key, _image()))
    qtbot.waitUntil(lambda: "img0" in gallery._store)
    with qtbot.waitSignal(gallery.thumbnail_needed) as told:
        gallery.invalidate("img0")
    assert told.args == ["img0"]
    gallery.invalidate()
    assert len(gallery._store) == 0
    qtbot.waitUntil(lambda: "img1" in gallery._store)


def test_of_thirteen_thousand_items_only_those_in_sight_are_drawn(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.set_items(MANY)
    gallery.grab()
    for step in range(20):
        gallery.verticalScrollBar().setValue(step * 9000)
        gallery.grab()
    assert len(gallery._store) < len(MANY) / 10


# ── choice ──


def test_a_click_chooses_one(qtbot: QtBot, gallery: Gallery) -> None:
    with qtbot.waitSignals([gallery.current_changed, gallery.selection_changed]):
        _click(qtbot, gallery, "img3")
    assert gallery.current() == "img3"
    assert gallery.selected() == ["img3"]


def test_control_adds_and_shift_spans(qtbot: QtBot, gallery: Gallery) -> None:
    _click(qtbot, gallery, "img2")
    _click(qtbot, gallery, "img5", Qt.KeyboardModifier.ShiftModifier)
    assert gallery.selected() == ["img2", "img3", "img4", "img5"]
    _click(qtbot, gallery, "img3", Qt.KeyboardModifier.ControlModifier)
    assert gallery.selected() == ["img2", "img4", "img5"]
    qtbot.keyClick(gallery, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(gallery.selected()) == 60


def test_a_single_gallery_never_holds_two(qtbot: QtBot) -> None:
    gallery = Gallery(multiple=False, thumb_size=60)
    qtbot.addWidget(gallery)
    gallery.resize(400, 300)
    gallery.set_items(MANY[:9])
    _click(qtbot, gallery, "img0")
    _click(qtbot, gallery, "img2", Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(gallery, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert gallery.selected() == ["img2"]


def test_keys_walk_through_the_grid(qtbot: QtBot, gallery: Gallery) -> None:
    columns = gallery._geometry.columns
    _click(qtbot, gallery, "img0")
    for key, wanted in (
        (KEY.Key_Right, 1), (KEY.Key_Down, 1 + columns), (KEY.Key_Left, columns), (KEY.Key_Up, 0), (KEY.Key_Up, 0),
        (KEY.Key_Left, 0), (KEY.Key_End, 59), (KEY.Key_Right, 59), (KEY.Key_Down, 59), (KEY.Key_Home, 0),
    ):  # fmt: skip
        qtbot.keyClick(gallery, key)
        assert gallery.current() == f"img{wanted}", key


def test_the_current_item_is_scrolled_into_sight(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.setFocus()
    qtbot.keyClick(gallery, KEY.Key_End)
    assert gallery.viewport().rect().contains(gallery.item_area("img59"))
    gallery.set_current("img0")
    assert gallery.viewport().rect().contains(gallery.item_area("img0"))


def test_enter_and_double_click_open(qtbot: QtBot, gallery: Gallery) -> None:
    opened: list[str] = []
    gallery.activated.connect(opened.append)
    _click(qtbot, gallery, "img1")
    qtbot.keyClick(gallery, KEY.Key_Return)
    qtbot.mouseDClick(gallery.viewport(), LEFT, pos=gallery.item_area("img4").center())
    assert opened == ["img1", "img4"]


def test_stepping_stops_at_the_ends(gallery: Gallery) -> None:
    gallery.step(1)
    assert gallery.current() == "img0"
    gallery.step(-1)
    assert gallery.current() == "img0"
    gallery.step(500)
    assert gallery.current() == "img59"


def test_a_click_beside_the_items_chooses_nothing(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.set_items(MANY[:2])
    _click(qtbot, gallery, "img0")
    qtbot.mouseClick(gallery.viewport(), LEFT, pos=QPoint(400, 350))
    assert gallery.selected() == []


def test_choosing_by_program_is_silent(qtbot: QtBot, gallery: Gallery) -> None:
    with qtbot.assertNotEmitted(gallery.selection_changed), qtbot.assertNotEmitted(gallery.current_changed):
        gallery.set_current("img7")
        gallery.set_selected(["img9", "img8", "nobody"])
    assert gallery.selected() == ["img8", "img9"]


def test_other_items_keep_what_is_still_there(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.set_thumbnail("img5", _image())
    gallery.set_selected(["img4", "img5"])
    with qtbot.waitSignal(gallery.selection_changed) as told:
        gallery.set_items(MANY[5:10])
    assert told.args == [["img5"]]
    assert "img5" in gallery._store
    gallery.set_items([])
    gallery.step(1)
    gallery.grab()
    assert gallery.current() == ""


def test_control_and_wheel_change_the_size_within_bounds(qtbot: QtBot, gallery: Gallery) -> None:
    def wheel(steps: int) -> None:
        event = QWheelEvent(
            QPointF(50, 50), QPointF(50, 50), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(gallery.viewport(), event)

    with qtbot.waitSignal(gallery.thumb_size_changed):
        wheel(1)
    assert gallery.thumb_size() > 100
    for _ in range(50):
        wheel(-1)
    assert gallery.thumb_size() >= 48


def test_a_strip_is_one_row(qtbot: QtBot) -> None:
    strip = Gallery(strip=True, thumb_size=80)
    qtbot.addWidget(strip)
    strip.resize(400, 120)
    strip.set_items(MANY[:500])
    assert len({strip.item_area(item.key).y() for item in MANY[:500]}) == 1
    assert strip.verticalScrollBar().maximum() == 0
    qtbot.keyClick(strip, KEY.Key_End)
    assert strip.viewport().rect().intersects(strip.item_area("img499"))


def test_a_right_click_chooses_and_asks_for_a_menu(qtbot: QtBot, gallery: Gallery) -> None:
    place = gallery.item_area("img6").center()
    qtbot.mousePress(gallery.viewport(), Qt.MouseButton.RightButton, pos=place)
    assert gallery.selected() == ["img6"]
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, gallery.viewport().mapToGlobal(place))
    with qtbot.waitSignal(gallery.context_requested) as told:
        QApplication.sendEvent(gallery.viewport(), event)
    assert told.args[0] == "img6"


def test_tool_tips_are_the_items_own(qtbot: QtBot, gallery: Gallery) -> None:
    qtbot.mouseMove(gallery.viewport(), gallery.item_area("img2").center())
    assert gallery.viewport().toolTip() == "tip 2"
