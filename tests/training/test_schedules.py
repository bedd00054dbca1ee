"""Schedules against torch's where torch has the same."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

from mtlstudio.base.declare import defaults
from mtlstudio.training.schedules import LearningRate, schedules, weight_decay_at

PER_EPOCH, EPOCHS = 7, 6
TOTAL = PER_EPOCH * EPOCHS


def learning_rate(method_id: str, base: float = 0.1, total: int = TOTAL, **values: Any) -> LearningRate:
    method = next(item for item in schedules() if item.id == method_id)
    return LearningRate(method, {**defaults(method.parameters), **values}, base, total, PER_EPOCH)


def torchs(make: Any, steps: int = TOTAL) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = make(optimizer)
    rates = []
    for step in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step + 1 < steps:
            scheduler.step()
    return rates


def test_one_cycle_is_torchs() -> None:
    theirs = torchs(lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=TOTAL, cycle_momentum=False))
    assert [learning_rate("one_cycle").at(step) for step in range(TOTAL)] == pytest.approx(theirs, rel=1e-9)


def test_cosine_is_torchs() -> None:
    theirs = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=TOTAL, eta_min=0.02))
    ours = learning_rate("cosine", final_factor=0.2)
    assert [ours.at(step) for step in range(TOTAL)] == pytest.approx(theirs, rel=1e-9)


def test_step_is_torchs() -> None:
    theirs = torchs(lambda o: lr_scheduler.StepLR(o, step_size=2 * PER_EPOCH, gamma=0.3))
    ours = learning_rate("step", step_epochs=2, gamma=0.3)
    assert [ours.at(step) for step in range(TOTAL)] == pytest.approx(theirs, rel=1e-9)


def test_plateau_is_torchs_and_goes_on_after_a_resume() -> None:
    scores = [1.0, 0.9, 0.95, 0.95, 0.95, 0.7, 0.8, 0.7, 0.69999, 0.75, 0.75, 0.1]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    theirs = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    ours = learning_rate("plateau", factor=0.5, patience=1)
    for score in scores:
        theirs.step(score)
        ours.judge(score)
        again = learning_rate("plateau", factor=0.5, patience=1)
        again.load(ours.state())
        ours = again
        assert ours.at(0) == pytest.approx(optimizer.param_groups[0]["lr"])
    assert ours.at(0) < 0.1


@pytest.mark.parametrize("method", ["constant", "cosine", "step", "plateau"])
def test_warm_up_rises_evenly_and_then_gives_way(method: str) -> None:
    rates = [learning_rate(method, warmup_epochs=2.0).at(step) for step in range(TOTAL)]
    warm = 2 * PER_EPOCH
    rises = [after - before for before, after in pairwise(rates[: warm + 1])]
    assert rates[0] == pytest.approx(0.1 / (warm + 1)) and rises == pytest.approx([rises[0]] * warm)
    assert max(rates) == pytest.approx(0.1) == rates[warm]


@pytest.mark.parametrize("method", [item.id for item in schedules()])
@pytest.mark.parametrize("total", [1, 2, 3, 1000])
def test_every_length_gives_sensible_rates(method: str, total: int) -> None:
    extra = {} if method == "one_cycle" else {"warmup_epochs": 3.0}
    rates = [learning_rate(method, total=total, **extra).at(step) for step in range(total)]
    assert all(math.isfinite(rate) and 0 <= rate <= 0.1 + 1e-12 for rate in rates) and max(rates) > 0


def test_weight_decay_over_time() -> None:
    assert weight_decay_at(0.1, 0.5, "constant", 0.7) == 0.1
    assert weight_decay_at(0.1, 0.5, "linear", 0.25) == pytest.approx(0.2)
    assert weight_decay_at(0.1, 0.5, "cosine", 0.5) == pytest.approx(0.3)
    for form in ("linear", "cosine"):
        assert weight_decay_at(0.1, 0.5, form, 0.0) == pytest.approx(0.1)
        assert weight_decay_at(0.1, 0.5, form, 1.0) == pytest.approx(0.5)
