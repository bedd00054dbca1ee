"""λ is one figure in every room: what is shown, and what turning it does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.project.weights import rebalanced, set_shown_weight, shown_weights


def project(normalised: bool, *weights: float) -> ProjectSpec:
    tasks = tuple(TaskSpec(f"t{n}", f"Task {n}", "regression", loss_weight=w) for n, w in enumerate(weights))
    spec = ProjectSpec("p", tasks=tasks)
    return replace(spec, training=replace(spec.training, normalise_weights=normalised))


def test_shares_are_shown_where_weights_are_to_sum_to_one_and_raw_ones_elsewhere() -> None:
    assert shown_weights(project(True, 1.0, 3.0)) == {"t0": 0.25, "t1": 0.75}
    assert shown_weights(project(False, 1.0, 3.0)) == {"t0": 1.0, "t1": 3.0}
    assert shown_weights(project(True, 0.0, 0.0)) == {"t0": 0.0, "t1": 0.0}


@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=6), st.floats(0, 1))
def test_what_was_set_is_what_is_shown_and_the_others_keep_their_proportions(
    weights: list[float], value: float
) -> None:
    before = project(True, *weights)
    after = shown_weights(set_shown_weight(before, "t0", value))
    assert after["t0"] == pytest.approx(value, abs=1e-9)
    assert sum(after.values()) == pytest.approx(1.0)
    if value < 0.99:
        others = shown_weights(before)
        assert after["t1"] * (1 - others["t0"]) == pytest.approx(others["t1"] * (1 - value))


def test_free_weights_leave_the_others_alone() -> None:
    assert shown_weights(set_shown_weight(project(False, 1.0, 3.0), "t0", 7.0)) == {"t0": 7.0, "t1": 3.0}


def test_lost_proportions_become_equal_ones() -> None:
    assert rebalanced({"a": 1.0, "b": 0.0, "c": 0.0}, "a", 0.5, True) == {"a": 0.5, "b": 0.25, "c": 0.25}
