"""Claims about the picture with layers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.ui.theme import DARK, class_table
from mtlstudio.ui.widgets import Box, ImageView, Outline, Point, View, label_image, link_views, rgb_image
from mtlstudio.ui.widgets.image_layers import LARGEST, clamped, fitted, zoomed

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def _picture(width: int = 200, height: int = 100) -> QImage:
    y, x = np.mgrid[0:height, 0:width]
    return rgb_image(np.stack([x * 255 // width, y * 255 // height, x * 0 + 40], -1).astype(np.uint8))


@pytest.fixture
def view(qtbot: QtBot) -> ImageView:
    made = ImageView()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.set_image(_picture())
    made.show()
    qtbot.waitExposed(made)
    return made


def _wheel(view: ImageView, at: QPointF, steps: float) -> None:
    nothing = QPoint()
    event = QWheelEvent(
        at, view.mapToGlobal(at), nothing, QPoint(0, round(120 * steps)), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def _drag(qtbot: QtBot, view: ImageView, button: Qt.MouseButton, path: list[QPoint]) -> None:
    qtbot.mousePress(view, button, pos=path[0])
    for point in path[1:]:
        qtbot.mouseMove(view, point)
        QApplication.processEvents()
    qtbot.mouseRelease(view, button, pos=path[-1])


# ── arithmetic ──


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 3000), st.booleans())
def test_a_view_is_always_sound(
    x: float, y: float, scale: float, width: int, height: int, room: int, fit: bool
) -> None:
    image, seen = QSizeF(width, height), QSizeF(room, room // 2)
    view = clamped(View(x, y, scale, fit), image, seen)
    assert view.is_sound()
    assert 0 <= view.x <= max(width, 0)
    assert 0 <= view.y <= max(height, 0)
    assert view.scale <= LARGEST


@given(st.floats(0.2, 30), st.floats(-150, 150), st.floats(-100, 100), st.floats(0.3, 3))
def test_zooming_keeps_the_point_under_the_pointer(scale: float, dx: float, dy: float, factor: float) -> None:
    room, image = QSizeF(400, 300), QSizeF(4000, 3000)
    view = View(2000, 1500, scale, False)
    at = QPointF(200 + dx, 150 + dy)
    before = view.x + dx / view.scale, view.y + dy / view.scale
    after = zoomed(view, factor, at, room, image)
    assert (after.x + dx / after.scale, after.y + dy / after.scale) == pytest.approx(before)


@given(st.lists(NUMBERS, max_size=30))
def test_no_series_of_zooms_leaves_the_bounds(factors: list[float]) -> None:
    room, image = QSizeF(400, 300), QSizeF(640, 480)
    view = fitted(image, room)
    for factor in factors:
        view = zoomed(view, factor, QPointF(13, 250), room, image)
        assert view.is_sound()
        assert fitted(image, room).scale * 0.4 <= view.scale <= LARGEST


# ── hands ──


def test_a_new_image_is_fitted(view: ImageView) -> None:
    assert view.view().fitted
    assert view.view().scale == pytest.approx(2)
    assert view.image_area().center() == QPointF(200, 150)


def test_the_wheel_zooms_to_the_pointer(qtbot: QtBot, view: ImageView) -> None:
    at = QPointF(300, 120)
    before = view.to_image(at)
    with qtbot.waitSignal(view.view_changed) as told:
        _wheel(view, at, 3)
    assert view.view().scale > 3
    assert told.args == [view.view()]
    after = view.to_image(at)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


@pytest.mark.parametrize("button", [LEFT, MIDDLE])
def test_a_drag_pans_and_is_no_click(qtbot: QtBot, view: ImageView, button: Qt.MouseButton) -> None:
    view.zoom_to(4)
    before = view.view()
    with qtbot.assertNotEmitted(view.clicked):
        _drag(qtbot, view, button, [QPoint(200, 150), QPoint(210, 150), QPoint(240, 170)])
    assert (view.view().x, view.view().y) == pytest.approx((before.x - 10, before.y - 5))


def test_space_turns_the_left_button_into_a_hand(qtbot: QtBot, view: ImageView) -> None:
    view.zoom_to(4)
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_Space)
    assert view.cursor().shape() == Qt.CursorShape.OpenHandCursor
    with qtbot.assertNotEmitted(view.clicked):
        qtbot.mouseClick(view, LEFT, pos=QPoint(200, 150))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert view.cursor().shape() == Qt.CursorShape.ArrowCursor
    with qtbot.waitSignal(view.clicked):
        qtbot.mouseClick(view, LEFT, pos=QPoint(200, 150))


def test_keys_fit_and_show_every_pixel(qtbot: QtBot, view: ImageView) -> None:
    qtbot.keyClick(view, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert view.view().scale == 1
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.view().scale > 1
    qtbot.keyClick(view, Qt.Key.Key_F)
    assert view.view().fitted


def test_number_keys_are_left_to_the_workspace(qtbot: QtBot, view: ImageView) -> None:
    heard: list[int] = []

    class Room(QWidget):
        def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]  # noqa: N802
            heard.append(event.key())

    room = Room()
    qtbot.addWidget(room)
    QVBoxLayout(room).addWidget(view)
    room.show()
    for key in (Qt.Key.Key_1, Qt.Key.Key_A, Qt.Key.Key_BracketLeft, Qt.Key.Key_QuoteLeft):
        qtbot.keyClick(view, key)
    assert heard == [Qt.Key.Key_1, Qt.Key.Key_A, Qt.Key.Key_BracketLeft, Qt.Key.Key_QuoteLeft]
    view.setParent(None)


def test_a_fitted_view_stays_fitted_and_a_chosen_one_stays_chosen(view: ImageView) -> None:
    view.resize(800, 600)
    assert view.view().scale == pytest.approx(4)
    view.zoom_to(5)
    view.resize(300, 300)
    assert view.view().scale == 5


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3000, 1)])
def test_a_view_without_room_is_harmless(view: ImageView, size: tuple[int, int]) -> None:
    view.resize(*size)
    _wheel(view, QPointF(0, 0), 5)
    view.fit()
    view.grab()
    assert view.view().is_sound()


def test_the_same_size_keeps_the_view_and_another_size_does_not(view: ImageView) -> None:
    view.zoom_to(6)
    seen = view.view()
    view.set_image(_picture())
    assert view.view() == seen
    view.set_image(_picture(50, 50))
    assert view.view().fitted


def test_the_pixel_under_the_pointer_is_told(qtbot: QtBot, view: ImageView) -> None:
    with qtbot.waitSignal(view.hovered) as told:
        qtbot.mouseMove(view, QPoint(100, 150))
    assert told.args == [50, 50]
    with qtbot.waitSignal(view.left):
        qtbot.mouseMove(view, QPoint(100, 20))  # above the image
    with qtbot.assertNotEmitted(view.left):
        qtbot.mouseMove(view, QPoint(110, 20))


@pytest.mark.parametrize(
    ("point", "pixel"), [((0.0, 50.0), (0, 0)), ((399.0, 249.0), (199, 99)), ((200.0, 49.0), None)]
)
def test_pixels_are_counted_from_the_corner(
    view: ImageView, point: tuple[float, float], pixel: tuple[int, int] | None
) -> None:
    assert view.pixel_at(QPointF(*point)) == pixel


def test_no_image_is_harmless(qtbot: QtBot) -> None:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(200, 100)
    _wheel(view, QPointF(5, 5), 2)
    view.set_overlay("a", None)
    view.set_image(QImage())
    assert view.image() is None
    assert view.grab().toImage().pixelColor(100, 50) == QColor(DARK.image_background)


# ── what is seen ──


def _mask(width: int = 200, height: int = 100) -> QImage:
    labels = np.zeros((height, width), np.uint8)
    labels[:, : width // 2] = 1
    return label_image(labels, [0, 0xFF00FF00])


def test_overlays_are_blended_by_their_opacity(view: ImageView) -> None:
    view.set_image(rgb_image(np.full((100, 200, 3), 100, np.uint8)))
    view.set_overlay("mask", _mask(), opacity=0.5)
    image = view.grab().toImage()
    left, right = image.pixelColor(100, 150), image.pixelColor(300, 150)
    assert (left.red(), left.green(), left.blue()) == pytest.approx((50, 177, 50), abs=2)
    assert right == QColor(100, 100, 100)
    view.set_opacity(0.5)
    assert view.grab().toImage().pixelColor(100, 150).green() == pytest.approx(139, abs=2)


def test_overlays_can_be_hidden_bared_replaced_and_taken_away(view: ImageView) -> None:
    plain = view.grab().toImage()
    view.set_overlay("mask", _mask(), opacity=0.4)
    covered = view.grab().toImage()
    assert covered != plain
    view.set_overlay_visible("mask", False)
    assert view.grab().toImage() == plain
    view.set_overlay("mask", _mask())  # another image of the same layer stays hidden, and as faint
    assert view.grab().toImage() == plain
    view.set_overlay_visible("mask", True)
    assert view.grab().toImage() == covered
    view.set_bare(True)
    assert view.grab().toImage() == plain
    view.set_bare(False)
    view.set_overlay("mask", None)
    assert view.overlays() == ()
    assert view.grab().toImage() == plain


def test_a_coarse_overlay_covers_the_whole_image(view: ImageView) -> None:
    view.set_overlay("cam", _mask(4, 2), opacity=1.0)
    image = view.grab().toImage()
    assert image.pixelColor(20, 60) == image.pixelColor(150, 240) == QColor("#00ff00")
    assert image.pixelColor(300, 150) != QColor("#00ff00")


def test_pixels_are_squares_above_200_percent(view: ImageView) -> None:
    checker = np.indices((20, 20)).sum(0) % 2
    view.set_image(rgb_image(np.repeat(checker[..., None] * 255, 3, -1).astype(np.uint8)))
    view.zoom_to(10)
    image = view.grab().toImage()
    colours = {image.pixelColor(x, 150).name() for x in range(120, 280)}
    assert colours == {"#000000", "#ffffff"}


@pytest.mark.parametrize("opacity", [math.nan, -3, 7])
def test_opacity_is_kept_within_its_bounds(view: ImageView, opacity: float) -> None:
    view.set_overlay("mask", _mask(), opacity=opacity)
    view.set_opacity(opacity)
    assert 0 <= view.opacity() <= 1
    view.grab()


def test_boxes_points_and_outlines_are_drawn_where_they_are(view: ImageView) -> None:
    plain = view.grab().toImage()
    view.set_shapes("box", [Box(20, 20, 120, 80, "#ff0000", "head"), Point(150, 50, "#00ff00", "nose")])
    view.set_shapes("line", [Outline(((10, 5), (190, 5)), "#0000ff", closed=False)])
    image = view.grab().toImage()
    assert image.pixelColor(40, 150) == QColor("#ff0000")
    assert image.pixelColor(300, 150) == QColor("#00ff00")
    assert image.pixelColor(200, 60) == QColor("#0000ff")
    assert image.pixelColor(160, 150) == plain.pixelColor(160, 150)
    view.set_overlay_visible("box", False)
    view.set_shapes("line", [])
    assert view.grab().toImage() == plain


def test_a_mark_is_drawn_only_on_the_image(view: ImageView) -> None:
    plain = view.grab().toImage()
    view.set_cursor_mark((100, 50))
    assert view.grab().toImage() != plain
    view.set_cursor_mark((1000, 50))
    assert view.grab().toImage() == plain


def test_large_pictures_shrink_without_sparkle(qtbot: QtBot) -> None:
    stripes = np.zeros((1600, 1600, 3), np.uint8)
    stripes[:, ::2] = 255
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(200, 200)
    view.set_image(rgb_image(stripes))
    row = view.grab().toImage()
    greys = [row.pixelColor(x, 100).red() for x in range(10, 190)]
    assert max(greys) - min(greys) < 30  # the mean of black and white everywhere, no moiré
    assert np.mean(greys) == pytest.approx(127, abs=12)


# ── together ──


def test_linked_panes_move_and_point_together(qtbot: QtBot, view: ImageView) -> None:
    other = ImageView()
    qtbot.addWidget(other)
    other.resize(400, 300)
    other.set_image(_picture())
    link_views([view, other])
    _wheel(view, QPointF(100, 100), 4)
    assert other.view() == view.view()
    with qtbot.assertNotEmitted(view.view_changed):
        other.set_view(View(math.nan, 0, 0, False))
    assert other.view().is_sound()
    qtbot.mouseMove(view, QPoint(150, 150))
    assert other._mark is not None
    qtbot.mouseMove(view, QPoint(150, 151))
    view.left.emit()
    assert other._mark is None


def test_a_linked_pane_may_go(qtbot: QtBot, view: ImageView) -> None:
    room = QWidget()
    qtbot.addWidget(room)
    other = ImageView(parent=room)
    other.set_image(_picture())
    link_views([view, other])
    other.deleteLater()
    qtbot.waitUntil(lambda: not room.findChildren(ImageView))
    _wheel(view, QPointF(100, 100), 2)
    qtbot.mouseMove(view, QPoint(150, 150))


def test_opacity_over_a_4k_picture_stays_fluent(qtbot: QtBot, view: ImageView) -> None:
    rng = np.random.default_rng(0)
    view.resize(1200, 800)
    view.set_image(rgb_image(rng.integers(0, 255, (2160, 3840, 3), dtype=np.uint8)))
    for name in ("one", "two", "three"):
        labels = rng.integers(0, 20, (54, 96)).astype(np.uint8).repeat(40, 0).repeat(40, 1)
        view.set_overlay(name, label_image(labels, class_table(21)), opacity=0.4)
    view.set_opacity(0.0)
    bare = view.grab().toImage()
    view.set_opacity(0.8)
    assert view.grab().toImage() != bare
    view.set_opacity(0.0)
    assert view.grab().toImage() == bare


def test_typing_elsewhere_does_not_reach_the_image(qtbot: QtBot, view: ImageView) -> None:
    line = QLineEdit()
    qtbot.addWidget(line)
    view.zoom_to(5)
    qtbot.keyClicks(line, "ff++")
    assert view.view().scale == 5
