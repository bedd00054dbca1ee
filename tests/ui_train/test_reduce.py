"""Fewer points than pixels, without losing a peak or making one up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlstudio.ui.train.reduce import bridged, reduced, span


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 20_000), st.integers(10, 500))
def test_the_extremes_that_can_be_seen_are_kept(seed: int, count: int, pixels: int) -> None:
    random = np.random.default_rng(seed)
    x, y = np.arange(1.0, count + 1), random.standard_normal(count)
    y[random.random(count) < 0.3] = np.nan
    low, high = sorted(random.uniform(0, count + 1, 2))
    xs, ys = reduced(x, y, low, high, pixels)
    seen = y[(x >= low) & (x <= high)]
    if np.isfinite(seen).any():
        assert np.nanmin(ys) <= np.nanmin(seen) and np.nanmax(ys) >= np.nanmax(seen)
    assert set(ys[np.isfinite(ys)]) <= set(y[np.isfinite(y)]), "every drawn value was measured"
    assert (np.diff(xs) >= 0).all()
    assert len(xs) <= 8 * pixels + 16


def test_the_numbers_stay_as_they_are() -> None:
    x, y = np.arange(10_000.0), np.random.default_rng(1).standard_normal(10_000)
    before = y.copy()
    reduced(x, y, 0, 10_000, 100)
    assert np.array_equal(y, before)


def test_what_is_drawn_does_not_flicker_while_the_curve_grows() -> None:
    y = np.random.default_rng(2).standard_normal(5000)
    x = np.arange(5000.0)
    short, long = (reduced(x[:n], y[:n], 0, 4000, 100) for n in (4500, 4800))
    common = min(len(short[0]), len(long[0])) - 8
    assert np.array_equal(short[1][:common], long[1][:common])


def test_a_task_with_labels_in_every_third_batch_still_gives_one_line() -> None:
    y = np.full(90, np.nan)
    y[::3] = 1.0
    xs, ys = bridged(np.arange(90.0), y)
    assert len(xs) == 30 and np.isfinite(ys).all()


def test_a_long_absence_breaks_the_line_once() -> None:
    y = np.ones(300)
    y[100:200] = np.nan
    xs, ys = bridged(np.arange(300.0), y)
    assert np.isnan(ys).sum() == 1 and len(xs) == 201


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_numbers(count: int) -> None:
    xs, ys = reduced(np.arange(float(count)), np.ones(count), 0, 10, 50)
    assert len(xs) == len(ys) == count


def test_nothing_but_missing_values() -> None:
    xs, _ys = reduced(np.arange(5000.0), np.full(5000, np.nan), 0, 5000, 100)
    assert len(xs) == 0 and span([np.full(3, np.nan)]) is None
