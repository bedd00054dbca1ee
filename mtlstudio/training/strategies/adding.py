"""A task is added to a trained network: the old trunk stays as it is, or keeps to the outputs of the old run."""

from __future__ import annotations

from collections.abc import Collection

from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.training.strategies.interface import Strategy


def _sorted(spec: ProjectSpec, known: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The old tasks and the new ones; where all are old, the last counts as new."""
    new = tuple(task for task in spec.task_ids if task not in known) or spec.task_ids[-1:]
    return tuple(task for task in spec.task_ids if task not in new), new


def _frozen(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    _old, new = _sorted(spec, known)
    return (StageSpec(tr("The new task's own layers"), tasks=new, trains="own"),)


def _distilled(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    old, new = _sorted(spec, known)
    return (
        StageSpec(tr("The new task's own layers"), tasks=new, trains="own"),
        StageSpec(
            tr("All layers, old outputs kept"), share=2.0, old_tasks=old, distillation=1.0, rehearsal=0.2,
            learning_rate=0.3,
        ),
    )  # fmt: skip


def _hindrance(spec: ProjectSpec) -> str:
    if len(spec.tasks) < 2:
        return mark("it needs two tasks or more")
    return "" if spec.training.start_from.strip() else mark("it needs a run to start from (“Start from”)")


STRATEGY = (
    Strategy(
        "add_task_frozen", mark("Add a task, trunk frozen"),
        mark("Only the own layers of what the run it starts from does not know; nothing old is forgotten."),
        "Rebuffi et al. 2017, arXiv 1705.08045 (own layers on a fixed trunk)", plan=_frozen, hindrance=_hindrance,
        order=70,
    ),
    Strategy(
        "add_task", mark("Add a task, distilled"),
        mark("All layers learn the new task, held to the old run's outputs and a share of the old tasks' samples."),
        "Li & Hoiem 2016, arXiv 1606.09282 (distillation); Chaudhry et al. 2019, arXiv 1902.10486 (rehearsal)",
        plan=_distilled, hindrance=_hindrance, order=71,
    ),
)  # fmt: skip
