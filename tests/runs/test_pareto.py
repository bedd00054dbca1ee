"""The Pareto front against a reference by brute force."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlstudio.runs.pareto import front

FIGURES = st.one_of(st.integers(-4, 4).map(float), st.floats(-5, 5), st.sampled_from([math.nan, math.inf]))
WAYS = list(itertools.product((True, False), repeat=2))


def by_brute_force(points: list[tuple[float, float]], higher: tuple[bool, bool]) -> set[int]:
    def better(a: float, b: float, up: bool) -> bool:
        return a > b if up else a < b

    def dominates(a: tuple[float, float], b: tuple[float, float]) -> bool:
        worse = any(better(b[k], a[k], higher[k]) for k in (0, 1))
        return not worse and any(better(a[k], b[k], higher[k]) for k in (0, 1))

    known = [place for place, point in enumerate(points) if all(map(math.isfinite, point))]
    return {p for p in known if not any(dominates(points[q], points[p]) for q in known)}


@pytest.mark.parametrize("higher", WAYS)
@given(points=st.lists(st.tuples(FIGURES, FIGURES), max_size=30))
def test_the_front_is_what_no_point_dominates(higher: tuple[bool, bool], points: list[tuple[float, float]]) -> None:
    found = front(points, higher)
    assert set(found) == by_brute_force(points, higher) and len(found) == len(set(found))
    assert [points[place][0] for place in found] == sorted(points[place][0] for place in found)


def test_equal_points_are_both_on_the_front() -> None:
    assert front([(1.0, 2.0), (1.0, 2.0), (1.0, 1.0), (0.0, 3.0)], (True, True)) == [3, 0, 1]


def test_along_the_front_what_is_won_in_one_is_paid_in_the_other() -> None:
    points = [(0.1, 0.9), (0.5, 0.5), (0.9, 0.1), (0.4, 0.4), (0.9, 0.05)]
    assert front(points, (True, True)) == [0, 1, 2]
    assert front(points, (False, False)) == [0, 3, 4]
