"""Δm in both conventions, against the published row of equal weights on NYUv2, where they differ in sign."""

from __future__ import annotations

import math

import pytest

from mtlstudio.runs.delta import delta, gain, mean_ranks

# Single-task networks and equal weights on NYUv2, as the literature prints them (Navon et al. 2022 and followers).
ALONE = {
    "segmentation": {"mean_iou": 38.30, "pixel_accuracy": 63.76},
    "depth": {"absolute": 0.6754, "relative": 0.2780},
    "normals": {"mean": 25.01, "median": 19.21, "within_11": 30.14, "within_22": 57.20, "within_30": 69.15},
}
EQUAL = {
    "segmentation": {"mean_iou": 39.29, "pixel_accuracy": 65.33},
    "depth": {"absolute": 0.5493, "relative": 0.2263},
    "normals": {"mean": 28.15, "median": 23.96, "within_11": 22.09, "within_22": 47.50, "within_30": 61.08},
}
HIGHER = {
    "segmentation": {"mean_iou": True, "pixel_accuracy": True},
    "depth": {"absolute": False, "relative": False},
    "normals": {"mean": False, "median": False, "within_11": True, "within_22": True, "within_30": True},
}


def test_the_two_conventions_give_the_published_figures_with_their_signs_turned() -> None:
    found = delta(EQUAL, ALONE, HIGHER)
    assert found.per_metric is not None and found.per_task is not None
    assert -found.per_metric == pytest.approx(5.59, abs=0.005)
    assert -found.per_task == pytest.approx(-0.88, abs=0.005)
    assert found.tasks["depth"] > 0 > found.tasks["normals"]
    assert found.left_out == ()


def test_equal_figures_gain_nothing() -> None:
    found = delta(ALONE, ALONE, HIGHER)
    assert (found.per_task, found.per_metric) == (0.0, 0.0)


def test_what_has_no_gain_is_left_out_and_named() -> None:
    values = {"a": {"r2": 0.5, "mae": 1.0}, "b": {"accuracy": None}}
    bases = {"a": {"r2": -0.1, "mae": 2.0}, "b": {"accuracy": 0.5}}
    found = delta(values, bases, {"a": {"r2": True, "mae": False}, "b": {"accuracy": True}})
    assert found.left_out == (("a", "r2"), ("b", "accuracy"))
    assert (found.per_task, found.per_metric, found.tasks) == (50.0, 50.0, {"a": 50.0})
    nothing = delta({}, {}, {"a": {"mae": False}})
    assert nothing.per_task is None and nothing.per_metric is None


@pytest.mark.parametrize("baseline", [0.0, -1.0, math.nan, math.inf, None])
def test_a_baseline_that_is_not_above_nothing_gives_no_gain(baseline: float | None) -> None:
    assert gain(1.0, baseline, True) is None


def test_mean_ranks_share_ties_and_need_figures_of_all() -> None:
    runs = {
        "good": {"a": {"acc": 0.9, "mae": 1.0, "odd": 1.0}},
        "bad": {"a": {"acc": 0.5, "mae": 2.0, "odd": None}},
        "same": {"a": {"acc": 0.9, "mae": 3.0, "odd": 3.0}},
    }
    found = mean_ranks(runs, {"a": {"acc": True, "mae": False, "odd": True}})
    assert found == {"good": 1.25, "bad": 2.5, "same": 2.25}
    assert mean_ranks({"x": {}}, {"a": {"acc": True}}) == {}
