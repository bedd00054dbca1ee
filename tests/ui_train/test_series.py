"""A run made from its events."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Paused, Resumed, StepsMeasured
from mtlstudio.ui.train.equation import equation_of
from mtlstudio.ui.train.exports import all_names, write_csv
from mtlstudio.ui.train.series import TOTAL, RunSeries
from mtlstudio.ui.train.words import clock, figure, main_metrics, mark_lines
from tests.ui_train.synthetic import (
    PER_EPOCH,
    START,
    epoch_finished,
    finished,
    measured,
    started,
    weights_changed,
    whole_run,
)


def series_of(spec: ProjectSpec, smoothing: float = 0.0) -> RunSeries:
    """An empty one."""
    return RunSeries(spec, main_metrics(spec), smoothing)


def _equation(series: RunSeries) -> str:
    found = equation_of(series)
    return found.text() if found is not None else ""


def test_every_number_arrives_whatever_the_portions(spec: ProjectSpec) -> None:
    events = whole_run(spec, 3)
    at_once, one_by_one = series_of(spec, 0.8), series_of(spec, 0.8)
    at_once.take(events)
    for event in events:
        one_by_one.take([event])
    steps = [event for event in events if isinstance(event, StepsMeasured)]
    for made in (at_once, one_by_one):
        assert made.step.values.tolist() == list(range(1, 3 * PER_EPOCH + 1))
        assert made.curves[TOTAL].raw.values.tolist() == [value for event in steps for value in event.total]
        for task in spec.task_ids:
            assert made.curves[task].raw.values.tolist() == [v for event in steps for v in event.losses[task]]
    assert np.allclose(at_once.curves["mask"].shown.values, one_by_one.curves["mask"].shown.values)


def test_a_batch_without_labels_of_a_task_is_a_gap_in_its_curve_alone(spec: ProjectSpec) -> None:
    made = series_of(spec, 0.5)
    made.take([started(spec), measured(spec, 1, 3), measured(spec, 4, 2, missing=["count"]), measured(spec, 6, 1)])
    assert np.isnan(made.curves["count"].raw.values).tolist() == [False, False, False, True, True, False]
    assert np.isfinite(made.curves["mask"].raw.values).all()
    assert made.current("count") is not None


def test_a_resumed_run_takes_back_what_came_after_its_checkpoint(spec: ProjectSpec) -> None:
    events = whole_run(spec, 3)
    resumed, broken = series_of(spec), series_of(spec)
    resumed.take(whole_run(spec, 2))
    broken.take(events)
    broken.take([started(spec, step=2 * PER_EPOCH, time=START + 1000)])
    assert broken.step.values.tolist() == resumed.step.values.tolist()
    assert len(broken.epochs) == 2 and broken.best == resumed.best
    assert len(broken.validation["mask"].loss) == 2


def test_a_run_that_begins_anew_forgets_everything(spec: ProjectSpec) -> None:
    made = series_of(spec)
    made.take(whole_run(spec, 2))
    made.take([started(spec), measured(spec, 1, 2)])
    assert len(made.step) == 2 and not made.epochs and not made.checkpoints


def test_pauses_and_breaks_are_no_training_time(spec: ProjectSpec) -> None:
    made = series_of(spec)
    made.take([started(spec), measured(spec, 1, 5)])
    at = START + 0.25
    made.take([Paused(time=at, step=5), Resumed(time=at + 100, step=5)])
    later = measured(spec, 6, 5)
    made.take([replace(later, time=at + 100.25)])
    assert made.seconds.values[-1] == pytest.approx(0.5, abs=0.02)
    assert (np.diff(made.seconds.values) > 0).all()


def test_a_drag_of_the_slider_is_one_mark_told_in_shares(spec: ProjectSpec) -> None:
    made = series_of(spec)
    made.take([started(spec), measured(spec, 1, 5)])
    base = {"largest": 1.0, "count": 1.0, "mask": 2.0}
    middle, end = {**base, "mask": 4.0}, {**base, "mask": 6.0}
    made.take([weights_changed(5, base, middle, START + 1), weights_changed(6, middle, end, START + 1.1)])
    made.take([weights_changed(18, end, base, START + 60)])
    first, second = made.marks
    assert first.step == 6 and first.main == "mask"
    assert first.changes["mask"] == pytest.approx((0.5, 0.75))
    assert second.changes["mask"] == pytest.approx((0.75, 0.5))
    names = {task.id: task.name for task in spec.tasks}
    assert mark_lines(made, names)[0] == ("epoch 1", f"{names['mask']} λ 0.50 → 0.75")


def test_a_drag_back_to_where_it_began_leaves_no_mark(spec: ProjectSpec) -> None:
    made = series_of(spec)
    base, other = {"largest": 1.0, "count": 1.0, "mask": 1.0}, {"largest": 1.0, "count": 1.0, "mask": 3.0}
    made.take([started(spec), weights_changed(2, base, other, START), weights_changed(3, other, base, START + 0.1)])
    assert made.marks == []


@pytest.mark.parametrize("smoothing", [0.0, 0.8])
def test_the_equation_holds_with_the_very_figures_it_shows(spec: ProjectSpec, smoothing: float) -> None:
    made = series_of(spec, smoothing)
    made.take(whole_run(spec, 2))
    words = _equation(made)
    total, sign, right = re.fullmatch(r"Total (\S+) ([=≈]) (.*)", words).groups()  # type: ignore[union-attr]
    terms = [tuple(map(float, term.split(" × "))) for term in right.split(" + ")]
    assert sign == "=" and len(terms) == 3
    assert sum(weight * loss for weight, loss in terms) == pytest.approx(float(total), abs=2e-3)
    assert [figure(loss) for _, loss in terms] == [figure(made.current(task)) for task in spec.task_ids]
    assert total == figure(made.current())


def test_what_the_method_adds_stands_in_the__equation(spec: ProjectSpec) -> None:
    made = series_of(spec)
    event = measured(spec, 1, 3)
    made.take([started(spec), replace(event, total=tuple(value + 0.25 for value in event.total if value))])
    left, right = _equation(made).split(" = ")
    assert right.endswith("+ 0.250")
    assert eval(right.replace("×", "*")) == pytest.approx(float(left.split()[1]), abs=2e-3)


def test_averaging_over_batches_without_labels_is_no_equality(spec: ProjectSpec) -> None:
    made = series_of(spec, 0.8)
    made.take([started(spec)])
    for first in range(1, 60, 2):
        made.take([measured(spec, first, 1), measured(spec, first + 1, 1, missing=["mask"])])
    assert " ≈ " in _equation(made)


def test_many_equal_weights_stand_before_a_bracket(spec: ProjectSpec) -> None:
    four = (*spec.tasks, replace(spec.tasks[0], id="other", name="Other"))
    wide = replace(spec, tasks=tuple(replace(task, loss_weight=1.0) for task in four))
    made = series_of(wide)
    made.take([started(wide), measured(wide, 1, 2)])
    left, right = _equation(made).split(" = ")
    assert right.startswith("0.25 × (") and right.count("+") == 3
    assert eval(right.replace("×", "*")) == pytest.approx(float(left.split()[1]), abs=2e-3)


def test_progress_and_time_left(spec: ProjectSpec) -> None:
    made = series_of(spec)
    made.take([started(spec), measured(spec, 1, 10)])
    assert made.progress == pytest.approx(10 / 80)
    assert made.rates() == pytest.approx((20.0, 160.0, 0.02))
    assert made.seconds_left() == pytest.approx(70 / 20.0)
    made.take([measured(spec, 11, 10), epoch_finished(spec, 1)])
    assert made.seconds_left() == pytest.approx(3.0), "an epoch took a second, validation included"
    made.take([finished(spec, 4)])
    assert made.progress == 1.0


def test_the_best_of_each_task_is_kept(spec: ProjectSpec) -> None:
    made = series_of(spec)
    made.take(whole_run(spec, 3))
    assert (made.best["mask"].epoch, made.best["largest"].epoch) == (3, 1)
    assert made.best["count"].value == 1.0, "lower is better there; the trainer judges, not the table"


def test_exported_numbers_are_those_of_the_events_to_the_last_digit(spec: ProjectSpec, tmp_path: Path) -> None:
    made = series_of(spec, 0.9)
    events = [*whole_run(spec, 2), measured(spec, 41, 3, missing=["count"])]
    made.take(events)
    path = tmp_path / "曲线 curves.csv"
    write_csv(path, made, all_names(made))
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    steps = [event for event in events if isinstance(event, StepsMeasured)]
    for name, column in (
        ("total.train", lambda e: e.total),
        *((f"{t}.train", lambda e, t=t: e.losses[t]) for t in spec.task_ids),
    ):
        wanted = [value for event in steps for value in column(event)]
        assert [float(row[name]) if row[name] else None for row in rows] == wanted
    assert [float(row["mask.val"]) for row in rows if row["mask.val"]] == [0.6 + 0.02, 0.3 + 0.02]
    assert [row["step"] for row in rows if row["mask.val"]] == ["20", "40"]


def test_an_export_that_cannot_be_written_says_so(spec: ProjectSpec, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="cannot be written"):
        write_csv(tmp_path / "none" / "x.csv", series_of(spec), [TOTAL])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.1304, "0.130"),
        (12.345, "12.35"),
        (123.45, "123.5"),
        (1.2e-5, "1.2e-05"),
        (0.0, "0.000"),
        (None, "—"),
        (math.nan, "—"),
    ],
)
def test_figures(value: float | None, words: str) -> None:
    assert figure(value) == words


def test_clock() -> None:
    assert [clock(s) for s in (0, 38, 61, 3723)] == ["0:00", "0:38", "1:01", "1:02:03"]
