"""The learning rate that is proposed: on curves whose answer is known, and on a project."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest

from mtlstudio.project import files
from mtlstudio.project.settings import MethodSpec
from mtlstudio.training.control import Control
from mtlstudio.training.rate_finder import HIGHEST, LOWEST, RateFound, RateTried, find_rate, rate_at, suggested
from tests.training.small import TASKS, project


def curve(loss: object, steps: int = 100) -> list[RateTried]:
    rates = [rate_at(step, steps) for step in range(steps)]
    values = [loss(math.log10(rate)) for rate in rates]  # type: ignore[operator]
    return [RateTried(n + 1, steps, r, {}, v, v) for n, (r, v) in enumerate(zip(rates, values, strict=True))]


def walked(steps: object) -> RateFound:
    try:
        while True:
            next(steps)  # type: ignore[call-overload]
    except StopIteration as end:
        found: RateFound = end.value
        return found


def test_a_tenth_of_the_end_of_the_valley_is_proposed() -> None:
    """A bowl around 10^-1.5 with its steepest fall at 10^-3."""
    found = suggested(
        curve(lambda x: 1 / (1 + math.exp(4 * (x + 3))) + max(x + 1.0, 0.0) ** 2 + 0.1 - 0.02 * min(x, -1.5))
    )
    assert found.rate is not None and found.steepest is not None
    assert math.log10(found.rate) == pytest.approx(-2.0, abs=0.3)
    assert math.log10(found.steepest) == pytest.approx(-3.0, abs=0.15)


def test_noise_moves_it_little() -> None:
    def bowl(noise: float) -> float:
        rate = suggested(curve(lambda x: 0.2 * (x + 2.0) ** 2 + noise * math.sin(37.0 * x))).rate
        assert rate is not None
        return math.log10(rate)

    assert bowl(0.0) == pytest.approx(-2 + math.sqrt(0.15 * 16) - 1, abs=0.3)
    assert bowl(0.1) == pytest.approx(bowl(0.0), abs=0.3)


@pytest.mark.parametrize("loss", [lambda x: 1.0, lambda x: 7.0 + x, lambda x: 1.0 + 0.001 * math.sin(9 * x)])
def test_where_nothing_fell_nothing_is_proposed(loss: object) -> None:
    assert suggested(curve(loss)).rate is None


def test_rates_rise_geometrically_from_end_to_end() -> None:
    rates = [rate_at(step, 50) for step in range(50)]
    assert rates[0] == pytest.approx(LOWEST) and rates[-1] == pytest.approx(HIGHEST)
    ratios = [after / before for before, after in itertools.pairwise(rates)]
    assert max(ratios) == pytest.approx(min(ratios))


@pytest.mark.parametrize("method", ["fixed", "upgrad"])
def test_on_a_project_it_finds_a_rate_and_leaves_no_trace(tmp_path: Path, method: str) -> None:
    spec = project(balancing=MethodSpec(method), missing=0.3)
    files.save(tmp_path, spec)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    found = walked(find_rate(spec, tmp_path, steps=60))
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert found.rate is not None and 1e-5 < found.rate < 1
    assert 20 < len(found.tried) <= 60 and set(found.tried[0].losses) == set(TASKS)
    assert found.tried[0].loss == pytest.approx(1.0)
    again = walked(find_rate(spec, tmp_path, steps=60))
    assert [one.losses for one in again.tried] == [one.losses for one in found.tried]


def test_a_stop_ends_it_with_what_is_known(tmp_path: Path) -> None:
    control = Control()
    steps = find_rate(project(), tmp_path, control, steps=60)
    for _ in range(3):
        next(steps)
    control.stop()
    found = walked(steps)
    assert found.rate is None and len(found.tried) == 3
