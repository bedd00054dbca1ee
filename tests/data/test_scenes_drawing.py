"""A scene is the same everywhere, and its labels are the truth about its picture."""

from __future__ import annotations

import math
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mtlstudio.data.scenes import COLOURS, SHAPES, TARGETS, VERSION, Scene, SceneDials, draw, generate
from mtlstudio.data.scenes.layout import Item, centres, outline

CROWDED = SceneDials(size=96, min_shapes=3, max_shapes=8)


def scenes(dials: SceneDials = CROWDED, count: int = 40) -> list[Scene]:
    return [draw(dials, index) for index in range(count)]


def same(one: Scene, other: Scene) -> bool:
    return np.array_equal(one.image, other.image) and all(
        np.array_equal(one.targets[target.id], other.targets[target.id]) for target in TARGETS
    )


def inside(item: Item, size: int) -> np.ndarray:
    middles = centres(size)
    return outline(item, middles[None, :] - np.float32(item.x), middles[:, None] - np.float32(item.y)) < 0


def checksum(dials: SceneDials) -> int:
    total = 0
    for index in range(12):
        scene = draw(dials, index)
        for values in (scene.image, *(scene.targets[target.id] for target in TARGETS)):
            total = zlib.crc32(np.ascontiguousarray(values).tobytes(), total)
    return total


def test_scenes_are_these_bit_by_bit_on_every_machine() -> None:
    """Whoever changes these sums raises `VERSION`, or old caches and old projects show other scenes than new ones."""
    sums = [checksum(SceneDials()), checksum(SceneDials(size=72, clutter=1, noise=0.5, long_tail=0.6, seed=9))]
    assert (VERSION, sums) == (1, [338651619, 3702260507])


def test_a_scene_depends_on_its_index_and_not_on_the_count() -> None:
    few, many = SceneDials(count=3, size=48), SceneDials(count=900, size=48)
    assert all(same(draw(few, index), draw(many, index)) for index in (0, 2, 700))
    assert not same(draw(few, 0), draw(few, 1))
    assert not same(draw(few, 0), draw(SceneDials(count=3, size=48, seed=1), 0))


def test_many_scenes_are_the_single_ones_stacked() -> None:
    told: list[tuple[int, int]] = []
    dials = SceneDials(count=5, size=40, missing=0.4)
    arrays = generate(dials, lambda done, total: told.append((done, total)))
    assert told == [(done, 5) for done in range(1, 6)] and len(arrays) == 5
    for index in range(5):
        scene = draw(dials, index)
        assert np.array_equal(arrays.images[index], scene.image)
        assert {name for name, there in arrays.present.items() if not there[index]} == scene.missing
        for target in TARGETS:
            truth = arrays.truth(index, target.id)
            assert np.array_equal(truth, scene.targets[target.id])
            assert np.asarray(truth).dtype == np.asarray(scene.targets[target.id]).dtype


@pytest.mark.parametrize("change", [{"noise": 0.8}, {"clutter": 1.0}, {"missing": 0.5}])
def test_what_only_disturbs_the_picture_leaves_the_truth_alone(change: dict[str, float]) -> None:
    plain, disturbed = draw(SceneDials(size=48), 4), draw(SceneDials(size=48, **change), 4)
    assert all(np.array_equal(plain.targets[t.id], disturbed.targets[t.id]) for t in TARGETS)
    assert np.array_equal(plain.image, disturbed.image) == ("missing" in change)


@pytest.mark.parametrize("size", [32, 100, 512])
def test_pictures_and_maps_have_the_asked_size_and_their_dtypes(size: int) -> None:
    scene = draw(SceneDials(size=size), 1)
    assert (scene.image.shape, scene.image.dtype) == ((size, size, 3), np.uint8)
    assert (scene.targets["mask"].shape, scene.targets["mask"].dtype) == ((size, size), np.uint8)
    assert (scene.targets["depth"].shape, scene.targets["depth"].dtype) == ((size, size), np.float32)


def test_a_scene_is_the_same_at_every_size() -> None:
    for index in range(10):
        small, large = (draw(SceneDials(size=size), index) for size in (64, 256))
        assert small.items == large.items
        agree = small.targets["mask"] == large.targets["mask"][2::4, 2::4]
        assert agree.mean() > 0.97


def test_counted_shapes_can_all_be_seen() -> None:
    for scene in scenes():
        seen = np.unique(scene.owner[scene.owner > 0])
        assert scene.targets["count"] == len(seen) == len(scene.items)
        assert all((scene.owner == number).sum() >= 40 for number in seen)


def test_listed_shapes_and_colours_are_those_of_the_mask() -> None:
    for scene in scenes():
        shown = {int(value) - 1 for value in np.unique(scene.targets["mask"]) if value}
        assert shown == set(np.flatnonzero(scene.targets["shapes"]))
        assert {item.colour for item in scene.items} == set(np.flatnonzero(scene.targets["colours"]))


def test_the_largest_shape_has_the_most_pixels_by_a_margin() -> None:
    for scene in scenes():
        areas = [(scene.owner == number).sum() for number in range(1, len(scene.items) + 1)]
        first, second = sorted(areas)[:-3:-1]
        assert scene.items[int(np.argmax(areas))].shape == scene.targets["largest"]
        assert first > 1.05 * second


