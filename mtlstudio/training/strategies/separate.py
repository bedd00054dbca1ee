"""One task after the other, each with its whole way: the trunk listens to each in turn, in the order of the rows."""

from __future__ import annotations

from collections.abc import Collection

from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.training.strategies.interface import Strategy, several_tasks


def _plan(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    return tuple(StageSpec(tr("{task} alone", task=task.name), tasks=(task.id,), restart=True) for task in spec.tasks)


STRATEGY = Strategy(
    "separate", mark("Separate"),
    mark("One task after the other with its whole way. Where layers are shared, what earlier tasks forget is seen."),
    "McCloskey & Cohen 1989 (what it does to a shared trunk)", plan=_plan, hindrance=several_tasks, order=30,
)  # fmt: skip
