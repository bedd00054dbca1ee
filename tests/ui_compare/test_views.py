"""What the views are made of: points of the Pareto view, curves, parallel coordinates."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mtlstudio.runs.delta import PER_TASK
from mtlstudio.runs.events import EpochFinished, RunStarted, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.runs.trail import Trail, read_trail
from mtlstudio.ui.compare.curve_data import EPOCH, METRIC, STEP, TRAINING, Quantity, read_curves, smoothed, thinned
from mtlstudio.ui.compare.gain_chart import axis_ticks, round_step
from mtlstudio.ui.compare.lines import Filter, Order, lines_of
from mtlstudio.ui.compare.parallel_data import brushed, parallel_of
from mtlstudio.ui.compare.pareto_points import cloud_of, metrics_of, why_not
from tests.training.small import project
from tests.ui_compare.test_lines import made

SPEC = project()


def started(step: int, epoch: int = 0) -> RunStarted:
    return RunStarted(1.0, "r", step, epoch, 4, 2, "cpu", 1, "fp32", SPEC.task_ids, 10)


def epoch(number: int, accuracy: float | None, iou: float | None) -> EpochFinished:
    metrics = {"largest": {"accuracy": accuracy}, "mask": {"mean_iou": iou}}
    losses = {"largest": 1.0 / number, "mask": None, "count": 0.5}
    return EpochFinished(1.0, 2 * number, number, 4, losses, losses, metrics, 1.0, False, (), 1.0, 1.0)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Three epochs, resumed after the second, so that the third stands there twice."""
    made = create_run(tmp_path, "resumed", SPEC)
    made.record(started(0))
    for number in (1, 2, 3):
        made.record(steps(2 * number, 9.0 if number == 3 else float(number)))
        made.record(epoch(number, 0.1 * number, 0.9 - 0.1 * number))
    made.record(started(4, 2))
    made.record(steps(6, 3.0))
    made.record(epoch(3, 0.7, 0.6))
    made.update(status="finished")
    return made


def steps(last: int, loss: float) -> StepsMeasured:
    return StepsMeasured(1.0, last, 0, {"largest": (loss, None), "mask": (1.0, 2.0)}, (loss, loss + 0.5), {}, 0.1, 1.0)


def test_a_resumed_run_counts_each_epoch_once(run: RunFolder) -> None:
    trail = read_trail(run)
    assert [(one.epoch, trail.value(one, "largest", "accuracy")) for one in trail.epochs] == [
        (1, pytest.approx(0.1)), (2, pytest.approx(0.2)), (3, 0.7),
    ]  # fmt: skip
    curves = read_curves(run)
    x, y = curves.points(Quantity(TRAINING, "", "", "", ""), STEP)
    assert list(x) == [1, 2, 3, 4, 5, 6] and list(y) == [1, 1.5, 2, 2.5, 3, 3.5]


def test_points_that_say_nothing_are_left_out_of_a_curve(run: RunFolder) -> None:
    curves = read_curves(run)
    x, y = curves.points(Quantity(TRAINING, "largest", "", "", ""), EPOCH)
    assert list(x) == [0.5, 1.5, 2.5] and list(y) == [1, 2, 3]
    x, y = curves.points(Quantity(METRIC, "largest", "accuracy", "", ""), EPOCH)
    assert list(x) == [1, 2, 3] and list(y) == pytest.approx([0.1, 0.2, 0.7])
    assert len(curves.points(Quantity(TRAINING, "nobody", "", "", ""), STEP)[0]) == 0


def test_smoothing_and_thinning_never_touch_what_was_measured() -> None:
    random.seed(1)
    raw = np.asarray([random.gauss(0, 1) for _ in range(5000)])
    before = raw.copy()
    soft = smoothed(raw, 0.9)
    weights = 0.9 ** np.arange(len(raw))
    assert np.array_equal(raw, before) and soft is not raw
    for place in (0, 1, 17, 400):  # the weighted mean of all that came before
        own = weights[: place + 1]
        assert soft[place] == pytest.approx(float((raw[place::-1] * own).sum() / own.sum()))
    assert np.array_equal(smoothed(raw, 0.0), raw) and smoothed(raw, 0.0) is not raw
    x, y = thinned(np.arange(5000.0), raw, 200)
    assert len(x) <= 200 and y.max() == raw.max() and y.min() == raw.min() and list(x) == sorted(x)
    assert np.array_equal(raw, before)


def test_the_cloud_holds_every_epoch_that_measured_both(run: RunFolder) -> None:
    across, up = (one for one in metrics_of(SPEC.tasks) if one.key in ("largest.accuracy", "mask.mean_iou"))
    trail = replace(read_trail(run), kept={6: ("best", "last")})
    blind = Trail(run, "blind", (epoch(1, None, 0.5),), {})
    cloud = cloud_of([trail, blind], across, up)
    assert [(point.epoch, round(point.x, 3), round(point.y, 3)) for point in cloud.points] == [
        (1, 0.1, 0.8), (2, 0.2, 0.7), (3, 0.7, 0.6),
    ]  # fmt: skip
    assert cloud.front == (0, 1, 2)
    assert [point.usable for point in cloud.points] == [False, False, True]
    assert "thinned out" in why_not(cloud.points[0]) and why_not(cloud.points[2]) == ""


def swept(name: str, accuracy: float, **changes: str) -> object:
    row = made(name, accuracy, study="sweep-001", role="point")
    told = {**row.info.study, "changes": changes}
    return replace(row, entry=replace(row.entry, info=replace(row.info, study=told)))


def test_parallel_axes_are_what_was_set_and_what_came_out() -> None:
    rows = [
        swept("a", 0.5, **{"training.batch_size": "4", "training.balancing.method": "equal"}),
        swept("b", 0.9, **{"training.batch_size": "16", "training.balancing.method": "equal"}),
        swept("c", 0.7, **{"training.batch_size": "8", "training.balancing.method": "pcgrad"}),
    ]
    lines = lines_of(rows, Filter(), Order(), ())  # type: ignore[arg-type]
    parallel = parallel_of(lines, SPEC.tasks, PER_TASK)
    ids = [axis.id for axis in parallel.axes]
    assert ids == ["field:training.batch_size", "field:training.balancing.method", "task:largest", "time"]
    size, method, accuracy = (parallel.axis(axis) for axis in ids[:3])
    assert size is not None and method is not None and accuracy is not None
    assert size.places == (0.0, 1.0, pytest.approx(1 / 3)) and not size.is_result
    assert method.places == (0.25, 0.25, 0.75) and [words for _, words in method.ticks] == ["equal", "pcgrad"]
    assert accuracy.places == (0.0, 1.0, pytest.approx(0.5)) and accuracy.ticks[1] == (1.0, "0.900")
    assert brushed(parallel, {"task:largest": (0.4, 1.0)}) == [1, 2]
    assert brushed(parallel, {"task:largest": (1.0, 0.4), "field:training.balancing.method": (0.0, 0.5)}) == [1]
    assert brushed(parallel, {}) == [0, 1, 2]


def test_ticks_are_round_and_embrace_zero() -> None:
    assert axis_ticks(-3.0, 7.2) == pytest.approx([-5.0, 0.0, 5.0, 10.0])
    assert axis_ticks(0.0, 0.0) == pytest.approx([0, 0.5, 1.0]) and axis_ticks(2.0, 5.0)[0] == 0
    for least in (0.03, 0.1, 0.99, 1.0, 3.0, 4321.0):
        assert least * (1 - 1e-6) <= round_step(least) < 3 * least
