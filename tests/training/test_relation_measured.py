"""Weights by relation, from what an earlier run measured of its tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.settings import MethodSpec
from mtlstudio.runs.events import AffinityMeasured, Noted, StepsMeasured
from mtlstudio.training import notes
from tests.training.small import TASKS, of_kind, project, trained


def by_relation(run: str) -> MethodSpec:
    return MethodSpec("relation", FrozenDict(measured_in=run))


def test_tasks_weigh_by_what_the_named_run_measured(tmp_path: Path) -> None:
    first = trained(tmp_path, project(measure_every=2, affinity_every=1), "first")
    measured = of_kind(list(first.events()), AffinityMeasured)
    assert len(measured) >= 3
    raw = np.mean([np.array(event.affinity, float) for event in measured if len(event.tasks) == 3], axis=0)
    helped = raw / np.diag(raw)[None, :]
    helped[np.isnan(helped) | (np.diag(raw) <= 0)[None, :]] = 0.0
    np.fill_diagonal(helped, 0.0)
    logits = helped.sum(1) / np.abs(helped).max() / 2 / 0.5
    expected = np.exp(logits) / np.exp(logits).sum()
    second = trained(tmp_path, project(epochs=1, balancing=by_relation("first")), "second")
    used = of_kind(list(second.events()), StepsMeasured)[-1].weights
    assert [used[task] for task in TASKS] == pytest.approx(expected.tolist(), rel=1e-4)
    assert max(expected) - min(expected) > 0.01


@pytest.mark.parametrize("run", ["first", "gone"])
def test_where_nothing_was_measured_it_says_so_and_weighs_equally(tmp_path: Path, run: str) -> None:
    trained(tmp_path, project(epochs=1, measure_every=0), "first")
    second = trained(tmp_path, project(epochs=1, balancing=by_relation(run)), "second")
    events = list(second.events())
    told = [event.values for event in of_kind(events, Noted) if event.code == notes.AFFINITY_UNMEASURED]
    assert told == [{"run": run}]
    assert list(of_kind(events, StepsMeasured)[-1].weights.values()) == pytest.approx([1 / 3] * 3)
