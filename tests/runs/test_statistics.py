"""Statistics agree with scipy, and an interval covers the truth as often as it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mtlstudio.runs.statistics import Interval, interval, ranks, resamples, seed_noise, spearman, spread

NUMBERS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=20)


@given(NUMBERS)
def test_ranks_and_spearman_are_scipys_with_ties_too(pairs: list[tuple[int, int]]) -> None:
    first, second = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    assert ranks(first) == stats.rankdata(first).tolist()
    found = spearman(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(first, second).statistic)


def test_spearman_wants_pairs() -> None:
    with pytest.raises(ValueError, match="3 values against 2"):
        spearman([1, 2, 3], [1, 2])


def test_a_spread_is_numpys_with_one_less_below_and_leaves_out_what_is_unknown() -> None:
    values = [0.4, 0.9, 0.7]
    found = spread([*values, None, math.nan])
    assert found is not None
    assert (found.mean, found.sd, found.n) == (pytest.approx(np.mean(values)), pytest.approx(np.std(values, ddof=1)), 3)
    one = spread([2.0])
    assert one is not None and one.sd is None
    assert spread([None, math.inf]) is None


def test_resamples_take_as_many_as_there_are_and_are_the_same_again() -> None:
    draws = np.stack(list(resamples(40, 300, 7)))
    assert draws.shape == (300, 40) and (draws.sum(1) == 40).all()
    assert (draws == np.stack(list(resamples(40, 300, 7)))).all()
    assert (draws != np.stack(list(resamples(40, 300, 8)))).any()
    assert draws.mean(0) == pytest.approx(np.ones(40), abs=0.25)


def test_the_bootstrap_of_a_mean_is_scipys() -> None:
    values = np.random.default_rng(0).exponential(size=60)
    means = np.asarray([counts @ values / 60 for counts in resamples(60, 4000, 1)])
    found = interval(means)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", random_state=np.random.default_rng(2)
    ).confidence_interval
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(theirs.low, abs=0.02), pytest.approx(theirs.high, abs=0.02))


def test_an_interval_needs_half_of_its_draws_and_knows_its_side() -> None:
    draws = np.asarray([1.0, 2.0, math.nan, math.nan, math.nan])
    assert interval(draws) is None
    assert interval(np.zeros(0)) is None
    assert Interval(0.1, 0.2).above and not Interval(-0.1, 0.2).above
    assert Interval(-0.2, -0.1).below and not Interval(-0.2, 0.0).below


def test_the_noise_of_seeds_is_the_pooled_t_interval_of_two_samples() -> None:
    first, second = [0.80, 0.83, 0.78], [0.75, 0.74, 0.79, 0.77]
    found = interval(seed_noise(first, second, 200_000, 0) + np.mean(first) - np.mean(second))
    theirs = stats.ttest_ind(first, second).confidence_interval(0.95)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(theirs.low, abs=1e-3), pytest.approx(theirs.high, abs=1e-3))


def test_without_a_second_seed_nothing_is_known_of_their_scatter() -> None:
    assert not seed_noise([0.8], [0.7], 10, 0).any()
    assert not seed_noise([], [0.7, 0.8], 10, 0).any()
