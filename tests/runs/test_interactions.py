"""What is read from measured gradients: cosines, shares, conflicts that last; with events of every kind of damage."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mtlstudio.runs.events import AffinityMeasured, Event, GradientsMeasured, RunStarted, from_json, to_json
from mtlstudio.runs.interactions import ALL, FEWEST, Estimate, Interactions, pulls_apart_from
from mtlstudio.runs.log import LogWriter, read_events

TASKS = ("a", "b", "c")


def gradients(seed: int, layers: dict[str, tuple[str, ...]], size: int = 6) -> dict[str, dict[str, np.ndarray]]:
    """Layer -> task -> a random gradient, of the tasks that reach it."""
    dice = np.random.default_rng(seed)
    return {layer: {task: dice.standard_normal(size) for task in tasks} for layer, tasks in layers.items()}


def event(
    found: dict[str, dict[str, np.ndarray]], step: int = 50, epoch: int = 0, weights: dict[str, float] | None = None,
    tasks: tuple[str, ...] = TASKS,
) -> GradientsMeasured:  # fmt: skip
    """The event of these gradients."""
    zero = np.zeros(6)
    products = {
        layer: tuple(tuple(float(own.get(i, zero) @ own.get(j, zero)) for j in tasks) for i in tasks)
        for layer, own in found.items()
    }
    return GradientsMeasured(1.0, step, epoch, tasks, weights or dict.fromkeys(tasks, 1.0), products)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def read(*events: Event) -> Interactions:
    found = Interactions(TASKS)
    found.take(events)
    return found


# --- figures --------------------------------------------------------------------------------------------------


def test_cosines_are_those_of_the_vectors_per_layer_and_over_what_both_reach() -> None:
    drawn = gradients(0, {"stem": TASKS, "deep": ("a", "b")})
    found = read(event(drawn)).gradients[0]
    for layer, own in drawn.items():
        for i, first in enumerate(TASKS):
            for j, second in enumerate(TASKS):
                value = found.cosines[layer][i, j]
                if first in own and second in own:
                    assert value == pytest.approx(cosine(own[first], own[second]), abs=1e-5)
                else:
                    assert math.isnan(value)
    whole = {task: np.concatenate([drawn["stem"][task], drawn["deep"][task]]) for task in ("a", "b")}
    assert found.cosines[ALL][0, 1] == pytest.approx(cosine(whole["a"], whole["b"]), abs=1e-5)
    assert found.cosines[ALL][0, 2] == pytest.approx(cosine(drawn["stem"]["a"], drawn["stem"]["c"]), abs=1e-5)


def test_shares_are_of_the_weighted_lengths_and_add_up() -> None:
    drawn = gradients(1, {"stem": TASKS, "deep": ("a", "b")})
    weights = {"a": 0.2, "b": 3.0, "c": 0.0}
    found = read(event(drawn, weights=weights)).gradients[0]
    lengths = {
        task: np.linalg.norm(np.concatenate([own[task] for own in drawn.values() if task in own])) for task in TASKS
    }
    total = sum(weights[task] * lengths[task] for task in TASKS)
    assert math.fsum(found.shares.values()) == pytest.approx(1.0)
    for task in TASKS:
        assert found.norms[task] == pytest.approx(lengths[task], rel=1e-6)
        assert found.shares[task] == pytest.approx(weights[task] * lengths[task] / total, abs=1e-6)


def test_means_pass_over_what_was_not_measured() -> None:
    first, second = gradients(2, {"stem": TASKS}), gradients(3, {"stem": ("a", "b")})
    found = read(event(first, 50), event(second, 100, tasks=("a", "b")))
    mean = (cosine(first["stem"]["a"], first["stem"]["b"]) + cosine(second["stem"]["a"], second["stem"]["b"])) / 2
    assert found.cosine("stem")[0, 1] == pytest.approx(mean, abs=1e-5)
    assert found.cosine("stem")[0, 2] == pytest.approx(cosine(first["stem"]["a"], first["stem"]["c"]), abs=1e-5)
    assert found.estimate("stem", "a", "c") == Estimate(pytest.approx(float(found.cosine("stem")[0, 2])), pytest.approx(math.nan, nan_ok=True), 1)  # type: ignore[arg-type]  # fmt: skip
    assert found.cosine("stem", recent=1)[0, 1] == pytest.approx(
        cosine(second["stem"]["a"], second["stem"]["b"]), abs=1e-5
    )
    assert found.series("stem", "b", "a")[0] == [50, 100]


def test_means_and_estimates_are_of_the_same_measurements_whatever_labels_are_missing() -> None:
    dice = np.random.default_rng(9)
    events = []
    for number in range(25):
        there = tuple(task for task in TASKS if dice.random() < 0.7) or TASKS
        there = there if len(there) > 1 else TASKS
        events.append(event(gradients(number, {"stem": there}), 50 * (number + 1), tasks=there))
    found = read(*events)
    for recent in (None, 10, 3):
        means = found.cosine("stem", recent)
        for i, first in enumerate(TASKS):
            for j, second in enumerate(TASKS):
                estimate = found.estimate("stem", first, second, recent)
                assert estimate.mean == pytest.approx(float(means[i, j]), abs=1e-5, nan_ok=True)


def test_the_error_is_that_of_the_mean() -> None:
    values = [0.1, -0.2, 0.4, 0.3]
    found = Estimate.of([*values, math.nan])
    assert found.count == 4 and found.mean == pytest.approx(np.mean(values))
    assert found.error == pytest.approx(np.std(values, ddof=1) / 2)


# --- conflicts ------------------------------------------------------------------------------------------------


def test_two_tasks_pull_apart_from_where_it_lasts() -> None:
    agreeing, parting = [0.3, 0.2, 0.25, 0.3], [-0.3, -0.2, -0.35, -0.25, -0.3, -0.28]

    def place(values: list[float]) -> int:
        return int(pulls_apart_from(np.array(values)))

    assert place(agreeing + parting) == len(agreeing)
    assert place(agreeing + parting[: FEWEST - 1]) == -1  # too few to say so
    assert place(parting + agreeing) == -1  # it is over
    assert place([-0.01] * 20) == -1  # hardly
    assert place([math.nan, *agreeing, *parting, math.nan]) == len(agreeing) + 1
    assert place(list(np.random.default_rng(0).normal(0, 0.3, 200))) == -1


def test_the_same_is_found_by_looking_at_every_end_of_the_series() -> None:
    student = pytest.importorskip("scipy.stats").t
    found_any = 0
    for seed in range(200):
        dice = np.random.default_rng(seed)
        values = dice.normal(-0.3 * dice.random(), 0.2, int(dice.integers(1, 25)))
        expected, unclear = -1, False
        for place in range(len(values)):
            rest = values[place:]
            if len(rest) < FEWEST or rest[0] >= 0 or (rest < 0).mean() < 0.8 or rest.mean() > -0.05:
                continue
            error = rest.std(ddof=1) / math.sqrt(len(rest))
            above = rest.mean() + student.ppf(0.97725, len(rest) - 1) * error  # as far out as two of the normal's
            unclear = unclear or abs(above) < 0.05 * error
            if above < 0:
                expected = place
                break
        assert unclear or int(pulls_apart_from(values)) == expected
        found_any += expected >= 0
    assert 20 < found_any < 180


def test_conflicts_name_layer_pair_epoch_and_how_sure() -> None:
    along, across = np.eye(6)[0], np.eye(6)[1]
    events: list[Event] = []
    for number in range(12):
        apart = -0.6 if number >= 4 else 0.5
        b = apart * along + math.sqrt(1 - apart**2) * across
        wobble = 0.05 * (number % 3) * np.eye(6)[2]
        events.append(event({"stem": dict.fromkeys(TASKS, along), "deep": {"a": along, "b": b + wobble, "c": along}},
                            50 * (number + 1), number // 2))  # fmt: skip
    conflicts = read(*events).conflicts()
    assert {(item.layer, item.first, item.second) for item in conflicts} == {("deep", "a", "b"), ("deep", "b", "c")}
    for item in conflicts:
        assert (item.since_step, item.since_epoch, item.cosine.count) == (250, 3, 8)
        assert item.cosine.mean == pytest.approx(-0.6, abs=0.01)


def test_of_many_pairs_hardly_one_looks_so_by_chance() -> None:
    tasks = tuple(f"t{number}" for number in range(20))
    found = Interactions(tasks)
    dice = np.random.default_rng(3)
    for step in range(30):
        rows = dice.standard_normal((20, 12))
        products = tuple(map(tuple, (rows @ rows.T).tolist()))
        found.take([GradientsMeasured(1.0, step + 1, step, tasks, dict.fromkeys(tasks, 1.0), {"stem": products})])
    assert len(found.conflicts()) <= 1  # of 190 pairs


# --- the log --------------------------------------------------------------------------------------------------


def test_events_come_back_from_the_log_as_they_were(tmp_path: Path) -> None:
    written = [
        event(gradients(4, {"stem": TASKS})),
        AffinityMeasured(2.0, 200, 3, ("a", "b"), {"a": 0.5, "b": None}, ((0.1, None), (-0.2, 0.05))),
    ]
    log = LogWriter(tmp_path / "metrics.jsonl")
    for item in written:
        log.write(item)
    assert list(read_events(log.path)) == written


def test_what_is_no_number_becomes_null_and_is_read_as_unmeasured() -> None:
    bad = GradientsMeasured(1.0, 50, 0, ("a", "b"), {"a": math.nan, "b": 1.0}, {"stem": ((math.inf, 1.0), (1.0, 4.0))})
    told = json.loads(json.dumps(to_json(bad), allow_nan=False))
    assert told["products"]["stem"][0][0] is None
    back = from_json(told)
    assert isinstance(back, GradientsMeasured)
    found = read(back).gradients[0]
    assert math.isnan(found.cosines["stem"][0, 1]) and found.cosines["stem"][1, 1] == 1.0


@pytest.mark.parametrize(
    "products",
    [{}, {"stem": ()}, {"stem": ((1.0,), (1.0, 2.0))}, {"stem": 3}, {"stem": (1.0, 2.0)}],
    ids=["none", "empty", "ragged", "a number", "a row"],
)
def test_damaged_measurements_are_passed_over(products: dict[str, object]) -> None:
    damaged = GradientsMeasured(1.0, 1, 0, ("a", "b"), {}, products)  # type: ignore[arg-type]
    assert not read(damaged).gradients


def test_tasks_of_another_design_are_passed_over() -> None:
    assert not read(event(gradients(5, {"stem": ("a", "x")}), tasks=("a", "x"))).gradients


def test_what_a_resumed_run_has_lost_is_forgotten() -> None:
    def started(step: int) -> RunStarted:
        return RunStarted(1.0, "run", step, 0, 3, 4, "cpu", 1, "fp32", TASKS, 10)

    drawn = gradients(6, {"stem": TASKS})
    found = read(event(drawn, 50), event(drawn, 100), started(50), event(drawn, 100))
    assert [item.step for item in found.gradients] == [50, 100]
    found.take([started(0)])
    assert not found.gradients and not found.layers