def test_nearer_shapes_hide_farther_ones_and_the_ground_is_behind_all() -> None:
    hidden = 0
    for scene in scenes():
        covering = [(item.depth, inside(item, 96)) for item in scene.items]
        nearest = np.min([np.where(there, depth, np.inf) for depth, there in covering], axis=0)
        hidden += (np.sum([there for _, there in covering], axis=0) > 1).sum()
        on_shapes, depth = np.isfinite(nearest), scene.targets["depth"]
        assert np.array_equal(on_shapes, scene.targets["mask"] > 0)
        assert np.allclose(depth[on_shapes], nearest[on_shapes], rtol=1e-3)
        assert depth.min() >= 1.4 and depth[~on_shapes].min() > max(item.depth for item in scene.items)
    assert hidden > 1000  # shapes do overlap


def test_the_ground_tilts_away_upwards() -> None:
    for scene in scenes(SceneDials(size=48, max_shapes=1), 10):
        depth = np.where(scene.targets["mask"] == 0, scene.targets["depth"], np.nan)
        rows = np.nanmean(depth, axis=1)
        assert np.all(np.diff(rows) < 0.02) and rows[0] > rows[-1] + 1


def corners(item: Item) -> list[tuple[float, float]]:
    """The shape's corners as a drawing book has them, for a radius of 1, not turned."""
    if item.shape == SHAPES.index("Square"):
        return [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]
    if item.shape == SHAPES.index("Triangle"):
        return [(1.2 * math.sin(angle), 0.22 - 1.2 * math.cos(angle)) for angle in (0, math.tau / 3, -math.tau / 3)]
    if item.shape == SHAPES.index("Star"):
        reach = [1.12, 1.12 * 0.5]
        return [
            (reach[k % 2] * math.sin(math.pi * k / 5), -reach[k % 2] * math.cos(math.pi * k / 5)) for k in range(10)
        ]
    a, b = 0.98, 0.34
    return [(-b, -a), (b, -a), (b, -b), (a, -b), (a, b), (b, b), (b, a), (-b, a), (-b, b), (-a, b), (-a, -b), (-b, -b)]


def drawn_by_pillow(item: Item, size: int) -> np.ndarray:
    picture = Image.new("L", (size, size))
    pen = ImageDraw.Draw(picture)

    def disc(radius: float, value: int) -> None:
        r, x, y = (size * length for length in (radius * item.radius, item.x, item.y))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=value)

    if item.shape == SHAPES.index("Circle"):
        disc(0.92, 1)
    elif item.shape == SHAPES.index("Ring"):
        disc(1.0, 1)
        disc(0.46, 0)
    else:
        c, s = item.turn
        turned = [(c * x - s * y, s * x + c * y) for x, y in corners(item)]
        pen.polygon([(size * (item.x + item.radius * x), size * (item.y + item.radius * y)) for x, y in turned], fill=1)
    return np.asarray(picture) > 0


def test_shapes_look_as_another_program_draws_them() -> None:
    worst = dict.fromkeys(range(len(SHAPES)), 1.0)
    for scene in scenes(SceneDials(size=128), 40):
        for item in scene.items:
            ours, theirs = inside(item, 128), drawn_by_pillow(item, 128)
            worst[item.shape] = min(worst[item.shape], (ours & theirs).sum() / (ours | theirs).sum())
    assert min(worst.values()) > 0.85, worst


def test_shapes_have_the_colours_they_are_said_to_have() -> None:
    """Judged by hue and saturation with limits a person would set, on the median of what can be seen of a shape."""
    hues = {"Red": 0.0, "Yellow": 48.0, "Green": 135.0, "Blue": 216.0, "Purple": 275.0}
    right, shapes = 0, 0
    for scene in scenes(SceneDials(noise=0, size=96), 40):
        picture = np.asarray(Image.fromarray(scene.image).convert("HSV")).astype(float)
        for number, item in enumerate(scene.items, start=1):
            hue, saturation, value = np.median(picture[scene.owner == number], axis=0) * (360 / 255, 1 / 255, 1 / 255)
            away = {name: abs((hue - there + 180) % 360 - 180) for name, there in hues.items()}
            said = "White" if saturation < 0.2 and value > 0.6 else min(away, key=lambda name: away[name])
            right, shapes = right + (said == COLOURS[item.colour]), shapes + 1
    assert right / shapes > 0.97, (right, shapes)


def test_the_farther_a_shape_the_smaller() -> None:
    items = [item for scene in scenes(count=30) for item in scene.items]
    size_times_depth = np.array([item.radius * item.depth for item in items])
    assert size_times_depth.std() / size_times_depth.mean() < 0.1


def test_noise_has_the_stated_strength() -> None:
    clean, grainy = (draw(SceneDials(size=128, noise=noise), 3).image.astype(float) for noise in (0, 0.1))
    difference = (grainy - clean)[(clean > 70) & (clean < 185)]
    assert difference.std() == pytest.approx(0.1 * 0.2 * 255, rel=0.03)
    assert abs(difference.mean()) < 0.2


def test_negative_indexes_are_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        draw(SceneDials(), -1)


def test_scenes_need_neither_torch_nor_qt_nor_scipy() -> None:
    code = "import sys, mtlstudio.data.scenes as s; s.draw(s.SceneDials(size=32), 0); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "PySide6", "scipy"} & set(loaded)
