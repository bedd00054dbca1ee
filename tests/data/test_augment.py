"""Changes depend on (seed, epoch, sample) alone and are those of torchvision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional as reference

from mtlstudio.data import augment
from mtlstudio.project.settings import DataSettings
from mtlstudio.tasks.geometry import IDENTITY, Geometry

SIZE = 32


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (6, 3, SIZE, SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_a_crop_is_torchvisions(images):
    box = (3, 5, 20, 27)  # top, left, height, width
    geometry = Geometry((5 / SIZE, 3 / SIZE, 27 / SIZE, 20 / SIZE))
    expected = reference.resized_crop(images, *box, size=[SIZE, SIZE], antialias=True)
    assert torch.equal(augment.turn(list(images), [geometry] * 6), expected)


def test_mirrored_pictures_are_torchvisions_and_the_others_untouched(images):
    geometries = [
        IDENTITY,
        Geometry(flip_x=True),
        Geometry(flip_y=True),
        Geometry(flip_x=True, flip_y=True),
        *[IDENTITY] * 2,
    ]
    turned = augment.turn(list(images), geometries)
    assert torch.equal(turned[0], images[0])
    assert torch.equal(turned[1], reference.horizontal_flip(images[1]))
    assert torch.equal(turned[2], reference.vertical_flip(images[2]))
    assert torch.equal(turned[3], reference.vertical_flip(reference.horizontal_flip(images[3])))


def test_a_position_stays_with_its_pixel():
    image = torch.zeros(3, SIZE, SIZE, dtype=torch.uint8)
    image[:, 10:12, 20:22] = 255
    geometry = Geometry((8 / SIZE, 4 / SIZE, 16 / SIZE, 16 / SIZE), flip_x=True)
    turned = augment.turn([image], [geometry])[0, 0].float()
    rows, columns = torch.nonzero(turned > 128, as_tuple=True)
    x, y = (21 - 8) / 16, (11 - 4) / 16  # the centre of the spot in the crop
    assert columns.float().mean() + 0.5 == pytest.approx((1 - x) * SIZE, abs=0.6)
    assert rows.float().mean() + 0.5 == pytest.approx(y * SIZE, abs=0.6)


def test_colours_change_as_torchvision_changes_them(images):
    pixels = images.float() / 255
    colours = [augment.Colour(0.7 + 0.1 * i, 1.3 - 0.1 * i, 0.5 + 0.2 * i) for i in range(6)]
    expected = []
    for image, colour in zip(pixels.clone(), colours, strict=True):
        image = reference.adjust_brightness(image, colour.brightness)
        image = reference.adjust_contrast(image, colour.contrast)
        expected.append(reference.adjust_saturation(image, colour.saturation))
    assert torch.allclose(augment.tint(pixels.clone(), colours), torch.stack(expected), atol=1e-6)


@given(
    st.lists(st.floats(0, 1, exclude_max=True), min_size=16, max_size=16),
    st.sampled_from([0.05, 0.3, 0.7, 0.99, 1.0]),
    st.sampled_from([8, 31, 128]),
)
def test_a_crop_lies_inside_and_keeps_the_area_asked_for(numbers, least, size):
    geometry = augment.geometry(numbers, DataSettings(crop_scale=least), size)
    left, top, width, height = geometry.box
    assert left >= 0 and top >= 0 and left + width <= 1 + 1e-9 and top + height <= 1 + 1e-9
    assert width * height >= least - 1e-9
    for part in geometry.box:
        assert part * size == pytest.approx(round(part * size))


def test_no_cropping_mirroring_colour_means_no_change():
    settings = DataSettings(crop_scale=1.0, flip_horizontal=0.0, flip_vertical=0.0, colour=0.0)
    numbers = augment.changes(0, 0, 20).tolist()
    assert all(augment.geometry(row, settings, 64).is_identity for row in numbers)
    assert all(augment.colour(row, settings) == augment.Colour() for row in numbers)


def test_numbers_depend_on_seed_epoch_and_sample_alone():
    few, many = augment.changes(3, 5, 10), augment.changes(3, 5, 1000)
    assert np.array_equal(few, many[:10])
    assert not np.array_equal(few, augment.changes(3, 6, 10)) and not np.array_equal(few, augment.changes(4, 5, 10))


def test_numbers_are_uniform():
    numbers = augment.changes(0, 0, 20000)
    assert numbers.min() >= 0 and numbers.max() < 1
    assert np.abs(numbers.mean(axis=0) - 0.5).max() < 0.01
    assert np.abs(np.corrcoef(numbers.T) - np.eye(numbers.shape[1])).max() < 0.04


def test_the_stream_is_the_same_on_every_version():
    assert augment.uniform(1, 2, augment.ORDER, 1, 3).round(9).tolist() == [[0.575300433, 0.4214513, 0.698713081]]
    assert sorted(augment.shuffled(0, 0, 50).tolist()) == list(range(50))
