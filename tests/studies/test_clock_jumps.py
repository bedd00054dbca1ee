"""The system's clock is set while something is trained: orders, durations and what is left stay sane."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtlstudio.base.clock import now
from mtlstudio.runs.events import EpochFinished, Event, RunFinished, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.studies.folder import create_study
from mtlstudio.studies.plan import several_seeds
from mtlstudio.studies.progress import Reckoner
from mtlstudio.studies.runner import StudyRunner
from mtlstudio.training import loop
from mtlstudio.training.trainer import Trainer
from tests.training.small import of_kind, project

YEAR = 365 * 24 * 3600.0


@pytest.fixture(params=[-YEAR, YEAR, -3600.0], ids=["a year back", "a year forward", "an hour back"])
def jump(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Sets the clock, by another step each time."""
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    real, shifts = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + sum(shifts))
    return lambda: shifts.append(float(request.param))


def trained(run: RunFolder, jump: Callable[[], None], at: int, resume: bool = False) -> list[Event]:
    events = []
    for event in Trainer(run.spec(), run.project_folder, run, resume=resume).run():
        events.append(event)
        if isinstance(event, StepsMeasured) and event.step == at:
            jump()
    return events


def test_events_of_a_run_stay_in_order_and_its_times_stay_small(tmp_path: Path, jump: Callable[[], None]) -> None:
    began = time.perf_counter()
    run = create_run(tmp_path, None, project(epochs=3))
    events = trained(run, jump, at=6)
    took = time.perf_counter() - began
    assert list(run.events()) == events
    times = [event.time for event in events]
    assert times == sorted(times) and times[-1] - times[0] <= took
    assert isinstance(events[-1], RunFinished) and 0 < events[-1].seconds <= took
    for epoch in of_kind(events, EpochFinished):
        assert 0 < epoch.seconds <= took and 0 <= epoch.eta <= 3 * took
    assert 0 < run.summary().seconds <= took


def test_a_study_tells_what_is_left_of_it(tmp_path: Path, jump: Callable[[], None]) -> None:
    study = several_seeds(project(epochs=1), tmp_path, 3)
    folder = create_study(tmp_path, study)
    progress, began = Reckoner(folder.id, study, {}), time.perf_counter()
    left: list[float] = []
    moments: list[float] = []
    for number, event in enumerate(StudyRunner(folder).run()):
        if number in (8, 20):
            jump()
        told = progress.take(event)
        moments.append(event.time)
        left += [] if told.seconds_left is None else [told.seconds_left]
    took = time.perf_counter() - began
    assert all(later >= earlier for earlier, later in itertools.pairwise(moments)) and left
    assert all(0 <= seconds <= 30 * took for seconds in left) and left[-1] == 0


def test_the_programs_own_clock_goes_on_evenly(jump: Callable[[], None]) -> None:
    before, counted = now(), time.perf_counter()
    jump()
    assert 0 <= now() - before <= time.perf_counter() - counted + 0.01


def test_curves_over_time_go_on_where_a_run_is_resumed_with_another_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock was set between two processes: the log of the second one begins before the first one's end."""
    from dataclasses import replace

    from mtlstudio.ui.train.series import RunSeries

    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    run = create_run(tmp_path, None, project(epochs=2, checkpoint_steps=1))
    first: list[Any] = []
    events = Trainer(run.spec(), tmp_path, run).run()
    for event in events:
        first.append(event)
        if isinstance(event, StepsMeasured) and event.step == 5:
            break
    events.close()  # type: ignore[attr-defined]
    second = [replace(event, time=event.time - YEAR) for event in Trainer(run.spec(), tmp_path, run, resume=True).run()]
    series = RunSeries(run.spec(), {})
    series.take([*first, *second])
    seconds = series.seconds.values.tolist()
    assert len(seconds) == 8 and seconds == sorted(seconds) and seconds[0] >= 0 and seconds[-1] < 600
