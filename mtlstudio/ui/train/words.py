"""Figures and sentences of the Train workspace: one way to write a number, so that equal ones look equal."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.runs.events import RunFinished
from mtlstudio.tasks.interface import MetricDeclaration
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.train.series import RateMark, RunSeries
from mtlstudio.ui.train.stage_words import marked_words

DASH = "—"


def figure(value: float | None) -> str:
    """A loss or metric: `0.130`, `12.4`, `1.2e-05`, `—`."""
    if value is None or not math.isfinite(value):
        return DASH
    size = abs(value)
    if size >= 1e5 or 0 < size < 5e-4:
        return f"{value:.2g}"
    return f"{value:.3f}" if size < 10 else f"{value:.2f}" if size < 100 else f"{value:.1f}"


def weight_figure(value: float) -> str:
    """A λ: `0.15`, `0.333`."""
    return f"{value:.2f}" if abs(value - round(value, 2)) < 5e-4 else f"{value:.3g}"


def clock(seconds: float) -> str:
    """`0:38`, `1:02:03`."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(moment: float) -> str:
    """`2 s ago`, `3 min ago`."""
    seconds = max(0, round(time.time() - moment))
    if seconds < 100:
        return tr("{n} s ago", n=seconds)
    if seconds < 6000:
        return tr("{n} min ago", n=seconds // 60)
    return tr("{n} h ago", n=seconds // 3600)


def gigabytes(size: int) -> str:
    """`3.1 GB`."""
    return tr("{n} GB", n=f"{size / 2**30:.1f}")


def main_metric(task: TaskSpec) -> MetricDeclaration | None:
    """The metric shown of a task; None for a task type that this version does not know."""
    try:
        return task_type(task.type).main_metric()
    except KeyError:
        return None


def main_metrics(spec: ProjectSpec) -> dict[str, str]:
    """Task id -> id of its main metric."""
    found = {task.id: main_metric(task) for task in spec.tasks}
    return {task: metric.id for task, metric in found.items() if metric is not None}


def short_name(metric: MetricDeclaration) -> str:
    """A metric in a narrow place."""
    return tr(metric.short or metric.name)


def headline(series: RunSeries, name: str, task: TaskSpec | None) -> list[str]:
    """What stands at the right of a plot's title: `0.130`, `val 0.190`, `mIoU 0.752`."""
    parts = [figure(series.current(name))]
    validated = series.validation[name].last()
    if validated is not None:
        parts.append(tr("val {loss}", loss=figure(validated)))
    metric = main_metric(task) if task is not None else None
    value = series.main_value(task.id) if task is not None else None
    if metric is not None and value is not None:
        parts.append(f"{short_name(metric)} {figure(value)}")
    return parts


def change_words(before: float, after: float) -> str:
    """`λ 0.50 → 0.70`; small ones with the digits that tell them apart: `λ 0.025 → 0.034`."""
    decimals = 2 if round(before, 2) != round(after, 2) and min(before, after) >= 0.095 else 3
    return f"λ {before:.{decimals}f} → {after:.{decimals}f}"


def can_be_seen(before: float, after: float) -> bool:
    """Whether the words of a change show one: λ of the other tasks hardly change where there are many."""
    words = change_words(before, after).split()
    return words[1] != words[3]


def rate_words(mark: RateMark) -> str:
    """`η 0.003 → 0.0003`: the learning rate."""
    return f"η {mark.before:.2g} → {mark.after:.2g}"


def mark_lines(series: RunSeries, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The marks, oldest first, as (when, what): `epoch 18`, `Pet mask λ 0.50 → 0.70`; `epoch 19`, `best Species`."""
    found: list[tuple[int, int, str]] = []
    for mark in series.marks:
        epoch = min(series.total_epochs, mark.step // series.steps_per_epoch + 1)
        words = f"{names.get(mark.main, mark.main)} {change_words(*mark.changes[mark.main])}"
        found.append((mark.step, epoch, words))
    for jump in series.rate_marks:
        epoch = min(series.total_epochs, jump.step // series.steps_per_epoch + 1)
        found.append((jump.step, epoch, rate_words(jump)))
    for event in series.track.marked():
        epoch = min(series.total_epochs, event.step // series.steps_per_epoch + 1)
        found.append((event.step, epoch, marked_words(event, names)))
    if series.best_epoch is not None:
        found.append((series.best_epoch.step, series.best_epoch.epoch, tr("best of all")))
    for task, best in series.best.items():
        if task in names:
            found.append((best.step, best.epoch, tr("best {task}", task=names[task])))
    found.sort(key=lambda item: item[0])
    return [(tr("epoch {epoch}", epoch=epoch), words) for _step, epoch, words in found]


def best_rule(spec: ProjectSpec) -> str:
    """What "best" means in this run, in words."""
    rule = spec.training.best
    task_id, _, metric_id = rule.partition(".")
    for task in spec.tasks:
        if task.id == task_id:
            try:
                return f"{task.name} · {tr(task_type(task.type).metric(metric_id).name)}"
            except KeyError:
                break
    return tr("mean of the validation losses, each relative to its first") if rule == "loss" else rule


def outcome(series: RunSeries, finished: RunFinished) -> tuple[str, str]:
    """Title and sentence about a run that ended well."""
    title = {"done": tr("Finished"), "stopped": tr("Stopped"), "early": tr("Stopped early")}.get(
        finished.reason, tr("Finished")
    )
    took = clock(finished.seconds)
    text = ntr("{n} epoch in {time}.", "{n} epochs in {time}.", finished.epoch, time=took)
    if series.best_epoch is not None:
        text += " " + tr("Best: epoch {epoch} ({rule}).", epoch=series.best_epoch.epoch, rule=best_rule(series.spec))
    return title, text


def lines_at(series: RunSeries, name: str, index: int) -> str:
    """What the crosshair reads at one measured step: `step 364 · 0.131 · val 0.214`."""
    step = int(series.step.values[index])
    raw = float(series.curves[name].raw.values[index])
    parts = [tr("step {step}", step=step), figure(raw)]
    if series.smoothing > 0 and math.isfinite(raw):
        parts[-1] = tr(
            "{loss} (smoothed {shown})", loss=figure(raw), shown=figure(float(series.curves[name].shown.values[index]))
        )
    validation = series.validation[name]
    steps = validation.step.values
    place = int(steps.searchsorted(step + 0.5)) - 1
    if place >= 0:
        parts.append(tr("val {loss}", loss=figure(float(validation.loss.values[place]))))
    return " · ".join(parts)
