"""Targets turn with their picture: a figure is drawn, the picture is turned, and every type must find the figure there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks import places
from mtlstudio.tasks.geometry import IDENTITY, Fit, Geometry
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import Shapes
from mtlstudio.tasks.registry import bind

SIZE = 64
LEFT, TOP, RIGHT, BOTTOM = 20, 12, 36, 44  # the figure, in pixels of the square


def _bound(type_id: str, **parameters: object) -> BoundTask:
    return bind(TaskSpec("t", "T", type_id, parameters=FrozenDict(parameters)))


BOX = {"value_names": ("x", "y", "w", "h"), "roles": ("x", "y", "width", "height")}


@st.composite
def changes(draw: st.DrawFn) -> Geometry:
    """Crops on the pixel grid that keep the middle of the figure, with mirroring."""
    left, top = draw(st.integers(0, LEFT)), draw(st.integers(0, TOP))
    width, height = draw(st.integers(RIGHT - left, SIZE - left)), draw(st.integers(BOTTOM - top, SIZE - top))
    box = (left / SIZE, top / SIZE, width / SIZE, height / SIZE)
    return Geometry(box, draw(st.booleans()), draw(st.booleans()))


def _turned_picture(picture: torch.Tensor, change: Geometry) -> torch.Tensor:
    """(1, S, S) turned by torchvision, as data loading does."""
    picture = functional.resized_crop(picture, *change.pixels(SIZE), size=[SIZE, SIZE])
    picture = functional.horizontal_flip(picture) if change.flip_x else picture
    return functional.vertical_flip(picture) if change.flip_y else picture


def _extent(area: torch.Tensor) -> np.ndarray:
    """left, top, right, bottom in pixels of what is True."""
    rows, columns = torch.where(area)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)


@settings(max_examples=60, deadline=None)
@given(changes())
def test_every_type_finds_the_figure_where_the_picture_shows_it(change: Geometry) -> None:
    fit = Fit(SIZE, SIZE, SIZE)
    picture = torch.zeros((1, SIZE, SIZE))
    picture[:, TOP:BOTTOM, LEFT:RIGHT] = 1
    seen = _extent(_turned_picture(picture, change)[0] > 0.5)

    mask = _bound("segmentation", class_names=("ground", "figure"))
    indices = mask.transform(mask.encode(picture[0].numpy().astype(np.uint8), fit), change)
    assert np.abs(_extent(indices == 1) - seen).max() <= 1

    depth = _bound("depth")
    depths = depth.transform(depth.encode(picture[0].numpy() + 1, fit), change)
    assert np.abs(_extent(depths == 2) - seen).max() <= 1

    numbers = _bound("regression", **BOX)
    raw = [(LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2, RIGHT - LEFT, BOTTOM - TOP]
    values = numbers.transform(numbers.encode(raw, fit), change).numpy() * SIZE
    assert np.abs(places.corners(values) - seen).max() <= 2  # the picture's edge is blurred by up to a pixel of zoom

    boxes = _bound("detection", class_names=("figure",))
    box = boxes.transform(boxes.encode([[0, LEFT, TOP, RIGHT, BOTTOM]], fit), change)
    assert np.abs(box[0, 1:].numpy() * SIZE - places.corners(values)).max() <= 1e-3


def test_mirroring_alone_is_exact() -> None:
    fit, mask = Fit(SIZE, SIZE, SIZE), _bound("segmentation", class_names=tuple("abcd"))
    values = np.random.default_rng(0).integers(0, 4, (SIZE, SIZE)).astype(np.uint8)
    target = mask.encode(values, fit)
    assert np.array_equal(mask.transform(target, Geometry(flip_x=True)).numpy(), values[:, ::-1])
    assert np.array_equal(mask.transform(target, Geometry(flip_y=True)).numpy(), values[::-1])
    assert np.array_equal(mask.transform(target, IDENTITY).numpy(), values)


def test_a_crop_of_half_the_side_doubles_every_pixel() -> None:
    mask = _bound("segmentation", class_names=tuple("abcd"))
    values = np.random.default_rng(0).integers(0, 4, (SIZE, SIZE)).astype(np.uint8)
    target = mask.encode(values, Fit(SIZE, SIZE, SIZE))
    part = mask.transform(target, Geometry((0.25, 0.5, 0.5, 0.5)))
    assert np.array_equal(part.numpy(), values[32:, 16:48].repeat(2, 0).repeat(2, 1))


def test_a_crop_takes_the_nearest_pixel_centres() -> None:
    """As bilinear interpolation of the picture does: the middle of each new pixel decides."""
    depth, values = _bound("depth"), torch.rand((SIZE, SIZE)) + 1
    part = depth.transform(values, Geometry((0, 0, 0.75, 0.625)))
    theirs = torch.nn.functional.interpolate(values[None, None, :40, :48], size=(SIZE, SIZE), mode="nearest-exact")
    assert torch.equal(part, theirs[0, 0])


def test_what_is_cut_away_becomes_unknown_with_all_that_belongs_to_it() -> None:
    roles = ("x", "y", "width", "height", "value", "x", "y")
    names = tuple(f"v{index}" for index in range(len(roles)))
    numbers = _bound("regression", value_names=names, roles=roles)
    target = numbers.encode([10, 10, 5, 5, 3, 60, 60], Fit(SIZE, SIZE, SIZE))
    kept = numbers.transform(target, Geometry((0.5, 0.5, 0.5, 0.5)))
    assert kept[:4].isnan().all() and kept[4] == 3
    assert kept[5:].tolist() == pytest.approx([0.875, 0.875])


def test_unknown_positions_stay_unknown() -> None:
    numbers = _bound("regression", **BOX)
    target = numbers.encode([float("nan"), 20, 5, float("-inf")], Fit(SIZE, SIZE, SIZE))
    turned = numbers.transform(target, Geometry((0, 0, 0.5, 0.5), True, True))
    assert turned.isnan().tolist() == [True, False, False, True]
    assert turned[1:3].tolist() == pytest.approx([1 - 20 / 32, 5 / 32])


def test_boxes_are_cut_at_the_edge_and_dropped_when_little_is_left() -> None:
    boxes = _bound("detection", class_names=("a", "b"))
    raw = [[0, 0, 0, 40, 32], [1, 0, 0, 36, 64], [1, 40, 40, 60, 60]]
    cut = boxes.transform(boxes.encode(raw, Fit(SIZE, SIZE, SIZE)), Geometry((0.5, 0, 0.5, 1)))
    assert cut.tolist() == [pytest.approx([1, 0.25, 0.625, 0.875, 0.9375])]


@pytest.mark.parametrize("mode", ["stretch", "letterbox", "crop"])
@given(width=st.integers(4, 90), height=st.integers(4, 90))
@settings(max_examples=20, deadline=None)
def test_positions_come_back_from_the_square(mode: str, width: int, height: int) -> None:
    fit, numbers = Fit(width, height, 32, mode), _bound("regression", **BOX)
    raw = np.array([width * 0.5, height * 0.5, width / 3, height / 4], np.float32)
    back = numbers.decode(numbers.encode(raw, fit)[None], fit)
    assert back.values.tolist() == pytest.approx(raw.tolist(), rel=1e-5)
    painted = numbers.paint(back)
    assert isinstance(painted, Shapes)
    box = painted.boxes[0]
    assert (box.left + box.right) / 2 == pytest.approx(raw[0]) and box.bottom - box.top == pytest.approx(raw[3])


def test_a_place_outside_a_centre_crop_is_missing() -> None:
    numbers = _bound("regression", **BOX)
    assert numbers.encode([2, 20, 3, 3], Fit(100, 40, 32, "crop")) is None
    assert numbers.truth([2, 20, 3, 3], Fit(100, 40, 32, "crop")) is not None


@given(
    st.tuples(*[st.floats(-0.5, 1.5, allow_nan=False)] * 2, *[st.floats(0, 2, allow_nan=False)] * 2),
    st.integers(1, 200),
)
def test_boxes_in_pixels_lie_in_the_square(box: tuple[float, float, float, float], size: int) -> None:
    change = Geometry(box)
    top, left, height, width = change.pixels(size)
    assert 0 <= top < top + height <= size and 0 <= left < left + width <= size
    assert change.on_grid(size).pixels(size) == (top, left, height, width)


@pytest.mark.parametrize(
    ("roles", "groups"),
    [
        (("x", "y", "width", "height"), [[0, 1, 2, 3]]),
        (("x", "y", "x", "y"), [[0, 1], [2, 3]]),
        (("x", "value", "y"), [[0], [2]]),
        (("value",), []),
    ],
)
def test_values_of_one_thing_stand_together(roles: tuple[str, ...], groups: list[list[int]]) -> None:
    assert places.groups(roles) == groups
