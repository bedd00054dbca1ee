"""Where ticks stand."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlstudio.ui.train.ticks import loss_ticks, step_ticks


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(1, 30))
def test_ticks_are_inside_few_and_even(low: float, width: float, most: int) -> None:
    ticks = loss_ticks(low, low + width, most, log=False)
    places = [place for place, _ in ticks]
    slack = 1e-5 * width + 1e-9 * abs(low)
    assert all(low - slack <= place <= low + width + slack for place in places)
    assert len(places) <= most + 2
    gaps = [b - a for a, b in itertools.pairwise(places)]
    assert all(math.isclose(gap, gaps[0], rel_tol=1e-3, abs_tol=1e-9) for gap in gaps)


@given(st.floats(0, 1e6), st.floats(1, 1e6), st.integers(1, 30))
def test_steps_are_whole(low: float, width: float, most: int) -> None:
    assert all(float(place).is_integer() for place, _ in step_ticks(low, low + width, most, "step"))


@pytest.mark.parametrize(
    ("low", "high", "most", "log", "words"),
    [
        (0, 1.04, 4, False, ["0.0", "0.5", "1.0"]),
        (0, 0.09, 5, False, ["0.00", "0.02", "0.04", "0.06", "0.08"]),
        (-3, 0, 3, True, ["0.001", "0.01", "0.1", "1"]),
    ],
)
def test_losses(low: float, high: float, most: int, log: bool, words: list[str]) -> None:
    assert [word for _, word in loss_ticks(low, high, most, log)] == words


def test_time_is_told_as_on_a_clock() -> None:
    assert [word for _, word in step_ticks(0, 130, 5, "time")] == ["0:00", "0:30", "1:00", "1:30", "2:00"]
    assert [word for _, word in step_ticks(0, 2, 5, "epoch")] == ["0", "1", "2"]
