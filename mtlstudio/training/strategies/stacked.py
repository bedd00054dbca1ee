"""An autoencoder's branch teaches the trunk what pictures are made of, then the other tasks learn on it."""

from __future__ import annotations

from collections.abc import Collection

from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec, TaskSpec
from mtlstudio.tasks.registry import task_type
from mtlstudio.training.strategies.interface import Strategy


def _unlabelled(spec: ProjectSpec) -> list[TaskSpec]:
    return [task for task in spec.tasks if _needs_no_labels(task)]


def _needs_no_labels(task: TaskSpec) -> bool:
    try:
        return task_type(task.type).needs_no_labels
    except KeyError:
        return False


def _plan(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    first = tuple(task.id for task in _unlabelled(spec))
    others = tuple(task for task in spec.task_ids if task not in first)
    return (
        StageSpec(tr("Reconstruction"), tasks=first, restart=True),
        StageSpec(tr("Branches of the others"), tasks=others, trains="branches"),
        StageSpec(tr("All layers"), share=2.0, tasks=others, restart=True),
    )


def _hindrance(spec: ProjectSpec) -> str:
    count = len(_unlabelled(spec))
    if not count:
        return mark("it needs a task without labels, such as reconstruction")
    return "" if count < len(spec.tasks) else mark("there is no task to go on with")


STRATEGY = Strategy(
    "stacked", mark("Stacked pre-training"),
    mark("First the picture is reconstructed, without any label; then the other tasks learn on that trunk."),
    "Bengio et al. 2007; Vincent et al. 2010 (stacked autoencoders)", plan=_plan, hindrance=_hindrance, order=60,
)  # fmt: skip
