"""The affinity that was measured, and the groups that follow from it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from mtlstudio.runs.affinity import EXACT, Affinity, affinity, groupings, proposed
from mtlstudio.runs.events import AffinityMeasured

TASKS = ("a", "b", "c", "d")


def measured(rows: object, tasks: tuple[str, ...] = TASKS) -> AffinityMeasured:
    return AffinityMeasured(1.0, 200, 1, tasks, dict.fromkeys(tasks, 1.0), rows)  # type: ignore[arg-type]


def of(helped: np.ndarray, tasks: tuple[str, ...] | None = None) -> Affinity:
    """An affinity of these normalised figures."""
    names = tasks or tuple(f"t{place}" for place in range(len(helped)))
    return Affinity(names, helped, helped, np.ones_like(helped, dtype=np.int64))


def blocks(sizes: tuple[int, ...], inside: float, across: float) -> np.ndarray:
    """Groups that help each other inside and (if negative) hurt each other across."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    matrix = np.where(owner[:, None] == owner[None, :], inside, across)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def by_trying(helped: np.ndarray, count: int) -> float:
    """The best score of that many groups, by trying every way to colour the tasks."""
    best = -math.inf
    size = len(helped)
    for colours in itertools.product(range(count), repeat=size):
        if len(set(colours)) < count:
            continue
        score = 0.0
        for j in range(size):
            others = [helped[i, j] for i in range(size) if i != j and colours[i] == colours[j]]
            score += sum(others) / len(others) if others else 0.0
        best = max(best, score)
    return best


def test_the_mean_is_over_the_measurements_of_each_pair() -> None:
    one = measured(((0.1, 0.05), (0.02, 0.2)), ("a", "b"))
    other = measured(((0.3, None, 0.1), (0.04, 0.4, 0.1), (0.0, 0.1, 0.2)), ("a", "b", "c"))
    found = affinity([one, other], ("a", "b", "c"))
    assert found is not None
    assert found.raw[0, 0] == pytest.approx(0.2) and found.raw[0, 1] == pytest.approx(0.05)
    assert found.count[0, 1] == 1 and found.count[1, 0] == 2
    assert found.helped[1, 0] == pytest.approx(0.03 / 0.2)
    assert found.mutual[0, 1] == found.mutual[1, 0] == pytest.approx((0.05 / 0.3 + 0.03 / 0.2) / 2)


def test_in_whatever_unit_a_loss_is_nothing_changes() -> None:
    # Z is a share of the loss, so a unit falls out; a task that every step moves ten times as much is as well helped.
    rows = np.array([[0.2, 0.01], [0.05, 0.02]])
    louder = rows * np.array([1.0, 10.0])
    one, other = (
        affinity([measured(rows.tolist(), ("a", "b"))], ("a", "b")),
        affinity([measured(louder.tolist(), ("a", "b"))], ("a", "b")),
    )
    assert one is not None and other is not None
    np.testing.assert_allclose(one.helped, other.helped)


def test_without_measurements_there_is_none() -> None:
    assert affinity([], TASKS) is None
    assert affinity([measured((), TASKS)], TASKS) is None  # damaged


def test_a_task_that_its_own_steps_do_not_help_says_nothing() -> None:
    found = affinity([measured(((-0.1, 0.2), (0.1, 0.3)), ("a", "b"))], ("a", "b"))
    assert found is not None and np.isnan(found.helped[:, 0]).all() and np.isfinite(found.helped[:, 1]).all()


@pytest.mark.parametrize("seed", range(5))
def test_small_groupings_are_the_best_there_are(seed: int) -> None:
    helped = np.random.default_rng(seed).normal(0.1, 0.4, (6, 6))
    for found in groupings(of(helped), most=3):
        assert found.score == pytest.approx(by_trying(helped, len(found.groups)))


def test_groups_that_hurt_each_other_are_told_apart() -> None:
    found = proposed(of(blocks((3, 2), 0.5, -0.3)))
    assert found.groups == (("t0", "t1", "t2"), ("t3", "t4")) and not found.hurt


def test_where_all_help_all_share() -> None:
    assert len(proposed(of(blocks((2, 2), 0.8, 0.1))).groups) == 1


def test_many_tasks_are_grouped_too() -> None:
    sizes = (7, 5, 4)
    assert sum(sizes) > EXACT
    found = proposed(of(blocks(sizes, 0.4, -0.6)))
    assert sorted(map(len, found.groups)) == sorted(sizes) and not found.hurt


def test_the_score_tells_who_is_hurt() -> None:
    helped = blocks((3,), 0.3, 0.0)
    helped[0, 2] = helped[1, 2] = -0.4
    whole = groupings(of(helped), most=1)[0]
    assert whole.hurt == ("t2",)
    assert proposed(of(helped)).groups == (("t0", "t1"), ("t2",))
