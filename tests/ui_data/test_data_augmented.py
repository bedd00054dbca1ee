"""Claims about samples changed as training changes them, and about targets shown after that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.project import open_data
from mtlstudio.data.propose import propose
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.geometry import Fit, Geometry
from mtlstudio.tasks.registry import bind
from mtlstudio.ui.data.augmented import variants
from mtlstudio.ui.data.records import bound_tasks
from mtlstudio.ui.widgets.qimages import rgb_image

SIDE = 16
RNG = np.random.default_rng(3)
BOX = FrozenDict(value_names=("x", "y", "w", "h"), roles=("x", "y", "width", "height"))
CASES: list[tuple[str, FrozenDict, Any]] = [
    ("classification", FrozenDict(class_names=("a", "b", "c")), 2),
    ("multilabel", FrozenDict(class_names=("a", "b")), np.array([1, np.nan], np.float32)),
    ("regression", BOX, np.array([7.5, 4, 6, 3], np.float32)),
    ("regression", FrozenDict(value_names=("n",)), np.array([41.5], np.float32)),
    ("segmentation", FrozenDict(class_names=("a", "b")), RNG.integers(0, 2, (SIDE, SIDE)).astype(np.uint8)),
    ("depth", FrozenDict(), RNG.uniform(1, 9, (SIDE, SIDE)).astype(np.float32)),
    ("detection", FrozenDict(class_names=("a", "b")), np.array([[1, 2, 3, 9, 11]], np.float32)),
]


def _arrays(prediction: Any) -> list[np.ndarray]:
    return [value for value in vars(prediction).values() if isinstance(value, np.ndarray)]


@pytest.mark.parametrize(("kind", "parameters", "value"), CASES)
def test_an_encoded_target_of_a_square_picture_is_shown_as_its_raw_target(
    kind: str, parameters: FrozenDict, value: Any
) -> None:
    task = bind(TaskSpec("t", "T", kind, parameters=parameters))
    fit = Fit(SIDE, SIDE, SIDE)
    encoded, raw = task.encode(value, fit), task.truth(value, fit)
    assert encoded is not None
    assert raw is not None
    for shown, expected in zip(_arrays(task.shown(encoded, SIDE)), _arrays(raw), strict=True):
        np.testing.assert_allclose(shown, expected, rtol=1e-5)


def test_a_box_is_shown_where_its_picture_was_turned_to() -> None:
    task = bind(TaskSpec("t", "T", "regression", parameters=BOX))
    encoded = task.encode((20.0, 10.0, 8.0, 4.0), Fit(40, 20, 64))
    assert encoded is not None
    turned = task.shown(task.transform(encoded, Geometry((0.25, 0.25, 0.5, 0.5), flip_x=True)), 64)
    assert turned is not None
    assert turned.values.tolist() == pytest.approx([32.0, 32.0, 25.6, 25.6])  # type: ignore[union-attr]


def test_nothing_is_shown_of_a_value_that_was_cut_away() -> None:
    task = bind(TaskSpec("t", "T", "regression", parameters=FrozenDict(value_names=("x",), roles=("x",))))
    encoded = task.encode((39.0,), Fit(40, 40, 32))
    assert encoded is not None
    assert task.shown(task.transform(encoded, Geometry((0.0, 0.0, 0.5, 1.0))), 32) is None


def test_masks_stay_with_their_pixels(tmp_path: Path) -> None:
    """The picture is bright exactly where its mask is: so it must be after every change."""
    yes = np.zeros((96, 96), np.uint8)
    yes[10:40, 20:80] = 1
    yes[60:90, 50:70] = 1
    for name in "ab":
        for folder, pixels in (("images", np.where(yes[..., None] == 1, 255, 0).repeat(3, 2)), ("masks", yes)):
            (tmp_path / "d" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "d" / folder / f"{name}.png")
    spec = propose("p", [tmp_path / "d"], tmp_path / "p")
    settings = replace(spec.data, image_size=96, colour=0.0, crop_scale=0.4, flip_vertical=0.5)
    data, tasks = open_data(spec, tmp_path / "p"), bound_tasks(spec)
    (mask,) = tasks
    many = {"count": 12, "draw": 1, "side": 96}
    bare, drawn = (variants(data, data.all_items[0], tasks, d, settings, **many) for d in ((), (mask,)))
    overlaps = []
    for plain, painted in zip(bare, drawn, strict=True):
        picture, over = (_pixels(image) for image in (plain, painted))
        bright, changed = picture.mean(axis=2) > 127, np.abs(over - picture).sum(axis=2) > 60
        overlaps.append((bright & changed).sum() / (bright | changed).sum())
    assert min(overlaps) > 0.9
    assert len({_pixels(image).tobytes() for image in bare}) == 12


def test_another_draw_makes_other_changes_and_the_same_draw_the_same(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    for name in ("one", "two"):
        (tmp_path / "d" / name).mkdir(parents=True)
        Image.fromarray(pixels).save(tmp_path / "d" / name / "x.png")
    spec = propose("p", [tmp_path / "d"], tmp_path / "p")
    data = open_data(spec, tmp_path / "p")
    first, same, other = (
        [_pixels(image).tobytes() for image in variants(data, data.all_items[0], {}, (), spec.data, count=4, draw=n, side=32)]
        for n in (0, 0, 1)
    )  # fmt: skip
    assert first == same
    assert first != other


def _pixels(image: Any) -> np.ndarray:
    image = image.convertToFormat(rgb_image(np.zeros((1, 1, 3), np.uint8)).format())
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)
