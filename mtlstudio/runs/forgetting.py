"""What a run that started from another one has cost the tasks that were there, and how well it took on the new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, Noted
from mtlstudio.runs.folder import RunFolder, find_run, runs_of

Main = tuple[str, bool]
"""A task's main metric, and whether higher is better."""

JOINT, ALONE = "joint", "alone"
_INHERITED = "training_inherited"
_HEAVY = ("steps_measured", "preview_taken", "gradients_measured", "affinity_measured")


@dataclass(frozen=True)
class Kept:
    """An old task: its main metric on validation before (in the checkpoint the run started from) and after (at the
    run's best epoch)."""

    task: str
    metric: str
    higher_is_better: bool
    before: float | None
    after: float | None

    @property
    def forgetting(self) -> float | None:
        """How much worse it is now, in the metric's own unit; below 0: it has become better."""
        return _worse(self.before, self.after, self.higher_is_better)


@dataclass(frozen=True)
class Learned:
    """A new task: its main metric, and what a run has that trained it from the start.

    Attributes:
        kind: of that run: `joint` with others, `alone`; "" where there is none.
        run: its id.
    """

    task: str
    metric: str
    higher_is_better: bool
    value: float | None
    reference: float | None = None
    kind: str = ""
    run: str = ""

    @property
    def intransigence(self) -> float | None:
        """How much it falls short of that run, in the metric's own unit; below 0: it is better."""
        return _worse(self.reference, self.value, self.higher_is_better)


@dataclass(frozen=True)
class Account:
    """Old and new tasks of a run.

    Attributes:
        start: id of the run it started from.
        same_data: both were validated on the same pictures; else forgetting is of two different splits.

    Source: Chaudhry et al. 2018, "Riemannian Walk for Incremental Learning", arXiv 1801.10112, section 3.2: forgetting
    f_j = max_l a_l,j - a_k,j and intransigence I_k = a*_k - a_k,k. Deviations: a is each task's main metric, turned
    so that more is worse in both; the maximum over the past is the checkpoint that the run started from; a* is the best
    run there is that trained the task from the start, jointly with others if there is one, else alone.
    """

    start: str
    old: tuple[Kept, ...]
    new: tuple[Learned, ...]
    same_data: bool = True

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "start_from": self.start, "same_data": self.same_data,
            "old": {
                one.task: {"metric": one.metric, "before": one.before, "after": one.after, "forgetting": one.forgetting}
                for one in self.old
            },
            "new": {
                one.task: {
                    "metric": one.metric, "value": one.value, "reference": one.reference, "reference_run": one.run or None,
                    "reference_kind": one.kind or None, "intransigence": one.intransigence,
                }
                for one in self.new
            },
        }  # fmt: skip


def account_of(run: RunFolder, mains: Mapping[str, Main]) -> Account | None:
    """The account of a run; None where it started from none, added no task to it, or that run can no longer be read.

    Args:
        run: with at least one finished epoch.
        mains: task id -> its main metric, of the run's tasks.
    """
    spec = run.spec()
    if not spec.training.start_from.strip():
        return None
    try:
        start = find_run(run.project_folder, spec.training.start_from.strip())
        before = start.spec()
        metrics = _metrics_at(start, _start_step(run, start))
    except (StudioError, OSError):
        return None
    new = [task for task in spec.task_ids if task not in before.task_ids and task in mains]
    if not new:
        return None
    now = run.summary().metrics
    old = tuple(
        Kept(task, *mains[task], _value(metrics, task, mains[task]), _value(now, task, mains[task]))
        for task in spec.task_ids
        if task in before.task_ids and task in mains
    )
    learned = tuple(_learned(run, spec, task, mains[task], _value(now, task, mains[task])) for task in new)
    return Account(start.id, old, learned, _same_data(spec, before))


def _start_step(run: RunFolder, start: RunFolder) -> int:
    """The step of the checkpoint whose weights were taken, as the run noted it."""
    for event in run.events(_HEAVY):
        if isinstance(event, Noted) and event.code == _INHERITED:
            return int(event.values.get("step", 0))
    return start.store.find("best").step


def _metrics_at(run: RunFolder, step: int) -> dict[str, dict[str, float | None]]:
    ends = [event for event in run.events(_HEAVY) if isinstance(event, EpochFinished)]
    return next((event.metrics for event in ends if event.step == step), {})


def _learned(run: RunFolder, spec: ProjectSpec, task: str, main: Main, value: float | None) -> Learned:
    found: dict[str, list[tuple[float, str]]] = {JOINT: [], ALONE: []}
    for other in runs_of(run.project_folder):
        try:
            theirs = other.spec()
            fits = task in theirs.task_ids and not theirs.training.start_from and _same_data(spec, theirs)
            reached = _value(other.summary().metrics, task, main) if fits and other.id != run.id else None
        except (StudioError, OSError):
            continue
        if reached is not None:
            found[JOINT if len(theirs.tasks) > 1 else ALONE].append((reached, other.id))
    for kind, values in found.items():
        if values:
            reference, name = (max if main[1] else min)(values)
            return Learned(task, *main, value, reference, kind, name)
    return Learned(task, *main, value)


def _same_data(one: ProjectSpec, other: ProjectSpec) -> bool:
    """Whether both validate on the same pictures of the same size; which labels count is each project's own affair."""

    def split(spec: ProjectSpec) -> tuple[object, ...]:
        data = spec.data
        sources = tuple((item.layout, item.path, item.parameters) for item in spec.datasets)
        return sources, data.image_size, data.resize, data.val_fraction, data.test_fraction, data.split_seed

    return split(one) == split(other)


def _value(metrics: Mapping[str, Mapping[str, float | None]], task: str, main: Main) -> float | None:
    return metrics.get(task, {}).get(main[0])


def _worse(before: float | None, after: float | None, higher_is_better: bool) -> float | None:
    if before is None or after is None:
        return None
    return before - after if higher_is_better else after - before
