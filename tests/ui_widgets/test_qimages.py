"""Claims about arrays that become images."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage

from mtlstudio.ui.theme import class_table, depth_table
from mtlstudio.ui.widgets import label_image, rgb_image, scalar_image, with_table


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([0, 3, 4]))
def test_every_pixel_of_a_picture_arrives(height: int, width: int, channels: int) -> None:
    rng = np.random.default_rng(height * 10 + width)
    shape = (height, width, channels) if channels else (height, width)
    array = rng.integers(0, 256, shape, dtype=np.uint8)
    image = rgb_image(array)
    assert (image.height(), image.width()) == (height, width)
    for y in range(height):
        for x in range(width):
            pixel = array[y, x]
            wanted = QColor(*map(int, pixel)) if channels else QColor(*[int(pixel)] * 3)
            assert image.pixelColor(x, y) == wanted


def test_slices_and_reversed_arrays_arrive_right() -> None:
    array = np.arange(10 * 12 * 3, dtype=np.uint8).reshape(10, 12, 3)[::2, ::-1]
    image = rgb_image(array)
    assert image.pixelColor(0, 1) == QColor(*map(int, array[1, 0]))


def test_images_outlive_their_arrays() -> None:
    image = label_image(np.full((400, 401), 3, np.uint8), class_table(5))
    gc.collect()
    junk = [np.zeros((400, 401), np.uint8) for _ in range(20)]
    assert image.pixelIndex(400, 399) == 3
    del junk


def test_label_maps_stay_indexed_in_their_own_colours() -> None:
    labels = np.array([[0, 1], [2, 255]], np.uint8)
    image = label_image(labels, class_table(3, transparent=(0,)))
    assert image.format() == QImage.Format.Format_Indexed8
    assert image.pixelColor(0, 0).alpha() == 0
    assert image.pixelColor(1, 0).rgba() == class_table(3)[1]
    assert image.pixelColor(1, 1).alpha() == 0  # no class of the table: not drawn


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint16, np.int16, np.bool_])
def test_all_integer_types_give_the_same_image(dtype: type) -> None:
    labels = np.array([[0, 1], [1, 0]])
    assert label_image(labels.astype(dtype), class_table(4)) == label_image(labels.astype(np.uint8), class_table(4))


@pytest.mark.parametrize("classes", [20, 255, 256, 300])
def test_indices_outside_the_table_are_transparent(classes: int) -> None:
    labels = np.array([[-1, classes], [classes - 1, 60000]], np.int32)
    image = label_image(labels, class_table(classes))
    assert image.pixelColor(0, 0).alpha() == image.pixelColor(1, 0).alpha() == image.pixelColor(1, 1).alpha() == 0
    assert image.pixelColor(0, 1).rgba() == class_table(classes)[-1]


def test_many_classes_become_colours() -> None:
    image = label_image(np.arange(400, dtype=np.uint16).reshape(20, 20), class_table(400))
    assert image.format() == QImage.Format.Format_ARGB32
    assert image.pixelColor(19, 19).rgba() == class_table(400)[399]


def test_scalars_run_through_the_table_and_holes_are_transparent() -> None:
    table = depth_table()
    image = scalar_image(np.array([[0.0, 10.0], [5.0, np.nan]]), table)
    assert image.pixelColor(0, 0).rgba() == table[0]
    assert image.pixelColor(1, 0).rgba() == table[-1]
    assert image.pixelColor(0, 1).rgba() in table[125:131]
    assert image.pixelColor(1, 1).alpha() == 0


def test_a_given_range_is_kept_and_values_beyond_it_take_its_ends() -> None:
    table = depth_table()
    image = scalar_image(np.array([[-5.0, 50.0, 1.0]]), table, 0, 2)
    assert [image.pixelColor(x, 0).rgba() for x in (0, 1)] == [table[0], table[-1]]
    assert image.pixelColor(2, 0).rgba() in table[125:131]


@pytest.mark.parametrize("array", [np.full((2, 2), 3.0), np.full((2, 2), np.nan), np.full((2, 2), np.inf)])
def test_flat_and_empty_scalar_maps_are_drawn(array: np.ndarray) -> None:
    assert scalar_image(array, depth_table()).size().width() == 2


def test_no_pixels_give_no_image() -> None:
    assert rgb_image(np.zeros((0, 5, 3), np.uint8)).isNull()


@pytest.mark.parametrize("array", [np.zeros((2, 2, 3)), np.zeros((2, 2, 2), np.uint8), np.zeros(4, np.uint8)])
def test_other_arrays_are_refused_with_what_was_expected(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        rgb_image(array)
    with pytest.raises(ValueError, match="expected"):
        scalar_image(np.zeros((2, 2, 2)), depth_table())
    with pytest.raises(ValueError, match="expected"):
        label_image(np.zeros((2, 2, 2), np.uint8), class_table(2))


def test_a_table_can_be_exchanged() -> None:
    image = label_image(np.array([[1]], np.uint8), class_table(2))
    with_table(image, [0, 0xFF00FF00])
    assert image.pixelColor(0, 0) == QColor("#00ff00")
