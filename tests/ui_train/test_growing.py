"""Numbers that grow, and their moving average."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlstudio.ui.train.growing import Average, Curve, Growing

maybe = st.one_of(st.none(), st.floats(-1e3, 1e3))


def direct(values: list[float | None], factor: float) -> list[float]:
    """The definition, written out: a weighted mean of all finite values so far."""
    found = []
    for t, value in enumerate(values):
        before = [x for x in values[: t + 1] if x is not None]
        weights = [factor ** (len(before) - 1 - i) for i in range(len(before))]
        mean = sum(w * x for w, x in zip(weights, before, strict=True)) / sum(weights) if before else math.nan
        found.append(mean if value is not None else math.nan)
    return found


def test_numbers_come_back_as_they_went_in() -> None:
    growing = Growing()
    for start in range(0, 5000, 7):
        growing.extend(list(range(start, start + 7)))
    assert np.array_equal(growing.values, np.arange(5005))
    growing.cut(100)
    growing.extend([None])
    assert len(growing) == 101 and math.isnan(growing.values[-1])


@given(st.lists(maybe, max_size=40), st.sampled_from([0.0, 0.5, 0.8, 0.95]))
def test_the_average_is_its_definition(values: list[float | None], factor: float) -> None:
    numbers = np.array(values, float)
    assert np.allclose(Average(factor).advance(numbers), direct(values, factor), equal_nan=True, rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from([0.0, 0.5, 0.9, 0.99]), st.lists(st.integers(0, 400), max_size=6))
def test_portions_make_no_difference(seed: int, factor: float, cuts: list[int]) -> None:
    random = np.random.default_rng(seed)
    numbers = random.standard_normal(1200)
    numbers[random.random(1200) < 0.2] = np.nan
    whole = Average(factor).advance(numbers)
    portions, average = [], Average(factor)
    for part in np.split(numbers, sorted(cuts)):
        portions.append(average.advance(part))
    assert np.allclose(np.concatenate(portions), whole, equal_nan=True, rtol=1e-9)


@pytest.mark.parametrize("factor", [0.5, 0.99, 0.999])
def test_long_blocks_neither_overflow_nor_leave_the_range(factor: float) -> None:
    numbers = np.random.default_rng(0).uniform(2.0, 3.0, 50_000)
    shown = Average(factor).advance(numbers)
    assert np.isfinite(shown).all() and shown.min() >= 2.0 - 1e-9 and shown.max() <= 3.0 + 1e-9


def test_smoothing_never_touches_what_was_measured() -> None:
    curve = Curve(0.9)
    values = [1.0, None, 3.0, 2.0, 5.0]
    curve.extend(values)
    for factor in (0.0, 0.5, 0.99):
        curve.smooth(factor)
        assert np.array_equal(curve.raw.values, np.array(values, float), equal_nan=True)
    curve.smooth(0.0)
    assert np.array_equal(curve.shown.values, curve.raw.values, equal_nan=True)


def test_the_last_number_is_found_behind_missing_ones() -> None:
    curve = Curve()
    assert curve.last() is None
    curve.extend([4.0, *[None] * 1000])
    assert curve.last() == 4.0


def test_a_cut_curve_goes_on_as_if_the_rest_had_never_been() -> None:
    cut, whole = Curve(0.8), Curve(0.8)
    cut.extend([1.0, 2.0, 3.0, 100.0, 100.0])
    cut.cut(3)
    cut.extend([4.0])
    whole.extend([1.0, 2.0, 3.0, 4.0])
    assert np.allclose(cut.shown.values, whole.shown.values)
