"""The camera can reach neither NaN nor emptiness."""

from __future__ import annotations

import math
import random

import pytest

from mtlstudio.ui.design.camera import MAX_ZOOM, Camera, Limits, fitted, focused, panned, zoomed
from mtlstudio.ui.design.geometry import Point, Rect


def test_zooming_keeps_what_is_under_the_pointer() -> None:
    limits = Limits((4000.0, 900.0), (800.0, 500.0))
    camera = Camera(1500.0, 200.0, 1.0, 1.0)
    at = Point(300.0, 200.0)
    near = zoomed(camera, 1.5, at, limits)
    assert near.zoom_x == pytest.approx(1.5)
    assert near.x + at.x / near.zoom_x == pytest.approx(camera.x + at.x / camera.zoom_x)
    assert near.y + at.y / near.zoom_y == pytest.approx(camera.y + at.y / camera.zoom_y)


def test_all_means_all() -> None:
    limits = Limits((4000.0, 900.0), (800.0, 500.0))
    camera = fitted(limits)
    assert camera.zoom_x * 4000 <= 800.001 and camera.zoom_y * 900 <= 500.001


def test_a_small_grid_is_not_enlarged_and_cannot_be_moved_away() -> None:
    limits = Limits((300.0, 200.0), (800.0, 500.0))
    assert fitted(limits) == Camera()
    assert panned(Camera(), 10_000, -10_000, limits) == Camera()


def test_focus_shows_the_whole_of_what_is_asked_for() -> None:
    limits = Limits((4000.0, 900.0), (800.0, 500.0))
    camera = focused(Rect(3000, 100, 120, 80), limits)
    assert camera.x <= 3000 and camera.x + 800 / camera.zoom_x >= 3120


@pytest.mark.parametrize("seed", range(5))
def test_no_way_leads_to_nan_or_to_emptiness(seed: int) -> None:
    dice = random.Random(seed)
    limits = Limits((dice.choice([0.0, 90.0, 5000.0, 1e6]), dice.choice([0.0, 60.0, 3000.0])), (640.0, 400.0))
    camera = Camera()
    wild = [0.0, -1.0, 1e-9, 1e9, math.inf, math.nan, 0.5, 1.5, 2.0, 0.1]
    for _step in range(500):
        if dice.random() < 0.5:
            camera = zoomed(camera, dice.choice(wild), Point(dice.uniform(0, 640), dice.uniform(0, 400)), limits)
        else:
            camera = panned(camera, dice.choice(wild) * 1000, dice.choice(wild) * 1000, limits)
        for start, zoom, content, view in (
            (camera.x, camera.zoom_x, limits.content[0], 640), (camera.y, camera.zoom_y, limits.content[1], 400),
        ):  # fmt: skip
            assert math.isfinite(start) and 0 < zoom <= MAX_ZOOM
            seen = min(content, start + view / zoom) - max(0.0, start)
            assert seen * zoom >= min(40.0, content * zoom) - 1e-6
